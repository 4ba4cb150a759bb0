#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A read-only mount beside a writable one: the same tree, never stale, and who
# holds a file open sees one version of it, although the kernel opens files
# there without asking.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
RO=$T/ro
mkdir "$RO"
start -m "$RO" -o ro || finish
APP=namespaces/app
TABLE=$APP/tables/users
GENERATED="README $APP/namespace.json $TABLE/schema.json $TABLE/schema.sql $TABLE/schema.arrow $TABLE/describe
  $TABLE/storage.json $TABLE/columns/name.json $TABLE/versions/1/change.json storages/local.json storages/archive.json
  types/TEXT.json log.jsonl"

for file in $GENERATED; do
  cat "$RO/$file" >"$T/ro.text"
  [ "$file" = README ] || same_file "same text: $file" "$MNT/$file" "$T/ro.text"
  same "size: $file" "$(stat -c %s "$RO/$file")" "$(wc -c <"$T/ro.text")"
done
for dir in . $APP .kalamfs; do
  lacks "nothing to write to in $dir" ctl "$(ls "$RO/$dir" | xargs)"
  lacks "nor to complain" error "$(ls "$RO/$dir" | xargs)"
done
for i in 1 2 3; do
  cat "$RO/.kalamfs/status.json" >"$T/status"
  is 0 'status.json is whole' jq -e .read_only "$T/status"
done
exec 7<"$RO/.kalamfs/status.json"
same 'size of an open status.json' "$(stat -L -c %s /proc/self/fd/7)" "$(cat <&7 | wc -c)"
exec 7<&-

# What is printed when it is looked up.
for file in information_schema/columns.jsonl information_schema/tables.csv $APP/information_schema/columns.csv; do
  same_file "same text: $file" "$MNT/$file" "$RO/$file"
  same "size: $file" "$(stat -c %s "$RO/$file")" "$(wc -c <"$RO/$file")"
done
exec 7<"$RO/information_schema/columns.jsonl"
cp "$MNT/information_schema/columns.jsonl" "$T/columns"
accept "$MNT/$TABLE" 'ADD COLUMN meanwhile INT'
echo 1 >/proc/sys/vm/drop_caches
cat <&7 >"$T/now"
same_file 'rows held open' "$T/columns" "$T/now"
exec 7<&-
same_file 'rows by their name' "$MNT/information_schema/columns.jsonl" "$RO/information_schema/columns.jsonl"

# Held open, changed, dropped from the page cache, then read: the old text, whole.
HELD="$APP/namespace.json storages/archive.json $TABLE/storage.json $TABLE/schema.json $TABLE/schema.sql $TABLE/schema.arrow
  $TABLE/describe $TABLE/columns/name.json"
fd=20
for file in $HELD; do
  cp "$MNT/$file" "$T/held.$fd"
  eval "exec $fd<\"\$RO/\$file\""
  fd=$((fd + 1))
done
accept "$MNT" "ALTER NAMESPACE app COMMENT 'changed and now quite a bit longer than it was before'"
accept "$MNT" "ALTER STORAGE archive SET DESCRIPTION 'changed'"
accept "$MNT" "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 'moved/to/another/place/{namespace}/{tableName}'"
accept "$MNT/$TABLE" "ALTER COLUMN name COMMENT 'changed', ADD COLUMN age INT"
echo 1 >/proc/sys/vm/drop_caches
fd=20
for file in $HELD; do
  eval "cat <&$fd" >"$T/now"
  same_file "held: $file" "$T/held.$fd" "$T/now"
  eval "exec $fd<&-"
  same_file "by its name: $file" "$MNT/$file" "$RO/$file"
  if cmp -s "$T/held.$fd" "$RO/$file"; then fail "$file has not changed"; fi
  fd=$((fd + 1))
done

# A file that needs several reads.
columns=$(for i in $(seq 3000); do printf ", c%d TEXT COMMENT 'a comment that makes the file long'" "$i"; done)
accept "$MNT/$APP" "CREATE TABLE wide (id INT PRIMARY KEY$columns)"
same_file 'a long file' "$MNT/$APP/tables/wide/schema.json" "$RO/$APP/tables/wide/schema.json"
exec 7<"$RO/$APP/tables/wide/schema.json"
cp "$MNT/$APP/tables/wide/schema.json" "$T/wide"
dd bs=1000 count=1 <&7 >"$T/begin" 2>/dev/null
accept "$MNT/$APP/tables/wide" 'DROP COLUMN c1'
echo 1 >/proc/sys/vm/drop_caches
cat "$T/begin" - <&7 >"$T/now"
same_file 'a long file, changed half way' "$T/wide" "$T/now"
exec 7<&-

# Everything, as a crawler reads it, twice: what was pushed is what is read.
sums() { (cd "$1" && find namespaces storages types -type f ! -name ctl ! -name plan ! -name error -exec md5sum {} + | sort -k 2); }
sums "$MNT" >"$T/expected"
for i in 1 2; do
  echo 3 >/proc/sys/vm/drop_caches
  grep -ra 'not to be found' "$RO" && fail 'found what is not there'
  sums "$RO" >"$T/crawled"
  same_file "read by grep -r, pass $i" "$T/expected" "$T/crawled"
done

# Nothing can be written, also after somebody made the superblock writable.
for file in README $TABLE/schema.json $APP/namespace.json; do
  refused 'Read-only file system' - '' bash -c 'echo x >"$1"' bash "$RO/$file"
done
mount -i -o remount,rw "$RO" || fail 'cannot remount'
for file in README $TABLE/schema.json $APP/namespace.json; do
  refused 'Read-only file system' - '' bash -c 'echo x >"$1"' bash "$RO/$file"
  refused 'Read-only file system' - '' truncate -s 0 "$RO/$file"
done
refused 'Read-only file system' - '' mkdir "$RO/namespaces/shop"
refused 'Read-only file system' - '' mv "$RO/$TABLE" "$RO/$APP/trash/"
refused 'Read-only file system' - '' touch "$RO/$TABLE/x"
finish
