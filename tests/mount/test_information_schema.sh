#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# information_schema: exact sizes after every change, snapshots, other programs' readers, bounds.
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/lib.sh"
need python3 sqlite3 awk jq
HELP=$ROOT/tests/mount/information_schema.py
FILES='columns.csv columns.jsonl schemata.csv schemata.jsonl storages.csv storages.jsonl tables.csv tables.jsonl'
fixture
start || finish
APP=$MNT/namespaces/app
INFO=$MNT/information_schema

# ----- the tree -----
same 'names at the root' "$FILES" "$(ls "$INFO" | xargs)"
for ns in app default system; do
  same "names in $ns" "$FILES" "$(ls "$MNT/namespaces/$ns/information_schema" | xargs)"
done
same 'modes' '555 444' "$(stat -c %a "$INFO" "$INFO/tables.csv" | xargs)"
same 'and in a namespace' '555 444' "$(stat -c %a "$APP/information_schema" "$APP/information_schema/tables.csv" | xargs)"

# ----- exact sizes, nothing stale, times that change with the text only -----
py() { # NAME ARG... : a check of information_schema.py
  CHECKS=$((CHECKS + 1))
  timeout 300 python3 "$HELP" "$@" >"$T/out" 2>&1 || fail "information_schema.py $*" "$(tail -n 20 "$T/out")"
}
py sizes "$MNT"
has 'it has looked at all files' '32 files' "$(cat "$T/out")"
py remember "$MNT" "$T/known.json"
after() { # WHAT : sizes are exact, times and texts go together
  py changed "$MNT" "$T/known.json" "$1"
}
says() { # EXPECTED JQ_FILTER FILE : what a program reads right after the change
  same "$2 of ${3#"$MNT"/}" "$1" "$(jq -rs "$2" "$3")"
}
columns() { jq -rs "map(select(.table_name == \"$1\").column_name) | join(\" \")" "$INFO/columns.jsonl"; }

accept "$MNT" 'CREATE NAMESPACE shop COMMENT '\''a, "b"'\'
after 'create namespace'
says 'app default shop system' 'map(.schema_name) | join(" ")' "$INFO/schemata.jsonl"
accept "$MNT/namespaces/shop" 'CREATE SHARED TABLE items (id BIGINT PRIMARY KEY, price DECIMAL(10, 2) COMMENT '\''two
lines'\'')'
after 'create table'
says '1' 'map(select(.table_name == "items")) | length' "$INFO/tables.jsonl"
accept "$MNT/namespaces/shop/tables/items" 'ADD COLUMN weight INT DEFAULT 7'
after 'add column'
same 'the new column' 'id price weight' "$(columns items)"
accept "$MNT/namespaces/shop/tables/items" 'RENAME COLUMN weight TO grams'
after 'rename column'
accept "$MNT/namespaces/shop/tables/items" "COMMENT 'no column changes'"
after 'table comment'
expect_ok 'a save' sed -i 's/"INT"/"BIGINT"/' "$MNT/namespaces/shop/tables/items/schema.json"
after 'a saved document'
same 'its type' BIGINT "$(jq -r 'select(.column_name == "grams").data_type' "$INFO/columns.jsonl")"
expect_ok 'rename across namespaces' mv "$MNT/namespaces/shop/tables/items" "$APP/tables/things"
after 'rename across namespaces'
says '0' length "$MNT/namespaces/shop/information_schema/tables.jsonl"
says '1' 'map(select(.table_name == "things")) | length' "$APP/information_schema/tables.jsonl"
same 'its columns' 'id price grams' "$(columns things)"
expect_ok 'drop by mv' mv "$APP/tables/things" "$APP/trash/"
after 'drop'
same 'trash is not shown' '' "$(columns things)"
expect_ok 'undrop by mv' mv "$APP/trash/things" "$APP/tables/"
after 'undrop'
same 'it is shown again' 'id price grams' "$(columns things)"
accept "$APP" 'DROP TABLE things'
accept "$APP" 'PURGE TABLE things'
after 'purge'
accept "$MNT" 'ALTER STORAGE archive SET DESCRIPTION '\''changed, "quoted"'\'
after 'alter storage'
accept "$MNT" 'ALTER TABLE app.old SET (STORAGE_ID = local)'
after 'another storage'
says 'local' 'map(.storage_id) | join(" ")' "$APP/information_schema/storages.jsonl"
says 'archive local' 'map(.storage_id) | join(" ")' "$INFO/storages.jsonl"
accept "$MNT" 'ALTER TABLE app.old SET (STORAGE_ID = archive)'
after 'and back'
accept "$MNT" "ALTER NAMESPACE app SET OPTIONS (quota = 10)"
after 'alter namespace'
accept "$MNT" 'DROP NAMESPACE shop CASCADE'
after 'drop namespace'
accept "$APP/tables/users" 'RESTORE VERSION 1'
after 'restore'
put "$APP/ctl" 'DROP TABLE none' && fail 'a table that is not there was dropped'
after 'a refusal'
# The same from another process: 0 stale when it returns.
stale=0
for i in $(seq 30); do
  exec_sql "ALTER TABLE app.users ADD COLUMN k$i INT COMMENT 'number $i'; CREATE TABLE app.new$i (id INT PRIMARY KEY);"
  tail -n 1 <(grep -h "k$i\"" "$INFO/columns.jsonl") | grep -q "number $i" || stale=$((stale + 1))
  [ "$(wc -l <"$INFO/tables.csv")" = "$(jq -s 'length + 1' "$INFO/tables.jsonl")" ] || stale=$((stale + 1))
  [ "$(stat -c %s "$INFO/tables.csv")" = "$(cat "$INFO/tables.csv" | wc -c)" ] || stale=$((stale + 1))
done
same 'stale after kalamctl' 0 "$stale"
after 'kalamctl'
same 'no credentials in it' '' "$(grep -rl 'hush-4711' "$INFO" "$APP/information_schema")"
same 'they are masked' '***' "$(jq -r 'select(.storage_id == "archive").credentials' "$INFO/storages.jsonl")"
before=$(state)
expect_ok 'reading all' sh -c "cat '$INFO'/* '$MNT'/namespaces/*/information_schema/* >/dev/null; tar -cf - -C '$INFO' . | tar -tf - >/dev/null; cp -a '$INFO' '$T/copied'; diff -r '$INFO' '$T/copied'"
expect_ok 'rsync' rsync -a "$INFO/" "$T/rsynced/"
expect_ok 'rsync again' rsync -ain "$INFO/" "$T/rsynced/"
same 'has nothing to do' '' "$(cat "$T/out")"
same 'and changes nothing' "$before" "$(state)"

# ----- one snapshot from open to close -----
cp "$INFO/columns.jsonl" "$T/before.jsonl"
exec 5<"$INFO/columns.jsonl"
dd bs=100 count=3 status=none <&5 >"$T/read.jsonl"
for i in $(seq 50); do
  put "$APP/tables/users/ctl" "ADD COLUMN burst$i TEXT DEFAULT 'some longer text, number $i'"
done
same 'fstat of what is open' "$(stat -c %s "$T/before.jsonl")" "$(stat -L -c %s /proc/self/fd/5)"
cat /proc/self/fd/5 >"$T/again.jsonl"
dd bs=997 status=none <&5 >>"$T/read.jsonl"
exec 5<&-
same_file 'a reader from before a burst has the old text whole' "$T/before.jsonl" "$T/read.jsonl"
same_file 'also when it is opened again as the same file' "$T/before.jsonl" "$T/again.jsonl"
same 'a new reader has the new one' 50 "$(grep -c burst "$INFO/columns.jsonl")"
exec 5<"$MNT/namespaces/default/information_schema/schemata.csv"
exec 6<"$APP/information_schema/tables.jsonl"
cp "$APP/information_schema/tables.jsonl" "$T/before.jsonl"
accept "$MNT" 'DROP NAMESPACE app CASCADE'
cat <&6 >"$T/read.jsonl"
same_file 'even of a namespace that is dropped' "$T/before.jsonl" "$T/read.jsonl"
same 'with its size' "$(stat -c %s "$T/before.jsonl")" "$(stat -L -c %s /proc/self/fd/6)"
exec 5<&- 6<&-
stop
rm -rf "$CAT"
fixture
start || finish
# Readers against writers: what a text says belongs together, sizes are those of the text, nothing is stale.
py race "$MNT" "${RACE_SECONDS:-4}"
tail -n 1 "$T/out"
stop
rm -rf "$CAT"
fixture
start || finish

# ----- other programs -----
"$KALAMCTL" "$CAT" exec >/dev/null <<'SQL'
CREATE TABLE app.texts (id INT PRIMARY KEY,
  a TEXT DEFAULT 'it''s, "quoted"' COMMENT 'a,b', b TEXT DEFAULT '' COMMENT 'say "hi", twice', c TEXT COMMENT 'two
lines', d TEXT DEFAULT NULL COMMENT ' blanks ', e TEXT COMMENT 'Ä 猫 😀', f JSON DEFAULT '{"a": ["b,c"]}',
  g TEXT COMMENT '<b>&amp;</b>') COMMENT '"';
CREATE STORAGE nameless TYPE gcs NAME '' BASE_DIRECTORY 'gs://x';
SQL
same 'a storage without a name' 'nameless,"",' "$(grep -o '^nameless,"",' "$INFO/storages.csv")"
py csv "$MNT"
sqlite3 "$T/info.db" ".import --csv $INFO/tables.csv t" ".import --csv $INFO/columns.csv c" ".import --csv $INFO/storages.csv s" >"$T/out" 2>&1
same 'sqlite3 imports CSV without a word' '' "$(cat "$T/out")"
same 'all of it' "$(jq -s length "$INFO/tables.jsonl") $(jq -s length "$INFO/columns.jsonl")" \
  "$(sqlite3 -separator ' ' "$T/info.db" 'SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM c)')"
same 'and right' 'two
lines' "$(sqlite3 "$T/info.db" "SELECT column_comment FROM c WHERE table_name = 'texts' AND column_name = 'c'")"
same 'with its numbers' '10|2' "$(sqlite3 "$T/info.db" "SELECT numeric_precision, numeric_scale FROM c WHERE column_name = 'price'")"
same 'awk' 'users' "$(awk -F, '$2 == "app" && $5 == "SHARED" && $3 ~ /^u/ { print $3 }' "$INFO/tables.csv")"
same_file 'kalamctl ls --json prints the same rows' <("$KALAMCTL" --json "$CAT" ls app) "$APP/information_schema/tables.jsonl"
same 'kalamctl ls' 'app.messages  USER    1  3 columns
app.old       SHARED  1  1 column
app.texts     SHARED  1  8 columns
app.typing    STREAM  1  2 columns
app.users     SHARED  2  4 columns' "$("$KALAMCTL" "$CAT" ls app)"
same 'of one table' 'app.messages  USER  1  3 columns' "$("$KALAMCTL" "$CAT" ls app.messages)"
same 'ls leaves system out' "$("$KALAMCTL" "$CAT" ls app)" "$("$KALAMCTL" "$CAT" ls)"
is 1 'ls of no namespace' "$KALAMCTL" "$CAT" ls none
same 'says so' "kalamctl: Namespace 'none' does not exist" "$(cat "$T/err")"
is 2 'ls of two' "$KALAMCTL" "$CAT" ls app default

# ----- generated: nothing of it can be changed -----
before=$(state)
cp "$INFO/tables.csv" "$T/tables.csv"
no() { refused 'not permitted' - '' "$@"; }
for file in "$INFO/tables.csv" "$APP/information_schema/columns.jsonl"; do
  no sh -c "echo x >'$file'"
  no sh -c "echo x >>'$file'"
  no truncate -s 0 "$file"
  no truncate -s 5 "$file"
  no dd if=/dev/null of="$file" conv=notrunc
  no rm "$file"
  no mv "$file" "$(dirname "$file")/other"
  no mv -T "$file" "$APP/x"
  no cp "$T/tables.csv" "$file"
  no mv "$MNT/README" "$file"
  no ln "$file" "$APP/link"
done
for dir in "$INFO" "$APP/information_schema"; do
  no rmdir "$dir"
  no touch "$dir/new"
  no mkdir "$dir/new"
  no ln -s x "$dir/new"
  no mv "$dir" "$dir-2"
done
no mkdir "$MNT/information_schema2"
CHECKS=$((CHECKS + 1))
rm -rf "$INFO" 2>/dev/null && fail 'rm -rf says that it worked'
expect_ok 'chmod and touch are accepted' sh -c "chmod 600 '$INFO/tables.csv' && touch -c '$INFO/tables.csv'"
same 'and change nothing' 444 "$(stat -c %a "$INFO/tables.csv")"
same_file 'it is as it was' "$T/tables.csv" "$INFO/tables.csv"
same 'nothing happened' "$before" "$(state)"
is 1 'no such file' cat "$INFO/views.csv"

# ----- a read-only mount, beside this one -----
mkdir "$T/ro"
start -m "$T/ro" -o ro || finish
py sizes "$T/ro"
accept "$APP/tables/users" 'ADD COLUMN beside INT'
same 'it sees changes as well' 1 "$(grep -c ',beside,' "$T/ro/information_schema/columns.csv")"
stop "$T/ro"
stop

# ----- bounds: 30,000 tables -----
BIG=$T/big
TABLES=30000
# Sanitizers are slow, and keep what is freed.
[ "$BUILD" = "${BUILD%-?san}" ] || TABLES=6000
python3 - $TABLES >"$T/big.sql" <<'PY'
import sys
columns = "".join(f", c{i} TEXT NOT NULL DEFAULT 'some default, {i}' COMMENT 'column number {i} of a table'" for i in range(9))
print("CREATE NAMESPACE big;")
for i in range(int(sys.argv[1])):
    print(f"CREATE SHARED TABLE big.t{i} (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(){columns}) COMMENT 'table {i}';")
PY
expect_ok "$TABLES tables" "$KALAMCTL" "$BIG" exec "$T/big.sql"
mkdir "$T/bigmnt"
start -c "$BIG" -m "$T/bigmnt" || finish
anon() { awk '/RssAnon/ { print $2 }' "/proc/${DAEMON[$T/bigmnt]}/status"; }
B=$T/bigmnt/information_schema
first=$(anon)
begun=$(date +%s%N)
size=$(stat -c %s "$B/columns.jsonl")
took=$((($(date +%s%N) - begun) / 1000000))
CHECKS=$((CHECKS + 1))
[ "$took" -lt 1000 ] || fail "stat of a large text took $took ms"
pids=()
for i in 1 2 3 4; do
  sha256sum <"$B/columns.jsonl" >"$T/sum.$i" &
  pids+=($!)
done
most=0
while kill -0 "${pids[@]}" 2>/dev/null; do
  now=$(anon)
  [ "$now" -gt "$most" ] && most=$now
  sleep 0.02
done 2>/dev/null
wait "${pids[@]}"
same 'four readers read the same' 1 "$(cat "$T"/sum.? | sort -u | wc -l)"
same 'as long as stat says' "$size" "$(cat "$B/columns.jsonl" | wc -c)"
CHECKS=$((CHECKS + 1))
[ "$size" -gt $((TABLES * 3000)) ] || fail "the text is small: $size bytes"
limit=$((16 * 1024))
CHECKS=$((CHECKS + 1))
[ "$most" -lt $limit ] || [ $TABLES != 30000 ] ||
  fail 'memory of the daemon' "at most $limit KiB expected" "found: $most KiB (before: $first KiB)"
echo "$NAME: $((size / 1000000)) MB of columns.jsonl, four readers: RssAnon $first -> $most KiB; stat in $took ms"
lines=$(wc -l <"$B/columns.csv")
same 'a line for each column' "$((TABLES * 10 + 1 + $(grep -c . "$T/bigmnt/namespaces/system/information_schema/columns.jsonl")))" "$lines"
same 'tail reads the end only' '"zzz"' "$(accept "$T/bigmnt" "CREATE NAMESPACE zzz" >/dev/null; tail -n 1 "$B/schemata.jsonl" | jq -c .schema_name)"
# A change while a long text is open; the reader goes on with the old one.
exec 5<"$B/columns.csv"
sum=$(sha256sum <"$B/columns.csv")
accept "$T/bigmnt/namespaces/big/tables/t1500" 'DROP COLUMN c5'
same 'the open one' "$sum" "$(sha256sum <&5)"
differs 'the new one' "$sum" "$(sha256sum <"$B/columns.csv")"
exec 5<&-
same 'its file has no name' 'data.mdb lock.mdb write.lock' "$(ls "$BIG" | grep -v '^mount\.' | xargs)"
# It ends while somebody waits for a long text.
cat "$B/columns.jsonl" >/dev/null 2>&1 &
reader=$!
sleep 0.05
kill -TERM "${DAEMON[$T/bigmnt]}"
CHECKS=$((CHECKS + 1))
wait_for 30 ended "${DAEMON[$T/bigmnt]}" || fail 'the daemon does not end while a long text is printed'
wait "$reader" 2>/dev/null
unset "DAEMON[$T/bigmnt]"
unmount "$T/bigmnt" 2>/dev/null

# ----- a full disk, a read-only one -----
mkdir "$T/small" "$T/smallmnt"
mount -t tmpfs -o size=120m none "$T/small" || die 'cannot mount a tmpfs'
head -n 6001 "$T/big.sql" >"$T/some.sql"
expect_ok '6,000 tables' "$KALAMCTL" "$T/small/cat" exec "$T/some.sql"
start -c "$T/small/cat" -m "$T/smallmnt" || finish
S=$T/smallmnt/information_schema
expect_ok 'with room on the disk' sh -c "cat '$S/columns.jsonl' >'$T/whole.jsonl'"
spools() { find "/proc/${DAEMON[$T/smallmnt]}/fd" -lname '*(deleted)'; }
no_spools() { [ -z "$(spools)" ]; }
room() { df --output=avail -k "$T/small" | tail -n 1; }
wait_for 20 no_spools
before=$(room)
exec 5<"$S/columns.jsonl"
same 'its file, while it is open' 1 "$(spools | wc -l)"
exec 5<&-
CHECKS=$((CHECKS + 1))
wait_for 20 no_spools || fail 'the file is kept after the last close' "$(spools)"
# The descriptor goes a moment before its room is free again.
has_room_again() { [ "$(room)" -ge "$before" ]; }
wait_for 20 has_room_again || fail 'the room is not free again' "before $before, now $(room)"
free=$(room)
head -c $(((free - 28000) * 1024)) /dev/zero >"$T/small/filler"
is 1 'without' cat "$S/columns.jsonl"
has 'it says so' 'No space left on device' "$(cat "$T/err")"
expect_ok 'a short text needs none' cat "$S/schemata.jsonl"
expect_ok 'and its size is known' test "$(stat -c %s "$S/columns.jsonl")" = "$(stat -c %s "$T/whole.jsonl")"
accept "$T/smallmnt" 'CREATE NAMESPACE more'
rm "$T/small/filler"
expect_ok 'with room again' cmp "$S/columns.jsonl" "$T/whole.jsonl"
stop "$T/smallmnt"
mount -o remount,ro "$T/small" || die 'cannot make it read-only'
mkdir "$T/elsewhere"
TMPDIR=$T/elsewhere start -c "$T/small/cat" -m "$T/smallmnt" -o ro || finish
expect_ok 'a read-only disk' cmp "$S/columns.jsonl" "$T/whole.jsonl"
stop "$T/smallmnt"
TMPDIR=/nowhere start -c "$T/small/cat" -m "$T/smallmnt" -o ro || finish
is 1 'and nowhere to write' cat "$S/columns.jsonl"
has 'it says so' 'No such file or directory' "$(cat "$T/err")"
expect_ok 'short texts still' cat "$S/schemata.csv"
stop "$T/smallmnt"
umount "$T/small"
finish
