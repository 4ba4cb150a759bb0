-- What every case finds.
CREATE NAMESPACE app WITH (owner = 'team-a', quota = 10);
CREATE NAMESPACE empty COMMENT 'Nothing in here';

CREATE STORAGE archive TYPE s3 NAME 'Archive bucket' BASE_DIRECTORY 's3://bucket/kalam'
  USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}'
  CREDENTIALS '{"access_key_id": "AK", "secret_access_key": "SK"}'
  CONFIG '{"region": "eu-central-1"}';
CREATE STORAGE spare TYPE filesystem PATH '/data/spare';

CREATE USER TABLE app.users (
  id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(),
  name TEXT NOT NULL DEFAULT '' COMMENT 'Full name',
  price DECIMAL(10, 2) NOT NULL DEFAULT 0.00,
  small SMALLINT DEFAULT -1,
  ratio FLOAT,
  joined TIMESTAMP DEFAULT NOW()
) WITH (FLUSH_POLICY = 'rows:1000,interval:60') COMMENT 'Chat users';
CREATE SHARED TABLE app.rooms (
  id UUID PRIMARY KEY,
  title TEXT,
  region TEXT
) PARTITION BY (region) WITH (ACCESS_LEVEL = 'PUBLIC');
CREATE STREAM TABLE app.typing (
  user_id TEXT,
  at TIMESTAMP
) WITH (TTL_SECONDS = 30);
CREATE TABLE app.single (id INT PRIMARY KEY);
CREATE TABLE app.gone (id INT PRIMARY KEY, note TEXT);
DROP TABLE app.gone;
CREATE SHARED TABLE notes (id INT PRIMARY KEY, body TEXT);
