#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# stress.sh SECONDS: readers against writers on a real mount (tests/stress/coherence.c).
TEST_LIMIT=$((${1:-30} + 240))
. "$(dirname "$0")/../mount/lib.sh"
COHERENCE=$BUILD/tests/stress/coherence
[ -x "$COHERENCE" ] || die "$COHERENCE is not built"

# First: would the checker see it?
expect_ok 'the checker finds planted faults' "$COHERENCE" --self-test
cat "$T/out"

SECONDS_OF_STRESS=${1:-30}
{
  echo 'CREATE NAMESPACE hot;'
  for i in $(seq 0 16); do
    echo "CREATE TABLE hot.t$i (id BIGINT PRIMARY KEY);"
  done
} >"$T/tables.sql"

stress() { # SECONDS [OPTIONS OF coherence]
  local seconds=$1
  shift
  CHECKS=$((CHECKS + 1))
  "$COHERENCE" -p "${DAEMON[$MNT]}" "$@" "$MNT" "$CAT" "$KALAMCTL" "$seconds" 2>&1 ||
    fail "coherence $*" "$(tail -n 20 "${DAEMON_LOG[$MNT]}")"
}

expect_ok 'tables' "$KALAMCTL" "$CAT" exec "$T/tables.sql"
start || finish
stress "$SECONDS_OF_STRESS"
"$KALAMCTL" "$CAT" dump >"$T/dump.1"
stop
start || finish
same_file 'the same after a remount' "$T/dump.1" <("$KALAMCTL" "$CAT" dump)
stop

# Readers on a second mount, read-only, as engines and crawlers should have it.
CAT=$T/second
mkdir "$T/ro"
expect_ok 'tables' "$KALAMCTL" "$CAT" exec "$T/tables.sql"
start || finish
start -m "$T/ro" -o ro || finish
echo 'readers on a second mount, read-only:'
stress $((SECONDS_OF_STRESS / 3 + 1)) -r "$T/ro"
stop "$T/ro"
stop

# Readers who look at a copy must find that it is old: a check that cannot fail proves nothing.
CAT=$T/third
expect_ok 'tables' "$KALAMCTL" "$CAT" exec "$T/tables.sql"
start || finish
cp -r "$MNT" "$T/old"
is 1 'readers of an old copy' "$COHERENCE" -r "$T/old" "$MNT" "$CAT" "$KALAMCTL" 1
stale=$(sed -n 's/^\([0-9]*\) stale.*/\1/p' "$T/out")
CHECKS=$((CHECKS + 1))
[ "${stale:-0}" -gt 100 ] || fail 'an old copy is not found to be old' "$(tail -n 3 "$T/out")"
echo "control: readers of an old copy: $stale stale"
finish
