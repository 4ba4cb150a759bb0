#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the daemon may still do once it serves.
NEEDS_ROOT=1
. "$(dirname "$0")/lib.sh"
case $BUILD in *-asan | *-tsan) echo "$NAME: an instrumented program is not confined"; rm -rf "$T"; trap - EXIT; exit 0 ;; esac
fixture
start || finish
daemon=${DAEMON[$MNT]}
# A program that counts branches has the helper, but is not confined.
confined() { case $BUILD in *-cov) return 1 ;; esac; }
field() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$daemon/status"; }
if confined; then
  same 'no capabilities' 0000000000000000 "$(field CapEff)"
  same 'none to get' 0000000000000000 "$(field CapPrm)"
  same 'nor through programs' 1 "$(field NoNewPrivs)"
  same 'system calls are filtered' 2 "$(field Seccomp)"
  for task in /proc/"$daemon"/task/*; do
    same 'in every thread' 2 "$(sed -n 's/^Seccomp:[[:space:]]*//p' "$task/status")"
  done
fi
same 'one helper' 1 "$(pgrep -P "$daemon" | wc -l)"

# What needs the helper works: names of users, directories of storages, the unmount.
accept "$MNT/namespaces/app" 'ALTER TABLE users ADD COLUMN age INT'
same 'the writer has a name' root "$(tail -n 1 "$MNT/log.jsonl" | jq -r .author.user)"
accept "$MNT" "CREATE STORAGE disk TYPE filesystem PATH '$T/disk'"
accept "$MNT/namespaces/app" "CREATE USER TABLE notes (id INT PRIMARY KEY) WITH (STORAGE_ID = 'disk')"
mkdir -p "$T/disk/app/notes/alice" "$T/disk/app/more/x"
same 'users are listed' alice "$(ls "$MNT/namespaces/app/tables/notes/storage")"
echo "CREATE TABLE more (id INT PRIMARY KEY) WITH (STORAGE_ID = 'disk')" >"$MNT/namespaces/app/plan"
has 'what lies there is told' 'is not empty' "$(cat "$MNT/namespaces/app/plan")"

# Of directories that only their owner may look into, too.
accept "$MNT" "CREATE STORAGE deep TYPE filesystem PATH '$T/deep' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{userId}/data'"
accept "$MNT/namespaces/app" "CREATE USER TABLE parts (id INT PRIMARY KEY) WITH (STORAGE_ID = 'deep')"
mkdir -p "$T"/deep/app/parts/{bob/data,carol,dave/data}
touch "$T/deep/app/parts/carol/data"
chown -R 54321 "$T/disk/app" "$T/deep/app"
chmod -R go= "$T/disk/app" "$T/deep/app"
touch -d '1 hour ago' "$T/disk/app/notes"
same 'private: users are listed' alice "$(ls "$MNT/namespaces/app/tables/notes/storage")"
same 'private: those with a place of their own' 'bob dave' \
  "$(ls "$MNT/namespaces/app/tables/parts/storage" | paste -sd' ')"
mv "$T/disk/app/notes/alice" "$T/disk/app/notes/eve"
touch -d '30 minutes ago' "$T/disk/app/notes"
same 'private: a change is seen' eve "$(ls "$MNT/namespaces/app/tables/notes/storage")"

# The helper dies: the mount goes on, with numbers for names.
kill -9 "$(pgrep -P "$daemon")"
accept "$MNT/namespaces/app" 'ALTER TABLE users ADD COLUMN later INT'
has 'an author still' '"uid":0' "$(tail -n 1 "$MNT/log.jsonl")"
stop
same 'nobody is left' '' "$(pgrep -f "kalamfs -f $CAT " || true)"

# Ended by a signal it unmounts, which only the helper may.
start || finish
kill "${DAEMON[$MNT]}"
wait_for 20 ended "${DAEMON[$MNT]}"
wait "${DAEMON[$MNT]}"
same 'ends well' 0 $?
unset "DAEMON[$MNT]"
is 32 'and unmounts' mountpoint -q "$MNT"

start -o nosandbox || finish
daemon=${DAEMON[$MNT]}
same 'nosandbox: no filter' 0 "$(field Seccomp)"
same 'no helper' 0 "$(pgrep -P "$daemon" | wc -l)"
finish
