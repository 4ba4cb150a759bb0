#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What kalamctl takes for a name, a value of an option and a file, and what it says of others.
. "$(dirname "$0")/lib.sh"

says() { has "$1" "$2" "$(cat "$T/err")"; }
prints() { same "$1" "$2" "$(cat "$T/out")"; }
before() { BEFORE=$("$KALAMCTL" "$CAT" dump | sha256sum); }
unchanged() { same "$1: nothing happened" "$BEFORE" "$("$KALAMCTL" "$CAT" dump | sha256sum)"; }

mkdir -p "$T/store/app/notes"
"$KALAMCTL" "$CAT" exec >/dev/null <<SQL || fail "the catalog is made"
CREATE NAMESPACE app;
CREATE STORAGE disk TYPE filesystem PATH '$T/store';
CREATE STORAGE bucket TYPE s3 BUCKET 'b/k';
CREATE SHARED TABLE app.notes (id INT PRIMARY KEY) WITH (STORAGE_ID = 'disk');
CREATE USER TABLE app.own (id INT PRIMARY KEY) WITH (STORAGE_ID = 'disk');
CREATE SHARED TABLE app.far (id INT PRIMARY KEY) WITH (STORAGE_ID = 'bucket');
CREATE TABLE default.alone (id INT PRIMARY KEY);
SQL

# paths: one table bare, several with their names, users where a table has them.
is 0 'paths of a table' "$KALAMCTL" "$CAT" paths app.notes
prints 'is its location alone' "$T/store/app/notes"
is 0 'of a table of users' "$KALAMCTL" "$CAT" paths app.own
prints 'leaves the user open' "$T/store/app/own/{userId}"
is 0 'with a user' "$KALAMCTL" --user ann "$CAT" paths app.own
prints 'has it filled in' "$T/store/app/own/ann"
is 0 'paths of a namespace' "$KALAMCTL" --user ann "$CAT" paths app
same 'has a line for each table' "app.far app.notes app.own" "$(cut -f1 "$T/out" | sort | xargs)"
is 0 'paths of all' "$KALAMCTL" "$CAT" paths
has 'has other namespaces, too' default.alone "$(cat "$T/out")"
is 0 '--json paths' "$KALAMCTL" --json "$CAT" paths app
same 'tells whether a directory is there, where it can be one' \
  'far null null/notes null true/own null null' \
  "$(jq -rs 'sort_by(.table)[] | "\(.table[4:]) \(.user) \(.exists)"' "$T/out" | paste -sd/)"
is 0 '--json paths of a user' "$KALAMCTL" --json --user ann "$CAT" paths app.own
same 'has the user and no directory' "ann $T/store/app/own/ann false" \
  "$(jq -r '"\(.user) \(.location) \(.exists)"' "$T/out")"
is 1 'paths of no table' "$KALAMCTL" "$CAT" paths app.none
says 'says so' "none"
is 1 'a user that is none' "$KALAMCTL" --user a/b "$CAT" paths app.own
says 'says so' 'kalamctl: '
prints 'and prints nothing' ''

LONG=$(printf 'x%.0s' {1..70})
# Names that are none, for each command that takes one.
for command in paths dump ls describe; do
  for name in . .t app. "$LONG" "app.$LONG"; do
    is 2 "$command of '$name'" "$KALAMCTL" "$CAT" $command "$name"
    says 'says what is expected' 'is not a name: expected NAMESPACE or NAMESPACE.TABLE'
  done
done
is 0 'describe without a namespace' "$KALAMCTL" "$CAT" describe alone
has 'is of default' 'TABLE alone' "$(cat "$T/out")"
is 0 'ls of a table' "$KALAMCTL" "$CAT" ls app.own
has 'has it' own "$(cat "$T/out")"
is 1 'ls of no namespace' "$KALAMCTL" "$CAT" ls none
is 1 'dump of no table' "$KALAMCTL" "$CAT" dump app.none

# Values of options.
for value in --into= "--into=$LONG" --from=oracle --from= --batch= --batch=0 --batch=x --batch=1x --batch=-1; do
  is 2 "$value" "$KALAMCTL" "$value" "$CAT" load /dev/null
  says 'says so' 'wrong value for an option of load'
done
is 2 'an option without its value' "$KALAMCTL" "$CAT" load --into
says 'says so' 'a value is missing for'
is 2 'load of nothing' "$KALAMCTL" "$CAT" load
is 2 'an option of another command' "$KALAMCTL" --lenient "$CAT" status

# Files that cannot be read, or not be taken.
before
is 1 'exec of a directory' "$KALAMCTL" "$CAT" exec "$T"
says 'says so' "kalamctl: cannot read '$T': Is a directory"
is 1 'load of no file' "$KALAMCTL" "$CAT" load "$T/none.sql"
says 'says so' "kalamctl: cannot open '$T/none.sql': No such file or directory"
for script in 'BEGIN; BEGIN;' 'COMMIT;' 'BEGIN; DROP TABLE app.far; ROLLBACK; ROLLBACK;'; do
  is 1 "exec of '$script'" sh -c "echo '$script' | '$KALAMCTL' '$CAT' exec"
done
printf 'CREATE TABLE default.alone (id INT PRIMARY KEY);\n' >"$T/there.sql"
is 1 'load of a table that is there' "$KALAMCTL" "$CAT" load "$T/there.sql"
says 'tells what would help' '--replace purges the tables that the file drops before it makes them'
is 1 '--json load of it' "$KALAMCTL" --json "$CAT" load "$T/there.sql"
same 'is a line' 'EEXIST' "$(jq -r .errno "$T/out")"
unchanged 'files that are refused'
printf 'CREATE TABLE app.b%d (id INT PRIMARY KEY);\n' 1 2 3 >"$T/batch.sql"
cat "$T/there.sql" >>"$T/batch.sql"
is 1 '--batch' "$KALAMCTL" --batch 1 "$CAT" load "$T/batch.sql"
says 'tells what stays' '3 transactions before it stay committed'
same 'which is so' 'b1 b2 b3' "$("$KALAMCTL" "$CAT" dump app | grep -o 'app\.b[1-3]' | cut -c5- | sort -u | xargs)"
printf 'CREATE TABLE app.c1 (id INT PRIMARY KEY);\n' | cat - "$T/there.sql" >"$T/batch.sql"
is 1 '--batch with one before' "$KALAMCTL" --batch 1 "$CAT" load "$T/batch.sql"
says 'tells of one' '1 transaction before it stays committed'
printf 'ALTER TABLE app.c1 ADD COLUMN b INT;\n' >"$T/change.sql"
is 0 'load from stdin' sh -c "'$KALAMCTL' '$CAT' load - <'$T/change.sql'"
has 'tells what was changed' 'changed' "$(cat "$T/out")"
is 1 'output that cannot be written' sh -c "'$KALAMCTL' '$CAT' dump >/dev/full"
says 'is told' 'kalamctl: cannot write output: No space left on device'
is 0 'a caller without a name' setpriv --reuid 54321 --clear-groups "$KALAMCTL" --version

# As somebody who has no entry, in a catalog of his own; root works there as its owner.
mkdir "$T/theirs" && chown 54321:54321 "$T/theirs"
chmod 755 "$T"
is 0 'root in a catalog of another user' sh -c "echo 'CREATE NAMESPACE n' | '$KALAMCTL' '$T/theirs' exec"
same 'leaves it to its owner' 54321 "$(stat -c %u "$T/theirs/data.mdb")"

finish
