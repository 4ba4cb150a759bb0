#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh BUILD_DIR - a catalog with real schemas, mounted, and ten commands to
# try on it.  Everything is below $KALAMFS_DEMO (default /tmp/kalamfs-demo-UID):
#
#   catalog/   the database
#   data/      where the chat tables' files would be: outside of catalog/, which
#              only its owner can enter
#   mnt/       the mount
#
# Run again it mounts what is there, or only prints the commands.

set -eu

fail()
{
  echo "demo: $*" >&2
  exit 1
}

[ $# -eq 1 ] || fail "usage: demo.sh BUILD_DIR"
build=$(cd "$1" && pwd) || fail "there is no directory '$1'"
sources=$(cd "$(dirname "$0")" && pwd)
dir=${KALAMFS_DEMO:-/tmp/kalamfs-demo-$(id -u)}
messages=namespaces/chat/tables/messages

for program in kalamfs kalamctl; do
  [ -x "$build/$program" ] || fail "there is no $build/$program: run make first"
done

# /tmp is everybody's: the directory must be ours, and no link.
make_directory()
{
  mkdir -p "$(dirname "$dir")"
  mkdir "$dir" 2>/dev/null || true
  if [ ! -d "$dir" ] || [ -L "$dir" ] || [ ! -O "$dir" ]; then
    fail "'$dir' is not a directory of yours: choose another with KALAMFS_DEMO=..."
  fi
  dir=$(cd "$dir" && pwd -P)
  mnt=$dir/mnt
}

# Aside first, so that catalog/ is there as a whole or not at all.
build_catalog()
{
  local new=$dir/catalog.new base

  rm -rf "$new"
  mkdir -p "$dir/data"
  base=${dir//\'/\'\'}/data
  "$build/kalamctl" "$new" exec "$sources/tpch.sql"
  "$build/kalamctl" "$new" exec "$sources/chat.sql"
  "$build/kalamctl" "$new" exec <<END
CREATE STORAGE demo TYPE filesystem BASE_DIRECTORY '$base' NAME 'Demo data'
  USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}';
ALTER TABLE chat.messages SET (STORAGE_ID = 'demo');
ALTER TABLE chat.rooms SET (STORAGE_ID = 'demo');
END
  mv "$new" "$dir/catalog"
}

mount_catalog()
{
  local deadline=$((SECONDS + 10))

  # What a killed daemon has left.
  while mountpoint -q "$mnt" 2>/dev/null; do
    fusermount3 -uz "$mnt"
  done
  mkdir "$mnt" 2>/dev/null || true
  "$build/kalamfs" "$dir/catalog" "$mnt"
  until mountpoint -q "$mnt"; do
    [ $SECONDS -lt $deadline ] || fail "'$mnt' is not mounted after ten seconds"
    sleep 0.1
  done
}

# Two users, so that storage/ has somebody to list.
add_users()
{
  local user

  for user in alice bob; do
    mkdir -p "$(readlink "$mnt/$messages/storage/$user")"
  done
}

# TEXT COMMAND
show()
{
  number=$((number + 1))
  printf '\n%2d. %s:\n    %s\n' "$number" "$1" "$2"
}

show_commands()
{
  local number=0

  printf '\nGo there:\n    cd %q\n' "$mnt"
  show "All tables" "ls namespaces/*/tables"
  show "One of them, for people" "cat $messages/describe"
  show "Which tables have amounts of money" \
    "grep -l 'DECIMAL(15, 2)' namespaces/*/tables/*/schema.sql"
  show "Change a schema, and see it" \
    "echo 'ADD COLUMN IF NOT EXISTS edited_at TIMESTAMP' > $messages/ctl; cat $messages/columns/edited_at.json"
  show "What has changed since version 1" \
    "diff $messages/versions/1/schema.sql $messages/schema.sql"
  show "Who changed what last, anywhere" "tail -n 3 log.jsonl"
  show "What a statement would do" \
    "echo 'DROP COLUMN author' > $messages/plan; cat $messages/plan"
  show "A mistake, and why it was refused" \
    "echo 'ADD COLUMN age INTT' > $messages/ctl; cat $messages/error"
  show "Where the users' data files are" "ls -l $messages/storage/"
  show "Drop a table, look at the trash, bring it back" \
    "echo 'DROP TABLE rooms' > namespaces/chat/ctl; ls namespaces/chat/trash; echo 'UNDROP TABLE rooms' > namespaces/chat/ctl"
  printf '\nEnd it with:\n    umount %q\n' "$mnt"
  printf 'and forget it with:\n    rm -r %q\n' "$dir"
}

make_directory
if mountpoint -q "$mnt" 2>/dev/null && cat "$mnt/README" >/dev/null 2>&1; then
  echo "The demo is mounted already on $mnt"
else
  [ -e "$dir/catalog/data.mdb" ] || build_catalog
  mount_catalog
  add_users
  echo
  echo "The demo is mounted on $mnt"
fi
show_commands
