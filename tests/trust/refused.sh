#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls that the daemon makes are refused to it, and answers find nobody (refused.py).
NEEDS_ROOT=1
. "$(dirname "$0")/lib.sh"
REFUSE=$BUILD/tests/trust/refuse.so
[ -e "$REFUSE" ] || die "$REFUSE is not built"
ORDERS=$T/orders
truncate -s 4096 "$ORDERS"
WITH_ORDERS="env LD_PRELOAD=$REFUSE KALAM_REFUSE=$ORDERS"
fixture
exec_sql "CREATE STORAGE disk TYPE filesystem PATH '$T/disk';
  CREATE USER TABLE app.notes (id INT PRIMARY KEY) WITH (STORAGE_ID = 'disk')"
for user in $(seq 80); do mkdir -p "$T/disk/app/notes/u$user"; done

# no_finding ARGUMENT... : refused.py finds nothing
no_finding() {
  is 0 "refused.py $1" "$PYTHON" "$HERE/refused.py" "$@"
  CHECKS=$((CHECKS + 1))
  grep FAIL "$T/out" >"$T/found" && fail "refused.py $1" "$(cat "$T/found")"
  tail -n 1 "$T/out"
}

test_starts() {
  MOUNTS+=("$T/point")
  mkdir "$T/point"
  no_finding start "$ORDERS" "$REFUSE" "$KALAMFS" "$CAT" "$T/point"
}

test_operations() {
  WRAPPER=$WITH_ORDERS start -o lock_wait=60 || finish
  no_finding read "$ORDERS" "$MNT"
  no_finding change "$ORDERS" "$MNT"
  mkdir "$T/other"
  start -m "$T/other" || finish
  no_finding others "$ORDERS" "$MNT" "$T/other"
  stop "$T/other"
  stop
}

test_names() {
  WRAPPER=$WITH_ORDERS start || finish
  no_finding names "$ORDERS" "$MNT"
  stop
}

test_abort() {
  see_waiting
  WRAPPER=$WITH_ORDERS start || finish
  no_finding abort "$ORDERS" "$MNT"
  wait_for 30 ended "${DAEMON[$MNT]}" || fail 'the daemon does not end with its connection'
  wait "${DAEMON[$MNT]}"
  same 'it ends well' 0 $?
  unset "DAEMON[$MNT]"
  unmount -l "$MNT"
}

for suite in $(declare -F | sed -n 's/^declare -f \(test_.*\)/\1/p'); do
  [ -n "${1:-}" ] && [ "$suite" != "$1" ] && continue
  "$suite"
done
finish
