#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Commits of a process that tells the mount nothing are seen nevertheless, also
# right behind many commits of the mount's own (fs/listen.c).
. "$(dirname "$0")/lib.sh"
need python3
SHM=
[ -w /dev/shm ] && SHM=$(mktemp -d /dev/shm/kalam-XXXXXX) && CAT=$SHM/catalog	# commits are quick there
fixture
start || { rm -rf "$SHM"; finish; }
USERS=$MNT/namespaces/app/tables/users

# Nobody finds the mount by a socket that has another name.
mv "$CAT"/mount.*.sock "$CAT/hidden" || fail 'the mount has no socket'

sees() { [ -e "$USERS/columns/$1.json" ]; }
# unannounced COLUMN WHAT
unannounced() {
  exec_sql "ALTER TABLE app.users ADD COLUMN $1 INT"
  CHECKS=$((CHECKS + 1))
  wait_for 30 sees "$1" || fail "not seen: a commit $2"
}

for i in 1 2 3; do
  unannounced "quiet_$i" 'while all is quiet'
done

# burst : own commits one after the other, for 0.1 s
burst() {
  python3 - "$MNT/namespaces/app/tables/messages/ctl" <<'EOF' || fail 'cannot change a table'
import os, sys, time
ctl = os.open(sys.argv[1], os.O_WRONLY)
end, n = time.monotonic() + 0.1, 0
while time.monotonic() < end:
    n += 1
    os.write(ctl, b"ALTER COLUMN body COMMENT 'number %d'\n" % n)
EOF
}
for i in 1 2 3 4 5 6; do
  burst
  unannounced "burst_$i" 'behind own ones'
done
sleep 0.2
unannounced later 'after a pause'

stop
[ -z "$SHM" ] || { is 0 'check' "$KALAMCTL" "$CAT" check; rm -rf "$SHM"; }
finish
