#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A directory with all tables.
. "$(dirname "$0")/trees.sh"

echo "$TABLES" >"$T/dirs"
table_names | sed "s,^,$TABLES/," >"$T/all"

start_rw
start_ro
mount_tmpfs
copy "$RO" "$T/all" "$TMPFS" "$DISK"

measure() { # OPERATION LABEL
  records readers -r "$BENCH_RUNS" "$1" "$T/dirs" "$2" "rw=$RW" "ro=$RO" "tmpfs=$TMPFS" "disk=$DISK"
  rt "$2" "$(round_trips "$RW" 1 "$PROGRAMS/readers" -1 "$1" "$T/dirs" x "x=$RW")" rw
  rt "$2" "$(round_trips "$RO" 1 "$PROGRAMS/readers" -1 "$1" "$T/dirs" x "x=$RO")" ro
}

measure list "warm list"
target 'warm list' rw/tmpfs '<=' 0.5 ''
target 'warm list' rt:rw '<=' 0 ''
measure liststat "warm list, stat"
note 'list' "a directory of $BENCH_TABLES tables; nanoseconds per name, round trips per listing"
finish
