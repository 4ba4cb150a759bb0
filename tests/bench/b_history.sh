#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# b_history.sh: what a long history costs: an ALTER of a table with BENCH_VERSIONS
# versions beside one of a new table, and a listing of them.
OWN_MOUNTS=1
. "$(dirname "$0")/lib.sh"
VERSIONS=${BENCH_VERSIONS:-10000}
CHANGES=300
PASSES=3	# over the pair, of each round
LABEL="ALTER after $VERSIONS versions"

TABLES=$((BENCH_TABLES < 1000 ? BENCH_TABLES : 1000))
make_tables "$CAT" bench "$TABLES"
for i in $(seq 1 $((BENCH_RUNS * PASSES))); do
  make_tables "$CAT" "young$i" 1
done
make_tables "$CAT" old 1
start || finish

# changes NAMESPACE VARIANT COUNT
changes() { records alter "$LABEL" "$2" "$3x" 1 kalamfs "$MNT/namespaces/$1/tables"; }

say "making $VERSIONS versions"
"$PROGRAMS/alter" - - "${VERSIONS}x" 1 kalamfs "$MNT/namespaces/old/tables" >/dev/null ||
  die 'cannot make versions'
i=0
for round in $(rounds); do
  for pass in $(seq $PASSES); do
    i=$((i + 1))
    changes "young$i" 'a new table' $CHANGES
    changes old "$VERSIONS versions" $CHANGES
  done
  row 'ls of versions' s "$VERSIONS versions" "$(seconds ls -f "$MNT/namespaces/old/tables/t000001/versions")"
done

listed=$(ls "$MNT/namespaces/old/tables/t000001/versions" | grep -cx '[0-9]*')
there=$(jq .schema_version "$MNT/namespaces/old/tables/t000001/schema.json")
[ "$listed" = "$there" ] || die "versions/ lists $listed versions of $there"
target "$LABEL" "$VERSIONS versions/a new table" '<=' 1.2 ''
note 'ls of versions' "complete: $listed of $there"
finish
