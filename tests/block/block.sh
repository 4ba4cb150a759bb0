#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# block.sh STATES [FS...] : power failures at every write of the disk below a file
# system with a catalog, and faults that the checker must find.
NEEDS_ROOT=1
OWN_MOUNTS=${OWN_MOUNTS:-1}
TEST_LIMIT=${RUN_TIMEOUT:-600}
TMPDIR=/dev/shm
. "$(dirname "$0")/../mount/lib.sh"
need mkfs.ext4 mkfs.xfs mount losetup
TOOLS=$BUILD/tests/block
for tool in disk workload replay; do
  [ -x "$TOOLS/$tool" ] || die "$TOOLS/$tool is not built"
done

STATES=${1:-500}
shift
[ $# -gt 0 ] || set -- ext4
CHANGES=${BLOCK_CHANGES:-100}
SEED=${SEED:-$(date +%s)}
CAT=$T/fs/catalog
mkdir "$T/fuse" "$T/fs"

# Small ones: every image of them is built in memory.
make_fs() {
  rm -f "$T/disk"
  case $1 in
    ext4) truncate -s 24M "$T/disk" && mkfs.ext4 -q -F -b 4096 -J size=4 "$T/disk" ;;
    # Blocks smaller than LMDB's pages, and data that need not come before names.
    ext4-1k) truncate -s 16M "$T/disk" && mkfs.ext4 -q -F -b 1024 -J size=1 "$T/disk" &&
      tune2fs -o journal_data_writeback "$T/disk" ;;
    xfs) truncate -s 64M "$T/disk" && mkfs.xfs -q -f --unsupported "$T/disk" ;;
    *) die "no such file system: $1" ;;
  esac >"$T/out" 2>&1 || die "cannot make $1: $(cat "$T/out")"
  cp "$T/disk" "$T/base"
}

# record CHANGES : everything that the disk is asked to do, from the first mount to the last change
record() {
  "$TOOLS/disk" "$T/disk" "$T/log" "$T/fuse" &
  DISK=$!
  PIDS+=("$DISK")
  wait_for 20 test -e "$T/fuse/mark" || die 'the disk did not come up'
  mount -o loop "$T/fuse/disk" "$T/fs" || die 'cannot mount the disk'
  start || finish
  expect_ok 'the changes' "$TOOLS/workload" "$MNT" "$CAT" "$T/fuse/mark" "$KALAMCTL" "$1" "$SEED"
  cat "$T/out"
  stop
  is 0 'check at the end' "$KALAMCTL" "$CAT" check
  unmount "$T/fs" || die 'cannot unmount the disk'
  unmount "$T/fuse" || die 'the loop device is still there'
  wait "$DISK" || fail 'the disk has failed'
}

replay() { # STATUS FS STATES OPTIONS...
  local status=$1 fs=${2%-*} states=$3
  shift 3
  mkdir "$T/images"
  CHECKS=$((CHECKS + 1))
  "$TOOLS/replay" --fs "$fs" --states "$states" --seed "$SEED" "$@" "$T/base" "$T/log" "$T/images" >"$T/out" 2>"$T/err"
  [ $? = "$status" ] || fail "replay of $fs $*, SEED=$SEED" "$(cat "$T/out" "$T/err")"
  [ "$status" != 0 ] || cat "$T/out"
  rm -rf "$T/images"
}

found() { echo "planted fault '$1': $(sed 's|.*: ||' "$T/out")"; }

MOUNTS+=("$T/fs" "$T/fuse")
for fs in "$@"; do
  make_fs "$fs"
  record "$CHANGES"
  replay 0 "$fs" "$STATES"
  for control in noflush ack; do
    replay 1 "$fs" 40 --control $control
    found $control
  done
done

# And one in the daemon itself, with no hint to the checker.
make_fs ext4
WRAPPER="env LD_PRELOAD=$BUILD/tests/trust/plant.so KALAM_PLANT=no-sync" record 30
replay 1 ext4 100
found no-sync
finish
