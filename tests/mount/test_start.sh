#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where it is started: over dead mounts, its own and others', by who mounted them and by
# who did not; without a terminal; beside another mount of kalamfs that it must not wait for.
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/lib.sh"
need setpriv fusermount3
chmod 755 "$T"
NOBODY='setpriv --reuid=65534 --regid=65534 --clear-groups'
pid_of() { jq '.mounts[] | select(.mountpoint == $m) | .pid' --arg m "$1" "$1/.kalamfs/status.json"; }
is_dead() { ! stat -f "$1" 2>/dev/null; }

# A blank in the name of a mount point is \040 where the kernel lists it.  Storages are
# made while nothing is mounted where they lie.
BLANK="$T/a mount point"
mkdir "$BLANK"
exec_sql "CREATE STORAGE there TYPE filesystem PATH '$BLANK'
    USER_TABLES_TEMPLATE 'namespaces/{namespace}/tables/{tableName}/{userId}';
  CREATE STORAGE here TYPE filesystem PATH '$MNT/namespaces'; CREATE NAMESPACE app;
  CREATE USER TABLE app.there (id INT PRIMARY KEY) WITH (STORAGE_ID = 'there');
  CREATE USER TABLE app.here (id INT PRIMARY KEY) WITH (STORAGE_ID = 'here')"
start -m "$BLANK" || finish
kill_daemon "$BLANK"
wait_for 20 is_dead "$BLANK" || fail 'a mount whose daemon was killed is not dead'
start -m "$BLANK" || finish
same 'it is mounted once' 1 "$(grep -c 'a.040mount.040point' /proc/self/mountinfo)"
has 'which was told' 'Detached a dead kalamfs' "$(cat "${DAEMON_LOG[$BLANK]}")"

# Directories in a mount of kalamfs are not listed for another one.
start || finish
TABLES=$MNT/namespaces/app/tables
is 2 'users in another mount of kalamfs' ls "$TABLES/there/storage"
has 'it would wait for itself' 'deadlock' "$(cat "$T/err")"
is 0 'users in its own mount' ls "$TABLES/here/storage"
same 'are none' '' "$(cat "$T/out")"
stop "$BLANK"
stop

# Somebody else's, and of who is not root.
mkdir "$T/own"
chown 65534 "$T/own"
mknod -m 666 "$T/fuse" c 10 229 || die 'cannot make a device'
mount --bind "$T/fuse" /dev/fuse || die 'cannot bind-mount over /dev/fuse'
mkdir "$T/own/mnt" "$T/own/other"
chown 65534 "$T/own/mnt" "$T/own/other"
start -m "$T/own/other" -o allow_other || finish
kill_daemon "$T/own/other"
wait_for 20 is_dead "$T/own/other"
is 1 'over the dead mount of somebody else' $NOBODY "$KALAMFS" "$T/own/catalog" "$T/own/other"
same 'it is left to him' "kalamfs: Mount point '$T/own/other' holds a dead kalamfs: run 'fusermount3 -uz $T/own/other' as the one who mounted it" "$(cat "$T/err")"
same 'it is still there' 1 "$(grep -c " $T/own/other " /proc/self/mountinfo)"
[ -e "$T/own/catalog" ] && fail 'who was refused has made a catalog'
umount -l "$T/own/other"
MOUNTS+=("$T/own/mnt")
for round in 1 2; do
  is 0 "by who is not root, $round" $NOBODY "$KALAMFS" "$T/own/catalog" "$T/own/mnt"
  pid=$($NOBODY cat "$T/own/mnt/.kalamfs/status.json" | jq ".mounts[0].pid")
  PIDS+=("$pid")
  echo "$pid" >>"$T/pids"
  [ $round = 1 ] || break
  kill -9 "$pid"
  wait_for 20 ended "$pid"
done
same 'over his own dead mount' 1 "$(grep -c " $T/own/mnt " /proc/self/mountinfo)"
same 'which he owns' 65534 "$($NOBODY stat -c %u "$T/own/mnt")"
$NOBODY fusermount3 -u "$T/own/mnt" || fail 'he unmounts it'
wait_for 20 ended "$pid" || fail 'the daemon ends'

# Without standard input, output and errors.
timeout 60 "$KALAMFS" "$CAT" "$MNT" <&- >&- 2>&-
same 'without a terminal' 0 $?
MOUNTS+=("$MNT")
pid=$(pid_of "$MNT")
PIDS+=("$pid")
echo "$pid" >>"$T/pids"
CHECKS=$((CHECKS + 1))
[ "$(jq .sequence "$MNT/.kalamfs/status.json")" -gt 0 ] || fail 'it serves'
for process in "$pid" $(pgrep -P "$pid"); do
  for number in 0 1 2; do
    same "descriptor $number of $process" /dev/null "$(readlink "/proc/$process/fd/$number")"
  done
done
unmount "$MNT"
wait_for 20 ended "$pid" || fail 'it ends'

# Among processes of its own it does not see who asks: his changes have no process, and
# what needs to know him by is refused.
USERS=$MNT/namespaces/app/tables/users
exec_sql 'CREATE TABLE app.users (id INT PRIMARY KEY)'
WRAPPER='unshare --pid --fork' start || finish
accept "$USERS" "COMMENT 'by somebody'"
same 'author' '? root' "$(tail -n 1 "$MNT/log.jsonl" | jq -r '"\(.author.command) \(.author.user)"')"
refused 'Text file busy' - '' sh -c "jq '.table_comment = \"x\"' '$USERS/schema.json' | dd of='$USERS/schema.json' status=none"
refused 'Text file busy' - '' mv "$USERS/schema.json" "$USERS/old"
refused 'Text file busy' - '' rm "$USERS/schema.json"
jq '.table_comment = "saved"' "$USERS/schema.json" >"$USERS/new"
expect_ok 'but a file can be put in its place' mv "$USERS/new" "$USERS/schema.json"
same 'which is saved' saved "$(jq -r .table_comment "$USERS/schema.json")"
mkdir "$TABLES/sketch"
expect_ok 'a draft goes' rmdir "$TABLES/sketch"
stop

# The control file system is not mounted: the helper has a mount of its own, and ends
# the connection of a daemon that was killed, with or without.
umount -l /sys/fs/fuse/connections 2>/dev/null
start || finish
lacks 'somebody watches' 'nobody ends its connection' "$(cat "${DAEMON_LOG[$MNT]}")"
kill_daemon
wait_for 20 is_dead "$MNT" || fail 'the connection is not ended'
unmount -l "$MNT"
finish
