#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# b_growth.sh: how much data.mdb grows by BENCH_CHANGES ALTERs of 32 clients while
# others read, beyond what they add to the history: log, versions, changes.
OWN_MOUNTS=1
. "$(dirname "$0")/lib.sh"
need mdb_stat
CHANGES=${BENCH_CHANGES:-100000}
CLIENTS=32
TABLES=$((BENCH_TABLES < 1000 ? BENCH_TABLES : 1000))
[ "$TABLES" -ge $CLIENTS ] || TABLES=$CLIENTS
LABEL="growth by $CHANGES ALTERs"

file_bytes() { stat -c %s "$CAT/data.mdb"; }

# Bytes of pages of the databases that hold the history.
history_bytes() {
  local db
  for db in versions log changes; do
    mdb_stat -s $db "$CAT"
  done | awk '/(Branch|Leaf|Overflow) pages/ { pages += $NF } /Page size/ { size = $NF }
              END { print pages * (size ? size : 4096) }'
}

# changes COUNT : of all clients together
changes() {
  "$PROGRAMS/alter" - - $(($1 / CLIENTS))x $CLIENTS kalamfs "$MNT/namespaces/bench/tables" >/dev/null ||
    die 'the clients failed'
}

# Readers until $T/done is there: files at random, and whole trees.
read_all() {
  table_names "$TABLES" | sed "s|.*|$MNT/namespaces/bench/tables/&/schema.json|" >"$T/list"
  while [ ! -e "$T/done" ]; do
    "$PROGRAMS/latency" - - 1 "$T/list" >/dev/null
  done &
  readers=("$!")
  while [ ! -e "$T/done" ]; do
    find "$MNT/namespaces/bench/tables" -size +100k
    tar cf - -C "$MNT/namespaces/bench" tables 2>/dev/null | cat
  done >/dev/null &
  readers+=("$!")
}

make_tables "$CAT" bench "$TABLES"
start || finish
changes $((CHANGES / 10))	# what a young file grows by at first is another matter
read_all
file=$(file_bytes) history=$(history_bytes)
say "$CHANGES changes with readers"
changes "$CHANGES"
more_file=$(($(file_bytes) - file)) more_history=$(($(history_bytes) - history))
touch "$T/done"
wait "${readers[@]}"
for variant in file history; do
  more=more_$variant
  row "$LABEL" MiB "$variant" "$(awk -v n="${!more}" 'BEGIN { printf "%.3f", n / 1048576 }')"
done
row 'bytes of history by an ALTER' B history $((more_history / CHANGES))
target "$LABEL" file/history '<=' 1.1 ''
finish
