#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# b_alter.sh: durable ALTERs a second of 1, 8, 32 and 128 clients, each with a
# table of its own, beside raw LMDB, SQLite, PostgreSQL and the bare disk.
# BENCH_SECONDS of each measurement, BENCH_CLIENTS.
OWN_MOUNTS=1
. "$(dirname "$0")/lib.sh"
need sqlite3
SECONDS_EACH=${BENCH_SECONDS:-2}
CLIENTS=${BENCH_CLIENTS:-1 8 32 128}
PG_TABLES=2000

label() { [ "$1" = 1 ] && echo 'ALTER, 1 client' || echo "ALTER, $1 clients"; }

# measure VARIANT CLIENTS TARGET ARGUMENT...
measure() {
  local variant=$1 clients=$2
  shift 2
  records alter "$(label "$clients")" "$variant" "$SECONDS_EACH" "$clients" "$@"
}

# A catalog whose newest change is the ALTER of a table like the others: what
# raw LMDB and SQLite write is taken from it.
make_pattern() {
  make_tables "$1"
  "$KALAMCTL" "$1" exec >/dev/null <<<"ALTER TABLE bench.t000001 ADD COLUMN extra INT" &&
    "$KALAMCTL" "$1" exec >/dev/null \
      <<<"ALTER TABLE bench.t000001 ALTER COLUMN extra COMMENT 'changed by 1000'" ||
    die 'cannot change a table'
}

make_sqlite() {
  sqlite3 "$T/sqlite.db" >/dev/null <<EOF || die 'cannot make the SQLite database'
PRAGMA journal_mode = WAL;
CREATE TABLE objects (id INTEGER PRIMARY KEY, record BLOB);
CREATE TABLE versions (id INTEGER, version INTEGER, record BLOB, PRIMARY KEY (id, version)) WITHOUT ROWID;
CREATE TABLE log (line TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $BENCH_TABLES)
INSERT INTO objects SELECT i, zeroblob(300) FROM n;
INSERT INTO versions SELECT id, 1, record FROM objects;
INSERT INTO log SELECT hex(zeroblob(180)) FROM objects;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
EOF
}

make_postgresql() {
  postgres_start
  table_names $PG_TABLES |
    sed 's/.*/CREATE TABLE & (id bigint PRIMARY KEY, c2 text, c3 bigint, c4 timestamp, c5 float8, c6 boolean, c7 date, c8 json);/' |
    psql -q -1 -v ON_ERROR_STOP=1 >/dev/null || die 'cannot make the PostgreSQL tables'
  psql -q -c CHECKPOINT
}

make_tables "$CAT"
make_pattern "$T/pattern"
cp -r "$T/pattern" "$T/raw"
make_sqlite
make_postgresql
start || finish
for round in $(rounds); do
  say "round $round of $BENCH_RUNS"
  measure 'fdatasync of 8 KiB' 1 fdatasync "$T/overwritten"
  for clients in $CLIENTS; do
    measure kalamfs "$clients" kalamfs "$MNT/namespaces/bench/tables"
    measure 'raw LMDB' "$clients" lmdb "$T/raw" "$T/pattern"
    measure SQLite "$clients" sqlite "$T/sqlite.db" "$T/pattern"
    measure PostgreSQL "$clients" postgresql $PG_TABLES
  done
done

note 'raw LMDB' 'one committer, one change to a commit: the rows that an ALTER of kalamfs writes'
note SQLite 'these rows but for that of the notifications; WAL, synchronous=FULL, a connection for each client'
note PostgreSQL "ALTER TABLE ADD COLUMN, clients in turn over $PG_TABLES tables, as a table takes 1,600 columns at most"
one=$(label 1) eight=$(label 8) many=$(label 32) most=$(label 128)
target "$one" 'kalamfs/raw LMDB' '>=' 0.85 ''
target "$eight" 'kalamfs/raw LMDB' '>=' 2.5 ''
target "$many" 'kalamfs/raw LMDB' '>=' 5.5 ''
target "$most" 'kalamfs/raw LMDB' '>=' 10 ''
target "$eight" 'kalamfs/SQLite' '>=' 1.1 ''
target "$many" 'kalamfs/SQLite' '>=' 2.2 ''
target "$eight" 'kalamfs/PostgreSQL' '>=' 1.2 ''
target "$many" 'kalamfs/PostgreSQL' '>=' 3 ''
rm -rf "$T/raw"	# rows that say nothing: no catalog to be checked
finish
