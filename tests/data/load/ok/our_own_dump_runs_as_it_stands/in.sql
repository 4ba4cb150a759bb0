CREATE STORAGE disk TYPE filesystem
  NAME 'Disk''s'
  BASE_DIRECTORY '/srv/kalam'
  SHARED_TABLES_TEMPLATE '{namespace}/{tableName}'
  USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}';

ALTER STORAGE local SET DESCRIPTION '-- MySQL dump 10.13';

ALTER NAMESPACE "default" COMMENT 'PRAGMA; /*!40101 SET NAMES utf8 */; $$ CREATE TABLE x (id INT) $$';

CREATE NAMESPACE public WITH (owner = 'team-a', "if" = TRUE);

CREATE NAMESPACE main_ COMMENT 'It''s \ "x"';

CREATE USER TABLE public.gaps (
  a INT PRIMARY KEY NOT NULL,
  k INT ID 3,
  "to" TEXT COMMENT 'quoted' ID 4,
  f DECIMAL(38, 10) NOT NULL DEFAULT -0.5000000000 ID 6,
  g EMBEDDING(3) DEFAULT '[1,-2.5,0.1]',
  h BYTES DEFAULT X'00ff'
) PARTITION BY (a) WITH (STORAGE_ID = 'disk', USE_USER_STORAGE = TRUE, FLUSH_POLICY = 'interval:60', LOCATION_NAME = 'public/was') COMMENT 'line
two; and -- no comment';

CREATE STREAM TABLE default.st (
  a INT
) WITH (STORAGE_ID = 'local', TTL_SECONDS = 60);
