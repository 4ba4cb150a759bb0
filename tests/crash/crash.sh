#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# crash.sh STATES : power failures at every write, and faults that the checker must find.
set -u
states=${1:-20000}
crash=${KALAM_BUILD:-build}/tests/crash/crash
failed=0
seed=${SEED:-$(date +%s)}

"$crash" --creation --states 1500 --seed "$seed" || failed=1
# Many workloads: each has its own order of writes.
for ((left = states, n = 0; left > 0; left -= 100000, n++)); do
  "$crash" --states $((left < 100000 ? left : 100000)) --seed $((seed + n)) || failed=1
done
for control in nosync nodsync ack stale; do
  found=$("$crash" --states 1000 --seed "$seed" --control "$control" 2>/dev/null)
  if [ $? != 1 ]; then
    echo "planted fault '$control' was not found: $found"
    failed=1
  else
    echo "planted fault '$control': $(head -n 1 <<<"$found" | sed 's|.*: ||')"
  fi
done
# A page that the disk has lost long after it was acknowledged must not be served.
lost=$("$crash" --states 2000 --seed "$seed" --control stale 2>/dev/null | tail -1)
echo "$lost"
case $lost in "0 images"*) ;; *) failed=1 ;; esac
if "$crash" --creation --states 1000 --seed "$seed" --control nosync >/dev/null 2>&1; then
  echo 'planted fault in the making of a catalog was not found'
  failed=1
fi
[ $failed = 0 ] || echo "crash.sh: failed, SEED=$seed"
exit $failed
