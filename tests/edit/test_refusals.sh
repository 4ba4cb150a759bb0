#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tools try in rare moments: each is refused with its errno and its words, and nothing
# has changed; where there are words, the file beside it is what it may do.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
SPACES=$MNT/namespaces
APP=$SPACES/app
TABLES=$APP/tables
USERS=$TABLES/users

# told ERROR_FILE ERRNO PART COMMAND... : refused, and errors.jsonl's last line says so, too
told() {
  local file=$1 errno=$2 part=$3
  shift 3
  refused "$errno" "$file" "$part" "$@"
  has "errors.jsonl: $*" "$part" "$(last_error | jq -r .message)"
}

# ----- what is put in the place of a document -----

document=$(cat "$USERS/schema.json")
ln -s nowhere "$USERS/.link"
told "$USERS/error" 'not permitted' 'only be replaced by a regular file' mv -T "$USERS/.link" "$USERS/schema.json"
head -c 9000000 /dev/zero | tr '\0' ' ' >"$USERS/.long"
told "$USERS/error" 'too large' 'A document has at most' mv -T "$USERS/.long" "$USERS/schema.json"
same 'what could not be moved is where it was' '.link .long' "$(cd "$USERS" && echo .l*)"
rm "$USERS/.link" "$USERS/.long"
refused 'too large' - '' truncate -s 9M "$USERS/schema.json"
refused 'Invalid argument' - '' truncate -s 100 "$USERS/schema.json"
refused 'not permitted' - '' truncate -s 0 "$USERS/schema.sql"
expect_ok 'emptied without being open' truncate -s 0 "$USERS/schema.json"
same 'is no edit' "$document" "$(cat "$USERS/schema.json")"

# ----- drafts -----

mkdir "$TABLES/sketch" "$TABLES/other"
told "$APP/error" 'not permitted' 'only be renamed within tables/' mv -T "$TABLES/sketch" "$APP/trash/sketch"
refused 'not empty' - '' mv -T "$TABLES/sketch" "$TABLES/other"
told "$APP/error" 'not empty' "There is a table 'users' already" mv -T "$TABLES/sketch" "$USERS"
expect_ok 'but renamed' mv -T "$TABLES/sketch" "$TABLES/picture"
echo note >"$TABLES/picture/.note"
told "$APP/error" 'not empty' "There are files in the draft 'picture'" rmdir "$TABLES/picture"
rm "$TABLES/picture/.note"
expect_ok 'empty it goes' rmdir "$TABLES/picture"
mkdir "$SPACES/shop"
mkdir "$SPACES/shop/tables/draft"
told "$MNT/error" 'not empty' 'There are drafts in tables/' rmdir "$SPACES/shop"
rmdir "$SPACES/shop/tables/draft"
echo note >"$SPACES/shop/.note"
told "$MNT/error" 'not empty' "There are other files in the directory of namespace 'shop'" rmdir "$SPACES/shop"
rm "$SPACES/shop/.note"
expect_ok 'empty it goes' rmdir "$SPACES/shop"

# ----- things of the tree into a directory of files -----

mkdir "$USERS/.dir"
told "$USERS/error" 'not permitted' 'A table can only be moved to tables/' mv -T "$TABLES/messages" "$USERS/.dir/messages"
told "$USERS/error" 'not permitted' 'is generated: it cannot be renamed' mv -T "$USERS/schema.sql" "$USERS/.dir/schema.sql"
expect_ok 'a copy can' cp "$USERS/schema.sql" "$USERS/.dir/schema.sql"
refused 'not empty' - '' rmdir "$USERS/.dir"
rm -r "$USERS/.dir"

# ----- names that need quotes in what is advised -----

exec_sql "CREATE STORAGE \"cold-disk\" TYPE s3 BUCKET 'bucket'"
told "$MNT/error" 'not permitted' 'DROP STORAGE "cold-disk"' rm "$MNT/storages/cold-disk.json"
told "$USERS/error" 'not permitted' 'DROP COLUMN email' rm "$USERS/columns/email.json"
told "$MNT/error" 'not permitted' 'DROP STORAGE archive' rm "$MNT/storages/archive.json"

# ----- a mount that is read-only, and is made to look writable -----

mkdir "$T/ro"
start -m "$T/ro" -o ro || finish
if [ "$(id -u)" = 0 ]; then
  mount -i -o remount,rw "$T/ro" || fail 'the mount cannot be made writable'
  RO=$T/ro/namespaces/app
  for attempt in "mkdir $T/ro/namespaces/new" "mkdir $RO/tables/new" "rmdir $RO" "mv $RO/tables/users $RO/tables/people" "mv $RO/namespace.json $RO/x" \
      "touch $RO/.new" "ln -s a $RO/.link"; do
    # shellcheck disable=SC2086
    refused 'Read-only file system' - '' $attempt
  done
  refused 'not permitted' - '' rm "$RO/namespace.json"
  refused 'not permitted' - '' rm "$RO/tables/users/schema.json"
  refused '' - '' sh -c "echo x >$RO/tables/users/schema.json"
  same 'it is read as before' "$(cat "$USERS/schema.json")" "$(cat "$RO/tables/users/schema.json")"
fi
stop "$T/ro"
finish
