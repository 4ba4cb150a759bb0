-- Every type, and every form a default can have for it.
-- With a block in it, a file is many transactions: each statement is a version.
BEGIN;
CREATE NAMESPACE agree;
COMMIT;

CREATE SHARED TABLE agree.literals (
  id BIGINT PRIMARY KEY,
  a_boolean BOOLEAN DEFAULT TRUE,
  b_boolean BOOL NOT NULL DEFAULT false COMMENT 'two words',
  a_int INT DEFAULT 42,
  b_int INTEGER NOT NULL DEFAULT -2147483648,
  a_bigint BIGINT DEFAULT 9007199254740991,
  b_bigint INT8 DEFAULT -9223372036854775808,
  c_bigint BIGINT DEFAULT 9223372036854775807,
  a_double DOUBLE DEFAULT 2.5,
  b_double DOUBLE PRECISION DEFAULT -1.5e-7,
  c_double FLOAT8 DEFAULT 0,
  a_float FLOAT DEFAULT 0.1,
  b_float REAL NOT NULL DEFAULT -3.25,
  a_text TEXT DEFAULT '',
  b_text VARCHAR(80) DEFAULT 'it''s, (a) "text" -- no comment; really',
  c_text STRING DEFAULT E'tab\tnewline\nbackslash\\',
  d_text CHAR(10) DEFAULT 'Größe 東京 🦫',
  e_text TEXT DEFAULT 'NULL',
  f_text TEXT DEFAULT E'hidden\u202emark',
  a_timestamp TIMESTAMP DEFAULT '2026-11-22 10:00:00',
  b_timestamp TIMESTAMP DEFAULT '1969-12-31 23:59:59.999999',
  a_date DATE DEFAULT '2026-11-22',
  b_date DATE DEFAULT '0001-01-01',
  a_datetime DATETIME DEFAULT '2026-11-22T12:00:00+02:00',
  b_datetime DATETIME NOT NULL DEFAULT '2026-11-22T10:00:00.5Z',
  a_time TIME DEFAULT '23:59:59.123456',
  b_time TIME DEFAULT '00:00',
  a_json JSON DEFAULT '{"a":[1,2.5,null,true],"b":"it''s"}',
  b_json JSONB DEFAULT '[]',
  a_bytes BYTES DEFAULT X'00ff10',
  b_bytes BLOB DEFAULT X'',
  a_embedding EMBEDDING(3) DEFAULT [1, -2.5, 0.001],
  b_embedding EMBEDDING(8192),
  a_uuid UUID DEFAULT '550E8400-e29b-41d4-a716-446655440000',
  a_decimal DECIMAL(10, 2) NOT NULL DEFAULT -0.50,
  b_decimal NUMERIC(38, 0) DEFAULT 99999999999999999999999999999999999999,
  c_decimal DECIMAL DEFAULT 1,
  d_decimal DEC(5) DEFAULT 12345,
  a_smallint SMALLINT DEFAULT -32768,
  b_smallint INT2 DEFAULT 32767,
  a_file FILE DEFAULT '{"id":"x"}'
) COMMENT 'Literals of every type, isn''t it';

CREATE USER TABLE agree.nulls (
  id UUID PRIMARY KEY DEFAULT UUID_V7(),
  a_boolean BOOLEAN DEFAULT NULL, a_int INT DEFAULT NULL, a_bigint BIGINT DEFAULT NULL,
  a_double DOUBLE DEFAULT NULL, a_float FLOAT DEFAULT NULL, a_text TEXT DEFAULT NULL,
  a_timestamp TIMESTAMP DEFAULT NULL, a_date DATE DEFAULT NULL, a_datetime DATETIME DEFAULT NULL,
  a_time TIME DEFAULT NULL, a_json JSON DEFAULT NULL, a_bytes BYTES DEFAULT NULL,
  a_embedding EMBEDDING(4) DEFAULT NULL, a_uuid UUID DEFAULT NULL, a_decimal DECIMAL(4, 1) DEFAULT NULL,
  a_smallint SMALLINT DEFAULT NULL, a_file FILE DEFAULT NULL
) WITH (FLUSH_POLICY = 'rows:10,interval:60', COMPRESSION = 'zstd');

CREATE STREAM TABLE agree.bare (
  a_boolean BOOLEAN NOT NULL, a_int INT, a_bigint BIGINT NOT NULL, a_double DOUBLE, a_float FLOAT NOT NULL,
  a_text TEXT, a_timestamp TIMESTAMP NOT NULL, a_date DATE, a_datetime DATETIME NOT NULL, a_time TIME,
  a_json JSON NOT NULL, a_bytes BYTES, a_embedding EMBEDDING(1) NOT NULL, a_uuid UUID,
  a_decimal DECIMAL(38, 38) NOT NULL, a_smallint SMALLINT, a_file FILE NOT NULL
) WITH (TTL_SECONDS = 1, EVICTION_STRATEGY = 'hybrid', MAX_STREAM_SIZE_BYTES = 4096);

CREATE SHARED TABLE agree.functions (
  id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(),
  at TIMESTAMP NOT NULL DEFAULT NOW(),
  at_bare TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  at_called DATETIME DEFAULT CURRENT_TIMESTAMP(),
  who TEXT DEFAULT CURRENT_USER(),
  uid UUID DEFAULT UUID_V7(),
  sortable TEXT DEFAULT ULID(),
  serial_one BIGSERIAL
);

-- Gaps in the ids, a column renamed, types widened, quoted names, two keys of partition.
CREATE SHARED TABLE agree.changed (
  id INT PRIMARY KEY COMMENT 'the key',
  gone INT,
  small SMALLINT DEFAULT 7,
  day DATE NOT NULL,
  region TEXT NOT NULL DEFAULT 'eu',
  "to" TEXT COMMENT 'a word of the grammar',
  PARTITION BY (day, region)
) WITH (ACCESS_LEVEL = 'restricted', DELETED_RETENTION_HOURS = 24) COMMENT 'many
lines
   and a tab	here';
ALTER TABLE agree.changed DROP COLUMN gone;
ALTER TABLE agree.changed ALTER COLUMN small TYPE BIGINT, RENAME COLUMN small TO big;
ALTER TABLE agree.changed ADD COLUMN late DECIMAL(12, 3) NOT NULL DEFAULT 0 COMMENT 'x' , ALTER COLUMN "to" SET DEFAULT 'where';
ALTER TABLE agree.changed ADD COLUMN last INT, DROP COLUMN late;
ALTER TABLE agree.changed RENAME TO renamed;

CREATE TABLE agree.one (id INT PRIMARY KEY);
