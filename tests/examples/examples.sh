#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every example that README.md, the manual pages and the README of a mount print
# does what it says.  extract.py takes them out of the pages, session.py types
# them into a shell on a terminal.  An example is named by its page and its first
# line; one that is neither run nor in the tables below fails the test.
#
# SHOW=1 prints all that is typed and answered.
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/../mount/lib.sh"
need python3 vim jq awk diff fusermount3 pg_dump sqlite3
HERE=$ROOT/tests/examples
PYTHON=$(python3 -c 'import sys; print(sys.executable)')
export PATH=$BUILD:$PATH CWD_FILE=$T/cwd HOME=$T/home
mkdir "$HOME"

# ----- what is not run, and why -----

# By the beginnings of their names.
declare -A NOT_RUN=(
  ['README.md: make demo ']='installs packages; the demo itself is the setting of another example'
  ['README.md: -- A SHARED table; ']='run by check-engine, which has DuckDB'
  ['README.md: SELECT table_name, ']='run by check-engine, which has DuckDB'
  ['README.md: apt install ']='installs packages; make install and deb are check-install, check-deb'
  ['kalamfs.5: /']='a picture of the tree; tests/mount/test_tree.sh'
  ['kalamctl.8: table 40 app.messages: ']='damage; tests/unit/test_catalog_check*.c plant it'
  ['kalamctl.8: PostgreSQL  oid: ']='a table of types; load_types loads them'
  ['kalamctl.8: $ mysqldump ']='there is no MySQL; tests/data/load has its dumps'
)

# The entry of NOT_RUN for an example, if there is one.
entry_of() {
  local entry
  for entry in "${!NOT_RUN[@]}"; do
    case $1 in "$entry"*) printf '%s\n' "$entry"; return ;; esac
  done
  return 1
}

# What an example needs that a build may not have: then that example alone fails.
lacking() {
  if grep -q information_schema "$1/text" && [ ! -d "$MNT/information_schema" ]; then
    echo 'this kalamfs has no information_schema/'
  elif grep -q '^kalamctl .* backup ' "$1/text" && ! kalamctl "$CAT" backup "$T/probe" >"$T/out" 2>&1; then
    echo "kalamctl makes no backup: $(cat "$T/out")"
  else
    return 1
  fi
}

# ----- what has been there before -----

fresh() {
  [ -z "${DAEMON[$MNT]:-}" ] || stop
  rm -rf "$CAT"
  start
}

kalam() { kalamctl "$CAT" exec >"$T/setting.out" || cat "$T/setting.out"; }

notes() {
  kalam <<<'CREATE NAMESPACE app;
    CREATE SHARED TABLE app.notes (id BIGSERIAL PRIMARY KEY, body TEXT)'
  cd "$MNT/namespaces/app/tables/notes"
}

# shop.items in version 1 to N
items() {
  kalam <<<'CREATE NAMESPACE shop;
    CREATE SHARED TABLE shop.items (id BIGSERIAL PRIMARY KEY, price DECIMAL(10, 2))'
  cd "$MNT/namespaces/shop/tables/items"
  [ "$1" -lt 2 ] || kalam <<<'ALTER TABLE shop.items ALTER price TYPE DECIMAL(12, 2)'
  [ "$1" -lt 3 ] || kalam <<<'ALTER TABLE shop.items ADD weight INT'
  [ "$1" -lt 4 ] || kalam <<<"ALTER TABLE shop.items ALTER price COMMENT 'theirs'"
}

documents() {
  kalam <<'END'
CREATE NAMESPACE app WITH (owner = 'team-a', quota = 10);
CREATE SHARED TABLE app.notes (id BIGSERIAL PRIMARY KEY) WITH (FLUSH_POLICY = 'rows:1000,interval:60');
CREATE STORAGE archive TYPE s3 BUCKET 'bucket/kalam' CREDENTIALS '{"secret_access_key": "hush"}'
  CONFIG '{"region": "eu-central-1"}' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}';
CREATE STORAGE archive_2 TYPE s3 BUCKET 'bucket/kalam' CREDENTIALS '{"secret_access_key": "hush"}'
  CONFIG '{"region": "eu-central-1"}';
CREATE USER TABLE app.messages (id BIGSERIAL PRIMARY KEY, body TEXT) WITH (STORAGE_ID = 'archive');
END
  kalam <<<"ALTER TABLE app.notes ADD price DECIMAL(10, 2) DEFAULT 0.00 COMMENT 'in EUR'"
  cd "$MNT/namespaces/app/tables/messages"
  cat >ctl <<<'ADD COLUMN age INT'
  cat >ctl 2>"$T/err" <<<'ADD COLUMN again INTT' || grep -q Invalid "$T/err"
  cd "$MNT"
}

# A directory with shop.sql in it, and no catalog.
shop() {
  rm -rf "$T/shop"
  mkdir "$T/shop"
  cd "$T/shop"
  cp "$HERE/shop.sql" .
}

# A host of which /srv, /var/lib and the groups are the test's own.
host() {
  mount -t tmpfs tmpfs /srv
  mount -t tmpfs tmpfs /var/lib
  mount -t tmpfs tmpfs /usr/local/sbin
  cp "$BUILD/kalamfs" /usr/local/sbin
  { grep -v '^dba:' /etc/group; echo 'dba:x:4711:'; } >"$T/group"
  mount --bind "$T/group" /etc/group
  mkdir /srv/schema /srv/schema-ro /srv/backup
}

# A PostgreSQL with a database shop, for pg_dump as it is printed.
server() {
  . "$ROOT/tests/load/postgres.sh"
  export PGHOST=$PG PGUSER=postgres
  psql -q -v ON_ERROR_STOP=1 -c 'CREATE DATABASE shop' && psql -q -v ON_ERROR_STOP=1 -f "$HERE/shop.sql" shop
}

# setting NAME : in a shell of its own, with -e; where it ends, the example begins
setting() {
  case $1 in
    'README.md: $ mkdir schema && '*) mkdir "$T/readme"; cd "$T/readme" ;;
    'README.md: $ pg_dump '*) shop ;;
    'README.md: $ ls information_schema' | 'README.md: $ grep -c EMBEDDING '* | 'README.md: $ jq -r '*)
      KALAMFS_DEMO=$T/demo "$ROOT/tests/demo/demo.sh" "$BUILD" >"$T/setting.out"
      cd "$T/demo/mnt" ;;
    'kalamfs.5: $ cd namespaces/app/tables/notes') notes; cd "$MNT" ;;
    'kalamfs.5: cat > ctl '* | 'kalamfs.5: $ echo '\''ADD COLUMN age INT, '* | \
      'kalamfs.5: $ echo '\''ADD COLUMN age INTT'\'' > ctl') notes ;;
    'kalamfs.5: $ sed -i '*'DECIMAL(10, 2)"/'*) items 1 ;;
    'kalamfs.5: $ cp t schema.json')
      items 3
      jq '.columns[1].column_comment = "mine"' schema.json >t
      kalam <<<"ALTER TABLE shop.items ALTER price COMMENT 'theirs'" ;;
    'kalamfs.5: $ sed -i '*'"DECIMALL"/'* | 'kalamfs.5: $ jq '\''.columns[2].data_type = '*) items 4 ;;
    'kalamfs.5: $ readlink versions/'*) items 2; sleep 1.1 ;;
    'kalamfs.5: {"'* | 'kalamfs.5: SHARED TABLE notes '*) documents ;;
    'kalamfs.5: $ echo '\''CREATE NAMESPACE app'\'' > ctl') cd "$MNT" ;;
    'kalamfs.5: $ grep -l EMBEDDING '*)
      kalam <<<'CREATE NAMESPACE app;
        CREATE SHARED TABLE app.texts (id BIGSERIAL PRIMARY KEY, vector EMBEDDING(384))'
      cd "$MNT" ;;
    'kalamfs.5: $ grep hits_total '*)
      notes
      cd "$MNT"
      cat namespaces/app/tables/notes/schema.* >"$T/setting.out"
      sed -i "s/12907/$(awk '$1 == "kalamfs_schema_cache_hits_total" { print $2 }' .kalamfs/metrics)/" "$TEXT" ;;
    'kalamfs.5: $ jq -r '\''select(.is_primary_key)'*)
      notes
      kalam <<<'CREATE USER TABLE app.messages (id BIGSERIAL PRIMARY KEY, body TEXT)'
      cd "$MNT" ;;
    'kalamfs.8: # kalamfs -o '*) cd / ;;
    'kalamfs.8: $ fusermount3 -uz '*)
      kalamfs /var/lib/kalam /srv/schema
      kill -9 "$(jq '.mounts[] | select(.mountpoint == "/srv/schema").pid' /srv/schema/.kalamfs/status.json)"
      cd / ;;
    'kalamfs.8: $ mkdir schema') mkdir "$T/self"; cd "$T/self" ;;
    'kalamctl.8: $ kalamctl ./catalog load '*) shop ;;
    'kalamctl.8: $ pg_dump '*)
      cd "$(cat "$CWD_FILE")"
      sqlite3 app.db 'CREATE TABLE drafts (id INTEGER PRIMARY KEY, body TEXT)' ;;
    'kalamctl.8: $ cat > app.sql '*) mkdir "$T/ctl"; cd "$T/ctl" ;;
    *) continues "$1" || return; cd "$(cat "$CWD_FILE")" ;;
  esac
  pwd >"$CWD_FILE"
}

# Examples that begin where the one before has ended.
continues() {
  case $1 in
    'kalamfs.5: $ cd ../..' | 'kalamfs.5: $ mkdir tables/orders') ;;
    'kalamctl.8: $ '*) ;;
    *) echo "there is no setting for: $1"; return 1 ;;
  esac
}

# What to type into an editor: with 'x' as a column's comment, or as it is.
printf '%s\t%s\n' >"$T/keys" \
  'mkdir ../orders && vim ' ':wq\r' \
  'vim tables/orders/schema.json' ':wq\r' \
  'vim ' ':%s/"column_comment": null/"column_comment": "x"/\r:wq\r'

# ----- what must be true afterwards -----

after() {
  local at
  at=$(cat "$CWD_FILE")
  case $1 in
    'README.md: $ mkdir schema && '*)
      same 'vim has saved' x "$(jq -r '.columns[0].column_comment' "$at/schema.json")"
      same 'and the draft is a table' 1 "$(jq .schema_version "$at/../orders/schema.json")" ;;
    'kalamfs.5: cat > ctl '*)
      same 'two transactions' 3 "$(jq .schema_version "$at/schema.json")"
      same 'four columns more' 'a b c d' "$(jq -r '.columns[2:][].column_name' "$at/schema.json" | xargs)" ;;
    'kalamfs.5: $ mkdir tables/orders') [ -d "$at/tables/notes" ] || fail 'notes are not back' ;;
    'README.md: $ pg_dump '*) is 0 'a sound copy of shop' kalamctl /srv/backup/catalog describe shop.items ;;
    'kalamctl.8: $ pg_dump '*)
      is 0 'shop is there' kalamctl "$at/catalog" describe shop.items
      is 0 'and drafts' kalamctl "$at/catalog" describe app.drafts ;;
    'kalamctl.8: $ kalamctl ./catalog load shop.sql')
      is 1 'nothing of it is there' kalamctl "$at/catalog" describe shop.customers ;;
    'kalamfs.8: # kalamfs '*)
      has 'writable' rw "$(grep ' /srv/schema ' /proc/self/mounts)"
      same 'for the group' 4711 "$(stat -c %g /srv/schema/ctl)"
      has 'read-only' ' ro,' "$(grep ' /srv/schema-ro ' /proc/self/mounts)"
      umount /srv/schema /srv/schema-ro ;;
    'kalamfs.8: $ fusermount3 '*)
      same 'back again' ok "$(jq -r .state /srv/schema/.kalamfs/status.json)"
      umount /srv/schema ;;
  esac
}

# ----- by kinds -----

# check WHAT COMMAND... : it succeeds, or what it prints is told
check() {
  local what=$1
  shift
  CHECKS=$((CHECKS + 1))
  "$@" >"$T/out" 2>&1 || fail "$PLACE: $what" "$(cat "$T/out")"
  [ -z "${SHOW:-}" ] || cat "$T/out"
}

play() {
  check 'as printed' in_setting "$PYTHON" "$HERE/session.py" play "$1/text" "$T/keys"
}

in_setting() { (cd "$(cat "$CWD_FILE")" && "$@"); }

# The document beside what the mount shows: FILE, or with `shape` only keys and types.
document() {
  local file=$T/real shape=
  case $NAME_OF in
    *'"table_id": '*) jq . "$MNT/namespaces/app/tables/notes/schema.json" >"$file" ;;
    *'"namespace_id": '*) jq . "$MNT/namespaces/app/namespace.json" >"$file" ;;
    *'"storage_id": '*'"storage_name"'*) jq '.storage_id = "archive" | .storage_name = "archive"' \
      "$MNT/storages/archive_2.json" >"$file" ;;
    *'"storage_id": '*) jq . "$MNT/namespaces/app/tables/messages/storage.json" >"$file" ;;
    *'"type": '*) jq . "$MNT/types/DECIMAL.json" >"$file" ;;
    *'"version": 2'*) shape=shape; jq . "$MNT/namespaces/app/tables/messages/versions/2/change.json" >"$file" ;;
    *'"sequence":'*) shape=shape; tail -n 1 "$MNT/log.jsonl" >"$file" ;;
    *'"time":'*) shape=shape; tail -n 1 "$MNT/.kalamfs/errors.jsonl" >"$file" ;;
    *'"version": "'*) shape=shape; jq . "$MNT/.kalamfs/status.json" >"$file" ;;
    *) fail "$PLACE: a document of no known file"; return ;;
  esac
  check 'the document' "$PYTHON" "$HERE/session.py" json "$1/text" "$file" $shape
}

# Texts that programs print, beside what they print.
shown() {
  case $NAME_OF in
    'kalamfs.5: SHARED TABLE notes '*) cat "$MNT/namespaces/app/tables/notes/describe" ;;
    'kalamctl.8: namespace app: '*)
      kalamctl "$T/shown" exec <<<'CREATE NAMESPACE app'
      kalamctl "$T/shown" exec <<<'CREATE TABLE app.notes (id INT PRIMARY KEY)' >/dev/null
      kalamctl "$T/shown" exec <<<'ALTER TABLE app.notes ADD a INT'
      kalamctl "$T/shown" exec <<<'ALTER TABLE app.notes ADD IF NOT EXISTS a INT'
      kalamctl "$T/shown" exec <<<'DROP TABLE app.notes'
      kalamctl "$T/shown" exec <<<'UNDROP TABLE app.notes'
      kalamctl "$T/shown" exec <<<'DROP TABLE app.notes' >/dev/null
      kalamctl "$T/shown" exec <<<'PURGE TABLE app.notes' ;;
    'kalamctl.8: change.sql:'*)
      kalamctl "$T/shown" exec <<<'CREATE TABLE app.notes (id INT PRIMARY KEY)' >/dev/null
      echo 'ALTER TABLE app.notes ADD lang INTT' >"$T/change.sql"
      (cd "$T" && kalamctl "$T/shown" exec change.sql) 2>&1 ;;
    'kalamctl.8: OK: '*) kalamctl "$T/shown" check | sed 's/[0-9]\+/N/g' ;;
    *) return 1 ;;
  esac >"$T/found"
  [ -s "$T/found" ]
}

# A line of fstab(5), used by mount(8).
fstab() {
  cp "$1/text" "$T/fstab"
  check 'mount' mount -T "$T/fstab" /srv/schema
  same 'the options of fstab' 4711 "$(stat -c %g /srv/schema/ctl)"
  check 'umount' umount /srv/schema
}

# A configuration, in the place where the unit takes it from.
unit_conf() {
  local command
  command=$(sed -n "s|^ExecStart=@BINDIR@/||p" "$ROOT/dist/kalamfs@.service")
  has 'the unit runs kalamfs' 'kalamfs -f ' "$command"
  check 'the command of the unit' sh -c "set -a; . '$1/text'; ${command/ -f / }"
  has 'the mount of the unit' fuse.kalamfs "$(grep ' /srv/schema ' /proc/self/mounts)"
  umount /srv/schema
}

# The scripts of kalamfs(5), saved under the names that they give themselves.
script() {
  local name
  name=$(sed -n '2s/^# \([a-z-]*\) .*/\1/p' "$1/text")
  [ -n "$name" ] || { fail "$PLACE: the script does not say its name"; return; }
  install -m 755 "$1/text" "$T/$name"
  case $name in
    likely-keys) likely_keys ;;
    rename-column) rename_column ;;
    backup-catalog) backup_catalog ;;
    *) fail "$PLACE: nothing tests the script $name" ;;
  esac
}

likely_keys() {
  kalam <<'END'
CREATE NAMESPACE app;
CREATE SHARED TABLE app.a (id BIGINT PRIMARY KEY, user_id BIGINT, room_id BIGINT NOT NULL, grid INT,
  uuid UUID, api_key TEXT, photo_id BYTES, body TEXT);
CREATE STREAM TABLE app.s (id INT) WITH (TTL_SECONDS = 30);
END
  printf 'app.a\tuser_id\tBIGINT\napp.a\tuuid\tUUID\napp.a\tapi_key\tTEXT\napp.s\tid\tINT\n' >"$T/expected"
  expect_ok "$PLACE: runs" "$T/likely-keys" "$MNT" && grep '^app' "$T/out" >"$T/found"
  same_file 'the columns' "$T/expected" "$T/found"
  is 0 'in the directory' sh -c "cd '$MNT' && '$T/likely-keys'"
  has 'says the same' "$(cat "$T/expected")" "$(cat "$T/out")"
}

rename_column() {
  kalam <<'END'
CREATE NAMESPACE app;
CREATE SHARED TABLE app.a (id INT PRIMARY KEY, colour TEXT);
CREATE SHARED TABLE app.b (id INT PRIMARY KEY, colour TEXT, color TEXT);
CREATE SHARED TABLE app.c (id INT PRIMARY KEY, color TEXT);
CREATE SHARED TABLE app.d (colour INT PRIMARY KEY);
END
  cat >"$T/expected" <<'END'
renamed: namespaces/app/tables/a
refused: namespaces/app/tables/b
1:25: [...]color[...]
...
END
  is 1 "$PLACE: one is refused" "$T/rename-column" "$MNT" colour color
  cp "$T/out" "$T/found"
  check 'and told' "$PYTHON" "$HERE/session.py" match "$T/expected" "$T/found"
  has 'the last one, too' 'renamed: namespaces/app/tables/d' "$(cat "$T/found")"
  same 'tables with the new name' 4 "$(find "$MNT" -name color.json | wc -l)"
  same 'tables with the old one' "$MNT/namespaces/app/tables/b/columns/colour.json" \
    "$(find "$MNT" -name colour.json)"
  is 0 'nothing to do' "$T/rename-column" "$MNT" nowhere color
}

backup_catalog() {
  notes >/dev/null
  cd /
  mkdir "$T/backups" "$T/backups/2026-01-01" "$T/backups/other" "$T/backups/$(date +%F)"
  is 0 "$PLACE: makes a backup" "$T/backup-catalog" "$CAT" "$T/backups"
  has 'checked' 'OK: ' "$(cat "$T/out")"
  same 'and removes an old one' "$(date +%F) other" "$(cd "$T/backups" && echo *)"
  is 0 'which holds the catalog' kalamctl "$T/backups/$(date +%F)" dump
  same_file 'as it is' <(kalamctl "$CAT" dump) "$T/out"
  mkdir "$T/backups/2026-01-01"
  is 1 'no catalog, no backup' "$T/backup-catalog" "$T/nowhere" "$T/backups"
  [ -d "$T/backups/2026-01-01" ] || fail 'a failure has removed a backup'
}

# ----- all of them -----

example() {
  local kind entry missing
  NAME_OF=$(cat "$1/name") PLACE=$(cat "$1/place") TEXT=$1/text kind=$(cat "$1/kind")
  [ -z "${SHOW:-}" ] || printf '\n=== %s %s\n' "$PLACE" "$kind"
  if entry=$(entry_of "$NAME_OF"); then
    LISTED[$entry]=1
    echo "$PLACE: not run: ${NOT_RUN[$entry]}"
    return
  fi
  case $NAME_OF in
    'kalamfs.5: $ '*) continues "$NAME_OF" >/dev/null || fresh ;;
    'kalamfs.5: '*) fresh ;;
  esac
  if missing=$(lacking "$1"); then
    fail "$PLACE: cannot run: $missing"
    return
  fi
  RUN=$((RUN + 1))
  case $kind in
    transcript) begin && play "$1" ;;
    json) begin && document "$1" ;;
    script) script "$1" ;;
    grammar) RUN=$((RUN - 1)) GRAMMAR=$((GRAMMAR + 1)) ;;
    sql) check 'the statements' kalamctl "$T/sql" exec "$1/text" ;;
    other) other "$1" ;;
  esac
  after "$NAME_OF"
}

# Not in a condition: there set -e counts for nothing.
begin() {
  (set -e; setting "$NAME_OF")
  [ $? = 0 ] || { fail "$PLACE: no setting" "$NAME_OF"; return 1; }
}

other() {
  local word
  word=$(awk '{ print $1; exit }' "$1/text")
  case $NAME_OF in
    *' fuse.kalamfs '*) fstab "$1"; return ;;
    *CATALOG=*) unit_conf "$1"; return ;;
    'kalamfs.5: SHARED TABLE '*) begin ;;
  esac
  if command -v "$word" >/dev/null; then
    begin && check 'the commands' in_setting bash -eu "$1/text"
  elif shown; then
    case $NAME_OF in *': OK: '*) sed -i 's/[0-9]\+/N/g' "$1/text" ;; esac
    check 'the text' "$PYTHON" "$HERE/session.py" match "$1/text" "$T/found"
  else
    fail "$PLACE: is neither run nor in the table of this test" "$(cat "$1/text")"
  fi
}

# A line of the mount's own README, where NS and T stand for names: T is a table, and
# from the mkdir on, which makes a draft of it, another one.
SCREEN_TABLE=notes
screen_example() {
  local at=$MNT
  NAME_OF=$(cat "$1/name") PLACE=$(cat "$1/place")
  case $NAME_OF in
    *'$ mkdir '*) SCREEN_TABLE=orders ;;
    *'$ mv '*) at=$MNT/namespaces/app ;;
  esac
  RUN=$((RUN + 1))
  echo "$at" >"$CWD_FILE"
  sed -i "s/\bNS\b/app/g; s/\bT\b/$SCREEN_TABLE/g; s/\bU\b/renamed/g" "$1/text"
  play "$1"
  case $NAME_OF in
    *'$ mkdir '*) save_as_it_is "$MNT/namespaces/app/tables/$SCREEN_TABLE/schema.json" ;;
  esac
}

save_as_it_is() { cp "$1" "$T/draft"; expect_ok "$PLACE: the draft is saved" cp "$T/draft" "$1"; }

host || die 'cannot make a host of its own'
server || die 'no database shop'
fresh || die 'no mount'
RUN=0 GRAMMAR=0
declare -A LISTED=()
mkdir "$T/pages" "$T/screen"
"$PYTHON" "$HERE/extract.py" "$T/pages" "$ROOT/README.md" "$ROOT"/man/kalamfs.5 "$ROOT"/man/kalamfs.8 \
  "$ROOT"/man/kalamctl.8 || die 'extract.py'
for directory in "$T"/pages/*; do
  example "$directory"
done

# What the table of types in kalamctl(8) says.
load_types() {
  local dialect types
  while IFS='|' read -r dialect types; do
    echo "CREATE TABLE t (id int PRIMARY KEY, $(sed 's/ = [^,]*//g' <<<"$types"));" >"$T/types.sql"
    rm -rf "$T/types"
    is 0 "types of $dialect" kalamctl "$T/types" load --from "$dialect" "$T/types.sql"
    same "types of $dialect" "$(sed 's/[^,]* = //g; s/, */ /g' <<<"$types")" \
      "$(kalamctl --json "$T/types" describe default.t | jq -r '.columns[1:][].data_type' | xargs)"
  done <<'END'
postgresql|a oid = BIGINT, b name = TEXT, c bpchar = TEXT, d vector(3) = EMBEDDING(3), e float(24) = FLOAT, f float(25) = DOUBLE
mysql|a tinyint(1) = BOOLEAN, b bit(1) = BOOLEAN, c tinyint = SMALLINT, d year = SMALLINT, e real = DOUBLE, f tinyblob = BYTES, g mediumblob = BYTES, h longblob = BYTES
sqlite|a int = BIGINT, b integer = BIGINT, c myint = BIGINT, d real = DOUBLE, e float = DOUBLE, f double = DOUBLE, g nchar(3) = TEXT, h clob = TEXT, i tinytext = TEXT, j longblob = BYTES
END
}

load_types
same 'all that is listed as not run is printed somewhere' "${#NOT_RUN[@]}" "${#LISTED[@]}"

fresh
notes
cd /
cp "$MNT/README" "$T/README"
"$PYTHON" "$HERE/extract.py" "$T/screen" "$T/README" || die 'extract.py README'
for directory in "$T"/screen/*; do
  screen_example "$directory"
done

while read -r _ mountpoint _; do
  case $mountpoint in "$MNT") ;; "$T"/*) umount "$mountpoint" ;; esac
done </proc/self/mounts
echo "examples: $RUN run, $GRAMMAR grammars, ${#NOT_RUN[@]} not run"
finish
