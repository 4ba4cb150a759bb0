# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the benchmarks of reading, instead of lib.sh: one catalog with
# BENCH_TABLES tables of 8 columns, two mounts of it, and other file systems
# with the same files.
#
#   $RW, $RO    kalamfs, read-write and read-only
#   $TMPFS      a tmpfs; $DISK a directory on the file system of TMPDIR: copies
#   $NULL       nullfs with such a copy, answering OPEN as $RW does
#   $NULLRO     nullfs that the kernel opens files of without asking
NEEDS_ROOT=1
OWN_MOUNTS=1
. "$(dirname "$0")/lib.sh"
need find grep tar
[ -x "$PROGRAMS/nullfs" ] || die "$PROGRAMS/nullfs is not built"

RW=$T/rw RO=$T/ro TMPFS=$T/tmpfs DISK=$T/disk NULL=$T/null NULLRO=$T/nullro
TABLES=namespaces/bench/tables
FILES=2000	# at most, for what is measured file by file
mkdir "$RW" "$RO" "$TMPFS" "$DISK" "$NULL" "$NULLRO"

start_rw() { start -m "$RW" "$@" || die 'no read-write mount'; }
start_ro() { start -m "$RO" -o ro "$@" || die 'no read-only mount'; }

# start_null MOUNTPOINT [OPTIONS] : of what $TMPFS has now
start_null() {
  KALAMFS=$PROGRAMS/nullfs start -c "$TMPFS" -m "$1" -o "no_opendir${2:+,$2}" || die 'no nullfs'
}
start_nullro() { start_null "$NULLRO" ro,no_open; }

# each_table FORMAT : a line for each table, %s being its directory; at most $FILES
each_table() {
  table_names | awk -v most="$FILES" -v format="$1" -v dir="$TABLES" '
    NR <= most { line = format; sub(/%s/, dir "/" $1, line); print line }'
}

mount_tmpfs() {
  MOUNTS+=("$TMPFS")
  mount -t tmpfs -o size=90%,nr_inodes=0,mode=755 tmpfs "$TMPFS" || die 'no tmpfs'
}

# copy FROM LIST TARGET... : README and what LIST names, where LIST is - all;
# not what only this mount has
copy() {
  local from=$1 list=$2 to
  shift 2
  for to in "$@"; do
    if [ "$list" = - ]; then
      tar -C "$from" --exclude=./.kalamfs -cf - .
    else
      { echo README; cat "$list"; } | tar -C "$from" --no-recursion -T - -cf -
    fi | tar -C "$to" -xf - || die "cannot copy to $to"
    from=$to
  done
}

make_tables "$CAT"
