#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh TITLE COMMAND... : run each command (a word list in one argument), show
# its output if it fails, count. Closing line: "TITLE: N passed, N failed".
title=$1
shift
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for command in "$@"; do
  start=$(date +%s)
  if timeout -k 10 "${RUN_TIMEOUT:-600}" sh -c "$command" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok   $command ($(($(date +%s) - start)) s)"
  else
    failed=$((failed + 1))
    echo "FAIL $command"
    sed 's/^/     /' "$log" | tail -n "${RUN_LINES:-60}"
  fi
done
echo "$title: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
