# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.sh - what the tests on a real mount share.  Source it first, end with `finish`.
#
# A test is a script that mounts a scratch catalog and checks what it sees.  A
# check that does not hold prints what was expected and what was found, and the
# script goes on; `finish` unmounts, looks at how the daemons ended and at what
# the sanitizers wrote, and makes the exit status.
#
# KALAM_BUILD (build, build-asan, build-tsan) says which programs are tested.
# Set before sourcing: NEEDS_ROOT=1 where other users come into it (through sudo
# if need be); OWN_MOUNTS=1 for a mount namespace of the test's own, as root.

set -u
export LC_ALL=C TZ=UTC
unset CDPATH

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${KALAM_BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
KALAMFS=$BUILD/kalamfs
KALAMCTL=$BUILD/kalamctl
NAME=$(basename "$0")

FAILURES=0
CHECKS=0
MOUNTS=()	# mount points that may be mounted
PIDS=()		# daemons started here
declare -A DAEMON=()	# mount point -> pid
declare -A DAEMON_LOG=()

# ----- failing -----

fail() {
  FAILURES=$((FAILURES + 1))
  printf '%s:%s: FAIL %s\n' "$NAME" "$(line_of_caller)" "$1"
  shift
  local text
  for text in "$@"; do
    printf '%s\n' "$text" | head -n 30 | cut -c 1-600 | sed 's/^/    /'
  done
}

# The line of the script itself, not of this library.
line_of_caller() {
  local i
  for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
    if [ "${BASH_SOURCE[i]}" != "${BASH_SOURCE[0]}" ]; then
      echo "${BASH_LINENO[i - 1]}"
      return
    fi
  done
  echo '?'
}

die() {
  printf '%s: %s\n' "$NAME" "$1"
  exit 1
}

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || die "'$tool' is not installed: make deps-test"
  done
}

# ----- start and end -----

cleanup() {
  local status=$? m pid
  trap - EXIT
  cd / || exit 1
  for m in "${MOUNTS[@]}"; do
    grep -q " $m " /proc/self/mounts 2>/dev/null && unmount -l "$m" 2>/dev/null
  done
  for pid in "${PIDS[@]}" "${WATCHDOG:-}"; do
    [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null
  done
  wait 2>/dev/null
  rm -rf "$T"
  exit "$status"
}

unmount() {
  umount "$@" 2>/dev/null && return
  local option=-u
  [ "$1" = -l ] && option=-uz && shift
  fusermount3 "$option" "$1"
}

# A daemon that answers no more would hang this script: end it, so that every
# call on its mount fails and the script gets to its end.
watchdog() {
  (
    local left=${TEST_LIMIT:-550} pid
    while [ "$left" -gt 0 ] && kill -0 $$ 2>/dev/null; do
      sleep 1
      left=$((left - 1))
    done
    kill -0 $$ 2>/dev/null || exit 0
    echo "$NAME: took more than ${TEST_LIMIT:-550} s: the daemons are killed"
    for pid in $(cat "$T/pids" 2>/dev/null); do
      for stack in /proc/"$pid"/task/*/stack; do
        echo "$stack"
        cat "$stack"
      done 2>/dev/null
      kill -9 "$pid" 2>/dev/null
    done
    touch "$T/overdue"
  ) &
  WATCHDOG=$!
  disown "$WATCHDOG"
}

if [ -n "${NEEDS_ROOT:-}${OWN_MOUNTS:-}" ] && [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || die 'must run as root, and there is no sudo'
  exec sudo -n env KALAM_BUILD="$BUILD" "$0" "$@"
fi
if [ -n "${OWN_MOUNTS:-}" ] && [ "${OWN_MOUNTS:-}" != inside ]; then
  exec env OWN_MOUNTS=inside unshare -m "$0" "$@"
fi

[ -c /dev/fuse ] || die "/dev/fuse is not there: the tests on a mount cannot run"
[ -x "$KALAMFS" ] || die "$KALAMFS is not built"
[ -x "$KALAMCTL" ] || die "$KALAMCTL is not built"
need jq timeout

T=$(mktemp -d "${TMPDIR:-/tmp}/kalam-XXXXXX") || exit 1
CAT=$T/catalog
MNT=$T/mnt
mkdir "$MNT"
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
watchdog

# Reports of the sanitizers, of daemons in the background too.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$T/san"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$T/san:print_stacktrace=1"
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}log_path=$T/san"

# wait_for SECONDS COMMAND... : until it succeeds
wait_for() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.02
  done
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# A dead mount is a mount point, too, and its attributes may be cached: open a file.
is_up() { : <"$1/README"; }
up_or_ended() { is_up "$1" || ended "$2"; }

# start [-c CATALOG] [-m MOUNTPOINT] [KALAMFS OPTIONS]: mount, daemon in the
# foreground of a background job, its messages in a file.
start() {
  local catalog=$CAT m=$MNT log
  while [ $# -gt 0 ]; do
    case $1 in
      -c) catalog=$2; shift 2 ;;
      -m) m=$2; shift 2 ;;
      *) break ;;
    esac
  done
  log=$T/daemon.${#PIDS[@]}.log
  MOUNTS+=("$m")
  $WRAPPER "$KALAMFS" -f "$@" "$catalog" "$m" >"$log" 2>&1 &
  DAEMON[$m]=$!
  DAEMON_LOG[$m]=$log
  PIDS+=("$!")
  echo "$!" >>"$T/pids"
  wait_for 60 up_or_ended "$m" "$!"
  is_up "$m" 2>/dev/null && return
  fail "the mount did not come up: kalamfs $* $catalog $m" "$(cat "$log")"
  kill "${DAEMON[$m]}" 2>/dev/null
  unset "DAEMON[$m]"
  return 1
}
WRAPPER=${WRAPPER:-}

# stop [MOUNTPOINT]: unmount, and the daemon must end well
stop() {
  local m=${1:-$MNT} pid status
  pid=${DAEMON[$m]}
  unmount "$m" || fail "cannot unmount $m" "$(grep -l "$m" /proc/[0-9]*/mountinfo 2>/dev/null | head -3)"
  if ! wait_for 60 ended "$pid"; then
    fail "the daemon still runs 60 s after the unmount" "$(cat /proc/"$pid"/task/*/stack 2>/dev/null)"
    kill -9 "$pid"
  fi
  wait "$pid"
  status=$?
  [ $status = 0 ] || fail "the daemon ended with status $status" "$(tail -n 40 "${DAEMON_LOG[$m]}")"
  unset "DAEMON[$m]"
}

# The daemon of a mount dies, and its mount goes.
kill_daemon() {
  local m=${1:-$MNT}
  kill -9 "${DAEMON[$m]}"
  wait "${DAEMON[$m]}" 2>/dev/null
  unset "DAEMON[$m]"
}

check_sanitizers() {
  local file
  for file in "$T"/san.* "$T"/daemon.*.log; do
    [ -e "$file" ] || continue
    if grep -qE 'ERROR: [A-Za-z]*Sanitizer|runtime error:|WARNING: ThreadSanitizer' "$file"; then
      fail "a sanitizer reports ($file)" "$(head -n 60 "$file")"
    fi
  done
}

# Whatever a test has done, every invariant of its catalogs holds.
check_catalogs() {
  local file
  while read -r file; do
    is 0 "check of ${file%/data.mdb}" "$KALAMCTL" "${file%/data.mdb}" check
    has 'which finds nothing' 'OK: ' "$(cat "$T/out")"
  done < <(find "$T" -xdev -name data.mdb)
}

finish() {
  local m
  cd / || exit 1
  for m in "${!DAEMON[@]}"; do
    stop "$m"
  done
  check_catalogs
  check_sanitizers
  [ -e "$T/overdue" ] && fail "the test took longer than it may"
  if [ $FAILURES = 0 ]; then
    echo "$NAME: $CHECKS checks passed"
    exit 0
  fi
  echo "$NAME: $FAILURES of $CHECKS checks failed"
  exit 1
}

# ----- checks -----

# same WHAT EXPECTED FOUND
same() {
  CHECKS=$((CHECKS + 1))
  [ "$2" = "$3" ] || fail "$1" "expected: $2" "found:    $3"
}

# differs WHAT NOT_EXPECTED FOUND
differs() {
  CHECKS=$((CHECKS + 1))
  [ "$2" != "$3" ] || fail "$1" "did not expect: $2"
}

# has WHAT PART TEXT
has() {
  CHECKS=$((CHECKS + 1))
  case $3 in
    *"$2"*) ;;
    *) fail "$1" "expected in it: $2" "found:          $3" ;;
  esac
}

# lacks WHAT PART TEXT
lacks() {
  CHECKS=$((CHECKS + 1))
  case $3 in
    *"$2"*) fail "$1" "did not expect in it: $2" "found: $3" ;;
  esac
}

# same_file WHAT FILE FILE
same_file() {
  CHECKS=$((CHECKS + 1))
  cmp -s "$2" "$3" || fail "$1" "$(cmp "$2" "$3" 2>&1)" "$(diff -a "$2" "$3" 2>&1 | head -n 12)"
}

# expect_ok WHAT COMMAND... : it succeeds and writes nothing on stderr
expect_ok() {
  local what=$1 status
  shift
  CHECKS=$((CHECKS + 1))
  timeout 120 "$@" >"$T/out" 2>"$T/err"
  status=$?
  if [ $status != 0 ] || [ -s "$T/err" ]; then
    fail "$what" "command: $*" "expected: success" "found: status $status" "$(cat "$T/err")"
    return 1
  fi
}

# is STATUS WHAT COMMAND... : its exit status; output in $T/out, $T/err
is() {
  local expected=$1 what=$2 status
  shift 2
  CHECKS=$((CHECKS + 1))
  timeout 120 "$@" >"$T/out" 2>"$T/err"
  status=$?
  [ $status = "$expected" ] ||
    fail "$what" "command: $*" "expected status: $expected" "found: $status" "$(cat "$T/err")"
}

# ----- the catalog -----

sequence() { jq .sequence "$MNT/.kalamfs/status.json"; }

dump_sum() { "$KALAMCTL" "$CAT" dump | sha256sum; }

# What must not change by reading or by a refusal.
state() { echo "$(sequence) $(dump_sum)"; }

# exec_sql TEXT : through kalamctl, must succeed
exec_sql() {
  CHECKS=$((CHECKS + 1))
  if ! "$KALAMCTL" "$CAT" exec >"$T/out" 2>"$T/err" <<<"$1"; then
    fail "kalamctl exec refused: $1" "$(cat "$T/err")"
  fi
}

# spoil TEXT : the first byte of each TEXT in data.mdb becomes another one, all in one write():
# whoever is told of it finds it all
spoil() {
  python3 - "$CAT/data.mdb" "$1" <<'PY' || die "there is no '$1' in data.mdb"
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
data = os.pread(fd, os.fstat(fd).st_size, 0)
text = sys.argv[2].encode()
first, last = data.find(text), data.rfind(text)
if first < 0:
    sys.exit(1)
os.pwrite(fd, data[first:last + len(text)].replace(text, b'\1' + text[1:]), first)
PY
}

# put FILE TEXT : one write() of the whole text and a newline
put() { cat 2>"$T/err" >"$1" <<<"$2"; }

# accept DIR TEXT : DIR/ctl takes it, and DIR/error is empty then
accept() {
  CHECKS=$((CHECKS + 1))
  if ! put "$1/ctl" "$2"; then
    fail "ctl refused: $2" "$(cat "$T/err")" "$(cat "$1/error" 2>&1)"
  elif [ -s "$1/error" ] || [ -n "$(cat "$1/error" 2>/dev/null)" ]; then
    fail "error is not empty after: $2" "$(cat "$1/error")"
  fi
}

# refused ERRNO_TEXT ERROR_FILE MESSAGE_PART COMMAND... : the command fails with
# this errno, the error file (- for none) has the message, nothing changed.
refused() {
  local errno=$1 file=$2 message=$3 before after status text
  shift 3
  CHECKS=$((CHECKS + 1))
  before=$(state)
  timeout 60 "$@" >"$T/out" 2>"$T/err"
  status=$?
  after=$(state)
  if [ $status = 0 ]; then
    fail "not refused: $*" "expected: $errno"
  elif ! grep -qF "$errno" "$T/err"; then
    fail "another errno: $*" "expected: $errno" "found: $(cat "$T/err")"
  fi
  [ "$before" = "$after" ] || fail "a refusal changed the catalog: $*" "before: $before" "after: $after"
  [ "$file" = - ] && return
  text=$(cat "$file" 2>&1)
  case $text in
    *"$message"*) ;;
    *) fail "another message: $*" "expected in it: $message" "found: $text" ;;
  esac
}

# ctl_refused DIR ERRNO_TEXT MESSAGE_PART TEXT : what DIR/ctl does not take
ctl_refused() {
  printf '%s\n' "$4" >"$T/statement"
  refused "$2" "$1/error" "$3" sh -c 'cat "$1" >"$2"' sh "$T/statement" "$1/ctl"
}

# A small catalog of every kind of thing.
fixture() {
  exec_sql "
    CREATE NAMESPACE app WITH (owner = 'team-a') COMMENT 'Application';
    CREATE SHARED TABLE app.users (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(), name TEXT NOT NULL, email TEXT);
    CREATE USER TABLE app.messages (id BIGINT PRIMARY KEY, price DECIMAL(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in EUR', body JSON)
      WITH (FLUSH_POLICY = 'rows:1000,interval:60') COMMENT 'Chat messages';
    CREATE STREAM TABLE app.typing (room INT, at TIMESTAMP DEFAULT NOW()) WITH (TTL_SECONDS = 30);
    CREATE SHARED TABLE app.gone (id INT PRIMARY KEY);
    CREATE STORAGE archive TYPE s3 NAME 'Archive bucket' BUCKET 'bucket/kalam' CREDENTIALS '{\"secret_access_key\":\"hush-4711\"}';
    CREATE SHARED TABLE app.old (id INT PRIMARY KEY) WITH (STORAGE_ID = 'archive');"
  exec_sql "ALTER TABLE app.users ADD COLUMN created TIMESTAMP COMMENT 'when'"
  exec_sql "DROP TABLE app.gone"
}
