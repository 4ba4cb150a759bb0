#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# b_mixed.sh: what reading takes while one client changes tables as fast as it
# can, and while one creates them beside those that are read.
OWN_MOUNTS=1
. "$(dirname "$0")/lib.sh"
SECONDS_EACH=${BENCH_SECONDS:-2}
TABLES=$((BENCH_TABLES < 2000 ? BENCH_TABLES : 2000))
LABEL="cat, $TABLES tables"

make_tables "$CAT" bench "$TABLES"
start || finish
table_names "$TABLES" | sed "s|.*|$MNT/namespaces/bench/tables/&/schema.json|" >"$T/list"

# measure VARIANT [COMMAND ARGUMENT...] : for longer than reading takes
measure() {
  local variant=$1
  shift
  records latency "$LABEL" "$variant" "$SECONDS_EACH" "$T/list" "$@"
}

for round in $(rounds); do
  say "round $round of $BENCH_RUNS"
  measure 'nobody writes'
  measure 'one client alters' \
    "$PROGRAMS/alter" - - $((SECONDS_EACH + 60)) 1 kalamfs "$MNT/namespaces/bench/tables"
  "$KALAMCTL" "$CAT" exec >/dev/null <<<'ALTER TABLE bench.t000001 DROP COLUMN IF EXISTS extra'
  measure 'one client creates' \
    "$PROGRAMS/alter" - - $((SECONDS_EACH + 60)) 1 create "$MNT/namespaces/bench"
done

target "$LABEL" 'one client alters/nobody writes' '<=' 1.3 ''
target "$LABEL, 99 of 100" 'one client alters/nobody writes' '<=' 2 ''
finish
