#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What system calls on a mount answer: posix.c, against a writable and a read-only mount.
NEEDS_ROOT=1
. "$(dirname "$0")/lib.sh"
POSIX=$BUILD/tests/trust/posix
[ -x "$POSIX" ] || die "$POSIX is not built"
RO=$T/ro
mkdir "$RO"
chmod 755 "$T"
fixture

# run : posix on new mounts; its findings in $T/out, its exit status in $status
run() {
  start -o allow_other || finish
  WRAPPER='' start -m "$RO" -o allow_other,ro || finish
  "$POSIX" "$MNT" "$RO" >"$T/out" 2>&1
  status=$?
  stop "$RO"
  stop
}

# finds FAULT LINE : with this fault the findings have that line
finds() {
  WRAPPER="$(planted "$1")" run
  differs "the fault '$1' is noticed" 0 "$status"
  has "the fault '$1' by its name" "$2" "$(cat "$T/out")"
}

before=$(dump_sum)
run
same 'all answers are right' 0 "$status"
[ "$status" = 0 ] && tail -n 1 "$T/out" || cat "$T/out"
same 'and the catalog is what it was' "$before" "$(dump_sum)"
finds errno 'expected ENOTEMPTY, found EIO'
finds silent 'expected EPERM, found 0'
finds anyone 'expected EACCES, found 0'
finish
