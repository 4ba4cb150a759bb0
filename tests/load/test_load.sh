#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kalamctl load: dumps that PostgreSQL and SQLite have just written, and the
# command line.  What came of a dump is dumped, loaded strictly, and dumped
# again: that must be the same.
. "$(dirname "$0")/../mount/lib.sh"
need psql sqlite3 script python3
HERE=$ROOT/tests/load
DATA=$ROOT/tests/data/load
# again CATALOG : what it holds can be loaded without --lenient and is the same then
again() {
  "$KALAMCTL" "$1" dump >"$1.first"
  expect_ok "$1: its dump is loaded" "$KALAMCTL" "$1.again" load "$1.first"
  "$KALAMCTL" "$1.again" dump >"$1.second"
  same_file "$1: dumps are equal" "$1.first" "$1.second"
}

# left CATALOG KIND : how many notes of a kind --json gave
left() { jq --arg kind "$1" '[.notes[] | select(.what == $kind)] | length' "$T/out"; }

column() { # CATALOG TABLE COLUMN : type, nullable, default
  "$KALAMCTL" --json "$1" describe "$2" |
    jq -r --arg c "$3" '.columns[] | select(.column_name == $c) | "\(.data_type) \(.is_nullable) \(.default_value | tojson)"'
}

# ----- PostgreSQL -----

. "$HERE/postgres.sh"
psql -h "$PG" -U postgres -q -v ON_ERROR_STOP=1 -f "$HERE/postgresql.sql" postgres >"$PG/log" 2>&1 ||
  die "postgresql.sql: $(cat "$PG/log")"
# Made as Debian's server has them, not by what we think of it.
tables=$(psql -h "$PG" -U postgres -Atc "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND nspname IN ('public', 'shop', 'audit', 'HR')" postgres)
[ "$tables" -ge 30 ] || fail "postgresql.sql makes only $tables tables"

dump() { "$PGBIN/pg_dump" -h "$PG" -U postgres "$@" postgres; }
dump -s >"$T/pg_s.sql"
dump >"$T/pg_full.sql"
dump --inserts >"$T/pg_inserts.sql"
dump --clean --if-exists -s >"$T/pg_clean.sql"
"$PGBIN/pg_dumpall" -h "$PG" -U postgres -s >"$T/pg_all.sql"
dump -Fc >"$T/pg_archive"

for kind in s full inserts clean all; do
  is 0 "pg_dump, $kind" "$KALAMCTL" --json "$T/pg_$kind" load --lenient "$T/pg_$kind.sql"
  same "$kind: every table is made or told about" "$tables" $(($(jq .tables "$T/out") + $(left table)))
  same "$kind: three schemas" 3 "$(jq .namespaces "$T/out")"
  same "$kind: its dialect" postgresql "$(jq -r .dialect "$T/out")"
  again "$T/pg_$kind"
done
for kind in full inserts clean all; do
  same_file "pg_dump, $kind: comes to the same" "$T/pg_s.first" "$T/pg_$kind.first"
done
is 1 'strictly it is refused' "$KALAMCTL" "$T/pg_strict" load "$T/pg_s.sql"
has 'in its place' "$T/pg_s.sql:" "$(cat "$T/err")"
has 'with the way out' '(--lenient ' "$(cat "$T/err")"
is 1 'an archive is none' "$KALAMCTL" "$T/pg_strict" load --lenient "$T/pg_archive"
has 'and told how to make one' 'pg_restore -s -f' "$(cat "$T/err")"

# What is there of one table, against what the server says of it.
same 'serial' 'BIGINT false {"function":"SNOWFLAKE_ID","args":[]}' "$(column "$T/pg_s" shop.customers id)"
same 'identity' 'INT false {"function":"SNOWFLAKE_ID","args":[]}' "$(column "$T/pg_s" shop.items id)"
same 'nextval' 'BIGINT false {"function":"SNOWFLAKE_ID","args":[]}' "$(column "$T/pg_s" shop.orders number)"
same 'numeric' 'DECIMAL(12, 2) false {"literal":"0.00"}' "$(column "$T/pg_s" shop.customers balance)"
same 'enum' 'TEXT false {"literal":"ok"}' "$(column "$T/pg_s" shop.customers mood)"
same 'array' 'JSON true {"literal":"[]"}' "$(column "$T/pg_s" shop.customers tags)"
same 'bytea' 'BYTES true {"literal":"deadbeef"}' "$(column "$T/pg_s" shop.customers photo)"
same 'the key of a partitioned table' true "$("$KALAMCTL" --json "$T/pg_s" describe audit.events | jq '.columns[0].is_primary_key')"
same 'comments' 'Who buys.
It'\''s the "first" table; -- and no comment' "$("$KALAMCTL" --json "$T/pg_s" describe shop.customers | jq -r .table_comment)"
is 0 'describe' "$KALAMCTL" "$T/pg_s" describe shop.items
has 'for people' 'SHARED TABLE items' "$(cat "$T/out")"

# Every column of a table that was made is there, or its loss was told.
is 0 'once more, for the notes' "$KALAMCTL" --json "$T/pg_notes" load --lenient "$T/pg_s.sql"
missing=$(psql -h "$PG" -U postgres -Atc "SELECT table_schema || '.' || table_name || '.' || column_name
  FROM information_schema.columns WHERE table_schema IN ('public', 'shop', 'audit', 'HR') AND
  table_name IN (SELECT relname FROM pg_class WHERE relkind IN ('r', 'p'))" postgres | tr 'A-Z' 'a-z' | sed 's/^public/default/' | sort)
made=$("$KALAMCTL" "$T/pg_notes" dump | awk '/^CREATE .* TABLE/ { t = $4 } /^  / { gsub(/"/, "", $1); print t "." $1 }' | sort)
gone=$(comm -23 <(echo "$missing") <(echo "$made"))
jq -r '.notes[].text' "$T/out" | tr -d '"' | tr 'A-Z' 'a-z' | sed 's/ public\./ default./' >"$T/notes"
while read -r name; do
  table=${name%.*} c=${name##*.}
  grep -qF "left out column $c of $table:" "$T/notes" || grep -qF "left out table $table:" "$T/notes" ||
    fail "column $name is not there, and nobody said so" "$(grep -F "${table#*.}" "$T/notes")"
done <<<"$gone"
differs 'some are not there' '' "$gone"
same 'no column is made up' '' "$(comm -13 <(echo "$missing") <(echo "$made"))"

# What says only what we have is loaded strictly.
dump -s -t public.one_column -t public.wide >"$T/pg_plain.sql"
is 0 'plain tables, strictly' "$KALAMCTL" "$T/pg_plain" load "$T/pg_plain.sql"
same 'with a line of what was done' "$T/pg_plain.sql: 2 tables created;" "$(grep -o '^.*created;' "$T/out")"
same 'and no complaint' '' "$(cat "$T/err")"

# The same dump twice: names are held, unless --replace.
is 0 'a dump with DROP' "$KALAMCTL" "$T/pg_twice" load --lenient --replace "$T/pg_clean.sql"
"$KALAMCTL" "$T/pg_twice" dump >"$T/first.sql"
is 1 'again, without --replace' "$KALAMCTL" "$T/pg_twice" load --lenient "$T/pg_clean.sql"
has 'is refused with what would help' '--replace purges' "$(cat "$T/err")"
same 'and nothing changed' "$(cat "$T/first.sql")" "$("$KALAMCTL" "$T/pg_twice" dump)"
is 0 'again, with it' "$KALAMCTL" "$T/pg_twice" load --lenient --replace "$T/pg_clean.sql"
same 'is the same' "$(cat "$T/first.sql")" "$("$KALAMCTL" "$T/pg_twice" dump)"
same 'and leaves nothing in trash' 0 "$("$KALAMCTL" --json "$T/pg_twice" status | jq .trash)"
stop_postgres

# ----- SQLite -----

sqlite3 "$T/lite.db" <"$HERE/sqlite.sql" || die 'sqlite.sql'
sqlite3 "$T/lite.db" .schema >"$T/lite_schema.sql"
sqlite3 "$T/lite.db" .dump >"$T/lite_dump.sql"
tables=$(sqlite3 "$T/lite.db" "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '%VIRTUAL%'")
is 0 '.schema' "$KALAMCTL" --json "$T/lite_schema" load --lenient --from sqlite --into lite "$T/lite_schema.sql"
same 'every table is made or told about' "$tables" $(($(jq .tables "$T/out") + $(left table)))
again "$T/lite_schema"
is 0 '.dump' "$KALAMCTL" --json "$T/lite_dump" load --lenient --into lite "$T/lite_dump.sql"
same 'is known by itself' sqlite "$(jq -r .dialect "$T/out")"
# Shadow tables of a virtual one are rows in .dump.
plain_lite() { "$KALAMCTL" "$1" dump | awk '/^CREATE .* TABLE lite\.ft_/ { skip = 1 } !skip; /^$/ { skip = 0 }'; }
same 'and comes to the same' "$(plain_lite "$T/lite_schema")" "$(plain_lite "$T/lite_dump")"
again "$T/lite_dump"
same 'INTEGER has 64 bits' 'BIGINT false {"function":"SNOWFLAKE_ID","args":[]}' "$(column "$T/lite_schema" lite.users id)"
same 'REAL has 64 bits' 'DOUBLE true {"literal":1.5}' "$(column "$T/lite_schema" lite.users score)"
is 1 'a database is no dump' "$KALAMCTL" "$T/lite_x" load "$T/lite.db"
has 'and told how to make one' '.schema' "$(cat "$T/err")"

# ----- the command line -----

is 0 'mysqldump' "$KALAMCTL" "$T/my" load --lenient "$DATA/lenient/a_dump_of_mysql/in.sql"
has 'one line of what was done' 'in.sql: 2 tables, 1 namespace created; ' "$(cat "$T/out")"
has 'and what was skipped' '1 INSERT, ' "$(cat "$T/out")"
has 'one line for each loss' 'in.sql:58: left out CONSTRAINT `chk` CHECK (`age` > 0) on shop.customers' "$(cat "$T/err")"
again "$T/my"

usage() { is 2 "$@"; }
usage 'no file' "$KALAMCTL" "$CAT" load
usage 'no such dialect' "$KALAMCTL" "$CAT" load --from oracle x
usage 'a batch of nothing' "$KALAMCTL" "$CAT" load --batch 0 x
usage 'a batch of minus one' "$KALAMCTL" "$CAT" load --batch -1 x
usage 'no namespace' "$KALAMCTL" "$CAT" load --into '' x
usage 'options of load elsewhere' "$KALAMCTL" "$CAT" exec --lenient x
[ -e "$CAT" ] && fail 'wrong usage has made a catalog'
is 1 'no such file' "$KALAMCTL" "$CAT" load "$T/nowhere.sql"
is 1 'no file at all' "$KALAMCTL" "$CAT" load "$T"
echo 'CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY, x INT UNIQUE);' >"$T/bad.sql"
echo 'CREATE TABLE good (id INT PRIMARY KEY);' >"$T/good.sql"
: >"$T/empty.sql"
is 0 'an empty file' "$KALAMCTL" "$CAT" load "$T/empty.sql"
same 'does nothing' "$T/empty.sql: nothing created" "$(cat "$T/out")"
is 1 'files are transactions, the first refusal ends it' "$KALAMCTL" "$CAT" load "$T/good.sql" "$T/bad.sql" "$T/empty.sql"
same 'what came before stays' "$T/good.sql: 1 table created" "$(cat "$T/out")"
same 'the refused one did nothing' good "$("$KALAMCTL" "$CAT" dump | sed -n 's/^CREATE SHARED TABLE default\.\([a-z]*\) .*/\1/p' | xargs)"
same 'its place' "$T/bad.sql:1:80: The catalog does not model UNIQUE constraints (--lenient leaves it out)" "$(head -n 1 "$T/err")"
is 1 '--json of a refusal' "$KALAMCTL" --json "$CAT" load "$T/bad.sql"
same 'is a line of errors.jsonl' "$T/bad.sql EINVAL 1 80" "$(jq -r '"\(.file) \(.errno) \(.line) \(.column)"' "$T/out")"
is 0 'standard input' sh -c "echo 'CREATE TABLE d (id INT PRIMARY KEY)' | '$KALAMCTL' '$CAT' load -"
same 'has a name' '<stdin>: 1 table created' "$(cat "$T/out")"
is 0 '--into' sh -c "echo 'CREATE TABLE d (id INT PRIMARY KEY)' | '$KALAMCTL' '$CAT' load --into Shop -"
same 'makes the namespace' '<stdin>: 1 table, 1 namespace created' "$(cat "$T/out")"
is 1 '--into what is reserved' sh -c "echo 'CREATE TABLE d (id INT PRIMARY KEY)' | '$KALAMCTL' '$CAT' load --into system -"
is 1 'a full disk' sh -c "'$KALAMCTL' '$CAT' load '$T/empty.sql' >/dev/full"

# A mount shows what was loaded when load has ended.
start || finish
is 0 'beside a mount' sh -c "echo 'CREATE NAMESPACE seen; CREATE TABLE seen.t (id INT PRIMARY KEY);' | '$KALAMCTL' '$CAT' load -"
same 'the mount shows it' id "$(jq -r '.columns[0].column_name' "$MNT/namespaces/seen/tables/t/schema.json")"
same 'schema.sql is loaded as it is' 0 "$("$KALAMCTL" "$T/one" load --into seen "$MNT/namespaces/seen/tables/t/schema.sql" >/dev/null; echo $?)"
same 'and is the same table' "$("$KALAMCTL" "$CAT" dump seen.t)" "$("$KALAMCTL" "$T/one" dump seen.t)"
same 'who did it' 'kalamctl kalamctl' "$(jq -r '"\(.author.command) \(.source)"' "$MNT/namespaces/seen/tables/t/versions/1/change.json")"
stop

# Many tables: in bounded memory with --batch; a bar on a terminal, and only there.
python3 - >"$T/many.sql" <<'PYTHON'
for i in range(20000):
    if i % 1000 == 0:
        print(f"CREATE NAMESPACE ns{i // 1000};\n")
    print(f"CREATE SHARED TABLE ns{i // 1000}.t{i} (\n  id BIGINT PRIMARY KEY NOT NULL DEFAULT SNOWFLAKE_ID(),")
    print(",\n".join(f"  c{n} TEXT" for n in range(7)))
    print(") WITH (STORAGE_ID = 'local');\n")
PYTHON
MEASURE='import os, resource, sys
pid = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
status = os.waitpid(pid, 0)[1]
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))'
is 0 '20,000 tables in batches' python3 -c "$MEASURE" "$KALAMCTL" "$T/many" load --batch 1000 "$T/many.sql"
has 'all of them' '20000 tables, 20 namespaces created' "$(cat "$T/out")"
# The pages of data.mdb that were touched count as ours, too.
limit=$((60000 + $(stat -c %s "$T/many/data.mdb") / 1024))
case $BUILD in *-?san) limit=$((limit * 10)) ;; esac
[ "$(tail -n 1 "$T/err")" -lt $limit ] || fail "it took $(tail -n 1 "$T/err") KiB of memory" "expected: less than $limit"
same 'nothing on standard error that is no terminal' 1 "$(wc -l <"$T/err")"
"$KALAMCTL" "$T/many" dump >"$T/many.again.sql"
same_file 'dumped it is the same file' "$T/many.sql" "$T/many.again.sql"
script -qec "'$KALAMCTL' '$T/bar' load '$T/many.sql'" /dev/null >"$T/terminal" </dev/null
has 'a bar on a terminal' 'writing [#' "$(tr '\r' '\n' <"$T/terminal")"
has 'with the pace' ' tables/s: ' "$(tr '\r' '\n' <"$T/terminal")"
same 'and it is gone at the end' "$T/many.sql: 20000 tables, 20 namespaces created" \
  "$(tr -d '\r' <"$T/terminal" | sed 's/.*\x1b\[K//' | tail -n 1)"

finish
