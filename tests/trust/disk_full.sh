#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Full disks: tmpfs, ext4 and xfs for real, and the limit on the size of files.
NEEDS_ROOT=1
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/lib.sh"
need mkfs.ext4 mkfs.xfs mount fallocate prlimit

# What fits between used pages goes on for a while: BIG never fits.
LONG=$(printf 'x%.0s' $(seq 4000))
FULL="No space left on the catalog's disk"
NO_SPACE='No space left on device'
DISK=$T/disk
CAT=$DISK/catalog
TABLES=$MNT/namespaces/app/tables
BIG=$(for i in $(seq 80); do printf "%sADD COLUMN big%d INT COMMENT '%s'" "${comma:-}" "$i" "$LONG"; comma=', '; done)
mkdir "$DISK" "$T/ro"
MOUNTS+=("$DISK")

# Small ones; xfs wants 300 MB, which are not written.
mount_tmpfs() { mount -t tmpfs -o size=12m tmpfs "$DISK"; }
mount_ext4() { truncate -s 32M "$T/image" && mkfs.ext4 -q -m 0 "$T/image" && mount -o loop "$T/image" "$DISK"; }
mount_xfs() { truncate -s 300M "$T/image" && mkfs.xfs -q "$T/image" && mount -o loop "$T/image" "$DISK"; }

# fill : take all room that is left
fill() {
  local size n=0
  for size in 128M 16M 4M 1M 256K 64K 16K 4K; do
    while fallocate -l "$size" "$DISK/filler.$size.$n" 2>/dev/null; do
      n=$((n + 1))
    done
    rm -f "$DISK/filler.$size.$n"
  done
}
free_room() { rm -f "$DISK"/filler.*; }

# write_until_refused : long comments until one does not fit
write_until_refused() {
  local i
  for ((i = 0; i < 700; i++)); do
    put "$TABLES/t1/ctl" "COMMENT '$i$LONG'" || return 0
  done
  fail 'a full disk takes everything'
}

make_tables() {
  local i
  exec_sql "CREATE NAMESPACE app; $(for i in $(seq 12); do echo "CREATE TABLE app.t$i (id INT PRIMARY KEY, name TEXT);"; done)"
}

refused_when_full() {
  ctl_refused "$TABLES/t1" "$NO_SPACE" "$FULL" "$BIG"
  has 'errors.jsonl has it' '"errno":"ENOSPC","kind":"store"' "$(tail -n 1 "$MNT/.kalamfs/errors.jsonl")"
  has 'the daemon logs it' "$FULL" "$(cat "${DAEMON_LOG[$MNT]}")"
  jq --arg c "$LONG" '.columns += [range(80) | {column_name: "doc\(.)", data_type: "INT", column_comment: $c}]' \
    "$TABLES/t1/schema.json" >"$T/document.json"
  refused "$NO_SPACE" "$TABLES/t1/error" "$FULL" cp "$T/document.json" "$TABLES/t1/schema.json"
  same_file 'the refused document is kept' "$T/document.json" "$TABLES/t1/.rejected/0/schema.json"
  CHECKS=$((CHECKS + 1))
  "$KALAMCTL" "$CAT" exec >"$T/out" 2>"$T/err" <<<"ALTER TABLE app.t1 $BIG;" && fail 'kalamctl exec on a full disk succeeds'
  has 'kalamctl says it' "$FULL" "$(cat "$T/err")"
}

reads_when_full() {
  expect_ok 'everything can be read' sh -c "find '$MNT' -type f -exec cat {} + >/dev/null"
  expect_ok 'and dumped' "$KALAMCTL" "$CAT" dump
  start -m "$T/ro" -o ro || return
  same 'and shows the same' "$(cat "$TABLES/t2/schema.sql")" "$(cat "$T/ro/namespaces/app/tables/t2/schema.sql")"
  stop "$T/ro"
}

# What removes succeeds where nothing else does.
deletions_when_full() {
  local i
  for i in 2 3 4; do
    accept "$MNT/namespaces/app" "DROP TABLE t$i"
  done
  expect_ok 'mv into trash' mv "$TABLES/t5" "$MNT/namespaces/app/trash/"
  accept "$MNT/namespaces/app" 'PURGE TABLE t2; PURGE TABLE t3'
  accept "$MNT" 'DROP TABLE app.t6 PURGE; DROP TABLE app.t7 PURGE'
  expect_ok 'kalamctl, too' sh -c "echo 'DROP TABLE app.t8 PURGE;' | '$KALAMCTL' '$CAT' exec >/dev/null"
  same 'they are gone' 't1 t10 t11 t12 t9' "$(ls "$TABLES" | xargs)"
}

goes_on_with_room() {
  accept "$TABLES/t1" "$BIG"
  same 'the next write succeeds' big80 "$(jq -r '.columns[-1].column_name' "$TABLES/t1/schema.json")"
  expect_ok 'a document, too' cp "$T/document.json" "$TABLES/t1/schema.json"
  expect_ok 'a new namespace' mkdir "$MNT/namespaces/later"
}

starts_when_full() {
  fill
  start || return
  expect_ok 'reads after a start on a full disk' cat "$TABLES/t1/schema.sql" "$MNT/log.jsonl"
  write_until_refused
  has 'writes are refused' "$FULL" "$(cat "$TABLES/t1/error")"
  accept "$MNT/namespaces/app" 'DROP TABLE t9 PURGE'
  stop
}

# No room for LMDB's table of readers: a sentence, and no SIGBUS.
lock_file_when_full() {
  rm "$CAT/lock.mdb"
  fill
  is 1 'kalamfs without room for lock.mdb' timeout 60 $WRAPPER "$KALAMFS" -f "$CAT" "$MNT"
  match 'says so' "kalamfs: No room for lock.mdb of the catalog: $NO_SPACE|kalamfs: Cannot open 'lock.mdb' of the catalog: $NO_SPACE" "$(cat "$T/err")"
  is 1 'kalamctl without room for lock.mdb' $WRAPPER "$KALAMCTL" "$CAT" dump
  match 'says so' "kalamctl: No room for lock.mdb of the catalog: $NO_SPACE|kalamctl: Cannot open 'lock.mdb' of the catalog: $NO_SPACE" "$(cat "$T/err")"
}

creation_when_full() {
  fill
  is 1 'a new catalog on a full disk' "$KALAMFS" -f "$DISK/new" "$MNT"
  has 'says why' "$NO_SPACE" "$(cat "$T/err")"
  same 'in one line' 1 "$(wc -l <"$T/err")"
  free_room
  start -c "$DISK/new" || return
  accept "$MNT" 'CREATE NAMESPACE made_later'
  stop
}

# disk_of NAME : all of it on one file system
disk_of() {
  NAME="$(basename "$0") $1"
  "mount_$1" || die "cannot mount $1"
  start || return
  make_tables
  fill
  write_until_refused
  refused_when_full
  reads_when_full
  deletions_when_full
  free_room
  goes_on_with_room
  stop
  starts_when_full
  lock_file_when_full
  free_room
  creation_when_full
  WRAPPER='' start && stop
}

# The limit that a shell sets with ulimit -f.
file_size_limit() {
  local text='data.mdb may not become larger'
  NAME="$(basename "$0") ulimit"
  WRAPPER='prlimit --fsize=1228800:unlimited' start || return
  make_tables
  write_until_refused
  ctl_refused "$TABLES/t1" "$NO_SPACE" "$text" "$BIG"
  ctl_refused "$TABLES/t1" "$NO_SPACE" "$text" "$BIG"
  expect_ok 'reads go on' cat "$TABLES/t1/schema.json" "$TABLES/t2/schema.sql"
  CHECKS=$((CHECKS + 1))
  prlimit --fsize=1228800 "$KALAMCTL" "$CAT" exec >"$T/out" 2>"$T/err" <<<"ALTER TABLE app.t1 $BIG;" &&
    fail 'kalamctl beyond the limit succeeds'
  has 'kalamctl says it' "$text" "$(cat "$T/err")"
  expect_ok 'more room' prlimit --pid "${DAEMON[$MNT]}" --fsize=unlimited:unlimited
  accept "$TABLES/t1" "COMMENT 'after'"
  stop
  is 1 'not even a new catalog' prlimit --fsize=8192 "$KALAMFS" -f "$T/small" "$MNT"
  same 'in one line' 1 "$(wc -l <"$T/err")"
}

for fs in tmpfs ext4 xfs; do
  disk_of $fs
  if [ $fs = tmpfs ]; then
    NAME="$(basename "$0") controls"
    free_room
    WRAPPER="$(planted no-fallocate)"
    notices 'no room is reserved for lock.mdb' lock_file_when_full
    free_room
    WRAPPER="$(planted enospc-sticks)"
    if start; then
      fill
      write_until_refused
      free_room
      notices 'no write after ENOSPC' goes_on_with_room
      stop
    fi
    WRAPPER=
  fi
  umount "$DISK" || fail "cannot unmount $fs"
  rm -f "$T/image"
done
NAME=$(basename "$0")
CAT=$T/limited
file_size_limit
NAME=$(basename "$0")
finish
