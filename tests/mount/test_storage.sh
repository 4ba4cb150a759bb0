#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where data is: storage, storage/<userId>, storage.json, storages/.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
APP=$MNT/namespaces/app
KEYS='storage_id storage_type base_directory template location_name partial_path placeholders_left shard_count location example conflicts'
place() { jq -r "$2" "$APP/tables/$1/storage.json"; }

# SHARED, STREAM and SYSTEM tables: a symlink.
same 'SHARED' "$CAT/storage/app/users" "$(readlink "$APP/tables/users/storage")"
same 'STREAM' "$CAT/storage/app/typing" "$(readlink "$APP/tables/typing/storage")"
same 'SYSTEM' link "$(stat -c %F "$MNT/namespaces/system/tables/users/storage" | sed 's/symbolic //')"
same 's3: the URI' 's3://bucket/kalam/app/old' "$(readlink "$APP/tables/old/storage")"
same 'keys of storage.json' "$KEYS" "$(place users 'keys_unsorted | join(" ")')"
same 'storage.json of a SHARED table' \
  "{\"storage_id\":\"local\",\"storage_type\":\"filesystem\",\"base_directory\":\"$CAT/storage\",\"template\":\"{namespace}/{tableName}\",\"location_name\":\"app/users\",\"partial_path\":\"$CAT/storage/app/users\",\"placeholders_left\":[],\"location\":\"$CAT/storage/app/users\",\"conflicts\":[]}" \
  "$(place users '{storage_id, storage_type, base_directory, template, location_name, partial_path, placeholders_left, location, conflicts} | tojson')"
mkdir -p "$CAT/storage/app/users"
echo rows >"$CAT/storage/app/users/data.parquet"
same 'data is read through the link' rows "$(cat "$APP/tables/users/storage/data.parquet")"
rm "$CAT/storage/app/users/data.parquet"

# USER tables: a directory of links, one for every valid user id.
DIR=$APP/tables/messages/storage
same 'USER' 'directory' "$(stat -c %F "$DIR")"
longest=$(printf 'u%.0s' $(seq 128))
for user in alice Bob _x 0 user-1 a.b@c.org A_B-c "$longest"; do
  same "user $user" "$CAT/storage/app/messages/$user" "$(readlink "$DIR/$user")"
done
for user in .hidden .git 'a b' 'a:b' 'ä' '-x' '@x' "a'b" 'a*b' "${longest}u"; do
  is 2 "not a user id: $user" ls -d "$DIR/$user"
done
same 'nobody has data yet' '' "$(ls -A "$DIR")"
mkdir -p "$CAT/storage/app/messages/"{alice,Bob,.hidden,'a b'}
touch "$CAT/storage/app/messages/a_file"
same 'users that exist are listed' 'Bob alice' "$(ls -A "$DIR" | xargs)"
rmdir "$CAT/storage/app/messages/Bob"
same 'at once' 'alice' "$(ls -A "$DIR" | xargs)"
echo rows >"$CAT/storage/app/messages/alice/data.parquet"
same 'and read' rows "$(cat "$DIR/alice/data.parquet")"
same 'storage.json of a USER table' \
  "{\"template\":\"{namespace}/{tableName}/{userId}\",\"partial_path\":\"$CAT/storage/app/messages/{userId}\",\"placeholders_left\":[\"userId\"],\"location\":null,\"example\":\"$CAT/storage/app/messages/alice\"}" \
  "$(place messages '{template, partial_path, placeholders_left, location, example} | tojson')"

# Shards, with the vectors of the hash.
accept "$MNT" "CREATE STORAGE disk TYPE filesystem PATH '$T/disk/' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}'"
accept "$APP" "CREATE USER TABLE notes (id BIGINT PRIMARY KEY) WITH (STORAGE_ID = 'disk')"
NOTES=$APP/tables/notes/storage
for pair in alice:0 bob:17 root:17 user_123:15 user123:21 550e8400-e29b-41d4-a716-446655440000:19; do
  same "shard of ${pair%:*}" "$T/disk/app/notes/shard_${pair#*:}/${pair%:*}" "$(readlink "$NOTES/${pair%:*}")"
done
mkdir -p "$T/disk/app/notes/shard_0/alice" "$T/disk/app/notes/shard_17/bob" "$T/disk/app/notes/shard_3/bob"
same 'users in their shards' 'alice bob' "$(ls -A "$NOTES" | sort | xargs)"
same 'storage.json with shards' '["shard","userId"] 32' "$(place notes '"\(.placeholders_left | tojson) \(.shard_count)"')"
mkdir -p "$T/disk/app/notes/shard_0"
seq 2000 | while read -r i; do echo "u$i"; done >"$T/users"
accept "$MNT" "CREATE STORAGE flat TYPE filesystem PATH '$T/flat'"
accept "$APP" "CREATE USER TABLE many (id BIGINT PRIMARY KEY) WITH (STORAGE_ID = 'flat')"
(mkdir -p "$T/flat/app/many" && cd "$T/flat/app/many" && xargs mkdir <"$T/users")
sort "$T/users" >"$T/expected"
ls "$APP/tables/many/storage" | sort >"$T/found"
same_file '2,000 users are all listed' "$T/expected" "$T/found"

# Object stores: the URI.
accept "$MNT" "CREATE STORAGE lake TYPE gcs BASE_DIRECTORY 'gs://lake/x/'"
accept "$MNT" "CREATE STORAGE blob TYPE azure BASE_DIRECTORY 'az://blob'"
accept "$APP" "CREATE USER TABLE far (id INT PRIMARY KEY) WITH (STORAGE_ID = 'lake')"
accept "$APP" "CREATE SHARED TABLE farther (id INT PRIMARY KEY) WITH (STORAGE_ID = 'blob')"
same 'gcs' 'gs://lake/x/app/far/alice' "$(readlink "$APP/tables/far/storage/alice")"
same 'nothing is listed there' '' "$(ls -A "$APP/tables/far/storage")"
same 'azure' 'az://blob/app/farther' "$(readlink "$APP/tables/farther/storage")"

# ALTER STORAGE shows through every link at once, also in a directory that somebody holds.
cd "$APP/tables/users" || fail cd
exec 7<"$DIR"
same 'before' "$CAT/storage/app/users" "$(readlink storage)"
same 'before' "$CAT/storage/app/messages/carol" "$(readlink "$DIR/carol")"
for i in 1 2 3; do
  accept "$MNT" "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 's$i/{namespace}/{tableName}' SET USER_TABLES_TEMPLATE 'u$i/{namespace}/{tableName}/{userId}'"
  same 'held directory' "$CAT/storage/s$i/app/users" "$(readlink storage)"
  same 'through a path' "$CAT/storage/s$i/app/users" "$(readlink "$APP/tables/users/storage")"
  same 'storage.json' "$CAT/storage/s$i/app/users" "$(jq -r .location storage.json)"
  same 'its size' "$(cat storage.json | wc -c)" "$(stat -c %s storage.json)"
  same 'per user' "$CAT/storage/u$i/app/messages/carol" "$(readlink "$DIR/carol")"
  same 'through an open directory' "$CAT/storage/u$i/app/messages/carol" "$(readlink /proc/self/fd/7/carol)"
  same 'storages/' "s$i/{namespace}/{tableName}" "$(jq -r .shared_tables_template "$MNT/storages/local.json")"
done
for i in 4 5; do
  exec_sql "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 's$i/{namespace}/{tableName}'"
  same 'by kalamctl, held directory' "$CAT/storage/s$i/app/users" "$(readlink storage)"
done
exec 7<&-
cd / || exit 1

# A listing follows the directories behind it, also where their own times stay as they were.
same 'nobody is at the new place' '' "$(ls -A "$DIR")"
mkdir -p "$CAT/storage/u3/app"
mv "$CAT/storage/app/messages" "$CAT/storage/u3/app/messages"
same 'users whose files were moved there' alice "$(ls -A "$DIR" | xargs)"
mkdir -p "$T/other/dave"
touch -r "$CAT/storage/u3/app/messages" "$T/other"
mv "$CAT/storage/u3/app/messages" "$T/before" && mv "$T/other" "$CAT/storage/u3/app/messages"
same 'another directory of the same time' dave "$(ls -A "$DIR" | xargs)"
accept "$MNT" "ALTER STORAGE flat SET USER_TABLES_TEMPLATE '{namespace}/{tableName}/{userId}/files'"
same 'no user has files/' '' "$(ls -A "$APP/tables/many/storage")"
mkdir "$T/flat/app/many/u7/files"
is_listed() { [ "$(ls -A "$APP/tables/many/storage")" = "$1" ]; }
wait_for 30 is_listed u7
same 'a directory below the users shows soon' u7 "$(ls -A "$APP/tables/many/storage")"

# A rename leaves data where it is; another storage does not.
accept "$APP" 'ALTER TABLE users RENAME TO people'
same 'RENAME keeps the location' "$CAT/storage/s5/app/users" "$(readlink "$APP/tables/people/storage")"
same 'location_name says so' 'app/users' "$(place people .location_name)"
accept "$APP" 'CREATE TABLE users (id INT PRIMARY KEY)'
differs 'a new table of the old name gets another location' "$CAT/storage/s5/app/users" "$(readlink "$APP/tables/users/storage")"
accept "$APP" "ALTER TABLE people SET (STORAGE_ID = 'archive')"
same 'STORAGE_ID moves it' 's3://bucket/kalam/app/users' "$(readlink "$APP/tables/people/storage")"

# storages/<id>.json
same 'storages' 'archive.json blob.json disk.json flat.json lake.json local.json' "$(ls "$MNT/storages" | xargs)"
same 'keys' 'storage_id storage_name description storage_type base_directory credentials config shared_tables_template user_tables_template storage_version created_at updated_at' \
  "$(jq -r 'keys_unsorted | join(" ")' "$MNT/storages/archive.json")"
same 'its text' '{"storage_id":"archive","storage_name":"Archive bucket","description":null,"storage_type":"s3","base_directory":"s3://bucket/kalam","credentials":"***"}' \
  "$(jq -c '{storage_id, storage_name, description, storage_type, base_directory, credentials}' "$MNT/storages/archive.json")"
v=$(jq .storage_version "$MNT/storages/archive.json")
accept "$MNT" "ALTER STORAGE archive SET NAME 'Cold' SET DESCRIPTION 'for years'"
same 'ALTER STORAGE' "Cold for years $((v + 1))" "$(jq -r '"\(.storage_name) \(.description) \(.storage_version)"' "$MNT/storages/archive.json")"
ctl_refused "$MNT" 'No such file' "Storage 'disk_of_nobody' does not exist" 'DROP STORAGE disk_of_nobody'
ctl_refused "$MNT" 'Directory not empty' 'still reference it' 'DROP STORAGE flat'
ctl_refused "$MNT" 'Operation not permitted' 'local' 'DROP STORAGE local'
ctl_refused "$MNT" 'Invalid argument' 'User table template: {userId} is required' \
  "ALTER STORAGE local SET USER_TABLES_TEMPLATE '{namespace}/{tableName}'"
# Each field of a storage, by statement and by saving its file: value, how it is shown; another, its text.
F=$MNT/storages/disk.json
field() { jq -c ".$1" "$F"; }
n=0
while IFS='|' read -r name word value shown saved; do
  n=$((n + 1))
  accept "$MNT" "ALTER STORAGE disk SET $word $value"
  same "$word" "$shown" "$(field "$name")"
  v=$(field storage_version)
  jq ".$name = $saved" "$F" >"$T/saved"
  expect_ok "save another $name" sh -c 'cat "$1" >"$2"' sh "$T/saved" "$F"
  same 'a version' $((v + 1)) "$(field storage_version)"
  [ "$name" = credentials ] && saved='"***"'
  same "$name as it was saved" "$saved" "$(field "$name")"
done <<'END'
storage_name|NAME|'Fast disk'|"Fast disk"|"Slow"
description|DESCRIPTION|'in the corner'|"in the corner"|"elsewhere"
credentials|CREDENTIALS|'{"k":"v"}'|"***"|{"k":"w"}
config|CONFIG|'{"a":1}'|{"a":1}|{"b":[2]}
shared_tables_template|SHARED_TABLES_TEMPLATE|'s/{namespace}/{tableName}'|"s/{namespace}/{tableName}"|"t/{namespace}/{tableName}"
user_tables_template|USER_TABLES_TEMPLATE|'u/{namespace}/{tableName}/{shard}/{userId}'|"u/{namespace}/{tableName}/{shard}/{userId}"|"w/{namespace}/{tableName}/{shard}/{userId}"
END
same 'six fields' 6 $n
accept "$MNT" 'ALTER STORAGE disk SET DESCRIPTION NULL, CREDENTIALS NULL, CONFIG NULL'
same 'fields that are cleared' 'null null null' "$(field description) $(field credentials) $(field config)"
while IFS='|' read -r name value message; do
  ctl_refused "$MNT" 'Invalid argument' "$message" "ALTER STORAGE disk SET $name $value"
done <<'END'
NAME|NULL|Expected the value of NAME in single quotes
DESCRIPTION|7|Expected the value of DESCRIPTION in single quotes
CREDENTIALS|'[]'|CREDENTIALS must be a JSON object
CONFIG|'{'|CONFIG must be a JSON object
SHARED_TABLES_TEMPLATE|'{namespace}'|{tableName} is required
USER_TABLES_TEMPLATE|'{namespace}/{tableName}/{userId}/../..'|Path segment '..'
TYPE|s3|TYPE of a storage cannot be altered
BASE_DIRECTORY|'/x'|BASE_DIRECTORY of a storage cannot be altered
PATH|'/x'|BASE_DIRECTORY of a storage cannot be altered
STORAGE_ID|'x'|Unknown field of a storage 'STORAGE_ID'
END
while IFS='|' read -r edit message; do
  jq "$edit" "$F" >"$T/saved"
  refused 'Invalid argument' "$MNT/error" "$message" sh -c 'cat "$1" >"$2"' sh "$T/saved" "$F"
done <<'END'
.storage_name = null|Expected a string for storage_name
.description = 7|Expected a string or null for description
.credentials = "x"|found another string
.config = []|Expected an object or null for config
.config = {password: "x"}|is a secret
.shared_tables_template = "{userId}"|{userId} is for user tables only
.user_tables_template = ""|{userId} is required
.storage_type = "s3"|TYPE of a storage cannot be altered
.base_directory = "/x"|BASE_DIRECTORY of a storage cannot be altered
.storage_id = "x"|storage_id cannot be changed
.storage_version = 99|storage_version 99 does not exist
.created_at = "2020-01-01T00:00:00Z"|created_at cannot be changed
.color = "red"|Unknown key 'color'
END

# An id may begin with a digit.
accept "$MNT" "CREATE STORAGE 2024archive TYPE filesystem PATH '$T/2024' SHARED_TABLES_TEMPLATE '{namespace}/{tableName}'"
accept "$MNT" "ALTER STORAGE 2024archive SET NAME 'Old'"
accept "$APP" 'CREATE TABLE aged (id INT PRIMARY KEY) WITH (STORAGE_ID = 2024archive)'
same 'a bare id' "$T/2024/app/aged" "$(readlink "$APP/tables/aged/storage")"
ctl_refused "$MNT" 'Invalid argument' "'2024.x' is neither a number nor a name" "CREATE STORAGE 2024.x TYPE s3 BUCKET 'b'"

# What shows a location changes only when the location does.
times() { stat -c '%i %y' "$APP/tables/aged/storage" "$APP/tables/aged/storage.json" | xargs; }
user_times() { stat -c '%i %y' "$NOTES/alice" "$APP/tables/notes/storage.json" | xargs; }
before=$(times)
user_before=$(user_times)
sleep 0.02
accept "$MNT" "ALTER STORAGE 2024archive SET DESCRIPTION 'x', NAME 'y', CONFIG '{}', CREDENTIALS '{}'"
accept "$MNT" "ALTER STORAGE disk SET DESCRIPTION 'x', SHARED_TABLES_TEMPLATE 'y/{namespace}/{tableName}'"
accept "$MNT" "ALTER STORAGE 2024archive SET USER_TABLES_TEMPLATE 'y/{namespace}/{tableName}/{userId}'"
accept "$APP" 'ALTER TABLE aged RENAME TO aging'
accept "$APP" 'ALTER TABLE aging RENAME TO aged'
same 'other fields, the other template, a rename' "$before" "$(times)"
same 'nor for users' "$user_before" "$(user_times)"
accept "$MNT" "ALTER STORAGE 2024archive SET SHARED_TABLES_TEMPLATE 'z/{namespace}/{tableName}'"
differs 'the template' "$before" "$(times)"
same 'with the same inode numbers' "$(cut -d' ' -f1 <<<"$before")" "$(times | cut -d' ' -f1)"
accept "$MNT" "ALTER STORAGE disk SET USER_TABLES_TEMPLATE 'v/{namespace}/{tableName}/{shard}/{userId}'"
differs 'the template of users' "$user_before" "$(user_times)"

# Bases that a symbolic link makes one.
mkdir -p "$T/disk/in" && ln -s disk "$T/link" && ln -s "$CAT" "$T/to_catalog" && ln -s "$MNT" "$T/to_mount"
ctl_refused "$MNT" 'File exists' \
  "Base directory '$T/link/in' is '$T/disk/in' through the symbolic link '$T/link', the same as, inside or around that of storage 'disk', '$T/disk'" \
  "CREATE STORAGE alias TYPE filesystem PATH '$T/link/in'"
jq '.base_directory = $base | .credentials = null' --arg base "$T/link" "$F" >"$T/saved"
refused 'File exists' "$MNT/error" 'through the symbolic link' sh -c 'cat "$1" >"$2"' sh "$T/saved" "$MNT/storages/alias.json"
accept "$MNT" "CREATE STORAGE alias TYPE filesystem PATH '$T/disk/in'"
accept "$MNT" 'DROP STORAGE alias'
ctl_refused "$MNT" 'Invalid argument' "inside or around the catalog's directory '$CAT'" "CREATE STORAGE alias TYPE filesystem PATH '$T/to_catalog/x'"
ctl_refused "$MNT" 'Invalid argument' 'is inside of a mounted catalog' "CREATE STORAGE alias TYPE filesystem PATH '$MNT/namespaces/app'"
ctl_refused "$MNT" 'Invalid argument' 'is inside of a mounted catalog' "CREATE STORAGE alias TYPE filesystem PATH '$T/to_mount/namespaces'"

# Who owns which place: the whole path, and where users' ids end the name of a table.
ctl_refused "$APP" 'File exists' "Location '$CAT/storage/s5/app/typing' of table app.clash is the same as, inside or around that of table app.typing." \
  "CREATE TABLE clash (id INT PRIMARY KEY) WITH (LOCATION_NAME = 'app/typing')"
accept "$MNT" "CREATE STORAGE within TYPE filesystem PATH '$T/within' USER_TABLES_TEMPLATE '{namespace}/{tableName}_{userId}'"
accept "$APP" "CREATE USER TABLE a (id INT PRIMARY KEY) WITH (STORAGE_ID = 'within')"
accept "$APP" "CREATE USER TABLE bb (id INT PRIMARY KEY) WITH (STORAGE_ID = 'within')"
same 'a user in the segment of the table' "$T/within/app/bb_carol" "$(readlink "$APP/tables/bb/storage/carol")"
mkdir -p "$T/within/app/"{a_x,a_y,bb_x,bb_.no,b,a_}
same 'and listed, without the others' 'x y' "$(ls -A "$APP/tables/a/storage" | sort | xargs)"
ctl_refused "$APP" 'File exists' "Location '$T/within/app/a_b_{userId}' of table app.a_b is the same as" \
  "CREATE USER TABLE a_b (id INT PRIMARY KEY) WITH (STORAGE_ID = 'within')"

# What is there already is told, and stays.
fresh_note() { sed -n '/^Last write/,$p' "$APP/ctl" | tail -n +2; }
mkdir -p "$T/2024/z/app/fresh"
accept "$APP" 'CREATE TABLE fresh (id INT PRIMARY KEY) WITH (STORAGE_ID = 2024archive)'
same 'nothing is there' '' "$(fresh_note)"
accept "$APP" 'DROP TABLE fresh PURGE'
echo rows >"$T/2024/z/app/fresh/data.parquet"
put "$APP/plan" 'CREATE TABLE fresh (id INT PRIMARY KEY) WITH (STORAGE_ID = 2024archive, LOCATION_NAME = '"'app/fresh'"')'
has 'plan' "location $T/2024/z/app/fresh is not empty" "$(cat "$APP/plan")"
accept "$APP" "CREATE TABLE fresh (id INT PRIMARY KEY) WITH (STORAGE_ID = 2024archive, LOCATION_NAME = 'app/fresh')"
same 'CREATE' "location $T/2024/z/app/fresh is not empty" "$(fresh_note)"
accept "$APP" 'DROP TABLE fresh PURGE'
same 'PURGE' "location $T/2024/z/app/fresh is not empty: its data stays where it is" "$(fresh_note)"
accept "$APP" 'CREATE TABLE fresh (id INT PRIMARY KEY) WITH (STORAGE_ID = 2024archive)'
same 'behind a purged table' "location $T/2024/z/app/fresh is not empty: table app.fresh gets another one" "$(fresh_note)"
differs 'another one' "$T/2024/z/app/fresh" "$(readlink "$APP/tables/fresh/storage")"
mkdir -p "$T/2024/z/app/other/x"
"$KALAMCTL" "$CAT" exec >"$T/out" 2>"$T/err" <<<"CREATE TABLE app.other (id INT PRIMARY KEY) WITH (STORAGE_ID = '2024archive')"
same 'kalamctl' "location $T/2024/z/app/other is not empty" "$(cat "$T/err")"
same 'and its data' rows "$(cat "$T/2024/z/app/fresh/data.parquet")"

# A link's text has at most 1,024 bytes.
long=$T
while [ ${#long} -lt 414 ]; do long=$long/$(printf 'd%.0s' $(seq $((414 - ${#long} > 100 ? 99 : 414 - ${#long})))); done
tail=$(printf 't%.0s' $(seq 200))/$(printf 't%.0s' $(seq $((1024 - ${#long} - 10 - 128 - 1 - 201))))
accept "$MNT" "CREATE STORAGE long TYPE filesystem PATH '$long' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{userId}/$tail'"
accept "$APP" "CREATE USER TABLE long (id INT PRIMARY KEY) WITH (STORAGE_ID = 'long')"
same 'a link of 1,024 bytes' "$long/app/long/$longest/$tail" "$(readlink "$APP/tables/long/storage/$longest")"
same 'is that long' 1024 "$(stat -c %s "$APP/tables/long/storage/$longest")"
accept "$MNT" "ALTER STORAGE long SET USER_TABLES_TEMPLATE '{namespace}/{tableName}/{userId}/${tail}t'"
refused 'File name too long' - - readlink -v "$APP/tables/long/storage/$longest"
same 'a shorter id' "$long/app/long/${longest%u}/${tail}t" "$(readlink "$APP/tables/long/storage/${longest%u}")"
is 0 'the others are listed' ls "$APP/tables/long/storage"
ctl_refused "$MNT" 'File name too long' 'max 498' "ALTER STORAGE long SET USER_TABLES_TEMPLATE '$tail/{namespace}/{tableName}/{userId}'"

# A storage that tables use, also dropped ones, is not dropped.
for i in $(seq 12); do echo "CREATE TABLE app.held$i (id INT PRIMARY KEY) WITH (STORAGE_ID = 'flat');"; done >"$T/held"
exec_sql "$(cat "$T/held")"
accept "$APP" 'DROP TABLE many PURGE'
ctl_refused "$MNT" 'Directory not empty' \
  "Cannot delete storage 'flat': 12 table(s) still reference it: app.held1, app.held2, app.held3, app.held4, app.held5, app.held6, app.held7, app.held8, app.held9, app.held10 and 2 more" \
  'DROP STORAGE flat'
exec_sql "$(for i in $(seq 11); do echo "DROP TABLE app.held$i PURGE;"; done; echo 'DROP TABLE app.held12;')"
ctl_refused "$MNT" 'Directory not empty' "Cannot delete storage 'flat': 1 table(s) still reference it: app.held12 (in trash)" 'DROP STORAGE flat'
accept "$APP" 'PURGE TABLE held12'

# Credentials are nowhere: not in what is shown, kept or said, and not in a copy.
refused 'Invalid argument' "$MNT/error" 'a new storage has nothing stored: write them out, or null' \
  cp "$MNT/storages/archive.json" "$MNT/storages/copy.json"
is 2 'no storage of that name' ls "$MNT/storages/copy.json"
expect_ok 'without them it is one' sh -c 'jq ".credentials = null" "$1" >"$2"' sh "$MNT/storages/archive.json" "$MNT/storages/copy.json"
SECRET=hush-0815
J="{\"secret_access_key\":\"$SECRET\"}"
accept "$MNT" "CREATE STORAGE safe TYPE s3 BUCKET 'b' CREDENTIALS '$J'"
accept "$MNT" "ALTER STORAGE safe SET CREDENTIALS '$J', NAME 'Safe'"
while IFS= read -r statement; do
  CHECKS=$((CHECKS + 1))
  put "$MNT/ctl" "$statement" 2>/dev/null && fail "accepted: $statement"
  cat "$MNT/error" "$MNT/ctl" >>"$T/said"
  put "$MNT/plan" "$statement" 2>/dev/null && fail "planned: $statement"
  cat "$MNT/error" "$MNT/plan" >>"$T/said"
  "$KALAMCTL" "$CAT" exec >>"$T/said" 2>&1 <<<"$statement"
  "$KALAMCTL" --json "$CAT" exec >>"$T/said" 2>&1 <<<"$statement"
done <<END
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTIALS '$J' FOO
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTIALS '$J
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTIALS $J
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTIALS $SECRET
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTIALS 'it's $SECRET'
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTIALS '{"k":"$SECRET}'
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTIALS '["$SECRET"]'
CREATE STORAGE x TYPE s3 BUCKET 'b' CREDENTAILS '$J'
CREATE STORAGE x TYPE s3 BUCKET 'b' SECRETS '$J'
CREATE STORAGE x TYPE s3 BUCKET 'b' CONFIG '$J'
CREATE STORAGE x TYPE s3 BUCKET 'b' CONFIG '{"secret\\u005faccess_key":"$SECRET"}'
CREATE STORAGE safe TYPE s3 BUCKET 'b' CREDENTIALS '$J'
ALTER STORAGE nobody SET CREDENTIALS '$J'
ALTER STORAGE safe SET CREDENTIALS '$J', TYPE gcs
  CREDENTIALS '$J'
'$J'
END
while IFS= read -r text; do
  CHECKS=$((CHECKS + 1))
  printf '%s' "$text" >"$T/saved"
  cat "$T/saved" 2>/dev/null >"$MNT/storages/safe.json" && fail "saved: $text"
  cat "$MNT/error" >>"$T/said"
done <<END
{"credentials":{"k":"$SECRET"},"color":1}
{"credentials":{"k":"$SECRET"
{"credentials":"$SECRET"}
{"credentials":{"k":$SECRET}}
{"credential":{"k":"$SECRET"}}
{"config":{"password":"$SECRET"}}
END
"$KALAMCTL" "$CAT" dump >>"$T/said"
"$KALAMCTL" "$CAT" status >>"$T/said"
same 'what was said' 0 "$(grep -c -- "$SECRET" "$T/said")"
has 'though something was' 'CREDENTIALS' "$(cat "$T/said")"
same 'daemons' '' "$(grep -l -- "$SECRET" "$T"/daemon.*.log)"
same 'the mount' '' "$(find "$MNT" -name .rejected -prune -o -type f -print0 | xargs -0 grep -l -- "$SECRET" /dev/null)"
same 'only with --with-secrets' 1 "$("$KALAMCTL" "$CAT" dump --with-secrets | grep -c -- "$SECRET")"

accept "$MNT" 'DROP STORAGE flat'
is 2 'DROP STORAGE' ls "$MNT/storages/flat.json"
finish
