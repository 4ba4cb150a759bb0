#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill.sh CYCLES : kill.py with one mount for two thirds of the cycles, with two for
# the rest, and with a planted fault that it must find.  As root.  SEED repeats a run.
set -u
cycles=${1:-300}
build=${KALAM_BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
here=$(dirname "$0")
seed=${SEED:-$(date +%s)}
dir=$(mktemp -d "${TMPDIR:-/tmp}/kalam-kill-XXXXXX") || exit 1
trap 'rm -rf --one-file-system "$dir"' EXIT
failed=0

# run CYCLES MOUNTS
run() {
  local own
  own=$(mktemp -d "$dir/XXXXXX")
  python3 "$here/kill.py" "$build/kalamfs" "$build/kalamctl" "$own" "$1" "$2" "$seed"
}
run $((cycles * 2 / 3)) 1 || failed=1
run $((cycles / 3)) 2 || failed=1
found=$(KALAM_WRAPPER="env LD_PRELOAD=$build/tests/trust/plant.so KALAM_PLANT=lost-commit" run 10 1 2>&1)
if [ $? = 0 ]; then
  echo "the planted fault was not found: $found"
  failed=1
else
  echo "planted fault 'lost-commit': $(tail -n 1 <<<"$found")"
fi
exit $failed
