#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# b_foreign.sh: when a mount shows what other processes commit, and whether
# anybody is ever shown the past.  BENCH_COMMITS: of a round, a third by kalamctl.
OWN_MOUNTS=1
. "$(dirname "$0")/lib.sh"
COMMITS=${BENCH_COMMITS:-1500}
TABLES=$((BENCH_TABLES < 1000 ? BENCH_TABLES : 1000))

make_tables "$CAT" bench "$TABLES"
start || finish
for round in $(rounds); do
  say "round $round of $BENCH_RUNS"
  records foreign 1 $((COMMITS / 3)) kalamctl "$MNT" "$CAT" "$KALAMCTL"
  records foreign 1 "$COMMITS" barrier "$MNT" "$CAT"
  records foreign 1 "$COMMITS" inotify "$MNT" "$CAT"
done

looks='first looks that saw the past' median='commit to visible, median'
target "$looks" kalamctl '<=' 0 ''
target "$looks" barrier '<=' 0 ''
target "$median" barrier '<=' 200 ''
target "$median" inotify '<=' 1000 ''
note "$looks" "of $((COMMITS / 3)) by kalamctl, $COMMITS by the others, in each round"
finish
