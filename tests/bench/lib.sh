# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the benchmarks, tests/bench/b_NAME.sh, which bench.sh runs.
#
# A benchmark prints records on stdout, one to a line, fields behind tabs; the
# functions below print them.  Everything else belongs on stderr, where lib.sh
# sends what programs print.
#
#   row     LABEL UNIT VARIANT VALUE	one measurement: the first of each variant
#                                 	is of round 1, the second of round 2 ...
#   rt      LABEL COUNT [VARIANT] 	round trips to the daemon per operation, or n/a
#   target  LABEL WHAT OP NUMBER TEXT	what should hold; OP is <= or >=, WHAT one of
#       A/B         the median of variant A by that of B, both of this run
#       A           the median of variant A
#       rt[:A]      the round trips (of variant A)
#   skip    LABEL REASON          	not available here, and why
#   note    LABEL TEXT            	a line below the table
#
# Variants of one label are measured alternately, round by round ($(rounds)),
# so that what else the machine does meets all of them.  bench.sh makes medians,
# minima, maxima and ratios of it, and says of each target ok, MISSED or n/a.
#
# From outside come BENCH_TABLES (tables of the catalog), BENCH_RUNS (rounds)
# and TMPDIR (whose file system has the catalogs); BENCH_CPU=N puts daemons and
# readers on that CPU, for less noise.  NEEDS_ROOT=1 set before
# sourcing runs the script as root, OWN_MOUNTS=1 with mounts of its own.  $T is
# its scratch directory; mounts and processes go with it: see
# tests/mount/lib.sh, which all of this stands on (start, stop, wait_for, die).
# The script ends with `finish`.

BENCH_TABLES=${BENCH_TABLES:-10000}
BENCH_RUNS=${BENCH_RUNS:-5}
TEST_LIMIT=${BENCH_LIMIT:-3600}
BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ -n "${NEEDS_ROOT:-}${OWN_MOUNTS:-}" ] && [ "$(id -u)" != 0 ]; then
  vars=()
  for var in KALAM_BUILD TMPDIR "${!BENCH_@}"; do
    vars+=("$var=${!var-}")
  done
  command -v sudo >/dev/null 2>&1 || { echo "$0: must run as root, and there is no sudo" >&2; exit 1; }
  exec sudo -n env "${vars[@]}" "$0" "$@"
fi

# The script begins anew in its own mount namespace, and asks for one again.
[ -z "${OWN_MOUNTS:-}" ] || OWN_MOUNTS=${BENCH_MOUNTS:-1}
export BENCH_MOUNTS=inside

. "$BENCH/../mount/lib.sh"
PROGRAMS=$BUILD/tests/bench
[ -z "${BENCH_CPU:-}" ] || taskset -cp "$BENCH_CPU" $$ >/dev/null || exit 1
chmod 711 "$T"	# servers run as other users below it
exec 3>&1 1>&2

# ----- records -----

record() { (IFS=$'\t'; printf '%s\n' "$*") >&3; }
row() { record row "$@"; }
rt() { record rt "$@"; }
target() { record target "$@"; }
skip() { record skip "$@"; }
note() { record note "$@"; }

# The C programs print records, too: records PROGRAM ARGUMENTS...
records() { "$PROGRAMS/$1" "${@:2}" >&3 || die "failed: $*"; }

say() { printf '  %s: %s\n' "$NAME" "$*" >&2; }

# ----- measuring -----

rounds() { seq 1 "$BENCH_RUNS"; }

# seconds COMMAND... : how long it took, on stdout; its own output goes nowhere
seconds() {
  local from=$EPOCHREALTIME to status
  "$@" >/dev/null 2>"$T/seconds.err"
  status=$?
  to=$EPOCHREALTIME
  [ $status = 0 ] || die "status $status: $*: $(head -n 3 "$T/seconds.err")"
  awk -v from="$from" -v to="$to" 'BEGIN { printf "%.6f\n", to - from }'
}

# The kernel keeps nothing: neither pages nor names nor attributes.
drop_caches() {
  sync
  echo 3 >/proc/sys/vm/drop_caches
}

# requests [MOUNTPOINT] : how many requests the daemon has answered that
# somebody waited for, or n/a.  Asking costs requests itself: see round_trips.
requests() {
  local file=${1:-$MNT}/.kalamfs/metrics
  [ -r "$file" ] || { echo n/a; return; }
  awk '/^kalamfs_operations_total[{]/ && !/"(forget|batch_forget|forget_multi|release|releasedir)"/ {
         sum += $NF; found = 1
       }
       END { print found ? sum : "n/a" }' "$file"
}

# round_trips MOUNTPOINT OPERATIONS COMMAND... : round trips per operation of a
# command that does so many
round_trips() {
  local m=$1 operations=$2 before again after
  shift 2
  requests "$m" >/dev/null
  before=$(requests "$m")
  again=$(requests "$m")
  "$@" >/dev/null 2>&1
  after=$(requests "$m")
  if [ "$before" = n/a ]; then
    echo n/a
    return
  fi
  awk -v n="$operations" -v asking=$((again - before)) -v all=$((after - again)) \
    'BEGIN { x = (all - asking) / n; printf x == int(x) ? "%d\n" : "%.3f\n", x }'
}

# ----- catalogs -----

# table_names : one after the other, as make_tables makes them
table_names() { seq -f 't%06.0f' 1 "${1:-$BENCH_TABLES}"; }

# make_tables CATALOG [NAMESPACE [TABLES [COLUMNS]]] : SHARED tables t000001 ...
make_tables() {
  local catalog=$1 namespace=${2:-bench} tables=${3:-$BENCH_TABLES} columns=${4:-8}
  {
    echo "CREATE NAMESPACE $namespace;"
    table_names "$tables" | awk -v ns="$namespace" -v columns="$columns" '
      BEGIN {
        split("TEXT BIGINT TIMESTAMP DOUBLE BOOLEAN DATE JSON", type, " ")
        for (i = 2; i <= columns; i++)
          list = list sprintf(", c%d %s", i, type[(i - 2) % 7 + 1])
      }
      { printf "CREATE SHARED TABLE %s.%s (id BIGINT PRIMARY KEY%s);\n", ns, $1, list }'
  } >"$T/tables.sql"
  "$KALAMCTL" "$catalog" exec "$T/tables.sql" >/dev/null || die "cannot make $tables tables"
  rm -f "$T/tables.sql"
}

# ----- other databases -----

# postgres_start : an empty server, durable as by default, on a socket in
# $PGHOST; psql and libpq find it by the environment.  Never as root.
postgres_start() {
  local dir=$T/postgres user=postgres
  PGBIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -x "$PGBIN/initdb" ] || die 'PostgreSQL is not installed: make deps-bench'
  if [ "$(id -u)" != 0 ]; then
    as_postgres=()
  else
    id postgres >/dev/null 2>&1 || user=nobody
    as_postgres=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
  fi
  mkdir "$dir" "$dir/socket"
  [ "$(id -u)" != 0 ] || chown -R "$user" "$dir"
  (
    cd "$dir" || exit 1
    "${as_postgres[@]}" "$PGBIN/initdb" -D "$dir/data" -U postgres -A trust --no-sync &&
      "${as_postgres[@]}" "$PGBIN/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 \
        -o "-k '$dir/socket' -c listen_addresses='' -c max_connections=200" start
  ) >"$T/postgres.out" 2>&1 3>&- || die "PostgreSQL does not start: $(tail -n 5 "$T/postgres.out")"
  POSTGRES=$dir/data
  export PGHOST=$dir/socket PGUSER=postgres PGDATABASE=postgres
}

postgres_stop() {
  [ -n "${POSTGRES:-}" ] || return 0
  (cd / && "${as_postgres[@]}" "$PGBIN/pg_ctl" -D "$POSTGRES" -m immediate -w -t 60 stop) >/dev/null 2>&1
  POSTGRES=
}

# ----- the end -----

bench_cleanup() {
  local status=$?
  trap - EXIT
  postgres_stop
  (exit "$status")
  cleanup
}
trap bench_cleanup EXIT
