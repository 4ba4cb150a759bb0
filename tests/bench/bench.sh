#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bench.sh BUILD run [NAME...]   run benchmarks (all: tests/bench/b_*.sh), a table for each
# bench.sh BUILD report          write BENCH.md of what was measured, measuring first what was not
#
# The records of each benchmark (tests/bench/lib.sh says what they are) are kept
# in BUILD/bench/NAME.records.  The status tells whether all benchmarks ran, not
# whether targets were met: that is what the tables are for.
set -u
cd "$(dirname "$0")/../.." || exit 1
BENCH=tests/bench
KALAM_BUILD=$1
COMMAND=${2:-run}
shift 2
RESULTS=$KALAM_BUILD/bench
export KALAM_BUILD BENCH_TABLES=${BENCH_TABLES:-10000} BENCH_RUNS=${BENCH_RUNS:-5}
mkdir -p "$RESULTS" || exit 1

names() {
  local script
  for script in "$BENCH"/b_*.sh; do
    script=${script##*/b_}
    echo "${script%.sh}"
  done
}

table() { awk -f "$BENCH/table.awk" "$1"; }

circumstances() {
  echo "$(date '+%F %H:%M'), $BENCH_TABLES tables, $BENCH_RUNS rounds${BENCH_CPU:+, all on CPU $BENCH_CPU}," \
    "load before $(cut -d ' ' -f 1 /proc/loadavg)"
}

# measure NAME : a benchmark that fails leaves its records, but not under their name
measure() {
  local file=$RESULTS/$1.records
  if [ ! -x "$BENCH/b_$1.sh" ]; then
    echo "there is no benchmark '$1': $(names | tr '\n' ' ')" >&2
    return 1
  fi
  rm -f "$file"
  printf 'meta\t%s\n' "$(circumstances)" >"$file.part"
  printf '\n== %s: %s\n' "$1" "$(circumstances)"
  if ! "$BENCH/b_$1.sh" >>"$file.part"; then
    echo "FAILED: $1"
    return 1
  fi
  mv "$file.part" "$file"
  table "$file"
}

run() {
  local name failed=
  [ $# -gt 0 ] || set -- $(names)
  for name in "$@"; do
    measure "$name" || failed="$failed $name"
  done
  summary
  [ -z "$failed" ] || { echo "failed:$failed"; return 1; }
}

summary() {
  local file
  for file in "$RESULTS"/*.records; do
    [ -e "$file" ] && table "$file"
  done | awk -F ' *[|] *' '
    NF < 2 { next }
    $(NF - 1) == "ok" { ok++ } $(NF - 1) == "MISSED" { missed++ } $(NF - 1) == "n/a" { absent++ }
    END { printf "\ntargets of all results: %d ok, %d MISSED, %d not available\n", ok, missed, absent }'
}

# ----- the report -----

# version_of PROGRAM : the first number it tells
version_of() {
  "$1" --version 2>/dev/null | grep -o '[0-9][0-9.]*' | head -n 1 | grep . || echo 'not installed'
}

library() { pkg-config --modversion "$1" 2>/dev/null || echo '?'; }

machine() {
  local cpu memory
  cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
  memory=$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)
  echo "- date: $(date '+%F')"
  echo "- kalamfs: $(version_of "$KALAM_BUILD/kalamfs")"
  echo "- machine: ${cpu:-unknown CPU}, $(nproc) CPUs, $memory; $(virtualisation)"
  echo "- kernel: $(uname -sr | cut -d- -f1), catalogs on $(findmnt -no FSTYPE -T "${TMPDIR:-/tmp}")"
  echo "- libraries: libfuse $(library fuse3), LMDB $(library lmdb), jansson $(library jansson)," \
    "liburcu $(library liburcu-cds), xxhash $(library libxxhash)"
  echo "- compared with: SQLite $(version_of sqlite3), PostgreSQL $(version_of psql)"
}

virtualisation() {
  grep -qw hypervisor /proc/cpuinfo && echo 'a virtual machine' || echo 'no hypervisor seen'
}

sections() {
  local name file
  for name in $(names); do
    file=$RESULTS/$name.records
    printf '\n## %s\n\n%s\n' "$name" "$(sed -n 's/^meta\t//p' "$file")"
    table "$file"
  done
}

report() {
  local name
  for name in $(names); do
    [ -e "$RESULTS/$name.records" ] || measure "$name" || return 1
  done
  {
    cat "$BENCH/report.md"
    echo
    machine
    sections
  } >"$RESULTS/BENCH.md" && mv "$RESULTS/BENCH.md" BENCH.md && echo 'BENCH.md is written'
}

case $COMMAND in
  run) run "$@" ;;
  report) report ;;
  *) echo "bench.sh: run or report, not '$COMMAND'" >&2; exit 2 ;;
esac
