#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole tree, as ls, find, tar, cp, rsync, grep, diff, du and mmap readers see it.
. "$(dirname "$0")/lib.sh"
need rsync tar diff find
fixture
exec_sql "CREATE STORAGE disk TYPE filesystem PATH '$T/disk' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}';
  CREATE USER TABLE app.notes (id BIGINT PRIMARY KEY, body TEXT) WITH (STORAGE_ID = 'disk')"
mkdir -p "$T/disk/app/notes/shard_0/alice" "$CAT/storage/app/messages/bob"
start || finish
APP=$MNT/namespaces/app
USERS=$APP/tables/users

names() { ls -A "$1" | xargs; }

same 'root' '.kalamfs README ctl error index.html information_schema log.jsonl namespaces plan storages types' "$(names "$MNT")"
same '.kalamfs' 'errors.jsonl metrics status.json' "$(names "$MNT/.kalamfs")"
same 'namespaces' 'app default system' "$(names "$MNT/namespaces")"
same 'namespace' 'ctl error index.html information_schema namespace.json plan tables trash' "$(names "$APP")"
same 'tables' 'messages notes old typing users' "$(names "$APP/tables")"
same 'trash' 'gone' "$(names "$APP/trash")"
same 'table' 'columns ctl describe error plan schema.arrow schema.json schema.sql storage storage.json versions' \
  "$(names "$USERS")"
same 'columns' 'created.json email.json id.json name.json' "$(names "$USERS/columns")"
same 'versions' '1 2 latest' "$(names "$USERS/versions")"
same 'version' 'change.json schema.arrow schema.json schema.sql' "$(names "$USERS/versions/1")"
same 'dropped table' 'columns describe schema.arrow schema.json schema.sql storage storage.json versions' \
  "$(names "$APP/trash/gone" | sed 's/ error / /')"
same 'storages' 'archive.json disk.json local.json' "$(names "$MNT/storages")"
same 'types' 17 "$(ls "$MNT/types" | wc -l)"
same 'system' 'jobs live_queries namespaces storages table_schemas tables users' "$(names "$MNT/namespaces/system/tables")"
same 'users of a USER table' 'alice' "$(names "$APP/tables/notes/storage")"
same 'users of a USER table, without shards' 'bob' "$(names "$APP/tables/messages/storage")"
for absent in "$MNT/nope" "$USERS/nope" "$USERS/columns/nope.json" "$USERS/versions/3" "$USERS/versions/0" \
    "$USERS/versions/01" "$APP/tables/Users" "$MNT/types/int.json" "$MNT/namespaces/app2" "$APP/trash/users"; do
  is 2 "is not there: $absent" ls -d "$absent"
done

# modes, owner, nlink, size of directories
mode() { stat -c '%a %u:%g %h' "$1"; }
me=$(id -u):$(id -g)
for dir in "$MNT" "$MNT/namespaces" "$APP" "$APP/tables" "$USERS" "$USERS/columns" "$MNT/storages"; do
  same "mode of $dir" "755 $me 1 0" "$(mode "$dir") $(stat -c %s "$dir")"
done
for dir in "$MNT/types" "$MNT/.kalamfs" "$USERS/versions" "$USERS/versions/1" "$APP/tables/messages/storage"; do
  same "mode of $dir" "555 $me 1 0" "$(mode "$dir") $(stat -c %s "$dir")"
done
for file in "$MNT/ctl" "$APP/plan" "$USERS/ctl" "$USERS/schema.json" "$USERS/columns/id.json" \
    "$APP/namespace.json" "$MNT/storages/local.json"; do
  same "mode of $file" "644 $me 1" "$(mode "$file")"
done
for file in "$MNT/README" "$MNT/log.jsonl" "$MNT/error" "$USERS/error" "$USERS/schema.sql" "$USERS/schema.arrow" \
    "$USERS/describe" "$USERS/storage.json" "$USERS/versions/1/schema.json" "$USERS/versions/1/change.json" \
    "$MNT/types/INT.json" "$MNT/.kalamfs/status.json" "$MNT/.kalamfs/metrics" "$MNT/.kalamfs/errors.jsonl"; do
  same "mode of $file" "444 $me 1" "$(mode "$file")"
done

# every byte, every size, every inode number
expect_ok 'treecheck' "$BUILD/tests/tools/treecheck" -x "$MNT/.kalamfs/status.json" -x "$MNT/.kalamfs/metrics" "$MNT" || cat "$T/out"
files=$(sed -n 's/^\([0-9]*\) files.*/\1/p' "$T/out")
CHECKS=$((CHECKS + 1))
[ "${files:-0}" -gt 150 ] || fail "treecheck has looked at few files" "$(cat "$T/out")"

# documents
while read -r file; do
  same "a newline ends $file" "" "$(tail -c 1 "$file")"
  case $file in
    *.json) CHECKS=$((CHECKS + 1)); jq -e . "$file" >/dev/null 2>"$T/err" || fail "$file is not JSON" "$(cat "$T/err")" ;;
  esac
done < <(find "$MNT" -name '*.json' -o -name '*.jsonl' -size +0 -o -name '*.sql' -o -name describe -o -name README)
has 'README names the mount' "$MNT" "$(cat "$MNT/README")"
same 'schema.json of versions' "$(jq -r '.schema_version' "$USERS/schema.json")" "$(readlink "$USERS/versions/latest")"
same_file 'describe is what kalamctl prints' "$USERS/describe" <("$KALAMCTL" "$CAT" describe app.users)
same_file 'schema.json is what kalamctl prints' "$USERS/schema.json" <("$KALAMCTL" --json "$CAT" describe app.users)
same 'types/DECIMAL.json' '{"type":"DECIMAL","wire_tag":15,"wire_tag_hex":"0x0F","sql_spellings":["DECIMAL","NUMERIC","DEC"],"parameters":[{"name":"precision","min":1,"max":38,"default":38},{"name":"scale","min":0,"max":38,"default":10}],"notes":"scale <= precision; DECIMAL(p) has scale 0","arrow_type":"Decimal128(p, s)","widens_to":["DECIMAL"],"example":"DECIMAL(10, 2)"}' \
  "$(jq -c . "$MNT/types/DECIMAL.json")"
same 'a storage masks its credentials' '***' "$(jq -r .credentials "$MNT/storages/archive.json")"

# status.json
keys='version catalog catalog_uuid format state read_only sequence namespaces tables trash started_at mounts directory_coherence schema_cache'
same 'status.json' "$keys" "$(jq -r 'keys_unsorted | join(" ")' "$MNT/.kalamfs/status.json")"
same 'its facts' "$CAT ok false 3 5 1 $MNT false ${DAEMON[$MNT]}" \
  "$(jq -r '"\(.catalog) \(.state) \(.read_only) \(.namespaces) \(.tables) \(.trash) \(.mounts[0].mountpoint) \(.mounts[0].ro) \(.mounts[0].pid)"' "$MNT/.kalamfs/status.json")"

status() { jq -r "$1" "$MNT/.kalamfs/status.json"; }
same 'its catalog is the one that kalamctl sees' \
  "$("$KALAMCTL" --json "$CAT" status | jq -r '"\(.version) \(.catalog_uuid) \(.format) \(.sequence)"')" \
  "$(status '"\(.version) \(.catalog_uuid) \(.format) \(.sequence)"')"
has 'its version is that of the program' "kalamfs $(status .version) " "$("$KALAMFS" --version)"
same 'its sequence is that of the last change' "$(tail -n 1 "$MNT/log.jsonl" | jq .sequence)" "$(status .sequence)"
CHECKS=$((CHECKS + 1))
age=$(($(date +%s) - $(date -d "$(status .started_at)" +%s)))
[ $age -ge 0 ] && [ $age -le $(($(ps -o etimes= -p "${DAEMON[$MNT]}") + 1)) ] ||
  fail 'started_at' "$age s ago, the daemon: $(ps -o etimes= -p "${DAEMON[$MNT]}")"
same 'the hit rate is that of hits and misses' true \
  "$(status '.schema_cache | (.hits / (.hits + .misses) - .hit_rate) | fabs < 0.000001')"
before=$(status .schema_cache.hits)
stat "$APP/tables/messages/nobody" 2>/dev/null
CHECKS=$((CHECKS + 1))
[ "$(status .schema_cache.hits)" -gt "$before" ] || fail 'hits rise' "$(status .schema_cache)"
mkdir "$T/noepoch"
start -m "$T/noepoch" -o noepoch || finish
same 'a mount that forgets names one by one' bounded "$(jq -r .directory_coherence "$T/noepoch/.kalamfs/status.json")"
same 'both are listed, in both' "$(printf '%s\n' "$MNT" "$T/noepoch")" \
  "$(jq -r '.mounts[].mountpoint' "$MNT/.kalamfs/status.json" | sort)"
stop "$T/noepoch"
same 'one is gone' "$MNT" "$(status '.mounts[].mountpoint')"

# programs that read trees
before=$(state)
expect_ok 'find' find "$MNT" -ls
expect_ok 'find -newer' find "$MNT" -newer "$MNT/README"
expect_ok 'ls -lR' ls -laR "$MNT"
expect_ok 'du' du -a "$MNT"
expect_ok 'du of sizes' du -s --apparent-size "$MNT"
expect_ok 'grep -r' grep -rI SNOWFLAKE_ID "$MNT"
expect_ok 'wc' sh -c "find '$MNT' -type f ! -name status.json ! -name metrics -exec wc {} +"
expect_ok 'tar' tar -C "$MNT" -cf "$T/tree.tar" .
mkdir "$T/untar" "$T/cp"
expect_ok 'untar' tar -C "$T/untar" -xf "$T/tree.tar"
expect_ok 'diff -r' diff -r --no-dereference -x status.json -x metrics "$MNT" "$T/untar"
expect_ok 'cp -r' cp -r "$MNT/." "$T/cp/"
expect_ok 'diff -r after cp -r' diff -r --no-dereference -x status.json -x metrics "$MNT" "$T/cp"
expect_ok 'cp -a' cp -a "$APP" "$T/cpa"
expect_ok 'rsync -a' rsync -a --exclude=status.json --exclude=metrics "$MNT/" "$T/rsync"
expect_ok 'a second rsync' rsync -ain --exclude=status.json --exclude=metrics "$MNT/" "$T/rsync/"
same 'has nothing to do: sizes and times are stable' '' "$(cat "$T/out")"
expect_ok 'rsync -c' rsync -anc --itemize-changes --exclude=status.json --exclude=metrics "$MNT/" "$T/rsync/"
same 'nor by checksum' '' "$(cat "$T/out")"
expect_ok 'md5sum' sh -c "find '$MNT' -type f -exec md5sum {} + >/dev/null"
expect_ok 'df' df "$MNT"
expect_ok 'stat -f' stat -f -c '%S %b %a %f %T' "$MNT"
read -r bsize blocks available _ <"$T/out"
CHECKS=$((CHECKS + 1))
[ "$bsize" -gt 0 ] && [ "$blocks" -gt 0 ] && [ "$available" -gt 0 ] || fail 'statfs' "$(cat "$T/out")"
# No extended attributes, as on a file system that has none: the kernel stops asking (ENOSYS once).
same 'no extended attributes' 'Operation not supported' \
  "$(getfattr -d -m - "$APP/ctl" 2>&1 | grep -o 'Operation not supported')"
expect_ok 'cp -a goes on without them' cp -a "$APP/namespace.json" "$T/copied"
same 'none of them has changed anything' "$before" "$(state)"

# inode numbers and times stay over a remount (README and .kalamfs tell of the mount itself)
facts() { (cd "$MNT" && find . -printf '%i %T@ %m %U:%G %n %s %y %l %p\n' | grep -v -e README -e '\.kalamfs' -e ' \.\+/[^ ]*storage' | sort -k9); }
facts >"$T/facts.1"
stop
start || finish
facts >"$T/facts.2"
same_file 'inode numbers, times, modes, sizes stay over a remount' "$T/facts.1" "$T/facts.2"

# a new version changes mtime and size of what it changes, and nothing else
sleep 0.01
facts >"$T/facts.1"
accept "$USERS" 'ALTER COLUMN email SET DEFAULT '\''nobody@example.org'\'
facts >"$T/facts.2"
changed=$(diff "$T/facts.1" "$T/facts.2" | sed -n 's|^> .* \(\./.*\)|\1|p' | sort | xargs)
base=./namespaces/app/tables/users
same 'what a change touches' \
  "$(printf '%s\n' {.,./namespaces/app}/information_schema/{columns,tables}.{csv,jsonl} ./log.jsonl ./namespaces/app/index.html $base $base/columns/email.json $base/ctl $base/describe $base/error $base/schema.arrow \
     $base/schema.json $base/schema.sql $base/versions $base/versions/3 $base/versions/3/change.json \
     $base/versions/3/schema.arrow $base/versions/3/schema.json $base/versions/3/schema.sql \
     $base/versions/latest | grep -v "$base/error" | sort | xargs)" "$(sed "s|$base/error ||" <<<"$changed")"
same 'inode numbers stay over versions' "$(grep " $base/schema.json\$" "$T/facts.1" | cut -d' ' -f1)" \
  "$(stat -c %i "$USERS/schema.json")"

# who has a page open keeps it, its size too; nobody else does
for page in "$MNT/index.html" "$APP/index.html"; do
  cat "$page" >"$T/page"
  exec 7<"$page"
  name=page$CHECKS
  accept "$MNT" "CREATE NAMESPACE $name; CREATE TABLE app.$name (id INT PRIMARY KEY)"
  size=$(stat -c %s "$page")
  exec 8<"$page"
  same 'stat is of the page as it is' "$(cat <&8 | wc -c)" "$size"
  same 'fstat of a page' "$(stat -c %s "$page")" "$(stat -L -c %s /proc/self/fd/8)"
  same 'fstat of the one before' "$(stat -c %s "$T/page")" "$(stat -L -c %s /proc/self/fd/7)"
  cat <&7 | cmp -s - "$T/page" || fail 'a page that is open has changed'
  exec 7<&- 8<&-
done

# listings are complete
{ echo 'CREATE NAMESPACE big;'; for i in $(seq 3000); do echo "CREATE TABLE big.t$i (id INT PRIMARY KEY);"; done; } >"$T/big.sql"
expect_ok '3,000 tables' "$KALAMCTL" "$CAT" exec "$T/big.sql"
seq -f 't%g' 3000 | sort >"$T/expected"
ls -f "$MNT/namespaces/big/tables" | grep -vxF -e . -e .. | sort >"$T/found"
same_file 'ls -f' "$T/expected" "$T/found"
ls -l "$MNT/namespaces/big/tables" | awk 'NR > 1 { print $NF }' | sort >"$T/found"
same_file 'ls -l' "$T/expected" "$T/found"
find "$MNT/namespaces/big/tables" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort >"$T/found"
same_file 'find' "$T/expected" "$T/found"
accept "$MNT/namespaces/big" 'CREATE TABLE t3001 (id INT PRIMARY KEY)'
same 'one more' 3001 "$(ls "$MNT/namespaces/big/tables" | wc -l)"
accept "$MNT/namespaces/big" 'DROP TABLE t1500 PURGE'
same 'one less' 3000 "$(ls "$MNT/namespaces/big/tables" | wc -l)"

{ echo 'BEGIN; COMMIT;'; for i in $(seq 999); do echo "ALTER TABLE app.users COMMENT 'number $i';"; done; } >"$T/many.sql"
expect_ok '999 versions more' "$KALAMCTL" "$CAT" exec "$T/many.sql"
same 'versions/ lists them all' "$(seq 1002 | sort)" "$(ls "$USERS/versions" | grep -v latest)"
same 'and latest' 1002 "$(readlink "$USERS/versions/latest")"
same 'each with its number' 777 "$(jq .schema_version "$USERS/versions/777/schema.json")"
same 'and its text' 'number 774' "$(jq -r .table_comment "$USERS/versions/777/schema.json")"
expect_ok 'all of them' "$BUILD/tests/tools/treecheck" "$USERS/versions" || cat "$T/out"
finish
