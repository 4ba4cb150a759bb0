#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# faults.sh [EVERY] : every call of the disk and every EVERY-th of memory fails once
# and for ever, of LMDB every 8 * EVERY-th; planted faults that must be found.  SEED
# says which points.
set -u
every=${1:-5}
faults=${KALAM_BUILD:-build}/tests/faults/faults
seed=${SEED:-$(date +%j)}
failed=0
# It counts what is lost itself, point by point; what a sanitizer reports is a crash.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:abort_on_error=1:handle_segv=0"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}abort_on_error=1"

run() { "$faults" "$@" --seed "$seed" || failed=1; }
run disk
run store --every $((every * 8))
run memory --every "$every"
run session --every $((every * 8))

# control NAME MODE EVERY: the planted fault is found
control() {
  local found status
  found=$("$faults" "$2" --every "$3" --seed "$seed" --control "$1" 2>/dev/null)
  status=$?
  echo "planted fault '$1': $(tail -n 1 <<<"$found")"
  [ $status = 1 ] || failed=1
}
control commit disk 30
control deaf store 100
control malloc memory 100
# The functions of AddressSanitizer in front of libc's leave another trail.
[[ $faults == *-asan/* ]] || control leak memory 100
[ $failed = 0 ] || echo "faults.sh: failed, SEED=$seed"
exit $failed
