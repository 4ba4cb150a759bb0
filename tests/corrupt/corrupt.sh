#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# corrupt.sh TRIALS : spoilt data.mdb, and a validator with parts taken away, which must show.
set -u
cd "$(dirname "$0")/../.." || exit 1
trials=${1:-5000}
build=${KALAM_BUILD:-build}
corrupt=$build/tests/corrupt/corrupt
seed=${SEED:-$(date +%s)}
failed=0
# What is on the disk makes no difference here but in time.
[ -n "${TMPDIR:-}" ] || { [ -w /dev/shm ] && export TMPDIR=/dev/shm; }
run() { "$corrupt" --seed "$seed" "$@" tests/demo/tpch.sql tests/demo/chat.sql tests/agree/types.sql; }

run --trials "$trials" || failed=1
for control in pages:200 order:300 number:400 sum:100; do
  found=$(run --trials "${control#*:}" --control "${control%:*}" 2>/dev/null)
  if [ $? != 1 ]; then
    echo "a validator without '${control%:*}' was not noticed: $found"
    failed=1
  else
    echo "without '${control%:*}': $found"
  fi
done
[ $failed = 0 ] || echo "corrupt.sh: failed, SEED=$seed"
exit $failed
