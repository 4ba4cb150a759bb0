#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh BUILD TARGET SECONDS SEED - one libFuzzer target, for that long; seed 0 is any.
#
# BUILD is a build with FUZZ=1.  Seeds come from the test data and the demo; what
# the fuzzer found interesting stays in BUILD/corpus/TARGET for the next run.  An
# input that fails is left in BUILD/corpus, named TARGET-crash-... or the like:
# `BUILD/tests/fuzz/fuzz_TARGET FILE` runs it again.
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 1
[ $# = 4 ] || { echo 'usage: fuzz.sh BUILD TARGET SECONDS SEED'; exit 2; }
build=$1 target=$2 seconds=$3 number=$4
program=$build/tests/fuzz/fuzz_$target
[ -x "$program" ] || { echo "$program is not built: make FUZZ=1 fuzz-build"; exit 1; }
# In memory: a target that commits would wait for the disk.
T=$(mktemp -d "${TMPDIR:-/dev/shm}/kalam-fuzz-XXXXXX") || exit 1
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
  # The first and the last points in time that a text can say, and their neighbours.
  for text in '\xff\x3f\xd4\x00\x01\x40\x23\xff' '\x00\x40\xd4\x00\x01\x40\x23\xff' \
      '\xff\x5f\x73\xcc\x0c\x44\x84\x03' '\x00\x60\x73\xcc\x0c\x44\x84\x03'; do
    seed "8$text"
    seed "w\\x07$text"
    seed "w\\x09$text"
  done
  while read -r text; do
    for type in 0 1 2 3 4 5 6 7 8 9 a b c d e f 10; do
      seed "v\\x$type\\x09\\x02\\0\\x$((count % 3 + 2))%s" "$text"
    done
  done < <(grep -ohE "DEFAULT (X?'[^']*'|-?[0-9.e+-]+|\[[^]]*\])" tests/agree/types.sql |
    sed "s/^DEFAULT //; s/^X*'\(.*\)'\$/\1/" | sort -u)
}

# Sequences of system calls, as fuzz_requests.c has them: what editors, shells and
# crawlers do, on paths of the catalog that the target starts from.
requests_seeds() {
  local t=namespaces/app/tables/messages e=namespaces/app/tables/events file text path
  for file in schema.json schema.sql schema.arrow describe storage.json error ctl plan \
      columns/price.json versions/1/schema.json versions/2/change.json versions/latest/schema.sql; do
    seed 'g %s\nr %s\nt %s 0\nh %s 600\ny %s\nu %s\n' "$t/$file" "$t/$file" "$t/$file" "$t/$file" "$t/$file" "$t/$file"
    seed 'o 0 2 %s\nR 0 0 4096\nT 0 0\nS 0 0\nW 0 x\nF 0\nC 0\nr %s\n' "$t/$file" "$t/$file" "$t/error"
  done
  for path in '' namespaces namespaces/app "$t" "$t/columns" "$t/versions" "$t/versions/1" "$t/storage" \
      namespaces/app/trash namespaces/system/tables storages information_schema .kalamfs; do
    seed 'l %s\ng %s\nk %s\nf %s\nm %s/new\nw %s/file text\ns %s/link target\nl %s\nd %s/new\n' \
      "$path" "$path" "$path" "$path" "$path" "$path" "$path" "$path" "$path"
  done
  for file in README index.html log.jsonl error .kalamfs/status.json .kalamfs/errors.jsonl .kalamfs/metrics \
      information_schema/tables.jsonl information_schema/columns.jsonl information_schema/tables.csv; do
    seed 'r %s\no 1 0 %s\nw ctl CREATE TABLE app.more (id INT)\nR 1 0 65536\nR 1 100 10\nC 1\nr %s\n' \
      "$file" "$file" "$file"
  done
  for text in 'ADD COLUMN note TEXT' 'DROP COLUMN age; nonsense' 'RENAME TO other' "COMMENT 'x" 'BEGIN' \
      'BEGIN;\nADD COLUMN a INT;\nCOMMIT;' 'SET TBLPROPERTIES' 'DROP TABLE'; do
    seed 'w %s/plan %s\nr %s/plan\nw %s/ctl %s\nr %s/error\nr %s/schema.json\nr error\n' \
      "$t" "$text" "$t" "$t" "$text" "$t" "$t"
    seed 'o 0 1 %s/ctl\nW 0 %s\nW 0 %s;\\n\nF 0\nC 0\nr %s/error\nl %s/versions\n' "$t" "$text" "$text" "$t" "$t"
  done
  text='{"columns": [{"column_name": "a", "data_type": "INT"}]}'
  # How vim, sed -i, cp and mkdir save and make; how people move, drop and bring back.
  seed 'w %s/4913 \nu %s/4913\nw %s/.schema.json.swp b0\nv 0 %s/schema.json %s/schema.json~\nw %s/schema.json %s\nu %s/schema.json~\nu %s/.schema.json.swp\nr %s/error\n' \
    $e $e $e $e $e $e "$text" $e $e $e
  seed 'r %s/schema.json\nw %s/sedABC %s\nh %s/sedABC 644\nv 0 %s/sedABC %s/schema.json\nr %s/schema.json\nl %s/.rejected\n' $e $e "$text" $e $e $e $e $e
  seed 'm namespaces/app/tables/made\nl namespaces/app/tables/made\nr namespaces/app/tables/made/schema.json\nw namespaces/app/tables/made/schema.json %s\nr namespaces/app/tables/made/error\nl namespaces/app/tables\nd namespaces/app/tables/made\n' "$text"
  seed 'm namespaces/made\nm namespaces/made/tables/t\nw namespaces/made/tables/t/schema.json %s\nv 0 namespaces/made/tables/t namespaces/app/tables/t\nd namespaces/made\n' "$text"
  seed 'v 0 %s namespaces/app/tables/moved\nr namespaces/app/tables/moved/schema.sql\nv 0 namespaces/app/tables/moved namespaces/app/trash/moved\nl namespaces/app/trash\nv 0 namespaces/app/trash/moved %s\nr log.jsonl\n' $t $t
  seed 'v 2 %s %s\nv 1 %s %s\nv 0 namespaces/app namespaces/renamed\nl namespaces\nv 0 namespaces/renamed/tables/events namespaces/shop/tables/events\n' $t $e $t $e
  seed 'd %s\nd %s/columns\nu %s/columns/price.json\nw %s/columns/extra.json {"data_type": "TEXT"}\nv 0 %s/columns/extra.json %s/columns/other.json\nr %s/schema.sql\n' $t $t $t $t $t $t $t
  seed 'o 0 0 %s/schema.json\nw %s/ctl ADD COLUMN z INT\nR 0 0 9000\no 1 2 %s/schema.json\nw ctl DROP TABLE app.events PURGE\nW 1 %s\nC 1\nR 0 0 9000\nC 0\n' $e $e $e "$text"
}

# Bytes in pages of data.mdb: page, offset (2), length - 1, bytes; in front the pages cut off.
pages_seeds() {
  local page
  seed '\0'
  seed '\1'
  for page in 0 1 2 3 5 8 13 21 34 55; do
    seed "\\0\\x$(printf %x $page)\\x0a\\0\\1\\1\\0"
    seed "\\0\\x$(printf %x $page)\\x10\\0\\7\\0\\1\\0\\0\\0\\0\\0\\1\\x$(printf %x $page)\\x0c\\0\\1\\x20\\0"
  done
}

case $target in
  arrow | record) binary_seeds ;;
  document) binary_seeds && document_seeds ;;
  *) "${target}_seeds" ;;
esac
found=$(ls "$T/seeds" | wc -l)
[ "$found" -ge 10 ] || { echo "only $found seeds for $target"; exit 1; }

# Words of the sources, which no mutation would spell.
grep -rhoE '"[A-Za-z_{}:/.]{2,24}"' base paths catalog fs --include='*.[ch]' | sort -u >"$T/words"

export TMPDIR=$T
"$program" -dict="$T/words" -max_total_time="$seconds" -seed="$number" -timeout=20 -print_final_stats=1 \
  -artifact_prefix="$build/corpus/$target-" "$build/corpus/$target" "$T/seeds" >"$T/log" 2>&1
status=$?
# A daemon that leaves by _exit takes the target with it.
grep -q number_of_executed_units "$T/log" || status=1
if [ $status = 0 ]; then
  grep -E 'INITED|number_of_executed_units|new_units_added' "$T/log"
else
  grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse|RELOAD)' "$T/log" | tail -n 60
fi
exit $status
