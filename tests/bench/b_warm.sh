#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Single files that the kernel has in its caches.
. "$(dirname "$0")/trees.sh"

each_table %s/schema.json >"$T/files"
each_table %s/storage >"$T/links"
cat "$T/files" "$T/links" >"$T/both"
COUNT=$(wc -l <"$T/files")

start_rw
start_ro
mount_tmpfs
copy "$RO" "$T/both" "$TMPFS" "$DISK"
start_null "$NULL"
start_nullro

# measure OPERATION LIST LABEL VARIANT=ROOT... ; then a pass whose round trips are counted
measure() {
  local operation=$1 list=$2 label=$3 tree root
  records readers -r "$BENCH_RUNS" "$@"
  for tree in "${@:4}"; do
    root=${tree#*=}
    case $root in "$TMPFS" | "$DISK") continue ;; esac
    rt "$label" "$(round_trips "$root" "$COUNT" "$PROGRAMS/readers" -1 "$operation" "$list" x "x=$root")" \
      "${tree%%=*}"
  done
}

ROOTS=("rw=$RW" "ro=$RO" "tmpfs=$TMPFS" "disk=$DISK" "null=$NULL" "null no_open=$NULLRO")

measure stat "$T/files" 'warm stat' "${ROOTS[@]}"
target 'warm stat' rw/tmpfs '<=' 1.2 ''
target 'warm stat' rt:rw '<=' 0 ''

measure readlink "$T/links" 'warm readlink' "${ROOTS[@]}"
target 'warm readlink' rw/tmpfs '<=' 1.2 ''
target 'warm readlink' rt:rw '<=' 0 ''

for operation in 'open:warm open, read, close' 'cat:warm cat' 'mmap:warm mmap'; do
  measure "${operation%%:*}" "$T/files" "${operation#*:}" "${ROOTS[@]}"
done
target 'warm open, read, close' rw/null '<=' 1.15 ''
target 'warm open, read, close' rt:rw '<=' 1 ''
target 'warm open, read, close' ro/tmpfs '<=' 1.6 ''
target 'warm open, read, close' rt:ro '<=' 0 ''
note 'warm' "$COUNT files schema.json, links storage, in random order"
note 'null' 'a FUSE file system that answers the same requests from memory; the kernel asks it for each open, or never (no_open)'
finish
