#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fresh mounts, after echo 3 > /proc/sys/vm/drop_caches.  A daemon reads its
# database when it starts, so that is in memory: what counts here is FUSE.
. "$(dirname "$0")/trees.sh"

each_table %s/schema.json >"$T/files"
COUNT=$(wc -l <"$T/files")
mount_tmpfs
start_ro
copy "$RO" "$T/files" "$TMPFS"
stop "$RO"

# cold VARIANT ROOT : a fresh mount of it
cold() {
  drop_caches
  case $1 in
    null) start_null "$2" ;;
    rw) start_rw ;;
    push) start_ro ;;
    nopush) start -m "$RO" -o ro,nopush || die 'no mount with nopush' ;;
  esac
  "$PROGRAMS/readers" -1 stat "$T/readme" x "x=$2" >/dev/null || exit 1	# the program, in memory
}
echo README >"$T/readme"

# measure LABEL OPERATION
measure() {
  local variant
  say "$1"
  for _ in $(rounds) $(rounds); do
    for variant in "rw=$RW" "null=$NULL"; do
      cold "${variant%%=*}" "${variant#*=}"
      records readers -1 "$2" "$T/files" "$1" "$variant"
      stop "${variant#*=}"
    done
  done
  for variant in "rw=$RW" "null=$NULL"; do
    rt "$1" "$(trips "${variant%%=*}" "${variant#*=}" "$2")" "${variant%%=*}"
  done
  target "$1" rw/null '<=' 1.15 ''
}

# trips VARIANT ROOT OPERATION
trips() {
  cold "$1" "$2"
  round_trips "$2" "$COUNT" "$PROGRAMS/readers" -1 "$3" "$T/files" x "x=$2"
  stop "$2"
}

measure 'cold stat' stat
measure 'cold cat' cat

# Nothing matches, so that all is read.
walk_grep() { grep -r 'no such text' "$1/namespaces/bench"; [ $? = 1 ]; }

accepts() { # OPTION
  "$KALAMFS" -o "ro,$1" "$CAT" "$RO" >/dev/null 2>&1 && unmount "$RO"
}

PUSH='cold grep -r'
target "$PUSH" nopush/push '>=' 1.25 'what pushing siblings saves'
if accepts nopush; then
  for _ in $(rounds); do
    for variant in push nopush; do
      cold "$variant" "$RO"
      row "$PUSH" s "$variant" "$(seconds walk_grep "$RO")"
      stop "$RO"
    done
  done
else
  skip "$PUSH" 'kalamfs has no option nopush'
fi
note 'cold' "a fresh mount after echo 3 > /proc/sys/vm/drop_caches; the daemon reads its database when it starts"
note 'cold stat, cold cat' "$COUNT files schema.json, one in each table, in random order"
note 'null' 'a FUSE file system that answers the same requests from memory'
finish
