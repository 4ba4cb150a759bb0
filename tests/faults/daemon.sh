#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# daemon.sh [EVERY] : every EVERY-th malloc of a daemon, and of kalamctl, fails, every
# EVERY/12-th call of a daemon's disk; and planted faults that must be found.  As root.
# SEED says which points.
set -u
# In mounts of its own: another test that copies all mounts would keep a daemon alive.
[ -n "${OWN_MOUNTS:-}" ] || exec env OWN_MOUNTS=inside unshare -m "$0" "$@"
every=${1:-100}
build=${KALAM_BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
here=$(dirname "$0")
seed=${SEED:-$(date +%j)}
dir=$(mktemp -d /dev/shm/kalam-memory-XXXXXX) || exit 1
failed=0

cleanup() {
  local mount
  for mount in "$dir"/*/faulty "$dir"/*/plain; do
    grep -q " $mount " /proc/self/mounts && umount -l "$mount"
  done
  rm -rf --one-file-system "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# run NAME ARGUMENT... : in a directory of its own
run() {
  local own=$dir/$1
  shift
  mkdir "$own"
  python3 "$here/daemon.py" "$build" "$own" "$@" --seed "$seed"
}
run all "$every" || failed=1

# control NAME EVERY PART: the planted fault is found
control() {
  local found
  found=$(KALAM_PLANT=$1 run "$1" "$2" --only "$3" --control)
  if [ $? = 1 ]; then
    echo "planted fault '$1': $(tail -n 1 <<<"$found")"
  else
    echo "the planted fault '$1' was not found: $found"
    failed=1
  fi
}
control deaf 20 read
control glad 600 disk
[ $failed = 0 ] || echo "daemon.sh: failed, SEED=$seed"
exit $failed
