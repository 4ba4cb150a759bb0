# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# PostgreSQL for a test that has included tests/mount/lib.sh: a server of its own,
# on a socket in $PG, with a user postgres.  It ends with the test, or with stop_postgres.
need psql
PG=$T/pg
PGBIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$PGBIN/initdb" ] || die 'the programs of PostgreSQL are not installed: make deps-test'

as_postgres() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  need setpriv getent
  getent passwd postgres >/dev/null || die "there is no user 'postgres'"
  as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
fi
mkdir -m 755 "$PG"
chmod 755 "$T"
[ "$(id -u)" = 0 ] && chown postgres "$PG"
stop_postgres() { as_postgres "$PGBIN/pg_ctl" -D "$PG/data" -m fast stop >/dev/null 2>&1; }
trap 'status=$?; stop_postgres; (exit "$status"); cleanup' EXIT
(cd "$PG" && as_postgres "$PGBIN/initdb" -D "$PG/data" -A trust -U postgres -E UTF8 --no-sync >"$PG/log" 2>&1) ||
  die "initdb failed: $(cat "$PG/log")"
(cd "$PG" && as_postgres "$PGBIN/pg_ctl" -D "$PG/data" -w -l "$PG/data/log" \
  -o "-c listen_addresses= -k $PG -c fsync=off -c dynamic_shared_memory_type=mmap" start >/dev/null) ||
  die "the server did not start: $(cat "$PG/data/log")"
