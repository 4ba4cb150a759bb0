#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DuckDB writes and reads the Parquet files of tables through their `storage`
# links, on a writable and on a read-only mount: every type, every kind of table.
. "$(dirname "$0")/../mount/lib.sh"
need node npm
HERE=$ROOT/tests/engine
[ -d "$HERE/node_modules/@duckdb/node-api" ] ||
  (cd "$HERE" && npm ci --silent --no-audit --no-fund) ||
  die 'npm ci in tests/engine did not work'

# Every type; "to" must be quoted everywhere; the dropped column leaves a gap in the ids.
COLUMNS='id BIGINT PRIMARY KEY, a_boolean BOOLEAN, a_smallint SMALLINT, gone INT, a_int INT,
  a_bigint BIGINT, a_float FLOAT, a_double DOUBLE, a_decimal DECIMAL(10, 2),
  b_decimal DECIMAL(38, 10),
  a_text TEXT, a_json JSON, a_file FILE, a_bytes BYTES, a_uuid UUID, a_date DATE, a_time TIME,
  a_timestamp TIMESTAMP, a_datetime DATETIME, a_embedding EMBEDDING(3), "to" TEXT'

# The data is outside of the catalog, which only its owner can enter.
exec_sql "
  CREATE NAMESPACE app;
  CREATE NAMESPACE archive;
  CREATE STORAGE disk TYPE filesystem PATH '$T/disk';
  CREATE STORAGE unnamed TYPE s3 BUCKET 'b' NAME '';
  CREATE STORAGE shards TYPE filesystem PATH '$T/shards'
    USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}';
  CREATE SHARED TABLE app.items ($COLUMNS) WITH (STORAGE_ID = 'disk');
  CREATE USER TABLE app.messages ($COLUMNS) WITH (STORAGE_ID = 'disk');
  CREATE USER TABLE app.notes ($COLUMNS) WITH (STORAGE_ID = 'shards');
  CREATE STREAM TABLE app.typing (room INT, hint EMBEDDING(8192)) WITH (TTL_SECONDS = 30);
  CREATE SHARED TABLE archive.none (id INT PRIMARY KEY, embedding TEXT DEFAULT 'EMBEDDING(3)',
    empty TEXT DEFAULT '' COMMENT 'it''s \"quoted\", and
    of two lines');
  CREATE SHARED TABLE archive.two (id INT PRIMARY KEY, a EMBEDDING(1), b EMBEDDING(1536) NOT NULL);"
expect_ok 'the demo of the README' "$KALAMCTL" "$CAT" exec "$ROOT/tests/demo/chat.sql"
for table in items messages notes; do
  exec_sql "ALTER TABLE app.$table DROP COLUMN gone"
done
same 'the catalog is closed to others' 700 "$(stat -c %a "$CAT")"

start || finish
mkdir "$T/ro"
start -m "$T/ro" -o ro || finish
is 0 'DuckDB' node "$HERE/duckdb.mjs" "$MNT" "$T/ro" "$ROOT/README.md"
cat "$T/out"
finish
