#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# soak.sh SECONDS : readers, writers and editors on a mount for that long.  Memory
# and open descriptors of the daemons must not grow; a planted leak must be found.
# Of a build with a sanitizer its reports count, and descriptors: its memory is its own.
NEEDS_ROOT=1
OWN_MOUNTS=${OWN_MOUNTS:-1}
SOAK_SECONDS=${1:-60}
TEST_LIMIT=$((SOAK_SECONDS + 400))
. "$(dirname "$0")/../mount/lib.sh"
need awk python3
PLANT=$BUILD/tests/trust/plant.so
[ -e "$PLANT" ] || die "$PLANT is not built"
RO=$T/ro
mkdir "$RO"

GROWN=$ROOT/tests/soak/grown.py

# ----- what goes on: each is one round, again and again until the end -----

TABLES=$MNT/namespaces/app/tables

alter_round() { # N
  local t=$TABLES/messages
  echo "ADD COLUMN soak$1 INT COMMENT 'round $1'" >"$t/ctl"
  echo "COMMENT 'before $1'" >"$t/plan"
  echo "DROP COLUMN soak$1" >"$t/ctl"
  echo "ADD COLUMN soak INT; nonsense" >"$t/ctl"
  cat "$t/error" "$MNT/plan" "$t/plan"
}

table_round() {
  local name=soak_$1
  echo "CREATE TABLE app.$name (id INT PRIMARY KEY, name TEXT)" >"$MNT/ctl"
  mv "$TABLES/$name" "$TABLES/${name}_moved"
  rmdir "$TABLES/${name}_moved"
  echo "DROP TABLE app.${name}_moved PURGE" >"$MNT/ctl"
  mkdir "$TABLES/${name}_draft"
  echo '{"columns": [{"column_name": "id"}]}' >"$TABLES/${name}_draft/schema.json"
  echo note >"$TABLES/${name}_draft/.note"
  rm "$TABLES/${name}_draft/.note"
  rmdir "$TABLES/${name}_draft"
}

edit_round() {
  local t=$TABLES/users
  sed -i "s/\"table_comment\": .*/\"table_comment\": \"round $1\",/" "$t/schema.json"
  jq --arg c "$1" '.table_comment = $c' "$t/schema.json" >"$T/edited" && cp "$T/edited" "$t/schema.json"
  sed 's/"columns"/"colums"/' "$t/schema.json" >"$t/.new" && mv "$t/.new" "$t/schema.json"
  cat "$t/.rejected/0/schema.json" "$t/error"
  echo "$1" >"$t/.scratch$1" && rm "$t/.scratch$1"
}

kalamctl_round() {
  echo "ALTER TABLE app.typing COMMENT 'round $1';" | "$KALAMCTL" "$CAT" exec
  "$KALAMCTL" "$CAT" describe app.messages
  sleep 0.1
}

read_round() {
  find "$MNT" "$RO" -maxdepth 6 -path '*/versions/*' -prune -o -type f ! -name ctl ! -name plan -print0 | xargs -0 cat
}

history_round() {
  ls -lR "$TABLES/users/versions" "$RO/namespaces/app/tables/users/versions" | head -n 2000
  cat "$RO"/namespaces/app/tables/users/versions/latest/* "$MNT/log.jsonl"
}

status_round() {
  cat "$MNT"/.kalamfs/* "$RO"/.kalamfs/* "$MNT"/information_schema/* "$RO"/information_schema/*
}

# in_rounds FUNCTION : until there is no $T/going
in_rounds() {
  local n=0
  while [ -e "$T/going" ]; do
    "$1" $((n++))
    echo "$n" >"$T/rounds.$1"
  done >/dev/null 2>&1
}

# ----- what is measured -----

# "SECOND KIB DESCRIPTORS" of a daemon
sample() { # PID
  local kib fds
  kib=$(awk '/^RssAnon/ { print $2 }' "/proc/$1/status") || return
  fds=$(ls "/proc/$1/fd" | wc -l)
  echo "$SECONDS $kib $fds"
}

# soak SECONDS : all of it, both daemons measured
soak() {
  local until=$((SECONDS + $1)) round pids=()
  rm -f "$T"/samples.* "$T"/rounds.*
  touch "$T/going"
  for round in alter table edit kalamctl read history status; do
    in_rounds ${round}_round &
    pids+=("$!")
  done
  while [ $SECONDS -lt $until ]; do
    sample "${DAEMON[$MNT]}" >>"$T/samples.writable"
    sample "${DAEMON[$RO]}" >>"$T/samples.readonly"
    sleep 1
  done
  rm "$T/going"
  wait "${pids[@]}"
}

# What is measured is what is in use, not what the allocator holds for later.
HONEST='env MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=65536 MALLOC_TRIM_THRESHOLD_=65536'

# Full soon.
SMALL=cache=50

begin() { # [ENVIRONMENT...]
  WRAPPER="$HONEST $*"
  fixture
  start -o "$SMALL" && start -m "$RO" -o "ro,$SMALL"
}
end() {
  stop "$RO"
  stop
  rm -rf "$CAT"
}

case $BUILD in
  *-asan | *-tsan) MEMORY=unmeasured ;;
  *) MEMORY=measured ;;
esac

# First: would it be seen?
if [ $MEMORY = measured ]; then
  begin "LD_PRELOAD=$PLANT" KALAM_PLANT=leak || finish
  soak 15
  is 1 'a planted leak' python3 "$GROWN" writable "$T/samples.writable"
  echo "planted leak: $(tail -n +2 "$T/out" | xargs)"
  has 'of memory' 'memory grows' "$(cat "$T/out")"
  has 'of descriptors' 'descriptors grow' "$(cat "$T/out")"
  end
fi

begin || finish
soak "$SOAK_SECONDS"
for daemon in writable readonly; do
  is 0 "the $daemon mount does not grow" python3 "$GROWN" $daemon "$T/samples.$daemon" $MEMORY
  cat "$T/out"
done
for round in "$T"/rounds.*; do
  echo "${round##*.}: $(cat "$round")"
  CHECKS=$((CHECKS + 1))
  [ "$(cat "$round")" -gt 2 ] || fail "${round##*.} went only $(cat "$round") rounds"
done
same 'every kind went on' 7 "$(ls "$T"/rounds.* | wc -l)"
stop "$RO"
finish
