#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A process of the same catalog that is stopped: inside a write transaction, or
# while it reads.  Changes are refused in time, reads go on, and so does everything
# once it goes on or ends.
. "$(dirname "$0")/lib.sh"
STUCK=$HERE/stuck.py
SMALL=$((8 << 20))

# About as long as a change waits for the lock; whoever waited for another one's
# time, too, would take twice as long.
in_time() { # WHAT SECONDS
  CHECKS=$((CHECKS + 1))
  awk -v s="$2" 'BEGIN { exit !(s >= 4.5 && s <= 7.5) }' || fail "$1" "expected: 5 s" "found: $2 s"
}

# Reads beside stuck writers are as quick as before, or quick enough.
as_quick() { # WHAT P99_BEFORE P99_NOW
  CHECKS=$((CHECKS + 1))
  awk -v a="$2" -v b="$3" 'BEGIN { exit !(b < 50 || b < 5 * a) }' || fail "$1" "99th percentile before: $2 ms" "now: $3 ms"
}

is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }

# stop_in_commit STATEMENT: kalamctl, stopped while it commits; its pid in STOPPED
stop_in_commit() {
  env LD_PRELOAD="$PLANT" KALAM_PLANT=stop "$KALAMCTL" "$CAT" exec <<<"$1" >"$T/stopped" 2>&1 &
  STOPPED=$!
  PIDS+=("$STOPPED")
  wait_for 10 is_stopped "$STOPPED" || fail 'kalamctl does not stop in its commit'
}

test_stopped_writer() {
  local before during p99 found fastest slowest began
  CAT=$T/writer
  exec_sql "CREATE NAMESPACE many; $(printf 'CREATE TABLE many.t%d (id INT PRIMARY KEY);' $(seq 0 464))"
  start || finish
  before=$("$PYTHON" "$STUCK" "$MNT" 1 0)
  stop
  start || finish
  stop_in_commit "ALTER TABLE many.t464 COMMENT 'of who was stopped'"
  during=$("$PYTHON" "$STUCK" "$MNT" 4 1)
  read -r _ p99 _ fastest _ found <<<"$during"
  same 'a change is refused' 'EBUSY 1' "$found"
  in_time 'when it has waited long enough' "$fastest"
  as_quick 'reads meanwhile' "$(cut -d' ' -f2 <<<"$before")" "$p99"
  has 'who holds the lock is told' "held by process $STOPPED (" "$(cat "$MNT/namespaces/many/tables/t0/error")"
  began=$EPOCHREALTIME
  is 1 'kalamctl is refused, too' "$KALAMCTL" "$CAT" exec <<<"ALTER TABLE many.t1 COMMENT 'x'"
  in_time 'in the same time' "$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')"
  has 'with the same words' "held by process $STOPPED (" "$(cat "$T/err")"
  during=$("$PYTHON" "$STUCK" "$MNT" 4 64)
  read -r _ p99 _ fastest slowest found <<<"$during"
  same 'of many none is done' 'EBUSY 64' "$found"
  in_time 'the first' "$fastest"
  in_time 'and the last' "$slowest"
  as_quick 'reads beside many who wait' "$(cut -d' ' -f2 <<<"$before")" "$p99"
  echo "reads in ms, before: $before; beside 64 who wait: $during"
  kill -CONT "$STOPPED"
  wait "$STOPPED"
  same 'who was stopped is done' 0 $?
  has 'and what it wrote is there' 'of who was stopped' "$(cat "$MNT/namespaces/many/tables/t464/schema.sql")"
  accept "$MNT/namespaces/many/tables/t0" "COMMENT 'at last'"
  stop_in_commit "ALTER TABLE many.t464 COMMENT 'never there'"
  kill -KILL "$STOPPED"
  wait "$STOPPED" 2>/dev/null
  accept "$MNT/namespaces/many/tables/t0" "COMMENT 'after a death'"
  lacks 'what was killed in its commit is not there' 'never there' "$(cat "$MNT/namespaces/many/tables/t464/schema.sql")"
  stop
}

# refused_after LEAST MOST: how long it takes until a change is refused, in seconds
refused_after() {
  local began=$EPOCHREALTIME found
  put "$MNT/namespaces/many/tables/t0/ctl" "COMMENT 'in vain'" && fail 'a change is done while somebody has the lock'
  found=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
  CHECKS=$((CHECKS + 1))
  awk -v s="$found" -v a="$1" -v b="$2" 'BEGIN { exit !(a <= s && s <= b) }' || fail 'refused in time' "expected: $1 to $2 s" "found: $found s"
}

# Each mount as long as it was told to.  A draft's number is a change, too.
test_lock_wait() {
  CAT=$T/patience
  start -o lock_wait=1 || finish
  exec_sql 'CREATE NAMESPACE many; CREATE TABLE many.t0 (id INT PRIMARY KEY)'
  hold
  refused_after 0.9 4
  is 1 'a draft is refused as well' mkdir "$MNT/namespaces/many/tables/draft"
  has 'in these words' 'write lock is held by' "$(cat "$MNT/namespaces/many/error")"
  let_go
  expect_ok 'and comes when the lock is free' mkdir "$MNT/namespaces/many/tables/draft"
  stop
}

# Two changes that wait behind a third are one transaction: what is made in it may
# be gone at its end, and was made all the same.
test_made_and_gone() {
  local made dropped
  CAT=$T/group
  start -o lock_wait=60 || finish
  exec_sql 'CREATE NAMESPACE many; CREATE TABLE many.t0 (id INT PRIMARY KEY)'
  hold
  see_waiting
  put "$MNT/namespaces/many/tables/t0/ctl" "COMMENT 'first'" &
  wait_for 20 all_wait 1 || fail 'the first one waits' "$(waiting)"
  mkdir "$MNT/namespaces/shop" 2>"$T/made" &
  made=$!
  wait_for 20 all_wait 2 || fail 'mkdir waits' "$(waiting)"
  put "$MNT/ctl" 'DROP NAMESPACE shop' &
  dropped=$!
  wait_for 20 all_wait 3 || fail 'what drops it waits' "$(waiting)"
  let_go
  wait "$made"
  same 'mkdir is done' '0 ' "$? $(cat "$T/made")"
  wait "$dropped"
  same 'and so is what drops it' 0 $?
  same 'in this order' 'CREATE DROP' "$(jq -r 'select(.name == "shop") | .event' "$MNT/log.jsonl" | xargs)"
  same 'in one transaction' 1 "$(jq -r 'select(.name == "shop") | .committed_at[:19]' "$MNT/log.jsonl" | sort -u | wc -l)"
  is 2 'nothing is left' ls "$MNT/namespaces/shop"
  lacks 'nor listed' shop "$(ls "$MNT/namespaces")"
  expect_ok 'and it can be made again' mkdir "$MNT/namespaces/shop"
  stop
}

# Changes until one is refused: what it said.
fill() {
  local i
  for ((i = 0; i < $1; i++)); do
    { printf "COMMENT '"; head -c 4000 /dev/zero | tr '\0' "$((i % 10))"; printf "'\n"; } >"$T/change"
    cat "$T/change" >"$MNT/namespaces/many/tables/t0/ctl" 2>"$T/err" || { cat "$T/err"; return; }
  done
}

snapshots() { sed -n 's/^kalamfs_lmdb_snapshots //p' "$MNT/.kalamfs/metrics"; }

# What a snapshot needs is kept for it: the map may fill up, and is there again afterwards.
test_stopped_reader() {
  local found
  CAT=$T/reader
  # More text than a pipe and the buffer of a program hold.
  exec_sql "CREATE NAMESPACE many; $(printf "CREATE TABLE many.t%d (id INT PRIMARY KEY) COMMENT '$(printf '%0300d' 0)';" $(seq 0 999))"
  mkfifo "$T/pipe"
  start -o "mapsize=$SMALL" || finish
  "$KALAMCTL" "$CAT" dump >"$T/pipe" &
  STOPPED=$!
  PIDS+=("$STOPPED")
  exec 9<"$T/pipe"
  wait_for 20 grep -q pipe "/proc/$STOPPED/wchan" || fail 'kalamctl does not wait for its reader' "$(cat "/proc/$STOPPED/wchan")"
  kill -STOP "$STOPPED"
  wait_for 10 is_stopped "$STOPPED" || fail 'kalamctl does not stop'
  same 'somebody else has a snapshot' 2 "$(snapshots)"
  found=$(fill 2000)
  has 'beside a stopped reader the map fills' 'No space left' "$found"
  wait_for 30 grep -q 'The catalog.s map is filling: 9[0-9] %' "${DAEMON_LOG[$MNT]}"
  # One that is crossed between two looks is not told by itself.
  match 'which was told at 50, 75 and 90 %, once each' '([56][0-9] |7[0-4] )?(7[5-9] |8[0-9] )?9[0-9] ' \
    "$(grep -o 'filling: [0-9]*' "${DAEMON_LOG[$MNT]}" | cut -d' ' -f2 | tr '\n' ' ')"
  has 'with the process that is the reason' "process $STOPPED reads what is" "$(grep filling "${DAEMON_LOG[$MNT]}" | tail -n 1)"
  CHECKS=$((CHECKS + 1))
  awk '$1 == "kalamfs_lmdb_in_use_bytes" { exit !($2 > 0.9 * 8388608) }' "$MNT/.kalamfs/metrics" ||
    fail 'metrics say how much is in use' "$(grep lmdb "$MNT/.kalamfs/metrics")"
  has 'and it is told why' 'end readers that hang' "$(cat "$MNT/namespaces/many/tables/t0/error")"
  has 'reads go on' 'CREATE' "$(cat "$MNT/namespaces/many/tables/t999/schema.sql")"
  kill -KILL "$STOPPED"
  wait "$STOPPED" 2>/dev/null
  exec 9<&-
  found=$(fill 3)
  same 'without it there is room again' '' "${found#*No space left on device}"
  in_use() { awk '$1 == "kalamfs_lmdb_in_use_bytes" { exit !($2 < 0.5 * 8388608) }' "$MNT/.kalamfs/metrics"; }
  wait_for 30 in_use || fail 'what it kept is free' "$(grep lmdb "$MNT/.kalamfs/metrics")"
  stop
}

for suite in $(declare -F | sed -n 's/^declare -f \(test_.*\)/\1/p' | sort -r); do
  [ -n "${1:-}" ] && [ "$suite" != "$1" ] && continue
  "$suite"
done
finish
