#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One definition by one program that starts, looks and ends, as scripts do it.
# In the databases it is the text of schema.json in a table with the name as its
# key: less than what their own catalogs would have to do.
. "$(dirname "$0")/trees.sh"
need sqlite3 psql

table_names >"$T/names"
start_rw
mount_tmpfs
each_table %s/schema.json >"$T/files"
copy "$RW" "$T/files" "$TMPFS"

say 'loading the databases'
{
  echo 'CREATE TABLE definitions (name TEXT PRIMARY KEY, definition TEXT);'
  echo 'BEGIN;'
  while read -r name; do
    printf "INSERT INTO definitions VALUES ('%s', '%s');\n" "$name" "$(<"$RW/$TABLES/$name/schema.json")"
  done <"$T/names"
  echo 'COMMIT;'
} >"$T/definitions.sql"
sqlite3 "$T/definitions.db" <"$T/definitions.sql" || die 'sqlite3 cannot load'
postgres_start
psql -Xq -v ON_ERROR_STOP=1 -f "$T/definitions.sql" || die 'psql cannot load'
psql -Xqc 'VACUUM ANALYZE definitions' || die 'psql cannot analyze'

head -n "$FILES" "$T/names" >"$T/looked"
QUERY="SELECT definition FROM definitions WHERE name = '{}'"
oneshot() { # COUNT VARIANT COMMAND...
  records oneshot "$1" "$T/looked" 'one lookup, one program' "${@:2}"
}
round() {
  oneshot 100 rw cat "$RW/$TABLES/{}/schema.json"
  oneshot 100 tmpfs cat "$TMPFS/$TABLES/{}/schema.json"
  oneshot 100 sqlite3 sqlite3 "$T/definitions.db" "$QUERY"
  oneshot 20 psql psql -XAtc "$QUERY"
}
round 3>/dev/null	# all in memory
for _ in $(rounds); do
  round
done
target 'one lookup, one program' sqlite3/rw '>=' 2 ''
target 'one lookup, one program' psql/rw '>=' 20 ''
note 'one lookup, one program' 'cat schema.json; sqlite3 or psql with a SELECT of the same text by its name from a table of these texts; medians of 100 (psql: 20) starts'
finish
