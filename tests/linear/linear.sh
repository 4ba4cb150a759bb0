#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# linear.sh [OPERATIONS]: two mounts and kalamctl, and whether one order of the
# changes explains what everybody saw (tests/linear/linear.c).
TEST_LIMIT=$((300 + ${1:-20000} / 200))
. "$(dirname "$0")/../mount/lib.sh"
LINEAR=$BUILD/tests/linear/linear
PLANT=$BUILD/tests/trust/plant.so
[ -x "$LINEAR" ] || die "$LINEAR is not built"
[ -e "$PLANT" ] || die "$PLANT is not built"
TWO=$T/two
mkdir "$TWO"

new_catalog() { # NAME
  CAT=$T/$1
  expect_ok 'tables' "$KALAMCTL" "$CAT" exec <<<"CREATE NAMESPACE lin;
    $(printf 'CREATE TABLE lin.r%d (id BIGINT PRIMARY KEY);' $(seq 0 5))"
}

expect_ok 'the checker finds planted faults' "$LINEAR" --self-test
cat "$T/out"

new_catalog catalog
start || finish
start -m "$TWO" || finish
CHECKS=$((CHECKS + 1))
"$LINEAR" -n "${1:-20000}" "$MNT" "$TWO" "$CAT" "$KALAMCTL" 2>&1 ||
  fail 'a history is not linearizable' "$(tail -n 20 "${DAEMON_LOG[@]}")"
stop "$TWO"
stop

# A mount that answers before its kernel forgets, and the other one that is told too late.
new_catalog late
WRAPPER="env LD_PRELOAD=$PLANT KALAM_PLANT=late" start || finish
start -m "$TWO" || finish
is 1 'a mount that is late' "$LINEAR" -n 2000 "$MNT" "$TWO" "$CAT" "$KALAMCTL"
has 'is found' 'NOT LINEARIZABLE' "$(cat "$T/out")"
same 'on that mount, nowhere else' 'place 0' "$(grep -o 'place [0-9]*' "$T/out" | sort -u)"
echo "control: $(tail -n 1 "$T/out")"
finish
