#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Versions, lookup by time, RESTORE, trash, UNDROP, PURGE, and readers that hold a version.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
APP=$MNT/namespaces/app
USERS=$APP/tables/users
columns() { jq -r '[.columns[].column_name] | join(" ")' "$1"; }
stamp() { jq -r .committed_at "$USERS/versions/$1/change.json"; }
at() { readlink "$USERS/versions/$1" 2>&1 || echo none; }

accept "$USERS" 'DROP COLUMN email'
accept "$USERS" 'ADD COLUMN phone TEXT'
same 'versions' '1 2 3 4 latest' "$(ls "$USERS/versions" | xargs)"
same 'version 1' 'id name email' "$(columns "$USERS/versions/1/schema.json")"
same 'version 2' 'id name email created' "$(columns "$USERS/versions/2/schema.json")"
same 'version 3' 'id name created' "$(columns "$USERS/versions/3/schema.json")"
same 'version 4' 'id name created phone' "$(columns "$USERS/versions/4/schema.json")"
same 'through latest' 'id name created phone' "$(columns "$USERS/versions/latest/schema.json")"
for form in schema.json schema.sql schema.arrow; do
  same_file "latest/$form is $form" "$USERS/versions/latest/$form" "$USERS/$form"
done
same 'ordinals are not reused' '1 2 4 5' "$(jq -r '[.columns[].ordinal_position] | join(" ")' "$USERS/schema.json")"
has 'schema.sql keeps ids' 'ID 4' "$(cat "$USERS/schema.sql")"
lacks 'schema.sql of version 1 has no gaps' ' ID ' "$(cat "$USERS/versions/1/schema.sql")"

# change.json
same 'keys of change.json' 'version committed_at sequence author source statement summary changes restored_from' \
  "$(jq -r 'keys_unsorted | join(" ")' "$USERS/versions/4/change.json")"
same 'change of version 4' '{"version":4,"source":"ctl","statement":"ADD COLUMN phone TEXT","summary":"Added column phone","restored_from":null}' \
  "$(jq -c '{version, source, statement, summary, restored_from}' "$USERS/versions/4/change.json")"
same 'ADD COLUMN' '[{"action":"ADD COLUMN","column_id":5,"before":null,"after":{"column_id":5,"column_name":"phone","ordinal_position":5,"data_type":"TEXT","is_nullable":true,"is_primary_key":false,"is_partition_key":false,"default_value":null,"column_comment":null}}]' \
  "$(jq -c .changes "$USERS/versions/4/change.json")"
same 'DROP COLUMN' 'DROP COLUMN 3 email null' \
  "$(jq -r '.changes[0] | "\(.action) \(.column_id) \(.before.column_name) \(.after)"' "$USERS/versions/3/change.json")"
same 'kalamctl is the source of version 2' kalamctl "$(jq -r .source "$USERS/versions/2/change.json")"
same 'CREATE has an entry for each column' 3 "$(jq '.changes | length' "$USERS/versions/1/change.json")"

# lookup by time
for n in 1 2 3 4; do
  same "the moment of version $n" $n "$(at "$(stamp $n)")"
done
just_before() { # the microsecond before a stamp
  local seconds=${1%.*} micros=${1#*.}
  micros=$((10#${micros%Z} - 1))
  printf '%s.%06dZ' "$seconds" "$micros"
}
case $(stamp 3) in *.000000Z) ;; *) same 'a microsecond before version 3' 2 "$(at "$(just_before "$(stamp 3)")")" ;; esac
case $(stamp 1) in *.000000Z) ;; *) same 'a microsecond before the first' none "$(at "$(just_before "$(stamp 1)")" 2>/dev/null | tail -1)" ;; esac
now=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
same 'now' 4 "$(at "$now")"
same 'now, with an offset' 4 "$(at "$(TZ=UTC-2 date +%Y-%m-%dT%H:%M:%S.%6N+02:00)")"
same 'west of Greenwich' 4 "$(at "$(TZ=UTC+3:30 date +%Y-%m-%dT%H:%M:%S.%6N-03:30)")"
sleep 1.1
same 'without a fraction' 4 "$(at "$(date -u +%Y-%m-%dT%H:%M:%SZ)")"
same 'through it' 'id name created phone' "$(columns "$USERS/versions/$now/schema.json")"
for name in 2001-01-01T00:00:00Z 2999-01-01T00:00:00Z 2026-13-01T00:00:00Z 2026-11-22 2026-11-22T10:00:00 yesterday 5 0 -1 1.json; do
  is 2 "versions/$name is not there" ls -d "$USERS/versions/$name"
done
same 'a time that is asked for is not listed' '1 2 3 4 latest' "$(ls "$USERS/versions" | xargs)"
# what is not there now may be there in a moment
soon=$(date -u -d '+2 seconds' +%Y-%m-%dT%H:%M:%SZ)
is 2 'the future is not there' ls -d "$USERS/versions/$soon"
wait_for 30 ls -d "$USERS/versions/$soon"
same 'until it is' 4 "$(at "$soon")"

# RESTORE
cp "$USERS/schema.sql" "$T/four.sql"
accept "$USERS" 'RESTORE VERSION 1'
same 'RESTORE VERSION 1 makes version 5' 5 "$(jq .schema_version "$USERS/schema.json")"
same 'with the ids of version 1' "$(jq -c .columns "$USERS/versions/1/schema.json")" "$(jq -c .columns "$USERS/schema.json")"
same 'change.json says from where' 1 "$(jq .restored_from "$USERS/versions/5/change.json")"
accept "$USERS" 'ADD COLUMN later INT'
same 'ids go on' 6 "$(jq '.columns[-1].column_id' "$USERS/schema.json")"
accept "$USERS" 'RESTORE VERSION 4'
same_file 'back to version 4' "$T/four.sql" "$USERS/schema.sql"
ctl_refused "$USERS" 'No such file' '' 'RESTORE VERSION 99'
v=$(jq .schema_version "$USERS/schema.json")
accept "$USERS" "RESTORE VERSION $v"
same 'RESTORE of what is there makes no version' "$v" "$(jq .schema_version "$USERS/schema.json")"

# DROP, UNDROP, PURGE
id=$(jq .object_id "$USERS/schema.json")
cp "$USERS/schema.json" "$T/users.json"
location=$(readlink "$USERS/storage")
inode=$(stat -c %i "$USERS")
accept "$APP" 'DROP TABLE users'
is 2 'DROP takes it away' ls -d "$USERS"
same 'into trash/' 'gone users' "$(ls "$APP/trash" | xargs)"
lacks 'the listing knows' users "$(ls "$APP/tables" | xargs)"
same 'with all its versions' "$((v + 1))" "$(ls "$APP/trash/users/versions" | wc -l)"
same_file 'and its definition' "$T/users.json" "$APP/trash/users/schema.json"
is 2 'without ctl' ls -d "$APP/trash/users/ctl"
is 2 'and plan' ls -d "$APP/trash/users/plan"
ctl_refused "$APP" 'File exists' 'Table app.users was dropped at' 'CREATE TABLE users (id INT PRIMARY KEY)'
text=$(cat "$APP/error")
has 'the name is held until' 'and its name is held until' "$text"
has 'what to do' 'UNDROP TABLE app.users or PURGE TABLE app.users' "$text"
ctl_refused "$APP" 'Directory not empty' 'PURGE' 'DROP NAMESPACE app RESTRICT'
ctl_refused "$APP" 'No such file' '' 'ALTER TABLE users ADD COLUMN x INT'
ctl_refused "$APP" 'Invalid argument' '' 'UNDROP TABLE users@2'
accept "$APP" "UNDROP TABLE users@$v"
same_file 'UNDROP brings it back as it was' "$T/users.json" "$USERS/schema.json"
same 'its id, inode and location' "$id $inode $location" "$(jq .object_id "$USERS/schema.json") $(stat -c %i "$USERS") $(readlink "$USERS/storage")"
is 2 'it has left trash/' ls -d "$APP/trash/users"
accept "$APP" 'DROP TABLE users'
accept "$APP" 'PURGE TABLE users'
is 2 'PURGE is for ever' ls -d "$APP/trash/users"
ctl_refused "$APP" 'No such file' '' 'UNDROP TABLE users'
accept "$APP" 'CREATE TABLE users (id INT PRIMARY KEY)'
differs 'the name is free for another table' "$id" "$(jq .object_id "$USERS/schema.json")"
same 'a new table has its own history' '1 latest' "$(ls "$USERS/versions" | xargs)"
accept "$APP" 'CREATE TABLE brief (id INT PRIMARY KEY) WITH (DELETED_RETENTION_HOURS = 0)'
accept "$APP" 'DROP TABLE brief'
is 2 'retention 0 purges at once' ls -d "$APP/trash/brief"
accept "$APP" 'DROP TABLE IF EXISTS brief'

# A reader with an open file sees one version, from open to close.
accept "$APP" 'CREATE TABLE held (id INT PRIMARY KEY, a TEXT)'
HELD=$APP/tables/held
FILES=(schema.json schema.sql schema.arrow describe storage.json columns/a.json versions/1/schema.json versions/1/change.json)
fds=() copies=()
for file in "${FILES[@]}"; do
  cp "$HELD/$file" "$T/held.${file//\//_}"
  copies+=("$T/held.${file//\//_}")
  exec {fd}<"$HELD/$file"
  fds+=("$fd")
done
exec {json}<"$HELD/schema.json" {column}<"$HELD/columns/a.json"
head -c 10 <&"$json" >"$T/begin"
for i in $(seq 20); do
  accept "$HELD" "ALTER COLUMN a COMMENT 'number $i $(head -c $((i * 50)) /dev/zero | tr '\0' x)'"
done
{ cat "$T/begin"; cat <&"$json"; } >"$T/whole"
same_file 'read on after 20 versions' "$T/held.schema.json" "$T/whole"
cat <&"$column" >"$T/whole"
same_file 'a column read after 20 versions' "$T/held.columns_a.json" "$T/whole"
accept "$APP" 'DROP TABLE held PURGE'
for i in "${!FILES[@]}"; do
  same "size of an open ${FILES[i]} of a purged table" "$(stat -c %s "${copies[i]}")" "$(stat -Lc %s "/proc/self/fd/${fds[i]}")"
  cat <&"${fds[i]}" >"$T/whole" 2>"$T/err"
  same_file "read ${FILES[i]} after PURGE ($(cat "$T/err"))" "${copies[i]}" "$T/whole"
  fd=${fds[i]}
  exec {fd}<&-
done
exec {json}<&- {column}<&-

# The same for documents without history: their old texts live in the open files only.
accept "$MNT" "CREATE NAMESPACE brief COMMENT 'one'"
accept "$MNT" "CREATE STORAGE brief TYPE s3 BUCKET 'b' NAME 'one'"
cp "$MNT/namespaces/brief/namespace.json" "$T/namespace.json"
cp "$MNT/storages/brief.json" "$T/storage.json"
exec {namespace}<"$MNT/namespaces/brief/namespace.json" {storage}<"$MNT/storages/brief.json"
accept "$MNT" "ALTER NAMESPACE brief COMMENT 'two, and longer'"
accept "$MNT" "ALTER STORAGE brief SET NAME 'two, and longer'"
same 'ALTER NAMESPACE' 'two, and longer' "$(jq -r .comment "$MNT/namespaces/brief/namespace.json")"
same 'ALTER STORAGE' 'two, and longer' "$(jq -r .storage_name "$MNT/storages/brief.json")"
accept "$MNT" 'DROP NAMESPACE brief'
accept "$MNT" 'DROP STORAGE brief'
same 'sizes of open documents' "$(stat -c %s "$T/namespace.json" "$T/storage.json" | xargs)" \
  "$(stat -Lc %s "/proc/self/fd/$namespace" "/proc/self/fd/$storage" | xargs)"
cat <&"$namespace" >"$T/whole" 2>"$T/err"
same_file "read namespace.json after ALTER and DROP ($(cat "$T/err"))" "$T/namespace.json" "$T/whole"
cat <&"$storage" >"$T/whole" 2>"$T/err"
same_file "read storages/brief.json after ALTER and DROP ($(cat "$T/err"))" "$T/storage.json" "$T/whole"
exec {namespace}<&- {storage}<&-

# A process inside a directory of a table that goes.
accept "$APP" 'CREATE TABLE inside (id INT PRIMARY KEY)'
cd "$APP/tables/inside" || fail 'cd'
accept "$APP" 'ALTER TABLE inside ADD COLUMN b INT'
same 'relative names are up to date' 2 "$(jq .schema_version schema.json)"
accept "$APP" 'ALTER TABLE inside RENAME TO moved'
same 'a renamed directory stays the same one' 'moved 3' "$(jq -r '"\(.table_name) \(.schema_version)"' schema.json)"
accept "$APP" 'DROP TABLE moved'
same 'also in trash' moved "$(jq -r .table_name schema.json)"
is 2 'where it has no ctl' ls ctl
accept "$APP" 'UNDROP TABLE moved'
echo 'ADD COLUMN c INT' >ctl || fail 'and back'
same 'a change from inside' 4 "$(jq .schema_version schema.json)"
accept "$APP" 'DROP TABLE moved PURGE'
is 1 'gone' cat schema.json
cd / || exit 1

# All of this is there after a remount.
"$KALAMCTL" "$CAT" dump >"$T/dump.1"
(cd "$APP" && find . -path '*/versions/*' -type f -exec sha256sum {} + | sort -k2) >"$T/sums.1"
stop
start || finish
"$KALAMCTL" "$CAT" dump >"$T/dump.2"
(cd "$APP" && find . -path '*/versions/*' -type f -exec sha256sum {} + | sort -k2) >"$T/sums.2"
same_file 'dump after a remount' "$T/dump.1" "$T/dump.2"
same_file 'every version after a remount' "$T/sums.1" "$T/sums.2"
finish
