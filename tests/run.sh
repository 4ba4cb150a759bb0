#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh TITLE COMMAND... : run each command (a word list in one argument), show
# its output if it fails, count. Closing line: "TITLE: N passed, N failed".
#
# RUN_JOBS commands at once (1).  Several that mount are kept apart, each in mounts
# of its own, so that none keeps the mounts of others alive: that needs root.
one() {
  start=$(date +%s)
  log=$(mktemp)
  if timeout -k 10 "${RUN_TIMEOUT:-600}" $APART sh -c "$1" >"$log" 2>&1; then
    echo "ok   $1 ($(($(date +%s) - start)) s)"
  else
    { echo "FAIL $1"; sed 's/^/     /' "$log" | tail -n "${RUN_LINES:-60}"; } >"$log.failed"
    cat "$log.failed"
  fi
  rm -f "$log" "$log.failed"
}
if [ "$1" = --one ]; then
  one "$2"
  exit 0
fi
title=$1
shift
told=$(mktemp)
trap 'rm -f "$told"' EXIT
jobs=${RUN_JOBS:-1}
APART=
[ "$(id -u)" = 0 ] || jobs=1
[ "$jobs" = 1 ] || APART='unshare -m --propagation private'
export APART
printf '%s\0' "$@" | xargs -0 -n 1 -P "$jobs" "$0" --one | tee "$told"
passed=$(grep -c '^ok ' "$told")
echo "$title: $passed passed, $(($# - passed)) failed"
[ "$passed" = "$#" ] && [ "$passed" -gt 0 ]
