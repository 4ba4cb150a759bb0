#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# log.jsonl: every change, in order, exact in size, never a NUL, no secrets.
. "$(dirname "$0")/lib.sh"
need tail
fixture
start || finish
LOG=$MNT/log.jsonl
KEYS='sequence committed_at event object id name version author source statement summary'

well_formed() { # LOG: lines are objects with these keys, sequence and time never go back
  jq -es --arg keys "$KEYS" 'all(.[]; (keys_unsorted | join(" ")) == $keys)
    and ([.[].sequence] | . == sort) and ([.[].committed_at] | . == sort)' "$1" >/dev/null 2>"$T/err"
}
CHECKS=$((CHECKS + 1))
well_formed "$LOG" || fail 'log.jsonl is not well-formed' "$(cat "$T/err")" "$(head -c 500 "$LOG")"
same 'its size' "$(cat "$LOG" | wc -c)" "$(stat -c %s "$LOG")"
same 'the fixture, as it happened' \
  'CREATE namespace app 1/CREATE table app.users 1/CREATE table app.messages 1/CREATE table app.typing 1/CREATE table app.gone 1/CREATE storage archive 1/CREATE table app.old 1/ALTER table app.users 2/DROP table app.gone 1' \
  "$(jq -r '"\(.event) \(.object) \(.name) \(.version)"' "$LOG" | paste -sd/)"
same 'one transaction, one sequence number' '1 2 3' "$(jq .sequence "$LOG" | uniq | xargs)"
lacks 'no secrets' hush-4711 "$(cat "$LOG")"
has 'they are masked' '***' "$(grep '"object":"storage"' "$LOG")"

APP=$MNT/namespaces/app
accept "$APP/tables/users" 'ADD COLUMN age INT'
same 'a line for a change, at once' 'ALTER app.users 3 ctl ADD COLUMN age INT Added column age' \
  "$(tail -n 1 "$LOG" | jq -r '"\(.event) \(.name) \(.version) \(.source) \(.statement) \(.summary)"')"
same 'its time is that of change.json' "$(jq -r .committed_at "$APP/tables/users/versions/3/change.json")" \
  "$(tail -n 1 "$LOG" | jq -r .committed_at)"
same 'its sequence that of status.json' "$(sequence)" "$(tail -n 1 "$LOG" | jq .sequence)"
accept "$APP" 'ALTER TABLE users RENAME TO people'
accept "$APP" 'UNDROP TABLE gone'
accept "$APP" 'DROP TABLE gone'
accept "$APP" 'PURGE TABLE gone'
accept "$APP" 'ALTER TABLE people RESTORE VERSION 1'
same 'events' 'ALTER RENAME UNDROP DROP PURGE RESTORE' "$(tail -n 6 "$LOG" | jq -r .event | xargs)"
size=$(stat -c %s "$LOG")
ctl_refused "$APP" 'Invalid argument' '' 'FOO'
echo 'ADD COLUMN z INT' >"$APP/tables/people/plan"
accept "$APP" 'CREATE TABLE IF NOT EXISTS people (id INT PRIMARY KEY)'
same 'refusals, plans and what changes nothing leave no line' "$size" "$(stat -c %s "$LOG")"
accept "$MNT" "CREATE STORAGE vault TYPE s3 BUCKET 'v' CREDENTIALS '{\"key\":\"hush-4712\"}' CONFIG '{\"region\":\"x\"}'"
accept "$MNT" "ALTER STORAGE vault SET CONFIG '{\"region\":\"y\"}'"
lacks 'no secrets of ctl either' hush-471 "$(cat "$LOG")"

# tail -f sees what comes, whole and once.
lines=$(wc -l <"$LOG")
tail -n +1 -f "$LOG" >"$T/tail" 2>&1 &
TAIL=$!
for i in $(seq 20); do
  echo "ALTER TABLE people ADD COLUMN t$i INT" >"$APP/ctl"
done
tail_done() { [ "$(wc -l <"$T/tail")" = $((lines + 20)) ]; }
wait_for 10 tail_done
kill $TAIL
wait $TAIL 2>/dev/null
same_file 'tail -f' "$LOG" "$T/tail"

# Four writers append while readers read and mmap: no NUL, no half line at the end that stat promises.
for w in 1 2 3 4; do
  echo "CREATE TABLE w$w (id INT PRIMARY KEY)"
done >"$APP/ctl"
writer() {
  local i=0
  while [ ! -e "$T/enough" ]; do
    i=$((i + 1))
    echo "ALTER TABLE w$1 COMMENT 'number $i'" >"$APP/ctl" || echo "refused: $1 $i"
  done
  echo "$i" >"$T/wrote.$1"
}
for w in 1 2 3 4; do writer $w >>"$T/writers" 2>&1 & done
end=$((SECONDS + ${LOG_SECONDS:-5}))
reads=0 seen=0
while [ $SECONDS -lt $end ]; do
  size=$(stat -c %s "$LOG")
  "$BUILD/tests/tools/mapcat" "$LOG" >"$T/mapped" || fail 'mapcat'
  cat "$LOG" >"$T/read"
  reads=$((reads + 1))
  for copy in "$T/mapped" "$T/read"; do
    [ "$(stat -c %s "$copy")" -ge "$size" ] || fail "shorter than stat said before: $copy" "$size" "$(stat -c %s "$copy")"
    [ "$(tr -d '\0' <"$copy" | wc -c)" = "$(stat -c %s "$copy")" ] || fail 'a NUL in log.jsonl'
    [ -z "$(tail -c 1 "$copy")" ] ||
      fail 'log.jsonl ends in a half line' "$(tail -c 200 "$copy")"
  done
  [ "$(stat -c %s "$T/read")" -ge "$seen" ] || fail 'log.jsonl became shorter'
  seen=$(stat -c %s "$T/read")
  [ $FAILURES -lt 20 ] || break
done
touch "$T/enough"
wait_for 60 ls "$T/wrote.1" "$T/wrote.2" "$T/wrote.3" "$T/wrote.4"
same 'no writer was refused' '' "$(cat "$T/writers")"
CHECKS=$((CHECKS + reads))
cat "$LOG" >"$T/read"
CHECKS=$((CHECKS + 1))
well_formed "$T/read" || fail 'log.jsonl is not well-formed after the writers' "$(cat "$T/err")"
written=$(cat "$T"/wrote.* | awk '{ n += $1 } END { print n }')
same 'a line for each write' "$written" "$(grep -c '"statement":"ALTER TABLE w[1-4] COMMENT' "$T/read")"
dd if="$LOG" of="$T/pieces" bs=777 status=none
same_file 'read in pieces' "$T/read" "$T/pieces"
tail -c 1000 "$LOG" >"$T/end"
tail -c 1000 "$T/read" >"$T/end2"
same_file 'read from the end' "$T/end2" "$T/end"
stop
start || finish
same_file 'the same after a remount' "$T/read" "$LOG"
finish
