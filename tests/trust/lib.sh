# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.sh - what the suites of trust share, on top of tests/mount/lib.sh.
#
# A suite that cannot fail proves nothing: each plants faults and must find them.
. "$(dirname "${BASH_SOURCE[0]}")/../mount/lib.sh"

need python3
PLANT=$BUILD/tests/trust/plant.so
[ -e "$PLANT" ] || die "$PLANT is not built"
HERE=$ROOT/tests/trust
PYTHON=$(python3 -c 'import sys; print(sys.executable)')	# a shim in front of it would cost more than the test

# planted FAULT : what WRAPPER is for a daemon with this fault of plant.c
planted() { echo "env LD_PRELOAD=$PLANT KALAM_PLANT=$1"; }

# notices WHAT FUNCTION... : the checks of the function must find something wrong.
# It runs in a shell of its own, which it leaves with its findings.
notices() {
  local what=$1 found
  shift
  CHECKS=$((CHECKS + 1))
  found=$(FAILURES=0; trap - EXIT; "$@" >"$T/control" 2>&1; echo "$FAILURES")
  [ "$found" -gt 0 ] || fail "the planted fault was not noticed: $what" "$(cat "$T/control")"
}

# match WHAT EXPRESSION TEXT : the whole text is one that the extended regular expression means
match() {
  CHECKS=$((CHECKS + 1))
  [[ $3 =~ ^($2)$ ]] || fail "$1" "expected: $2" "found:    $3"
}

# hold: be another process that has the write lock, until let_go; changes wait
# for it 5 s at most, if the mount has no other lock_wait
hold() {
  coproc HOLDER { exec "$PYTHON" "$HERE/hold.py" "$CAT" 120; }
  read -r _ <&"${HOLDER[0]}"
}
let_go() {
  local pid=$HOLDER_PID
  exec {HOLDER[1]}>&-
  wait "$pid" 2>/dev/null
}

# How many requests the kernel has sent and got no answer for; see_waiting first.
see_waiting() { mountpoint -q /sys/fs/fuse/connections || mount -t fusectl fusectl /sys/fs/fuse/connections; }
waiting() { cat "/sys/fs/fuse/connections/$(mountpoint -d "$MNT" | cut -d: -f2)/waiting"; }
all_wait() { [ "$(waiting)" = "$1" ]; }
