#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line, mount(8), fstab, read-only and double mounts, and how it ends.
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/lib.sh"
need mount unshare

one_line() { same "$1: one line on stderr" 1 "$(wc -l <"$T/err")"; }

is 0 '--help' "$KALAMFS" --help
has '--help tells the options' 'dba=' "$(cat "$T/out")"
is 0 '--version' "$KALAMFS" --version
has '--version' kalamfs "$(cat "$T/out")"
is 2 'no arguments' "$KALAMFS"
is 2 'no mount point' "$KALAMFS" "$CAT"
is 2 'too many arguments' "$KALAMFS" "$CAT" "$MNT" more
is 2 'an unknown option' "$KALAMFS" --frobnicate "$CAT" "$MNT"
is 2 'an unknown -o option' "$KALAMFS" -o frobnicate "$CAT" "$MNT"
is 2 'a wrong value' "$KALAMFS" -o cache=many "$CAT" "$MNT"
for seconds in 0 61 -1 many; do
  is 2 "lock_wait=$seconds" "$KALAMFS" -o "lock_wait=$seconds" "$CAT" "$MNT"
done
is 2 'a wrong umask' "$KALAMFS" -o umask=9 "$CAT" "$MNT"
[ -e "$CAT" ] && fail 'a usage error has created a catalog'
is 1 'nocreate without a catalog' "$KALAMFS" -o nocreate "$CAT" "$MNT"
one_line nocreate
has 'nocreate' "$CAT" "$(cat "$T/err")"
is 1 'a mount point that is not there' "$KALAMFS" "$CAT" "$T/nowhere"
one_line 'missing mount point'
has 'names it' "$T/nowhere" "$(cat "$T/err")"
touch "$T/file"
is 1 'a mount point that is a file' "$KALAMFS" "$CAT" "$T/file"
one_line 'file as mount point'
mkdir "$T/full" && touch "$T/full/data.txt"
is 1 'a new catalog among other files' "$KALAMFS" "$T/full" "$MNT"
one_line 'a directory that is no catalog'
same 'nothing is left there' data.txt "$(ls -A "$T/full")"
is 1 'a catalog that is a file' "$KALAMFS" "$T/file" "$MNT"
one_line 'file as catalog'
same 'nothing is mounted' '' "$(grep " $MNT " /proc/self/mounts)"

# In the background: when the command returns, the mount is usable.
pid_of() { jq '.mounts[] | select(.mountpoint == $m) | .pid' --arg m "$1" "$1/.kalamfs/status.json"; }
remember() { PIDS+=("$1"); echo "$1" >>"$T/pids"; }
MOUNTS+=("$MNT")
for i in 1 2 3; do
  is 0 'start in the background' "$KALAMFS" "$CAT" "$MNT"
  same 'it is quiet' '' "$(cat "$T/out" "$T/err")"
  echo "CREATE NAMESPACE n$i" >"$MNT/ctl" || fail 'usable at once'
  pid=$(pid_of "$MNT")
  remember "$pid"
  unmount "$MNT"
  wait_for 30 ended "$pid" || fail 'the daemon ends with its mount'
done
is 0 'who reads what it prints gets to the end of it' timeout 20 sh -c "'$KALAMFS' '$CAT' '$MNT' 2>&1 | cat"
remember "$(pid_of "$MNT")"
unmount "$MNT"
same 'CATALOG is private' 700 "$(stat -c %a "$CAT")"
same 'it holds the catalog only' 'data.mdb lock.mdb write.lock' "$(ls -A "$CAT" | xargs)"
is 0 'as relative paths' sh -c "cd '$T' && '$KALAMFS' catalog mnt"
same 'catalog and mount point in status.json are absolute' "$CAT $MNT" \
  "$(jq -r '"\(.catalog) \(.mounts[0].mountpoint)"' "$MNT/.kalamfs/status.json")"
has 'fsname' "$CAT $MNT fuse.kalamfs" "$(grep " $MNT " /proc/self/mounts)"
pid=$(pid_of "$MNT")
remember "$pid"
is 0 'fusermount3 -u' fusermount3 -u "$MNT"
wait_for 30 ended "$pid" || fail 'the daemon ends after fusermount3 -u'
is 1 'the terminal has gone: still one line' "$KALAMFS" -o nocreate "$T/none" "$MNT"
one_line 'second nocreate'

# fsname=, umask=, and options of libfuse
start -o fsname=schema,umask=077,max_read=65536,noexec || finish
has 'fsname=' "schema $MNT fuse.kalamfs" "$(grep " $MNT " /proc/self/mounts)"
has 'an option of libfuse' max_read=65536 "$(grep " $MNT " /proc/self/mounts)"
same 'umask=' '600 400 700' "$(stat -c %a "$MNT/ctl" "$MNT/README" "$MNT" | xargs)"
stop
start -o cache=2,mapsize=1G || finish
for i in 1 2 3 4 5; do
  echo "CREATE TABLE n1.t$i (id INT PRIMARY KEY)" >"$MNT/ctl"
done
cat "$MNT"/namespaces/n1/tables/*/schema.json >/dev/null
CHECKS=$((CHECKS + 1))
[ "$(jq .schema_cache.size "$MNT/.kalamfs/status.json")" -le 2 ] || fail 'cache=' "$(jq -c .schema_cache "$MNT/.kalamfs/status.json")"
stop

# mount(8) and fstab.  mount(8) forgets PATH, so that kalamfs is found only where
# `make install` puts it; in this mount namespace it is there.
mkdir "$T/bin"
ln -s "$KALAMFS" "$T/bin/kalamfs"
mount --bind "$T/bin" /usr/local/bin || die 'cannot bind-mount over /usr/local/bin'
hash -r
is 0 'mount -t fuse.kalamfs' mount -t fuse.kalamfs "$CAT" "$MNT" -o allow_other,umask=022
pid=$(pid_of "$MNT")
remember "$pid"
has 'its options' allow_other "$(grep " $MNT " /proc/self/mounts)"
echo 'CREATE NAMESPACE by_mount' >"$MNT/ctl" || fail 'mount -t'
is 0 'umount' umount "$MNT"
wait_for 30 ended "$pid" || fail 'the daemon ends'
echo "$CAT $MNT fuse.kalamfs defaults,nofail,noatime,fsname=from_fstab 0 0" >"$T/fstab"
is 0 'fstab' mount -T "$T/fstab" "$MNT"
pid=$(pid_of "$MNT")
remember "$pid"
has 'fstab options' 'from_fstab' "$(grep " $MNT " /proc/self/mounts)"
[ -d "$MNT/namespaces/by_mount" ] || fail 'fstab: the catalog'
umount "$MNT"
wait_for 30 ended "$pid" || fail 'the daemon ends'
echo "$CAT $MNT fuse.kalamfs ro,user,nodev 0 0" >"$T/fstab"
is 0 'fstab, ro' mount -T "$T/fstab" "$MNT"
remember "$(pid_of "$MNT")"
same 'is read-only' true "$(jq .read_only "$MNT/.kalamfs/status.json")"
umount "$MNT"

# ro: nothing to write into, and nothing that remembers writers.
mkdir "$T/ro"
start || finish
start -m "$T/ro" -o ro || finish
same 'ro has no ctl, plan, error' '.kalamfs README index.html information_schema log.jsonl namespaces storages types' "$(ls -A "$T/ro" | xargs)"
same 'nor errors.jsonl' 'metrics status.json' "$(ls -A "$T/ro/.kalamfs" | xargs)"
same 'nor in a namespace' 'index.html information_schema namespace.json tables trash' "$(ls "$T/ro/namespaces/n1" | xargs)"
same 'nor in a table' '' "$(ls "$T/ro/namespaces/n1/tables/t1" | grep -x -e ctl -e plan -e error)"
is 2 'ctl is not there' ls "$T/ro/ctl"
for write in "echo x >'$T/ro/namespaces/n1/tables/t1/schema.json'" "mkdir '$T/ro/namespaces/x'" \
    "rm '$T/ro/README'" "mv '$T/ro/namespaces/n1' '$T/ro/namespaces/n9'" "touch '$T/ro/new'" "chmod 777 '$T/ro/README'"; do
  refused 'Read-only file system' - '' sh -c "$write"
done
is 1 'writing ctl' bash -c "echo 'CREATE NAMESPACE x' >'$T/ro/ctl'"
same 'both mounts are listed' 'false true' "$(jq -r '[.mounts[].ro] | sort | join(" ")' "$MNT/.kalamfs/status.json")"

# Two mounts of one catalog: a change in one is seen in the other when the write returns.
TABLE=namespaces/n1/tables/t1
for i in $(seq 20); do
  echo "ADD COLUMN a$i INT" >"$MNT/$TABLE/ctl"
  same 'ro sees it at once' "$(jq .schema_version "$MNT/$TABLE/schema.json") a$i" \
    "$(jq -r '"\(.schema_version) \(.columns[-1].column_name)"' "$T/ro/$TABLE/schema.json")"
  same 'its listing' "a$i.json" "$(ls "$T/ro/$TABLE/columns" | grep -x "a$i.json")"
done
stop "$T/ro"
mkdir "$T/two"
start -m "$T/two" || finish
for i in $(seq 20); do
  echo "CREATE TABLE n2.x$i (id INT PRIMARY KEY)" >"$T/two/ctl"
  same 'A sees the table of B' "x$i" "$(ls "$MNT/namespaces/n2/tables" | grep -x "x$i")"
  echo "ADD COLUMN b INT" >"$MNT/namespaces/n2/tables/x$i/ctl"
  same 'B the column of A' b "$(jq -r '.columns[-1].column_name' "$T/two/namespaces/n2/tables/x$i/schema.json")"
  echo "DROP TABLE n2.x$i PURGE" >"$MNT/ctl"
  is 2 'B no more what A dropped' ls -d "$T/two/namespaces/n2/tables/x$i"
done
same_file 'log.jsonl is the same' "$MNT/log.jsonl" "$T/two/log.jsonl"
put "$MNT/ctl" 'FOO'
same 'errors are each mount'\''s own' '' "$(cat "$T/two/error")"
stop "$T/two"

# A killed daemon leaves a dead mount; the next start takes its place.
exec 8<"$MNT/$TABLE/schema.json"
kill_daemon
is 1 'the mount is dead' cat "$MNT/README"
exec 8<&-
start || finish
expect_ok 'mounted over the dead one' cat "$MNT/README"
same 'the dead mount is not listed' 1 "$(jq '.mounts | length' "$MNT/.kalamfs/status.json")"
stop
same 'the dead mount does not lie below it' '' "$(grep " $MNT " /proc/self/mounts)"
grep -q " $MNT " /proc/self/mounts && unmount "$MNT"

start -o auto_unmount,allow_other || finish
kill_daemon
gone() { ! grep -q " $MNT " /proc/self/mounts; }
wait_for 10 gone || { fail 'auto_unmount leaves a dead mount'; unmount -l "$MNT"; }

# SIGTERM and SIGINT end it in order.
for signal in TERM INT HUP; do
  start || finish
  echo "CREATE NAMESPACE s_${signal,,}" >"$MNT/ctl"
  kill -$signal "${DAEMON[$MNT]}"
  wait_for 30 ended "${DAEMON[$MNT]}" || fail "SIG$signal does not end it"
  wait "${DAEMON[$MNT]}"
  same "SIG$signal: exit status" 0 $?
  unset "DAEMON[$MNT]"
  same "SIG$signal: unmounted" '' "$(grep " $MNT " /proc/self/mounts)"
done
same 'nothing is left of mounts' 'data.mdb lock.mdb write.lock' "$(ls -A "$CAT" | xargs)"
start || finish
cd "$MNT/namespaces" || fail cd
is 32 'umount of a busy mount is refused' umount "$MNT"
cd / || exit 1
[ -d "$MNT/namespaces/s_term" ] || fail 'what was done before SIGTERM'
stop

# A damaged catalog.
cp -r "$CAT" "$T/damaged"
head -c 8192 /dev/urandom | dd of="$T/damaged/data.mdb" conv=notrunc status=none
is 2 'damaged data.mdb' "$KALAMFS" "$T/damaged" "$MNT"
one_line 'damaged data.mdb'
is 2 'damaged data.mdb, kalamctl' "$KALAMCTL" "$T/damaged" status
one_line 'damaged data.mdb, kalamctl'
rm -rf "$T/damaged"
mkdir "$T/damaged"
echo 'no catalog' >"$T/damaged/data.mdb"
is 2 'a data.mdb of something else' "$KALAMFS" "$T/damaged" "$MNT"
one_line 'a data.mdb of something else'
same 'which stays as it was' 'no catalog' "$(cat "$T/damaged/data.mdb")"
rm -rf "$T/damaged"
finish
