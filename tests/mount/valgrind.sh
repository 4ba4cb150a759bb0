#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mount session under valgrind: no error, nothing lost.
. "$(dirname "$0")/lib.sh"
need valgrind
LOG=$T/valgrind.log
SUPP=$ROOT/tests/valgrind.supp
# start runs the daemon through it, which makes calls that the sandbox does not allow.
WRAPPER="valgrind --leak-check=full --show-leak-kinds=definite,indirect,possible --errors-for-leak-kinds=definite,indirect,possible
  --error-exitcode=99 --track-fds=yes --num-callers=30 --log-file=$LOG"
[ -e "$SUPP" ] && WRAPPER="$WRAPPER --suppressions=$SUPP"
fixture
exec_sql "CREATE STORAGE disk TYPE filesystem PATH '$T/disk' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}';
  CREATE USER TABLE app.notes (id BIGINT PRIMARY KEY) WITH (STORAGE_ID = 'disk')"
mkdir -p "$T/disk/app/notes/shard_0/alice"

session() { # MOUNT
  local m=$1 app=$1/namespaces/app i name
  # reading of all kinds
  find "$m" -ls >/dev/null
  find "$m" -type f -exec cat {} + >/dev/null
  tar -C "$m" -cf /dev/null .
  find "$m" -type l -exec readlink {} + >/dev/null
  "$BUILD/tests/tools/treecheck" -x "$m/.kalamfs/status.json" -x "$m/.kalamfs/metrics" "$m" >"$T/out" || cat "$T/out"
  for name in alice bob .bad "$(printf 'u%.0s' $(seq 200))"; do
    readlink "$app/tables/notes/storage/$name"
  done
  for name in 2001-01-01T00:00:00Z "$(date -u +%Y-%m-%dT%H:%M:%SZ)" nonsense 99; do
    cat "$app/tables/users/versions/$name/schema.json"
  done
  stat -f "$m"
  # a text that is too long for memory
  { printf 'CREATE TABLE wide (c0 INT PRIMARY KEY'; printf ', c%d INT' $(seq 1200); echo ');'; } >"$T/wide.sql"
  cat "$T/wide.sql" >"$app/ctl"
  cat "$m/information_schema/columns.jsonl" "$app/information_schema/columns.jsonl" | wc -c >"$T/out"
  exec 5<"$m/information_schema/columns.jsonl"
  echo 'DROP TABLE wide PURGE' >"$app/ctl"
  tail -n 1 <&5
  exec 5<&-
  # statements that are taken
  for i in $(seq 10); do
    echo "ADD COLUMN n$i INT DEFAULT $i COMMENT 'number $i'" >"$app/tables/users/ctl"
    echo "CREATE TABLE v$i (id INT PRIMARY KEY, t TEXT)" >"$app/ctl"
    echo "ALTER TABLE v$i ADD COLUMN u TEXT, RENAME COLUMN t TO s" >>"$app/ctl"
    cat "$app/tables/v$i/schema.json" "$app/tables/users/columns/n$i.json"
    echo "ADD COLUMN x INT" >"$app/tables/v$i/plan" && cat "$app/tables/v$i/plan"
  done
  echo 'RESTORE VERSION 1' >"$app/tables/users/ctl"
  echo 'DROP TABLE v1; DROP TABLE v2 PURGE; DROP TABLE v3; UNDROP TABLE v3' >"$app/ctl"
  cat "$app/trash/v1/schema.json" "$app/trash/v1/versions/1/change.json"
  echo 'ALTER TABLE v4 RENAME TO default.v4' >"$app/ctl"
  { echo 'BEGIN;'; echo 'DROP TABLE v5;'; echo 'ROLLBACK; BEGIN; DROP TABLE v5;'; echo 'COMMIT;'; } >"$app/ctl"
  { printf 'DROP '; printf 'TABLE v6'; printf ';'; } >"$app/ctl"
  echo "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 'x/{namespace}/{tableName}'" >"$m/ctl"
  echo "CREATE STORAGE more TYPE s3 BUCKET 'b' CREDENTIALS '{\"k\":\"v\"}'" >"$m/ctl"
  echo 'DROP STORAGE more' >"$m/ctl"
  echo "CREATE NAMESPACE brief WITH (a = 1) COMMENT 'x'" >"$m/ctl"
  echo "ALTER NAMESPACE brief SET OPTIONS (b = 'c')" >"$m/ctl"
  cat "$m/namespaces/brief/namespace.json"
  echo 'DROP NAMESPACE brief CASCADE' >"$m/ctl"
  # statements that are not
  for name in 'ADD COLUMN a INTT' 'DROP COLUMN nope' 'FOO' "ADD COLUMN b TEXT DEFAULT 'open" 'DROP COLUMN id' \
      'ADD COLUMN c INT DEFAULT 99999999999' 'CREATE TABLE app.v7 (id INT PRIMARY KEY)' 'ALTER TABLE system.users DROP COLUMN x' \
      'RESTORE VERSION 99' 'ADD COLUMN id INT; FOO' 'BEGIN; ADD COLUMN d INT;' '(((' '"'; do
    echo "$name" >"$app/tables/users/ctl"
    cat "$app/tables/users/error" "$app/tables/users/ctl"
    echo "$name" >"$app/tables/users/plan"
    cat "$app/tables/users/plan"
  done
  head -c 1100000 /dev/zero | dd of="$m/ctl" bs=2M iflag=fullblock
  head -c 100000 /dev/urandom | dd of="$m/ctl" bs=2M iflag=fullblock
  cat "$m/.kalamfs/errors.jsonl" "$m/.kalamfs/status.json" "$m/.kalamfs/metrics" "$m/log.jsonl"
  # what is refused
  mkdir "$app/tables/x" "$m/namespaces/x"; rmdir "$app/tables/v7"; rm "$app/tables/v7/schema.json"
  mv "$app/tables/v7" "$app/trash/v7"; echo '{}' >"$app/tables/v7/schema.json"
  touch "$app/new"; chmod 600 "$app/tables/v7/schema.json"; touch -c "$m/README"; ln "$m/README" "$m/link"
  # open files of tables that go; kalamctl beside it
  exec {a}<"$app/tables/v8/schema.json" {b}<"$app/tables/v8/storage.json" {c}<"$app/tables/v8/versions/1/change.json"
  echo 'DROP TABLE v8 PURGE' >"$app/ctl"
  cat <&"$a" <&"$b" <&"$c"
  exec {a}<&- {b}<&- {c}<&-
  for i in 1 2 3; do
    "$KALAMCTL" "$CAT" exec <<<"ALTER TABLE app.v9 ADD COLUMN k$i INT"
    cat "$app/tables/v9/schema.json"
  done
  # at the same time
  local pids=()
  for i in 1 2 3 4; do
    (for k in 1 2 3 4 5; do echo "ALTER TABLE v10 COMMENT '$i $k'" >"$app/ctl"; cat "$app/tables/v10/describe"; done) &
    pids+=($!)
  done
  wait "${pids[@]}"
  find "$m" -type f -exec cat {} + >/dev/null
}

lost() {
  if grep -qE '(definitely|indirectly|possibly) lost: [1-9]' "$LOG"; then
    fail 'something is lost' "$(grep -A 25 'loss record' "$LOG")"
  fi
  same 'errors' 0 "$(sed -n 's/.*ERROR SUMMARY: \([0-9]*\) errors.*/\1/p' "$LOG" | tail -n 1)"
  CHECKS=$((CHECKS + 1))
  grep -q 'in use at exit' "$LOG" || fail 'valgrind has no summary' "$(tail -n 20 "$LOG")"
  grep -E 'lost:|ERROR SUMMARY' "$LOG" | cut -d' ' -f2-
}

for options in '' '-o ro' '-o cache=2'; do
  # shellcheck disable=SC2086
  # It makes calls that the sandbox does not allow.
  start -o nosandbox $options || finish
  sequence=$(sequence)
  if [ "$options" = '-o ro' ]; then
    find "$MNT" -type f -exec cat {} + >/dev/null 2>"$T/err"
    same 'reading' '' "$(cat "$T/err")"
    "$BUILD/tests/tools/treecheck" -x "$MNT/.kalamfs/status.json" -x "$MNT/.kalamfs/metrics" "$MNT"
  else
    session "$MNT" >"$T/session" 2>&1
    CHECKS=$((CHECKS + 1))
    [ "$(sequence)" -gt $((sequence + 20)) ] || fail 'the session did not write' "$(tail -n 30 "$T/session")"
  fi
  stop
  lost
done
finish
