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
wait_for 5 is_listed u7
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
accept "$APP" 'DROP TABLE many PURGE'
accept "$MNT" 'DROP STORAGE flat'
is 2 'DROP STORAGE' ls "$MNT/storages/flat.json"
finish
