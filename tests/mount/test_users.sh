#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Very many users of a table: listed once each, in one pass, and not kept in memory.
#
# KALAM_USERS: how many.
TEST_LIMIT=900
. "$(dirname "$0")/lib.sh"
case $BUILD in
  *-asan | *-tsan | *-cov) COUNT=${KALAM_USERS:-5000} STRICT= ;;
  *) COUNT=${KALAM_USERS:-20000} STRICT=1 ;;
esac
USERS=$BUILD/tests/tools/users
start || finish

kilobytes() { awk '/^VmRSS/ { print $2 }' "/proc/${DAEMON[$MNT]}/status"; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# list DIR FILE: the users, sorted; the others are left out. Prints how long listing took.
list() {
  local from
  from=$(milliseconds)
  ls -U -A "$1" >"$2.all" || fail "ls $1"
  echo $(($(milliseconds) - from))
  grep '^user_' "$2.all" | sort >"$2"
}

accept "$MNT" 'CREATE NAMESPACE app'
for form in plain sharded; do
  shard=
  [ $form = sharded ] && shard={shard}/
  accept "$MNT" "CREATE STORAGE $form TYPE filesystem PATH '$T/$form' USER_TABLES_TEMPLATE '{namespace}/{tableName}/$shard{userId}'"
  for size in small large; do
    accept "$MNT" "CREATE USER TABLE app.${form}_$size (id INT PRIMARY KEY) WITH (STORAGE_ID = '$form')"
    mkdir -p "$T/$form/app/${form}_$size"
  done
  small=$MNT/namespaces/app/tables/${form}_small/storage
  large=$MNT/namespaces/app/tables/${form}_large/storage
  base=$T/$form/app/${form}_large
  expect_ok 'make few users' "$USERS" make "$T/$form/app/${form}_small" $form $((COUNT / 10))
  expect_ok 'make many users' "$USERS" make "$base" $form "$COUNT"
  seq -f 'user_%06.0f' 0 $((COUNT - 1)) >"$T/expected"

  few=$(list "$small" "$T/found")
  before=$(kilobytes)
  many=$(list "$large" "$T/found")
  after=$(kilobytes)
  same_file "$form: all are listed, each once" "$T/expected" "$T/found"
  echo "$NAME: $form: $((COUNT / 10)) users in $few ms, $COUNT in $many ms; VmRSS $before kB, then $after kB"
  if [ -n "$STRICT" ]; then
    CHECKS=$((CHECKS + 2))
    [ $((after - before)) -lt 2048 ] || fail "$form: the daemon grew by $((after - before)) kB"
    # Ten times as many take ten times as long; what is read anew for each piece, a hundred times.
    [ "$many" -lt $((few * 40 + 2000)) ] || fail "$form: $few ms for a tenth, $many ms for all"
  fi

  # Others come and go meanwhile, and two read at the same time.
  "$USERS" churn "$base" $form 8 2>"$T/churn" &
  churning=$!
  rounds=0
  while kill -0 $churning 2>/dev/null && [ $rounds -lt 20 ]; do
    rounds=$((rounds + 1))
    list "$large" "$T/other" >/dev/null &
    other=$!
    list "$large" "$T/found" >/dev/null
    wait $other
    same_file "$form: who stays is listed once while others come and go" "$T/expected" "$T/found"
    same_file "$form: by both readers" "$T/expected" "$T/other"
  done
  wait $churning || fail 'users churn' "$(cat "$T/churn")"
  list "$large" "$T/found" >/dev/null
  same "$form: nobody else is left" "$COUNT" "$(wc -l <"$T/found.all")"
  expect_ok 'remove them' rm -rf "$T/$form"
done
finish
