CREATE NAMESPACE app WITH (owner = 'team-a', quota = 10) COMMENT 'The app';
CREATE NAMESPACE shop;
CREATE STORAGE s3 TYPE s3 NAME 'Archive' BASE_DIRECTORY 's3://bucket/kalam'
  CREDENTIALS '{"key":"secret"}' CONFIG '{"region":"eu"}';
CREATE USER TABLE app.messages (
  id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(),
  price DECIMAL(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in EUR',
  legacy INT,
  email TEXT
) WITH (FLUSH_POLICY = 'rows:1000,interval:60') COMMENT 'Chat messages';
ALTER TABLE app.messages DROP COLUMN legacy;
ALTER TABLE app.messages ADD COLUMN age SMALLINT;
CREATE STREAM TABLE app.events (a INT, b TEXT) WITH (TTL_SECONDS = 60);
