#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that walk over everything, the kernel having it all in its caches.
. "$(dirname "$0")/trees.sh"

start_rw
start_ro
mount_tmpfs
mkdir "$T/tmpfs.ro" "$T/disk.ro"
say 'copying the tree'
copy "$RW" - "$TMPFS" "$DISK"

# What the read-only mount has, links to the same files.
without_ctl() {
  mkdir "$1/ro" && cp -al "$1/namespaces" "$1/ro/" &&
    find "$1/ro" \( -name ctl -o -name plan -o -name error \) -delete || die "cannot copy $1"
}
without_ctl "$TMPFS"
without_ctl "$DISK"

BENCH_DIR=namespaces/bench
walk_find() { find "$1/$BENCH_DIR"; }
walk_size() { find "$1/$BENCH_DIR" -size +1M; }
walk_ls() { ls -lR "$1/$BENCH_DIR"; }
# Nothing matches, so that all is read.
walk_grep() { grep -r 'no such text' "$1/$BENCH_DIR"; [ $? = 1 ]; }

# measure LABEL WALK VARIANT=ROOT...
measure() {
  local label=$1 walk=$2 tree
  shift 2
  say "$label"
  for tree in "$@"; do
    "$walk" "${tree#*=}" >/dev/null 2>&1
  done
  for _ in $(rounds); do
    for tree in "$@"; do
      row "$label" s "${tree%%=*}" "$(seconds "$walk" "${tree#*=}")"
    done
  done
  [ "${1%%=*}" = tmpfs ] || rt "$label" "$(round_trips "${1#*=}" 1 "$walk" "${1#*=}")" "${1%%=*}"
}

WRITABLE=("rw=$RW" "tmpfs=$TMPFS" "disk=$DISK")
READABLE=("ro=$RO" "tmpfs=$TMPFS/ro" "disk=$DISK/ro")

measure 'warm find' walk_find "${WRITABLE[@]}"
target 'warm find' rw/tmpfs '<=' 1.1 ''
target 'warm find' rt:rw '<=' 0 ''
measure 'warm find -size' walk_size "${READABLE[@]}"
measure 'warm ls -lR' walk_ls "${READABLE[@]}"
measure 'warm grep -r' walk_grep "${READABLE[@]}"
target 'warm grep -r' ro/tmpfs '<=' 1.4 ''
measure 'warm grep -r, read-write' walk_grep "${WRITABLE[@]}"
note 'all' "$(find "$RO/$BENCH_DIR" | wc -l) names below the read-only mount, $(find "$RW/$BENCH_DIR" | wc -l) below the read-write one; round trips of a whole walk"
finish
