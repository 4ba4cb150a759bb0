#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unmounts while somebody is in it, and a daemon that is stopped.
NEEDS_ROOT=1
. "$(dirname "$0")/lib.sh"
fixture
USERS=namespaces/app/tables/users

# busy: refused, and everything goes on
start || finish
exec 5<"$MNT/$USERS/schema.json"
is 1 'fusermount3 -u of a busy mount' fusermount3 -u "$MNT"
has 'which is busy' 'busy' "$(cat "$T/err")"
accept "$MNT/$USERS" 'ADD COLUMN busy INT'

# lazily: who has a file open may read it to its end, nobody else gets in
version=$(jq .schema_version "$MNT/$USERS/schema.json")
is 0 'fusermount3 -uz of a busy mount' fusermount3 -uz "$MNT"
same 'the mount point is an empty directory' '' "$(ls "$MNT")"
same 'an open file is the version that it was' 2 "$(jq .schema_version <&5)"
exec 5<&-
wait_for 20 ended "${DAEMON[$MNT]}" || fail 'the daemon does not end when its last file is closed'
wait "${DAEMON[$MNT]}"
same 'the daemon ends well' 0 $?
unset "DAEMON[$MNT]"

# SIGTERM amid statements: each is whole and acknowledged, or not there
start || finish
same 'the change is there' "$version" "$(jq .schema_version "$MNT/$USERS/schema.json")"
: >"$T/done"
(
  for i in $(seq 500); do
    echo "CREATE TABLE app.m${i}_a (id INT PRIMARY KEY); CREATE TABLE app.m${i}_b (id INT PRIMARY KEY)" \
      >"$MNT/ctl" || exit
    echo "m$i" >>"$T/done"
  done 2>/dev/null
) &
writer=$!
wait_for 20 test -s "$T/done"
kill -TERM "${DAEMON[$MNT]}"
wait "${DAEMON[$MNT]}"
same 'the daemon ends well after SIGTERM' 0 $?
unset "DAEMON[$MNT]"
wait "$writer"
"$KALAMCTL" "$CAT" ls app >"$T/tables"
same 'what was acknowledged is there' '' \
  "$(sed 's/.*/&_a\n&_b/' "$T/done" | while read -r t; do grep -qw "$t" "$T/tables" || echo "$t"; done)"
same 'nothing is there by halves' "$(grep -c '_a' "$T/tables")" "$(grep -c '_b' "$T/tables")"

# stopped: clients wait until the connection is aborted, and get their errno then
start || finish
device=$(stat -c %Ld "$MNT")
# not every machine has it mounted
mkdir "$T/connections"
mount -t fusectl none "$T/connections" || die 'cannot mount fusectl'
kill -STOP "${DAEMON[$MNT]}"
(cat "$MNT/$USERS/schema.sql" >/dev/null) 2>"$T/reader" &
reader=$!
sleep 0.5
kill -0 "$reader" 2>/dev/null || fail 'a reader does not wait for a stopped daemon' "$(cat "$T/reader")"
echo 1 >"$T/connections/$device/abort"
umount "$T/connections"
wait_for 20 ended "$reader" || fail 'a reader still waits after the abort'
has 'who waited is told' 'connection abort' "$(cat "$T/reader")"
is 1 'who comes now is told' cat "$MNT/README"
has 'that nobody is there' 'not connected' "$(cat "$T/err")"
kill -CONT "${DAEMON[$MNT]}"
wait_for 20 ended "${DAEMON[$MNT]}" || fail 'the daemon does not end after an abort'
wait "${DAEMON[$MNT]}"
unset "DAEMON[$MNT]"
unmount -l "$MNT"
start || finish
accept "$MNT/$USERS" 'ADD COLUMN afterwards INT'
finish
