#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kalamctl backup: of a live catalog, whole or not at all, and a catalog itself.
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/lib.sh"
need setpriv

fixture
start || finish

# What comes of it.
is 0 'backup' "$KALAMCTL" "$CAT" backup "$T/b1"
same 'no complaint' '' "$(cat "$T/err")"
has 'it tells what the copy holds' "$T/b1: 4 tables, 3 namespaces, 1 in trash, change $(sequence), " "$(cat "$T/out")"
same 'only the owner reaches it' '700 600' "$(stat -c %a "$T/b1" "$T/b1/data.mdb" | xargs)"
same 'nothing unfinished is left' '' "$(find "$T/b1" -name '*.tmp')"
same 'the dump is the same' "$("$KALAMCTL" "$CAT" dump --with-secrets)" "$("$KALAMCTL" "$T/b1" dump --with-secrets)"
facts() { "$KALAMCTL" --json "$1" status | jq -c '[.catalog_uuid, .sequence, .tables, .trash]'; }
same 'it is the same catalog' "$(facts "$CAT")" "$(facts "$T/b1")"
is 0 '--json' "$KALAMCTL" --json "$CAT" backup "$T/b2"
same 'is one object' "$T/b2 $("$KALAMCTL" --json "$CAT" status | jq -r .catalog_uuid) $(sequence) 4 true" \
  "$(jq -r '"\(.directory) \(.catalog_uuid) \(.sequence) \(.tables) \(.bytes > 0)"' "$T/out")"
mkdir "$T/m1"
start -c "$T/b1" -m "$T/m1" || finish
same_file 'history is in it' "$MNT/namespaces/app/tables/users/versions/1/schema.json" \
  "$T/m1/namespaces/app/tables/users/versions/1/schema.json"
same_file 'and the log' "$MNT/log.jsonl" "$T/m1/log.jsonl"
same 'and the trash' gone "$(ls "$T/m1/namespaces/app/trash")"
accept "$T/m1" 'UNDROP TABLE app.gone'
same 'the original does not see it' gone "$(ls "$MNT/namespaces/app/trash")"
same 'relative locations are below the copy' "$T/b1/storage/app/users" "$(readlink "$T/m1/namespaces/app/tables/users/storage")"
stop "$T/m1"

# Refused: nothing is written.
untouched() { # WHAT STATUS MESSAGE DIR
  local before after
  before=$(find "$4" 2>/dev/null | sort; state)
  is "$2" "$1" "$KALAMCTL" "$CAT" backup "$4"
  after=$(find "$4" 2>/dev/null | sort; state)
  has "$1: why" "$3" "$(cat "$T/err")"
  same "$1: in one line" 1 "$(wc -l <"$T/err")"
  same "$1: nothing on stdout" '' "$(cat "$T/out")"
  same "$1: nothing changed" "$before" "$after"
}
mkdir "$T/full" "$T/loose" && touch "$T/full/mine"
untouched 'a directory that is not empty' 1 "is not empty: found 'mine'" "$T/full"
untouched 'an older backup' 1 'is not empty' "$T/b1"
untouched 'the catalog itself' 1 'is not empty' "$CAT"
untouched 'a file' 1 'is not a directory' "$T/full/mine"
ln -s "$T/loose" "$T/link"
untouched 'a link' 1 'no symbolic link' "$T/link"
chmod 777 "$T/loose"
untouched 'a directory that others may write' 1 'can be written by others' "$T/loose"
untouched 'below nothing' 1 'No such file or directory' "$T/nowhere/b"
untouched 'on a mount' 1 'FUSE' "$MNT/namespaces"
[ -e "$T/nowhere" ] && fail 'it made a parent'
is 2 'no directory' "$KALAMCTL" "$CAT" backup
is 2 'two directories' "$KALAMCTL" "$CAT" backup a b
is 2 'an option of something else' "$KALAMCTL" "$CAT" backup --lenient "$T/b9"
is 1 'no catalog' "$KALAMCTL" "$T/none" backup "$T/b9"
[ -e "$T/b9" ] || [ -e "$T/none" ] && fail 'a refusal made a directory'

# An empty directory will do, also one with the rest of a backup that was killed.
mkdir -m 700 "$T/empty" && echo rest >"$T/empty/data.mdb.tmp"
is 0 'an empty directory' "$KALAMCTL" "$CAT" backup "$T/empty"
same 'nothing unfinished is left' '' "$(find "$T/empty" -name '*.tmp')"

# No room: refused, and no trace of it.
mkdir "$T/small"
mount -t tmpfs -o size=64k,mode=700 small "$T/small" || die 'cannot mount a tmpfs'
is 1 'a full disk' "$KALAMCTL" "$CAT" backup "$T/small/b"
has 'it says so' 'No space left on device' "$(cat "$T/err")"
same 'nothing is left' '' "$(ls -A "$T/small")"
is 1 'a full disk, a directory that was there' sh -c "mkdir '$T/small/b' && '$KALAMCTL' '$CAT' backup '$T/small/b'"
same 'the directory is as it was' b "$(find "$T/small" -mindepth 1 -printf '%P\n')"
umount "$T/small"

# Another user's catalog, by root: the copy is root's, the original stays its owner's.
chmod 755 "$T"
mkdir -m 700 "$T/theirs" && chown 65534:65534 "$T/theirs"
echo 'CREATE TABLE x (id INT PRIMARY KEY);' >"$T/x.sql"
is 0 "another user's catalog" setpriv --reuid 65534 --regid 65534 --clear-groups "$KALAMCTL" "$T/theirs" exec - <"$T/x.sql"
is 0 'root copies it' "$KALAMCTL" "$T/theirs" backup "$T/ours"
same 'to himself' 0 "$(stat -c %u "$T/ours/data.mdb")"
same 'and leaves no file of his own there' '' "$(find "$T/theirs" -uid 0)"

# Writers go on: a copy has each transaction whole or not at all.
writers() {
  local i=3
  while [ ! -e "$T/enough" ]; do
    i=$((i + 1))
    echo "CREATE TABLE app.a$i (id INT PRIMARY KEY); CREATE TABLE app.b$i (id INT PRIMARY KEY);
      ALTER TABLE app.users ADD COLUMN c$i INT;
      DROP TABLE IF EXISTS app.a$((i - 3)) PURGE; DROP TABLE IF EXISTS app.b$((i - 3)) PURGE;" |
      "$KALAMCTL" "$CAT" exec >/dev/null || return 1
    echo 'CREATE TABLE app.refused (id INT PRIMARY KEY); DROP TABLE app.none;' | "$KALAMCTL" "$CAT" exec >/dev/null 2>&1
  done
  echo "$i" >"$T/rounds"
}
writers &
WRITER=$!
for n in 1 2 3 4 5 6; do
  is 0 'backup under way' "$KALAMCTL" "$CAT" backup "$T/w$n"
  names=$("$KALAMCTL" "$T/w$n" dump app | sed -n 's/^CREATE SHARED TABLE app\.\([ab]\)\([0-9]*\) .*/\1 \2/p')
  same 'pairs are whole' "$(sed -n 's/^a //p' <<<"$names" | sort -n | xargs)" "$(sed -n 's/^b //p' <<<"$names" | sort -n | xargs)"
  last=$(sed -n 's/^a //p' <<<"$names" | sort -n | tail -n 1)
  same 'and so is the ALTER with them' "${last:-0}" \
    "$("$KALAMCTL" --json "$T/w$n" describe app.users | jq '[.columns[].column_name | select(test("^c[0-9]+$"))[1:] | tonumber] | max // 0')"
  "$KALAMCTL" "$T/w$n" dump >"$T/w$n.sql"
  is 0 'it can be loaded' "$KALAMCTL" "$T/w$n.again" load "$T/w$n.sql"
  sleep 0.1
done
touch "$T/enough"
wait "$WRITER" || fail 'a writer was refused while the catalog was copied'
[ "$(cat "$T/rounds")" -gt 4 ] || fail 'the writers have not written'


# Killed at any moment: under the name data.mdb is a whole copy or none.
for ((i = 0; i < 3000; i++)); do
  echo "CREATE TABLE app.t$i (id INT PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT, g TEXT);"
done | "$KALAMCTL" "$CAT" exec >/dev/null || fail 'cannot make many tables'
whole=0 none=0
for delay in 0.002 0.004 0.006 0.008 0.01 0.015 0.02 0.03 0.04 0.06 0.08 0.12 2; do
  (timeout -s KILL $delay "$KALAMCTL" "$CAT" backup "$T/killed"; true) >/dev/null 2>&1
  if [ -e "$T/killed/data.mdb" ]; then
    whole=$((whole + 1))
    same 'it is whole' "$(facts "$CAT")" "$(facts "$T/killed")"
  else
    none=$((none + 1))
    is 1 'there is no catalog' "$KALAMCTL" "$T/killed" status
  fi
  rm -rf "$T/killed"
done
differs 'some were killed in time' 0 "$none"
differs 'one was not' 0 "$whole"

finish
