#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# stress.sh [SECONDS]: readers against writers on real mounts (tests/stress/world.h):
# one alone, then two writable ones and a read-only one at once, and what must be found.
TEST_LIMIT=$((${1:-30} + 300))
. "$(dirname "$0")/../mount/lib.sh"
COHERENCE=$BUILD/tests/stress/coherence
PLANT=$BUILD/tests/trust/plant.so
[ -x "$COHERENCE" ] || die "$COHERENCE is not built"
[ -e "$PLANT" ] || die "$PLANT is not built"

# First: would the checker see it?
expect_ok 'the checker finds planted faults' "$COHERENCE" --self-test
cat "$T/out"

SECONDS_OF_STRESS=${1:-30}
TWO=$T/two
RO=$T/ro
mkdir "$TWO" "$RO"
{
  echo 'CREATE NAMESPACE hot; CREATE NAMESPACE cold;'
  printf 'CREATE TABLE hot.t%d (id BIGINT PRIMARY KEY);' $(seq 0 15)
  printf 'CREATE TABLE hot.b%d (id BIGINT PRIMARY KEY);' $(seq 0 3)
} >"$T/tables.sql"

new_catalog() { # NAME
  CAT=$T/$1
  expect_ok 'tables' "$KALAMCTL" "$CAT" exec "$T/tables.sql"
}

stress() { # SECONDS [OPTIONS OF coherence]
  local seconds=$1 pids=() pid
  shift
  CHECKS=$((CHECKS + 1))
  for pid in "${DAEMON[@]}"; do pids+=(-p "$pid"); done
  "$COHERENCE" "${pids[@]}" "$@" "$MNT" "$CAT" "$KALAMCTL" "$seconds" 2>&1 ||
    fail "coherence $*" "$(tail -n 20 "${DAEMON_LOG[@]}")"
}

# must_find WHAT OPTIONS...: the checker must find it in one second; any number of it
must_find() {
  local what=$1 stale
  shift
  is 1 "$what" "$COHERENCE" "$@" "$MNT" "$CAT" "$KALAMCTL" 1
  stale=$(sed -n 's/^\([0-9]*\) stale.*/\1/p' "$T/out")
  CHECKS=$((CHECKS + 1))
  [ "${stale:-0}" -gt 0 ] || fail "$what is not found" "$(tail -n 8 "$T/out")"
  echo "control: $what: $(tail -n 1 "$T/out")"
}

new_catalog one
start || finish
stress $((SECONDS_OF_STRESS / 4 + 1))
"$KALAMCTL" "$CAT" dump >"$T/dump.1"
stop
start || finish
same_file 'the same after a remount' "$T/dump.1" <("$KALAMCTL" "$CAT" dump)
stop

# One change at a time, which the daemon makes in another way (fs/commit.h).
new_catalog alone
start || finish
echo 'one change at a time:'
stress $((SECONDS_OF_STRESS / 6 + 1)) -1
stop

# Two writable mounts, and a read-only one as engines and crawlers should have it.
new_catalog three
start || finish
start -m "$TWO" || finish
start -m "$RO" -o ro || finish
stress $((SECONDS_OF_STRESS * 3 / 5)) -w "$TWO" -r "$RO"
same_file 'two mounts show the same' <(cat "$MNT"/namespaces/*/tables/*/schema.json) \
  <(cat "$TWO"/namespaces/*/tables/*/schema.json)
stop "$RO"
stop "$TWO"
stop

# Readers who look at a copy must find that it is old: a check that cannot fail proves nothing.
new_catalog old
start || finish
cp -r "$MNT" "$T/old"
must_find 'readers of an old copy' -r "$T/old"
stop

# The checker is the same program there, and nothing can be preloaded before a sanitizer.
case $BUILD in *-asan | *-tsan) finish ;; esac

# Writers are answered before the kernel forgets, on their own mount.
WRAPPER="env LD_PRELOAD=$PLANT KALAM_PLANT=late"
for door in ctl truncate rename column names; do
  new_catalog "late.$door"
  start || finish
  must_find "answered too early: $door" -d "$door"
  stop
done
# And on another one: what the kernel does by itself where mkdir and mv are, it does not do here.
for door in rename kalamctl tables namespaces; do
  new_catalog "later.$door"
  WRAPPER= start || finish
  start -m "$RO" -o ro || finish
  must_find "another mount is late: $door" -r "$RO" -d "$door"
  stop "$RO"
  stop
done
new_catalog later.two
WRAPPER= start || finish
start -m "$TWO" || finish
must_find 'a second writable mount is late' -w "$TWO" -d ctl
finish
