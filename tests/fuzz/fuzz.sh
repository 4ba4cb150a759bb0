#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh BUILD TARGET SECONDS - one libFuzzer target, for that long.
#
# BUILD is a build with FUZZ=1.  Seeds come from the test data and the demo; what
# the fuzzer found interesting stays in BUILD/corpus/TARGET for the next run.  An
# input that fails is left in BUILD/corpus, named TARGET-crash-... or the like:
# `BUILD/tests/fuzz/fuzz_TARGET FILE` runs it again.
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1
[ $# = 3 ] || { echo 'usage: fuzz.sh BUILD TARGET SECONDS'; exit 2; }
build=$1 target=$2 seconds=$3
program=$build/tests/fuzz/fuzz_$target
[ -x "$program" ] || { echo "$program is not built: make FUZZ=1 fuzz-build"; exit 1; }
T=$(mktemp -d "${TMPDIR:-/tmp}/kalam-fuzz-XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 1' INT TERM HUP
mkdir -p "$T/seeds" "$build/corpus/$target"

# seed FORMAT ARGUMENT... : one more file, as printf writes it
count=0
seed() {
  # shellcheck disable=SC2059
  printf "$@" >"$T/seeds/$((count++))"
}

# The text of a file, in $text.
read_text() { IFS= read -r -d '' text <"$1"; }

# What seeds.c writes, of this target only.
binary_seeds() {
  mkdir "$T/arrow" "$T/record" "$T/document"
  "$build/tests/fuzz/seeds" "$T" tests/data/document/setup.sql tests/demo/tpch.sql \
    tests/demo/chat.sql tests/agree/types.sql || exit 1
  mv "$T/$target"/* "$T/seeds"
  count=10000
}

# Statements, in all scopes, with and without newlines as ends.
ddl_seeds() {
  local file
  for file in tests/data/ddl/*/*/in tests/data/exec/*/*/in tests/demo/*.sql tests/agree/*.sql; do
    read_text "$file"
    seed "\\x$(printf %x $((16 + count % 2 * 4 + count % 3)))%s" "$text"
  done
}

# Documents of golden cases, as what they are saved as.
document_seeds() {
  local file letter
  for file in tests/data/document/*/*/in; do
    read_text "$file"
    case $text in
      *$'\ndocument\n'*) ;;
      *) continue ;;
    esac
    case $text in
      'target new table'*) letter=T ;;
      'target new column'*) letter=C ;;
      'target new storage'*) letter=S ;;
      'target column'*) letter=c ;;
      'target namespace'*) letter=n ;;
      'target storage'*) letter=s ;;
      'target table app.events'*) letter=e ;;
      *) letter=t ;;
    esac
    seed '%s0%s' $letter "${text#*$'\ndocument\n'}"
  done
}

# Every template that stands in a statement or a unit test, with both kinds of storage.
template_seeds() {
  local template hostile
  for hostile in .. ../x /srv/../etc //a/./b// file:///srv/../x s3://bucket/../x '{userId}' '%2e%2e'; do
    set -- "$hostile" "$hostile" "$hostile" "$hostile"
    seed '\001{namespace}/{tableName}/{shard}/{userId}\0%s\0%s\0%s\0/%s' "$@"
    seed '\003%s/{namespace}/{tableName}/{userId}\0a\0s3://%s\0a/%s\0/%s' "$@"
  done
  while read -r template; do
    seed '\001%s\0user-1\0/srv/data' "$template"
    seed '\002%s\0a.b@c\0s3://bucket/x\0app/messages' "$template"
    seed '\003%s\0_\0s3://bucket\0a/b_2\0/var/lib/kalam' "$template"
  done < <(grep -rhoE "['\"][^'\" ]*\{[A-Za-z_]+\}[^'\" ]*['\"]" \
    tests/data tests/demo tests/unit/test_template.c | tr -d "'\"" | sort -u)
}

# Names, points in time, types; defaults of every type as values of every type.
name_seeds() {
  local text type form
  for text in nmessages nTABLE n_seq ns3-archive s2026-11-22T10:00:00.123456+02:00 \
      's2026-11-22 10:00:00' 812345678 d2024-02-29 t23:59:59.999999 t10:00 'TDECIMAL(10, 2)' \
      'TEMBEDDING(384)' 'Tdouble precision' 'J{"Decimal":{"precision":10,"scale":2}}' \
      'J{"Embedding":384}' 'J"BigInt"'; do
    seed %s "$text"
  done
  for text in 'B\x0d\x80\x01\0\0' 'B\x0f\x0a\x02' 'w\x02\x2a\0\0\0' 'w\x06\x03\0\0\0abc' \
      'w\x0d\x01\0\0\0\0\0\x80\x3f'; do
    seed "$text"
  done
  while read -r text; do
    for type in 0 1 2 3 4 5 6 7 8 9 a b c d e f 10; do
      seed "v\\x$type\\x09\\x02\\0\\x$((count % 3 + 2))%s" "$text"
    done
  done < <(grep -ohE "DEFAULT (X?'[^']*'|-?[0-9.e+-]+|\[[^]]*\])" tests/agree/types.sql |
    sed "s/^DEFAULT //; s/^X*'\(.*\)'\$/\1/" | sort -u)
}

case $target in
  arrow | record) binary_seeds ;;
  document) binary_seeds && document_seeds ;;
  *) "${target}_seeds" ;;
esac
found=$(ls "$T/seeds" | wc -l)
[ "$found" -ge 10 ] || { echo "only $found seeds for $target"; exit 1; }

# Words of the sources, which no mutation would spell.
grep -rhoE '"[A-Za-z_{}:/]{2,24}"' base paths catalog --include='*.[ch]' | sort -u >"$T/words"

export TMPDIR=$T
"$program" -dict="$T/words" -max_total_time="$seconds" -timeout=20 -print_final_stats=1 \
  -artifact_prefix="$build/corpus/$target-" "$build/corpus/$target" "$T/seeds" >"$T/log" 2>&1
status=$?
if [ $status = 0 ]; then
  grep -E 'INITED|number_of_executed_units|new_units_added' "$T/log"
else
  grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse|RELOAD)' "$T/log" | tail -n 60
fi
exit $status
