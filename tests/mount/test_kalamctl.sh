#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kalamctl without a mount and beside one; the demo schemas, dumped and rebuilt.
. "$(dirname "$0")/lib.sh"

usage() { is 2 "$@"; }
usage 'no arguments' "$KALAMCTL"
usage 'no command' "$KALAMCTL" "$CAT"
usage 'an unknown command' "$KALAMCTL" "$CAT" frobnicate
usage 'an unknown option' "$KALAMCTL" --frobnicate "$CAT" status
usage 'too many arguments' "$KALAMCTL" "$CAT" status more
usage 'describe without a table' "$KALAMCTL" "$CAT" describe
is 0 '--help' "$KALAMCTL" --help
is 0 '--version' "$KALAMCTL" --version
usage 'check of something' "$KALAMCTL" "$CAT" check more
for command in dump status check 'describe a.b'; do
  is 1 "$command without a catalog" "$KALAMCTL" "$CAT" $command
  same 'says so in one line' 1 "$(wc -l <"$T/err")"
  has 'and names it' "$CAT" "$(cat "$T/err")"
done
[ -e "$CAT" ] && fail 'reading has created a catalog'

# What works on a catalog works the same while it is mounted.
TYPES='BOOLEAN, INT, BIGINT, DOUBLE, FLOAT, TEXT, TIMESTAMP, DATE, DATETIME, TIME, JSON, BYTES, EMBEDDING, UUID, DECIMAL, SMALLINT, FILE'
commands() { # NAMESPACE TOTALS
  local ns=$1
  cat >"$T/good.sql" <<SQL
CREATE NAMESPACE $ns;
CREATE TABLE $ns.t (id BIGINT PRIMARY KEY, name TEXT);
SQL
  is 0 'exec FILE' "$KALAMCTL" "$CAT" exec "$T/good.sql"
  same 'its output' "namespace $ns: version 0 -> 1
$ns.t: version 0 -> 1" "$(cat "$T/out")"
  same 'no complaint' '' "$(cat "$T/err")"
  is 0 'exec from stdin' sh -c "echo 'ALTER TABLE $ns.t ADD COLUMN a INT' | '$KALAMCTL' '$CAT' exec"
  same 'its output' "$ns.t: version 1 -> 2" "$(cat "$T/out")"
  is 0 'exec -' sh -c "echo 'ALTER TABLE $ns.t ALTER COLUMN a TYPE INT' | '$KALAMCTL' '$CAT' exec -"
  same 'no change' "$ns.t: no change" "$(cat "$T/out")"
  is 0 '--json exec' sh -c "echo 'ALTER TABLE $ns.t ADD COLUMN b INT; DROP TABLE IF EXISTS $ns.none; CREATE TABLE $ns.u (id INT PRIMARY KEY);' | '$KALAMCTL' --json '$CAT' exec"
  same 'prints lines of log.jsonl' "ALTER $ns.t 3/CREATE $ns.u 1" "$(jq -r '"\(.event) \(.name) \(.version)"' "$T/out" | paste -sd/)"

  printf 'ALTER TABLE %s.t ADD COLUMN c INT;\nALTER TABLE %s.t\n  ADD COLUMN d INTT;\n' "$ns" "$ns" >"$T/bad.sql"
  before=$("$KALAMCTL" "$CAT" dump | sha256sum)
  is 1 'a wrong statement' "$KALAMCTL" "$CAT" exec "$T/bad.sql"
  same 'FILE:line:column: message, line, caret' \
"$T/bad.sql:3:16: Unsupported type 'INTT'. Valid types: $TYPES. Did you mean INT?
    ADD COLUMN d INTT;
                 ^" "$(cat "$T/err")"
  same 'nothing on stdout' '' "$(cat "$T/out")"
  same 'a file is one transaction' "$before" "$("$KALAMCTL" "$CAT" dump | sha256sum)"
  is 1 '--json of a wrong statement' "$KALAMCTL" --json "$CAT" exec "$T/bad.sql"
  same 'is a line of errors.jsonl' 'EINVAL parse 3 16' "$(jq -r '"\(.errno) \(.kind) \(.line) \(.column)"' "$T/out" "$T/err" | head -1)"
  is 1 'a rule broken' sh -c "printf 'DROP TABLE $ns.u;\nCREATE TABLE $ns.t (id INT PRIMARY KEY);\n' | '$KALAMCTL' '$CAT' exec"
  has 'its place and text' "<stdin>:2:" "$(cat "$T/err")"
  has 'its text' "Table $ns.t already exists" "$(cat "$T/err")"
  same 'nothing happened' "$before" "$("$KALAMCTL" "$CAT" dump | sha256sum)"
  is 1 'no such file' "$KALAMCTL" "$CAT" exec "$T/nowhere.sql"
  printf 'BEGIN;\nDROP TABLE %s.u;\nCOMMIT;\nBEGIN;\nDROP TABLE %s.t;\nFOO;\nCOMMIT;\n' "$ns" "$ns" >"$T/blocks.sql"
  is 1 'a file that does not parse' "$KALAMCTL" "$CAT" exec "$T/blocks.sql"
  same 'does nothing' "$before" "$("$KALAMCTL" "$CAT" dump | sha256sum)"
  printf 'BEGIN;\nDROP TABLE %s.u PURGE;\nCOMMIT;\nBEGIN;\nDROP TABLE %s.t;\nDROP TABLE %s.none;\nCOMMIT;\n' "$ns" "$ns" "$ns" >"$T/blocks.sql"
  is 1 'with BEGIN its blocks are transactions' "$KALAMCTL" "$CAT" exec "$T/blocks.sql"
  same 'the first was committed, the second not' "t" "$("$KALAMCTL" "$CAT" dump "$ns" | sed -n "s/CREATE SHARED TABLE $ns\.\([a-z]*\) .*/\1/p" | xargs)"
  is 0 'ROLLBACK' sh -c "echo 'BEGIN; DROP TABLE $ns.t; ROLLBACK;' | '$KALAMCTL' '$CAT' exec"
  is 0 'an empty script' sh -c "echo '-- nothing' | '$KALAMCTL' '$CAT' exec"

  is 0 'describe' "$KALAMCTL" "$CAT" describe "$ns.t"
  has 'describe' "SHARED TABLE t   version 3   4 columns   storage local" "$(cat "$T/out")"
  is 0 '--json describe' "$KALAMCTL" --json "$CAT" describe "$ns.t"
  same 'is schema.json' "$ns.t 3" "$(jq -r '"\(.table_id) \(.schema_version)"' "$T/out")"
  is 1 'describe of nothing' "$KALAMCTL" "$CAT" describe "$ns.none"
  same 'its text' "kalamctl: Table 'none' not found in namespace '$ns'" "$(cat "$T/err")"
  is 1 'describe in no namespace' "$KALAMCTL" "$CAT" describe none.t
  is 2 'describe of no name' "$KALAMCTL" "$CAT" describe .t
  is 0 'dump NS.TABLE' "$KALAMCTL" "$CAT" dump "$ns.t"
  same 'dump of a table' "CREATE SHARED TABLE $ns.t (
  id BIGINT PRIMARY KEY NOT NULL,
  name TEXT,
  a INT,
  b INT
) WITH (STORAGE_ID = 'local');" "$(cat "$T/out")"
  is 1 'dump of nothing' "$KALAMCTL" "$CAT" dump "$ns.none"
  is 0 'status' "$KALAMCTL" "$CAT" status
  has 'status' "catalog:     $CAT" "$(cat "$T/out")"
  is 0 '--json status' "$KALAMCTL" --json "$CAT" status
  same '--json status' "$CAT" "$(jq -r .catalog "$T/out")"
  is 0 'check' "$KALAMCTL" "$CAT" check
  same 'check: what was looked at' "OK: $2" "$(cat "$T/out")"
  same 'check: no complaint' '' "$(cat "$T/err")"
  is 0 '--json check' "$KALAMCTL" --json "$CAT" check
  same '--json check' "$2" "$(jq -r 'select(.ok) | "\(.namespaces) namespaces, \(.tables) tables, \(.versions) versions"' "$T/out")"
  is 1 'a full disk' sh -c "'$KALAMCTL' '$CAT' dump >/dev/full"
}

commands alone '3 namespaces, 1 tables, 3 versions'
same 'CATALOG is private' '700 600' "$(stat -c %a "$CAT" "$CAT/data.mdb" | xargs)"
start || finish
commands mounted '4 namespaces, 2 tables, 6 versions'
same 'the mount shows it' 'id name a b' \
  "$(jq -r '[.columns[].column_name] | join(" ")' "$MNT/namespaces/mounted/tables/t/schema.json")"
same 'status lists the mount' "$MNT" "$("$KALAMCTL" --json "$CAT" status | jq -r '.mounts[0].mountpoint')"
has 'also for people' "mounted at:  $MNT (rw, pid ${DAEMON[$MNT]})" "$("$KALAMCTL" "$CAT" status)"
same 'author and source' "$(id -u) kalamctl kalamctl" \
  "$(jq -r '"\(.author.uid) \(.author.command) \(.source)"' "$MNT/namespaces/mounted/tables/t/versions/3/change.json")"

# A check looks at one moment, whatever is being written meanwhile.
writer() {
  local i=0
  while [ ! -e "$T/enough" ]; do
    i=$((i + 1))
    echo "ADD COLUMN n$i INT; DROP COLUMN n$i; COMMENT 'number $i'" >"$MNT/namespaces/mounted/tables/t/ctl" &&
      echo "CREATE TABLE w$i (id INT PRIMARY KEY); ALTER TABLE w$i ADD COLUMN a INT; DROP TABLE w$i" >"$MNT/namespaces/mounted/ctl" &&
      { [ $((i % 2)) = 1 ] || echo "PURGE TABLE w$i" >"$MNT/namespaces/mounted/ctl"; } || return
  done
  echo "$i" >"$T/rounds"
}
before=$(sequence)
writer &
writing=$!
for ((i = 0; i < 12 || (i < 400 && $(sequence) <= before + 20); i++)); do
  is 0 'check while others write' "$KALAMCTL" "$CAT" check
  has 'which finds nothing' 'OK: 4 namespaces, 2 tables, ' "$(cat "$T/out" "$T/err")"
done
touch "$T/enough"
wait "$writing"
CHECKS=$((CHECKS + 1))
[ "$(sequence)" -gt $((before + 20)) ] || fail 'nothing was written meanwhile' "from $before to $(sequence)"

# A finding is a line, and exit status 1.
mkdir "$T/real"
exec_sql "CREATE STORAGE r TYPE filesystem PATH '$T/real'; CREATE STORAGE o TYPE filesystem PATH '$T/other'"
ln -s "$T/real" "$T/other"	# too late for CREATE STORAGE to see
is 1 'check with a finding' "$KALAMCTL" "$CAT" check
FINDING="its base directory '$T/other' is through a symbolic link the same as, inside or around '$T/real' of storage 2 r, so two tables could have one place; move the tables of one to the other and drop it"
same 'it is told' "storage 3 o: $FINDING" "$(cat "$T/out")"
same 'on standard output only' '' "$(cat "$T/err")"
is 1 '--json check with a finding' "$KALAMCTL" --json "$CAT" check
same 'its members' 'object id name rule message' "$(jq -r 'keys_unsorted | join(" ")' "$T/out")"
same 'and values' "storage 3 o storage $FINDING" "$(jq -r '"\(.object) \(.id) \(.name) \(.rule) \(.message)"' "$T/out")"
exec_sql 'DROP STORAGE o'
is 0 'check after it was mended' "$KALAMCTL" "$CAT" check
is 1 'check to a full disk' sh -c "'$KALAMCTL' '$CAT' check >/dev/full"
stop

# Damage of records is a finding; damage of pages is exit status 2, and neither is a crash.
BAD=$T/bad
damage() { rm -rf "$BAD"; cp -r "$CAT" "$BAD"; }
exec_sql "ALTER TABLE mounted.t COMMENT 'a marked sentence'"
damage
sed -i 's/a marked sentence/a MARKED sentence/g' "$BAD/data.mdb"
is 1 'check of a damaged record' "$KALAMCTL" "$BAD" check
DAMAGED='record of a table is damaged: its checksum does not fit its bytes; restore a backup'
version=$(sed -n 2p "$T/out" | sed -n 's/.*: version \([0-9]*\): .*/\1/p')
same 'which table, and what' "table 34 mounted.t: $DAMAGED
table 34 mounted.t: version $version: $DAMAGED
catalog: all rows together are not what was committed: some were changed or lost behind the back of kalamfs; restore a backup" "$(cat "$T/out")"
is 1 '--json check of a damaged record' "$KALAMCTL" --json "$BAD" check
same 'is JSON on every line' 'record rows' "$(jq -r .rule "$T/out" | sort -u | xargs)"
is 2 'and nothing else opens it' "$KALAMCTL" "$BAD" dump
has 'with a reason' 'its rows do not add up to what was committed' "$(cat "$T/err")"
page=$(getconf PAGESIZE)
pages=$(($(stat -c %s "$CAT/data.mdb") / page))
told=0
for n in $(seq 2 $((pages - 1))); do
  damage
  printf '\377\377' | dd of="$BAD/data.mdb" bs=1 seek=$((n * page + 10)) conv=notrunc status=none
  timeout 60 "$KALAMCTL" "$BAD" check >"$T/out" 2>"$T/err"
  case $? in
    0) ;;	# nobody uses that page
    2)
      has "page $n" "kalamctl: catalog damaged: page $n (" "$(cat "$T/err")"
      same "page $n: nothing else" '' "$(cat "$T/out")"
      told=$((told + 1))
      ;;
    *) fail "page $n: neither found nor unused" "$(cat "$T/out" "$T/err")" ;;
  esac
done
CHECKS=$((CHECKS + 1))
[ $told -gt 5 ] || fail "only $told of $pages pages are in use"
damage
truncate -s $((3 * page)) "$BAD/data.mdb"
is 2 'check of a file cut off' "$KALAMCTL" "$BAD" check
has 'says so' 'kalamctl: catalog damaged: ' "$(cat "$T/err")"
rm -rf "$BAD"

# The demo schemas: loaded, dumped, rebuilt. All of schema.json is equal but ids, versions, times.
DEMO=$ROOT/tests/demo
plain() { jq -S 'del(.object_id, .schema_version, .created_at, .updated_at)' "$1"; }
rebuild() { # NAME FILE... : mounted, through kalamctl
  local name=$1 file
  shift
  mkdir -p "$T/$name.a" "$T/$name.b" "$T/$name.ma" "$T/$name.mb"
  start -c "$T/$name.a" -m "$T/$name.ma" || finish
  start -c "$T/$name.b" -m "$T/$name.mb" || finish
  for file in "$@"; do
    expect_ok "load $file" "$KALAMCTL" "$T/$name.a" exec "$file"
  done
  "$KALAMCTL" "$T/$name.a" dump >"$T/$name.1.sql"
  expect_ok "rebuild $name" "$KALAMCTL" "$T/$name.b" exec "$T/$name.1.sql"
  "$KALAMCTL" "$T/$name.b" dump >"$T/$name.2.sql"
  same_file "$name: dumps are equal" "$T/$name.1.sql" "$T/$name.2.sql"
  tables=0
  for file in "$T/$name.ma"/namespaces/*/tables/*/schema.json; do
    same "${file#"$T/$name.ma"/}" "$(plain "$file")" "$(plain "${file/"$name.ma"/"$name.mb"}")"
    same_file "${file#"$T/$name.ma"/}: schema.sql" "${file%json}sql" "$(sed "s|$name\.ma/|$name.mb/|; s|json\$|sql|" <<<"$file")"
    tables=$((tables + 1))
  done
  stop "$T/$name.ma"
  stop "$T/$name.mb"
}
rebuild demo "$DEMO/tpch.sql" "$DEMO/chat.sql"
same 'eight tables of TPC-H, three of the chat, seven of the system' 18 "$tables"
has 'TPC-H types' 'l_extendedprice DECIMAL(15, 2) NOT NULL' "$(cat "$T/demo.1.sql")"
has 'the chat has an embedding' 'EMBEDDING(1536)' "$(cat "$T/demo.1.sql")"

# Gaps of ids, renames, comments, options, storages: also rebuilt.
cat >"$T/odd.sql" <<SQL
CREATE NAMESPACE odd WITH (a = 'b', n = 10, t = true, "if" = 'x''y') COMMENT 'It''s odd';
CREATE STORAGE disk TYPE filesystem NAME 'Disk''s' DESCRIPTION 'd' PATH '$T/disk' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}';
CREATE STORAGE s3a TYPE s3 BUCKET 'b' CONFIG '{"region":"eu"}';
ALTER STORAGE local SET DESCRIPTION 'here';
ALTER NAMESPACE default COMMENT 'The first';
CREATE USER TABLE odd.gaps (a INT PRIMARY KEY, b INT, c INT, "to" TEXT COMMENT 'quoted', e JSON DEFAULT '{"a":[1,2]}')
  WITH (USE_USER_STORAGE = true, STORAGE_ID = 'disk', FLUSH_POLICY = 'interval:60') COMMENT 'line
two; and -- no comment';
ALTER TABLE odd.gaps DROP COLUMN b, RENAME COLUMN c TO k;
ALTER TABLE odd.gaps DROP COLUMN e;
ALTER TABLE odd.gaps ADD COLUMN f DECIMAL(38, 10) NOT NULL DEFAULT -0.5;
CREATE SHARED TABLE odd.old (a INT PRIMARY KEY, d DATE NOT NULL, PARTITION BY (d)) WITH (ACCESS_LEVEL = 'dba', COMPRESSION = 'none', DELETED_RETENTION_HOURS = 1);
ALTER TABLE odd.old RENAME TO renamed;
CREATE SHARED TABLE odd.old (a INT PRIMARY KEY) WITH (STORAGE_ID = 's3a');
CREATE STREAM TABLE odd.st (a INT) WITH (TTL_SECONDS = 60, EVICTION_STRATEGY = 'size_based', MAX_STREAM_SIZE_BYTES = 1000);
ALTER TABLE odd.st RENAME TO default.st;
SQL
rebuild odd "$T/odd.sql"
has 'gaps have ids' 'ID 3' "$(cat "$T/odd.1.sql")"
has 'renamed tables have LOCATION_NAME' "LOCATION_NAME = 'odd/old'" "$(cat "$T/odd.1.sql")"
same 'dump says nothing of what is dropped' '' "$(grep -w e "$T/odd.1.sql" | grep JSON)"
# No table's location may hold the catalog itself.
mkdir -p "$T/aa/bb"
"$KALAMCTL" "$T/aa/bb/cat" exec >"$T/out" 2>&1 <<SQL && fail 'a location around the catalog is refused'
CREATE NAMESPACE aa;
CREATE STORAGE up TYPE filesystem BASE_DIRECTORY '$T';
CREATE TABLE aa.bb (id INT PRIMARY KEY) WITH (STORAGE_ID = up);
SQL
same 'with its reason' "would hold the catalog itself" "$(grep -o 'would hold the catalog itself' "$T/out")"
same 'and nothing of it is kept' '0' "$("$KALAMCTL" --json "$T/aa/bb/cat" status | jq .sequence)"

# Beside a daemon that commits without pause kalamctl has its turns.
write_always() { # TABLE
  local i
  for ((i = 0; i < 1000000; i++)); do
    [ -e "$T/enough" ] && return
    echo "COMMENT '$i'" >"$MNT/namespaces/busy/tables/$1/ctl" || echo failed >>"$T/busy"
  done
}
CAT=$T/busy.catalog
exec_sql "CREATE NAMESPACE busy; $(printf 'CREATE TABLE busy.t%d (id INT PRIMARY KEY);' {0..8})"
start || finish
for i in {0..7}; do write_always "t$i" & done
for i in {1..20}; do
  began=$EPOCHREALTIME
  expect_ok "change $i beside eight writers" "$KALAMCTL" "$CAT" exec <<<"ALTER TABLE busy.t8 ADD COLUMN c$i INT;"
  CHECKS=$((CHECKS + 1))
  awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a < 4) }' || fail "change $i took too long"
done
touch "$T/enough"
wait $(jobs -p | grep -vx "${DAEMON[$MNT]}")
same 'all are done' 20 "$(grep -c '  c[0-9]' "$MNT/namespaces/busy/tables/t8/schema.sql")"
same 'and no writer was refused' '' "$(cat "$T/busy" 2>/dev/null)"

finish
