#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hundreds of inputs that must be refused, with errno and text, on a real mount:
# the golden cases of tests/data, and bad_inputs.txt.
. "$(dirname "$0")/lib.sh"

# bad_inputs CATALOG SUITE : $status, and what it prints in $T/out
bad_inputs() {
  "$PYTHON" "$HERE/bad_inputs.py" "$MNT" "$CAT" "$KALAMCTL" "$1" >"$T/out" 2>&1
  status=$?
}

# all_refused SUITE SETUP LEAST
all_refused() {
  local before count
  CAT=$T/catalog.${1##*/}
  # One by one, as the golden cases do: versions count.
  while read -r -d ';' statement; do
    "$KALAMCTL" "$CAT" exec >/dev/null <<<"$statement;" || fail "setup of $1: $statement"
  done <"$2"
  start || finish
  before=$(dump_sum)
  bad_inputs "$1"
  same "all of $1 are refused as they should" 0 "$status"
  [ $status = 0 ] || cat "$T/out"
  same "and $1 has changed nothing" "$before" "$(dump_sum)"
  count=$(sed -n 's/^bad_inputs: .*: \([0-9]*\) cases.*/\1/p' "$T/out")
  CHECKS=$((CHECKS + count))
  [ "$count" -ge "$3" ] || fail "$1 has $count cases only"
}

all_refused "$HERE/bad_inputs.txt" "$ROOT/tests/data/exec/setup.sql" 150

# What is not refused, or not so, is noticed.
printf '%s\n' 'ctl app.users EINVAL nothing' "  COMMENT 'fine'" >"$T/accepted.txt"
printf '%s\n' 'ctl app.users ENOENT 1:1: Unknown action' '  NONSENSE' >"$T/another.txt"
for control in accepted another; do
  UPDATE='' bad_inputs "$T/$control.txt"
  same "the planted case '$control' is noticed" 1 "$status"
done
stop

all_refused exec "$ROOT/tests/data/exec/setup.sql" 500
stop
all_refused document "$ROOT/tests/data/document/setup.sql" 60
finish
