#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a write call acknowledged is there after unmount and mount, and after kill -9.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
echo 'ADD COLUMN kept INT' >"$MNT/namespaces/app/tables/users/ctl"
"$KALAMCTL" "$CAT" dump >"$T/dump"
cp "$MNT/log.jsonl" "$T/log"
stop
start || finish
same_file 'dump after unmount and mount' "$T/dump" <("$KALAMCTL" "$CAT" dump)
same_file 'log after unmount and mount' "$T/log" "$MNT/log.jsonl"
kill_daemon
unmount -l "$MNT"
start || finish
same_file 'dump after kill -9' "$T/dump" <("$KALAMCTL" "$CAT" dump)
same_file 'log after kill -9' "$T/log" "$MNT/log.jsonl"
same 'a new change gets the next version' 4 \
  "$(echo 'ADD COLUMN more INT' >"$MNT/namespaces/app/tables/users/ctl" && jq .schema_version "$MNT/namespaces/app/tables/users/schema.json")"

# Each write makes two tables: both are there or none; those acknowledged are.
writer() { # ROUND WRITER
  local i=0 name
  while :; do
    i=$((i + 1))
    name=r$1_w$2_$i
    echo "$name" >>"$T/tried.$2"
    { echo "CREATE TABLE ${name}_a (id INT PRIMARY KEY); CREATE TABLE ${name}_b (id INT PRIMARY KEY)" \
      >"$MNT/namespaces/app/ctl"; } 2>/dev/null || return
    echo "$name" >>"$T/acknowledged.$2"
  done
}
: >"$T/acknowledged.0"
ROUNDS=${KILL_ROUNDS:-20}
for round in $(seq "$ROUNDS"); do
  writers=()
  for w in 1 2 3 4; do
    writer "$round" $w &
    writers+=($!)
  done
  sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
  sleep 0.05
  kill_daemon
  wait "${writers[@]}"
  unmount -l "$MNT"
  start || finish
  ls "$MNT/namespaces/app/tables" >"$T/tables"
  missing=$(cat "$T"/acknowledged.* | sed 's/.*/&_a\n&_b/' | grep -vxFf "$T/tables" | head -5)
  same "round $round: acknowledged and missing" '' "$missing"
  halves=$(grep '^r' "$T/tables" | sed 's/_[ab]$//' | sort | uniq -c | awk '$1 != 2 { print $2 }' | head -5)
  same "round $round: halves" '' "$halves"
done
count=$(cat "$T"/acknowledged.* | wc -l)
CHECKS=$((CHECKS + 1))
[ "$count" -gt $((ROUNDS * 4)) ] || fail "only $count writes were acknowledged in $ROUNDS rounds"
strangers=$(grep '^r' "$T/tables" | sed 's/_[ab]$//' | sort -u | grep -vxF -f <(cat "$T"/tried.*))
same 'nothing is there that nobody tried' '' "$strangers"
jq -e . "$MNT/log.jsonl" >/dev/null || fail 'log.jsonl after kills'
same 'the log has every table once' "$(grep -c '^r' "$T/tables")" \
  "$(jq -r 'select(.event == "CREATE" and .object == "table") | .name' "$MNT/log.jsonl" | grep -c '^app\.r')"
for table in $(grep "^r$ROUNDS" "$T/tables" | head -n 20) users; do
  expect_ok "every file of $table" "$BUILD/tests/tools/treecheck" "$MNT/namespaces/app/tables/$table" || tail -5 "$T/out"
done
echo "$count writes acknowledged in $ROUNDS rounds of kill -9, none lost"
finish
