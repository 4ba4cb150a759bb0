#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# b_scale.sh: a catalog of BENCH_BIG tables of 8 columns in 1,000 namespaces
# (1,000,000; BENCH_BIG=20000 takes a minute), beside one of 1,000 tables: how fast
# it is loaded, how large it is, what the daemon keeps in memory, what changes
# cost.  And BENCH_WIDE tables in one namespace, and one table of 4,096 columns.
# BENCH_FIND=4 lets find go no deeper than the tables.
BENCH_LIMIT=${BENCH_LIMIT:-10800}
NEEDS_ROOT=1
OWN_MOUNTS=1
. "$(dirname "$0")/lib.sh"
BIG=${BENCH_BIG:-1000000}
WIDE=${BENCH_WIDE:-$((BIG / 10))}
NAMESPACES=$((BIG < 100000 ? BIG / 100 : 1000))
EACH=$((BIG / NAMESPACES))
CATS=${BENCH_CATS:-$((BIG < 50000 ? BIG : 50000))}
ALTERS=${BENCH_ALTERS:-$((BIG < 40000 ? BIG : 40000))}
CHANGES=300	# of a measurement
TABLES="$BIG tables"
MEMORY="anonymous memory of the daemon, $TABLES"
SMALL=$T/small
mkdir "$SMALL"

# ddl NAMESPACE TABLES
ddl() {
  echo "CREATE NAMESPACE $1;"
  table_names "$2" | awk -v ns="$1" '{
    printf "CREATE SHARED TABLE %s.%s (id BIGINT PRIMARY KEY, c2 TEXT, c3 BIGINT, " \
      "c4 TIMESTAMP, c5 DOUBLE, c6 BOOLEAN, c7 DATE, c8 JSON);\n", ns, $1
  }'
}

namespaces() { seq -f 'ns%05.0f' 1 "$NAMESPACES"; }

# load CATALOG : one statement file, one transaction, for each namespace
load() {
  local ns
  for ns in $(namespaces); do
    ddl "$ns" "$EACH" | "$KALAMCTL" "$1" exec >/dev/null || die "cannot load $ns"
  done
}

per_second() { awk -v n="$1" -v s="$2" 'BEGIN { printf "%.6g", n / s }'; }

mebibytes() { awk -v n="$1" 'BEGIN { printf "%.6g", n / 1048576 }'; }

anonymous() { awk '/^RssAnon:/ { printf "%.6g", $2 / 1024 }' "/proc/${DAEMON[$MNT]}/status"; }

# Files of tables at random.
cat_files() {
  awk -v n="$CATS" -v namespaces="$NAMESPACES" -v each="$EACH" -v root="$MNT" 'BEGIN {
    srand(1)
    for (i = 0; i < n; i++)
      printf "%s/namespaces/ns%05d/tables/t%06d/schema.json\n", root, 1 + int(rand() * namespaces),
        1 + int(rand() * each)
  }' | xargs cat >/dev/null
}

# ALTERs of 32 tables in each of 20 namespaces.
alter_tables() {
  local ns
  for ns in $(namespaces | shuf -n 20 --random-source=/dev/zero); do
    "$PROGRAMS/alter" - - $((ALTERS / 20 / 32 + 1))x 32 kalamfs "$MNT/namespaces/$ns/tables" >/dev/null ||
      die 'the clients failed'
  done
}

# change_both KIND LABEL PATH : in both catalogs, alternately
change_both() {
  records alter "$2" '1,000 tables' ${CHANGES}x 1 "$1" "$SMALL/namespaces/ns00001$3"
  records alter "$2" "$TABLES" ${CHANGES}x 1 "$1" "$MNT/namespaces/ns00001$3"
}

# ----- loading -----

say "loading $TABLES"
took=$(seconds load "$CAT") || exit 1
row "loading $TABLES" 1/s kalamctl "$(per_second "$BIG" "$took")"
size=$(stat -c %s "$CAT/data.mdb")
row "data.mdb, $TABLES" MiB kalamfs "$(mebibytes "$size")"
row 'data.mdb by table' B kalamfs $((size / BIG))
target 'data.mdb by table' kalamfs '<=' 1610 ''
ddl ns00001 1000 | "$KALAMCTL" "$T/small.catalog" exec >/dev/null || die 'cannot load the small one'

# ----- memory -----

drop_caches
from=$EPOCHREALTIME
start || finish
row "mounting $TABLES, cold" s kalamfs "$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')"
row "$MEMORY" MiB 'just mounted' "$(anonymous)"
start -m "$SMALL" -c "$T/small.catalog" || finish

say 'find'
took=$(seconds find "$MNT" ${BENCH_FIND:+-maxdepth "$BENCH_FIND"}) || exit 1
row "find, $TABLES, cold" s kalamfs "$took"
[ -z "${BENCH_FIND:-}" ] || note find "find -maxdepth $BENCH_FIND: to the tables, not into them"
row "$MEMORY" MiB 'after find' "$(anonymous)"
say "$CATS cats, $ALTERS ALTERs"
cat_files
row "$MEMORY" MiB "after $CATS cats" "$(anonymous)"
alter_tables
row "$MEMORY" MiB "after $ALTERS ALTERs" "$(anonymous)"
target "$MEMORY" "after $ALTERS ALTERs" '<=' 32 ''

# ----- changes in a large catalog -----

# once before, so that neither has to fetch its pages from the disk
for round in once $(rounds); do
  [ "$round" = once ] && exec 4>&3 3>/dev/null
  change_both kalamfs 'ALTER in a large catalog' /tables
  change_both create 'CREATE in a large catalog' ''
  [ "$round" = once ] && exec 3>&4 4>&-
done
for what in ALTER CREATE; do
  target "$what in a large catalog" "$TABLES/1,000 tables" '<=' 1.5 ''
done

# ----- many tables in one namespace, many columns in one table -----

say "$WIDE tables in one namespace"
ddl wide "$WIDE" >"$T/wide.sql"
{
  head -n 1 "$T/wide.sql" | "$KALAMCTL" "$CAT" exec
  tail -n +2 "$T/wide.sql" | split -l 5000 --filter="'$KALAMCTL' '$CAT' exec"
} >/dev/null || die 'cannot load the wide namespace'
rm -f "$T/wide.sql"
for round in $(rounds); do
  drop_caches
  row "ls -f of $WIDE tables" s cold "$(seconds ls -f "$MNT/namespaces/wide/tables")"
  row "ls -f of $WIDE tables" s warm "$(seconds ls -f "$MNT/namespaces/wide/tables")"
done
ls -f "$MNT/namespaces/wide/tables" | grep '^t[0-9]*$' | sort | cmp -s - <(table_names "$WIDE") ||
  die "the listing of $WIDE tables is not complete"

columns=4096
{
  printf 'CREATE SHARED TABLE ns00001.wide (id BIGINT PRIMARY KEY'
  seq 2 $columns | awk '{ printf ", column_%d TEXT", $1 }'
  echo ');'
} >"$T/wide.sql"
row "CREATE of a table of $columns columns" s kalamctl \
  "$(seconds "$KALAMCTL" "$CAT" exec "$T/wide.sql")"
for i in 1 2 3 4 5; do
  echo "ALTER COLUMN column_9 COMMENT '$i'" >"$T/statement"
  row "ALTER of a table of $columns columns" s kalamfs \
    "$(seconds sh -c 'cat "$1" >"$2"' sh "$T/statement" "$MNT/namespaces/ns00001/tables/wide/ctl")"
done
[ "$(ls "$MNT/namespaces/ns00001/tables/wide/columns" | wc -l)" = $columns ] ||
  die "columns/ does not list $columns columns"
finish
