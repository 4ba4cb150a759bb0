#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every limit, one below, at it, and one above it with errno, text and nothing
# changed.  The rows tested are those of LIMITS in kalamfs(5), all of them.
NEEDS_ROOT=1
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/lib.sh"
need dd setpriv mount
APP=$MNT/namespaces/app
GROUP=65534	# who may write: any uid with it

INVALID='Invalid argument'
TOO_LARGE='File too large'
TOO_LONG='File name too long'
NO_SPACE='No space left on device'

# In memory: what is counted here are bytes and names, not syncs.
mkdir "$T/memory"
mount -t tmpfs tmpfs "$T/memory" || die 'cannot mount a tmpfs'
MOUNTS+=("$T/memory")
CAT=$T/memory/catalog
chmod 755 "$T"

# row NAME LIMIT : what is tested next, as it stands in LIMITS
row() {
  printf '%s: %s\n' "$1" "$2" >>"$T/rows"
  ROW=$1
}

# x N [CHARACTER] : a text of so many bytes
x() { head -c "$1" /dev/zero | tr '\0' "${2:-x}"; }

# once FILE TEXT : in one write(2); the text's newline is the last byte
once() {
  printf '%s\n' "$2" >"$T/statement"
  dd if="$T/statement" of="$1" bs=2M conv=notrunc status=none
}

# above N ERRNO FILE TEXT FUNCTION : FUNCTION N fails so, and changes nothing
above() {
  local before after
  CHECKS=$((CHECKS + 1))
  before=$(state)
  if "$5" "$1" 2>"$T/err"; then
    fail "$ROW, $5: $1 is accepted"
  elif ! grep -qF "$2" "$T/err"; then
    fail "$ROW, $5: another errno for $1" "expected: $2" "found: $(cat "$T/err")"
  fi
  after=$(state)
  [ "$before" = "$after" ] || fail "$ROW, $5: $1 is refused and changes the catalog"
  [ "$3" = - ] || has "$ROW, $5: the text for $1" "$4" "$(cut -c 1-400 "$3")"
}

# up_to N FUNCTION : one below the limit, and the limit itself
up_to() {
  local n
  for n in $(($1 - 1)) "$1"; do
    CHECKS=$((CHECKS + 1))
    "$2" "$n" 2>"$T/err" || fail "$ROW, $2: $n is refused" "$(cat "$T/err")" "$(cut -c 1-400 "$MNT/error" "$APP/error" "$APP/tables/t/error")"
  done
}

# edge N ERRNO FILE TEXT FUNCTION : all three
edge() {
  up_to "$1" "$5"
  above $(($1 + 1)) "${@:2}"
}

# ----- names -----

namespace_of() { once "$MNT/ctl" "CREATE NAMESPACE $(x "$1")"; }
table_of() { once "$APP/ctl" "CREATE TABLE $(x "$1") (id INT PRIMARY KEY)"; }
column_of() { once "$APP/tables/t/ctl" "ADD COLUMN $(x "$1") INT"; }
storage_of() { once "$MNT/ctl" "CREATE STORAGE $(x "$1") TYPE s3 BUCKET 'b'"; }
directory_of() { mkdir "$MNT/namespaces/$(x "$1" d)"; }
draft_of() { mkdir "$APP/tables/$(x "$1" d)" && rmdir "$APP/tables/$(x "$1" d)"; }
column_file_of() { echo '{"data_type": "INT"}' >"$T/column.json" && cp "$T/column.json" "$APP/tables/t/columns/$(x "$1" f).json"; }

test_names() {
  local text='Name is too long (65 characters, max 64)'
  row Name '64 bytes'
  edge 64 "$TOO_LONG" "$MNT/error" "$text" namespace_of
  edge 64 "$TOO_LONG" "$APP/error" "$text" table_of
  edge 64 "$TOO_LONG" "$APP/tables/t/error" "$text" column_of
  edge 64 "$TOO_LONG" "$MNT/error" "$text" storage_of
  edge 64 "$TOO_LONG" "$MNT/error" "$text" directory_of
  edge 64 "$TOO_LONG" "$APP/error" "$text" draft_of
  edge 64 "$TOO_LONG" "$APP/tables/t/error" "$text" column_file_of
}

# ----- columns -----

columns_by_create() {
  once "$APP/ctl" "CREATE TABLE wide$1 (c1 INT PRIMARY KEY$(printf ', c%d INT' $(seq 2 "$1")))"
}
column_by_alter() { once "$APP/tables/wide4095/ctl" "ADD COLUMN c$1 INT"; }
columns_by_document() {
  mkdir -p "$APP/tables/saved$1"
  jq -n --argjson n "$1" '{columns: [range($n) | {column_name: "c\(.)", data_type: "INT", is_primary_key: (. == 0)}]}' >"$T/wide.json"
  cp "$T/wide.json" "$APP/tables/saved$1/schema.json"
}

test_columns() {
  row 'Columns of a table' 4096
  edge 4096 "$INVALID" "$APP/error" 'max 4096' columns_by_create
  edge 4096 "$INVALID" "$APP/tables/saved4097/error" 'max 4096' columns_by_document
  ROW='Columns of a table'
  CHECKS=$((CHECKS + 1))
  column_by_alter 4096 || fail 'the 4096th column'
  above 4097 "$INVALID" "$APP/tables/wide4095/error" 'Table cannot have more than 4096 columns' column_by_alter
  rmdir "$APP/tables/saved4097"
  exec_sql "DROP TABLE app.wide4095 PURGE; DROP TABLE app.wide4096 PURGE; DROP TABLE app.saved4095 PURGE; DROP TABLE app.saved4096 PURGE;"
}

# ----- texts -----

comment_of_namespace() { once "$APP/ctl" "ALTER NAMESPACE app COMMENT '$(x "$1")'"; }
comment_of_table() { once "$APP/tables/t/ctl" "COMMENT '$(x "$1")'"; }
comment_of_column() { once "$APP/tables/t/ctl" "ALTER COLUMN a COMMENT '$(x "$1")'"; }
comment_in_document() {
  jq --arg c "$(x "$1" d)" '.table_comment = $c' "$APP/tables/t/schema.json" >"$T/comment.json"
  cp "$T/comment.json" "$APP/tables/t/schema.json"
}
comment_of_two_byte_letters() { once "$APP/tables/t/ctl" "COMMENT '$(x $(($1 % 2)))$(printf 'é%.0s' $(seq $(($1 / 2))))'"; }
default_of() { once "$APP/tables/t/ctl" "ALTER COLUMN a SET DEFAULT '$(x "$1")'"; }
default_in_document() {
  jq --arg c "$(x "$1" d)" '.columns |= map(if .column_name == "a" then .default_value = {literal: $c} else . end)' \
    "$APP/tables/t/schema.json" >"$T/default.json"
  cp "$T/default.json" "$APP/tables/t/schema.json"
}

test_texts() {
  row Comment '4096 bytes'
  edge 4096 "$INVALID" "$APP/error" 'Comment is too long (4097 bytes, max 4096)' comment_of_namespace
  edge 4096 "$INVALID" "$APP/tables/t/error" 'Comment is too long (4097 bytes, max 4096)' comment_of_table
  edge 4096 "$INVALID" "$APP/tables/t/error" 'Comment is too long (4097 bytes, max 4096)' comment_of_column
  edge 4096 "$INVALID" "$APP/tables/t/error" 'Comment is too long (4097 bytes, max 4096)' comment_in_document
  edge 4096 "$INVALID" "$APP/tables/t/error" 'Comment is too long (4097 bytes, max 4096)' comment_of_two_byte_letters
  row 'Text of a default' '4096 bytes'
  edge 4096 "$INVALID" "$APP/tables/t/error" 'Default is too long (4097 bytes, max 4096)' default_of
  edge 4096 "$INVALID" "$APP/tables/t/error" 'Default is too long (4097 bytes, max 4096)' default_in_document
}

# ----- writes, statements, documents, scripts -----

write_of() { once "$APP/tables/t/ctl" "COMMENT 'w$1'$(x $(($1 - 13 - ${#1})) ' ');"; }
plan_of() { once "$APP/tables/t/plan" "COMMENT 'p$1'$(x $(($1 - 13 - ${#1})) ' ');"; }
# From its first word to its last one.
statement_of() { echo "ALTER TABLE app.s COMMENT$(x $(($1 - 29 - ${#1})) ' ') 's$1';" | "$KALAMCTL" "$CAT" exec >/dev/null; }
# padded FILE N : with blanks behind it, that many bytes
padded() { x $(($2 - $(stat -c %s "$1"))) ' ' >>"$1"; }
document_of() {
  jq ".table_comment = \"d$1\"" "$APP/tables/t/schema.json" >"$T/long.json"
  padded "$T/long.json" "$1"
  cp "$T/long.json" "$APP/tables/t/schema.json"
}
document_by_rename() {
  local status
  jq ".table_comment = \"r$1\"" "$APP/tables/t/schema.json" >"$T/long.json"
  padded "$T/long.json" "$1"
  cp "$T/long.json" "$APP/tables/t/t.json" || return
  mv "$APP/tables/t/t.json" "$APP/tables/t/schema.json"
  status=$?
  rm -f "$APP/tables/t/t.json"
  return $status
}
# BEGIN, and blanks up to the limit; COMMIT then brings what is too much or not.
block_of() {
  $PYTHON - "$APP/tables/t/ctl" "$1" 2>&1 <<'END' | tail -n 1 | grep -v '^$' >&2
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY)
begin, end = b"BEGIN;\n", b"COMMENT 'block%s';COMMIT;\n" % sys.argv[2].encode()
os.write(fd, begin)
left = int(sys.argv[2]) - len(begin) - len(end)
while left:
    n = min(left, 1000000)
    os.write(fd, b" " * n)
    left -= n
os.write(fd, end)
os.close(fd)
END
  [ ! -s "$T/err" ]
}
# The same file, longer by a line each time.
script_of() {
  local file=$T/memory/script
  [ -e "$file" ] || x "$(($1 - 1))" '\n' >"$file"
  echo >>"$file"
  echo "ALTER TABLE app.t COMMENT 'x$1';" | dd of="$file" conv=notrunc status=none
  [ "$(stat -c %s "$file")" = "$1" ] || fail "a script of $1 bytes has $(stat -c %s "$file")"
  "$KALAMCTL" "$CAT" exec "$file" >/dev/null
}

test_sizes() {
  row 'Statement, write to ctl or plan' '1,044,480 bytes'
  edge 1044480 "$TOO_LARGE" "$APP/tables/t/error" 'A write of 1044481 bytes is too long (max 1044480)' write_of
  edge 1044480 "$TOO_LARGE" "$APP/tables/t/error" 'A write of 1044481 bytes is too long (max 1044480)' plan_of
  edge 1044480 'Statement is too long (1044481 bytes, max 1044480)' - '' statement_of
  row 'Document that is saved' '4 MiB'
  edge 4194304 "$TOO_LARGE" "$APP/tables/t/error" 'A document has at most 4194304 bytes' document_of
  edge 4194304 "$TOO_LARGE" "$APP/tables/t/error" 'A document has at most 4194304 bytes' document_by_rename
  row 'Transaction with BEGIN and COMMIT' '16 MiB'
  edge 16777216 "$TOO_LARGE" "$APP/tables/t/error" 'Statements kept from earlier writes are too long (16777217 bytes, max 16777216)' block_of
  row 'Script for kalamctl exec' '256 MiB'
  edge 268435456 'too long for one transaction' - '' script_of
  rm -f "$T/memory/script"
}

# ----- what is stored -----

# A table whose record has so many bytes: its last comment makes up for the rest.
record_of() {
  jq --arg c "$(x $(($1 - FAT_REST)))" '.columns |= map(if .column_name == "last" then .column_comment = $c else . end)' \
    "$APP/tables/fat/schema.json" >"$T/fat.json"
  cp "$T/fat.json" "$APP/tables/fat/schema.json"
}
options_of() { once "$MNT/ctl" "ALTER NAMESPACE opts SET OPTIONS (last = '$(x $(($1 - OPTIONS_REST)))')"; }

# found FILE : the size that the message tells
found() { sed -n 's/.*[( ]\([0-9]*\) bytes, max.*/\1/p' "$1" | head -n 1; }

test_records() {
  local i
  row 'Definition of a table, as stored' '1 MiB'
  exec_sql "CREATE TABLE app.fat (id INT PRIMARY KEY, last TEXT);"
  # A version holds the text of its statement, too: not all at once.
  for i in $(seq 11); do
    exec_sql "ALTER TABLE app.fat $(for c in $(seq 21); do printf "%sADD COLUMN c%d_%d TEXT COMMENT '%s'" "$([ "$c" = 1 ] || echo ,)" "$i" "$c" "$(x 4090)"; done);"
  done
  # With 4000 bytes in the last comments it is too much already, and says by how much.
  jq --arg c "$(x 3900)" '.columns += [range(25) | {column_name: "d\(.)", data_type: "TEXT", column_comment: $c}]' \
    "$APP/tables/fat/schema.json" >"$T/fatter.json"
  expect_ok 'nearly so many' cp "$T/fatter.json" "$APP/tables/fat/schema.json"
  FAT_REST=0
  record_of 4000 2>/dev/null
  FAT_REST=$(($(found "$APP/tables/fat/error") - 4000))
  [ $FAT_REST -gt 0 ] || fail 'it is not too much yet'
  edge 1048576 "$TOO_LARGE" "$APP/tables/fat/error" 'takes 1048577 bytes, max 1048576' record_of
  exec_sql "DROP TABLE app.fat PURGE;"

  row 'Options of a namespace' '64 KiB'
  exec_sql "CREATE NAMESPACE opts WITH (first = '$(x 60000)');"
  once "$MNT/ctl" "ALTER NAMESPACE opts SET OPTIONS (last = '$(x 9000)')" 2>/dev/null
  OPTIONS_REST=$(($(found "$MNT/error") - 9000))
  [ $OPTIONS_REST -gt 0 ] || fail 'it is not too much yet'
  edge 65536 "$TOO_LARGE" "$MNT/error" '(65537 bytes, max 65536)' options_of
}

version_is() { once "$APP/tables/old/ctl" "COMMENT 'version $1'" && [ "$(readlink "$APP/tables/old/versions/latest")" = "$1" ]; }

# Nobody waits for 16 million versions: a tool sets the number.
test_versions() {
  row 'Versions of a table' '16,777,214'
  exec_sql "CREATE TABLE app.old (id INT PRIMARY KEY);"
  stop
  expect_ok 'the version is set' "$BUILD/tests/trust/set_version" "$CAT" app old 16777212
  mounted
  edge 16777214 "$TOO_LARGE" "$APP/tables/old/error" 'Table app.old has used up its numbers for versions' version_is
  same 'the newest can be read' 'version 16777214' "$(jq -r .table_comment "$APP/tables/old/versions/16777214/schema.json")"
}

# ----- storages -----

storage_name() { once "$MNT/ctl" "ALTER STORAGE s SET NAME '$(x "$1")'"; }
storage_description() { once "$MNT/ctl" "ALTER STORAGE s SET DESCRIPTION '$(x "$1")'"; }
storage_config() { once "$MNT/ctl" "ALTER STORAGE s SET CONFIG '{\"k\":\"$(x $(($1 - 8)))\"}'"; }
storage_credentials() { once "$MNT/ctl" "ALTER STORAGE s SET CREDENTIALS '{\"k\":\"$(x $(($1 - 8)))\"}'"; }
storage_document() {
  jq --arg c "$(x "$1" d)" '.description = $c' "$MNT/storages/s.json" >"$T/storage.json"
  cp "$T/storage.json" "$MNT/storages/s.json"
}
base_of() { once "$MNT/ctl" "CREATE STORAGE base$1 TYPE filesystem PATH '/$(x $(($1 - 1)))'"; }
bucket_of() { once "$MNT/ctl" "CREATE STORAGE bucket$1 TYPE s3 BASE_DIRECTORY 's3://b/$(x $(($1 - 7)))'"; }
template_of() { once "$MNT/ctl" "CREATE STORAGE template$1 TYPE filesystem PATH '/t' SHARED_TABLES_TEMPLATE '{namespace}/{tableName}/$(x $(($1 - 24)))'"; }
user_template_of() { once "$MNT/ctl" "CREATE STORAGE user$1 TYPE filesystem PATH '/t' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{userId}/$(x $(($1 - 33)))'"; }
# The table's own part of a location: base, then app/l and its number.
place_of() { exec_sql "CREATE STORAGE place$1 TYPE filesystem PATH '/$(x $(($1 - 7 - ${#1})) p)';"; }
location_of() { once "$APP/ctl" "CREATE TABLE l$1 (id INT PRIMARY KEY) WITH (STORAGE_ID = 'place$1')"; }
user_id_of() { [ "$(readlink -v "$APP/tables/owned/storage/$(x "$1" u)")" = "/users/app/owned/$(x "$1" u)" ]; }
user_id_of_kalamctl() { "$KALAMCTL" --user "$(x "$1" u)" "$CAT" paths app.owned >"$T/out"; }
# All of a location: 499 bytes of the table, and what comes behind the user's id.
user_location_of() {
  readlink -v "$APP/tables/far/storage/$(x $(($1 - 1024 + 100)) u)" >"$T/out" && [ "$(wc -c <"$T/out")" = $(($1 + 1)) ]
}

test_storages() {
  exec_sql "CREATE STORAGE s TYPE s3 BUCKET 'b'; CREATE STORAGE users TYPE filesystem PATH '/users';
    CREATE USER TABLE app.owned (id INT PRIMARY KEY) WITH (STORAGE_ID = 'users');"
  row 'Texts of a storage, each' '4096 bytes'
  edge 4096 "$INVALID" "$MNT/error" '(4097 bytes, max 4096)' storage_name
  edge 4096 "$INVALID" "$MNT/error" '(4097 bytes, max 4096)' storage_description
  edge 4096 "$INVALID" "$MNT/error" '(4097 bytes, max 4096)' storage_config
  edge 4096 "$INVALID" "$MNT/error" '(4097 bytes, max 4096)' storage_credentials
  edge 4096 "$INVALID" "$MNT/error" '(4097 bytes, max 4096)' storage_document
  row Template '512 bytes'
  edge 512 "$INVALID" "$MNT/error" 'Template is too long (max 512 bytes)' template_of
  edge 512 "$INVALID" "$MNT/error" 'Template is too long (max 512 bytes)' user_template_of
  row 'Base directory' '1024 bytes'
  edge 1024 "$INVALID" "$MNT/error" 'Base directory is too long (max 1024 bytes)' base_of
  edge 1024 "$INVALID" "$MNT/error" 'Base directory is too long (max 1024 bytes)' bucket_of
  row 'Location of a user' '1024 bytes'
  exec_sql "CREATE STORAGE far TYPE filesystem PATH '/$(x 447 f)' USER_TABLES_TEMPLATE '{namespace}/{tableName}/{userId}/$(x 466 g)';
    CREATE USER TABLE app.far (id INT PRIMARY KEY) WITH (STORAGE_ID = 'far');"
  edge 1024 "$TOO_LONG" - '' user_location_of
  row 'Location without {shard} and {userId}' '498 bytes'
  place_of 497
  place_of 498
  place_of 499
  edge 498 "$TOO_LONG" "$APP/error" 'is too long (499 bytes, max 498)' location_of
  row 'User id' '128 bytes'
  edge 128 'No such file or directory' - '' user_id_of
  edge 128 'User id is too long (129 bytes, max 128)' - '' user_id_of_kalamctl
}

# ----- numbers -----

# number ROW LIMIT N TEXT STATEMENT : of a column; # in the statement is the number, and what names the column
number() {
  row "$1" "$2"
  NUMBER=$5
  edge "$3" "$INVALID" "$APP/tables/t/error" "$4" number_of
}
number_of() { once "$APP/tables/t/ctl" "${NUMBER//#/$1}"; }

in_app_of() { once "$APP/ctl" "${NUMBER//#/$1}"; }

# number N TEXT STATEMENT : of app.t
number() {
  NUMBER=$3
  edge "$1" "$INVALID" "$APP/tables/t/error" "$2" number_of
}

# in_app N TEXT STATEMENT : of namespace app
in_app() {
  NUMBER=$3
  edge "$1" "$INVALID" "$APP/error" "$2" in_app_of
}

test_numbers() {
  exec_sql "CREATE STREAM TABLE app.stream (id INT) WITH (TTL_SECONDS = 60);"
  row 'Digits of a DECIMAL' 38
  number 38 'DECIMAL precision must be between 1 and 38' 'ADD COLUMN decimal_# DECIMAL(#, 2)'
  NUMBER='ADD COLUMN scale_# DECIMAL(38, #)'
  edge 38 "$INVALID" "$APP/tables/t/error" 39 number_of
  row 'Numbers of an EMBEDDING' 8192
  number 8192 'must be between 1 and 8192, got: 8193' 'ADD COLUMN embedding_# EMBEDDING(#)'
  row 'Id of a column' '2,147,483,647'
  in_app 2147483647 2147483647 'CREATE TABLE id# (id INT PRIMARY KEY ID #)'
  row 'Rows of FLUSH_POLICY' '999,999'
  number 999999 1000000 "SET (FLUSH_POLICY = 'rows:#')"
  row 'Seconds of FLUSH_POLICY' '86,399'
  number 86399 86400 "SET (FLUSH_POLICY = 'interval:#')"
  row 'DELETED_RETENTION_HOURS' '4,294,967,295'
  number 4294967295 4294967296 'SET (DELETED_RETENTION_HOURS = #)'
  row 'TTL_SECONDS, MAX_STREAM_SIZE_BYTES' '2^53 - 1'
  in_app 9007199254740991 9007199254740992 'ALTER TABLE stream SET (TTL_SECONDS = #)'
  in_app 9007199254740991 9007199254740992 'ALTER TABLE stream SET (MAX_STREAM_SIZE_BYTES = #)'
  row 'Length of RANDOM_STRING' 1024
  number 1024 1025 'ALTER COLUMN a SET DEFAULT RANDOM_STRING(#)'
  row 'Numbers of SNOWFLAKE' '31 and 1023'
  number 31 32 'ALTER COLUMN n SET DEFAULT SNOWFLAKE(#, 0)'
  number 1023 1024 'ALTER COLUMN n SET DEFAULT SNOWFLAKE(0, #)'
  row 'Precision of times' 9
  number 9 10 'ADD COLUMN time_# TIME(#)'
}

# ----- JSON -----

brackets() { printf '%s%s' "$(x "$1" '[')" "$(x "$1" ']')"; }
depth_of_default() { once "$APP/tables/t/ctl" "ALTER COLUMN j SET DEFAULT '$(brackets "$1")'"; }
depth_of_config() { once "$MNT/ctl" "ALTER STORAGE j SET CONFIG '{\"k\":$(brackets $(($1 - 1)))}'"; }
# In a document nothing may be so deep: 33 levels are no JSON, 32 no schema.
depth_of_document() {
  printf '{"columns": %s}\n' "$(brackets $(($1 - 1)))" >"$T/deep.json"
  cp "$T/deep.json" "$APP/tables/t/schema.json"
}
values_of_document() {
  jq --argjson n "$1" '[.columns[]?] as $c | {columns: $c} | (([.. | scalars] | length) + ([.. | iterables] | length)) as $used |
    . + {zero: [range($n - $used - 1) | 0]}' "$APP/tables/t/schema.json" >"$T/values.json"
  cp "$T/values.json" "$APP/tables/t/schema.json"
}

# refused_for TEXT FUNCTION N : for another reason than the limit
refused_for() {
  CHECKS=$((CHECKS + 1))
  "$2" "$3" 2>/dev/null && fail "$ROW, $2: $3 is accepted"
  has "$ROW, $2: $3 is within the limit" "$1" "$(cut -c 1-400 "$APP/tables/t/error")"
}

test_json() {
  exec_sql "CREATE STORAGE j TYPE s3 BUCKET 'b';"
  row 'Nesting of JSON' '32 levels'
  edge 32 "$INVALID" "$APP/tables/t/error" 'more than 32 levels of nesting' depth_of_default
  edge 32 "$INVALID" "$MNT/error" 'more than 32 levels of nesting' depth_of_config
  refused_for '/columns/0: Expected an object' depth_of_document 31
  refused_for '/columns/0: Expected an object' depth_of_document 32
  above 33 "$INVALID" "$APP/tables/t/error" 'more than 32 levels of nesting' depth_of_document
  row 'Values in a JSON text' '100,000'
  refused_for "Unknown key 'zero'" values_of_document 99999
  refused_for "Unknown key 'zero'" values_of_document 100000
  above 100001 "$INVALID" "$APP/tables/t/error" 'more than 100,000 values' values_of_document
}

# ----- the memory of a mount -----

scratch_of() { truncate -s "$1" "$APP/tables/t/big.tmp"; }
scratch_by_write() { printf x | dd of="$APP/tables/t/big.tmp" bs=1 seek=$(($1 - 1)) conv=notrunc status=none; }
scratch_name() { : >"$APP/tables/t/name.$1"; }
# So many names, all in one process; a symlink is the one that takes the fewest requests.
make_names() {
  $PYTHON -c 'import os, sys
os.chdir(sys.argv[1])
for n in range(1, int(sys.argv[2]) + 1):
    os.symlink("x", "name.%d" % n)' "$@"
}

# all_of FUNCTION... : must succeed
all_of() {
  CHECKS=$((CHECKS + 1))
  "$@" 2>"$T/err" || fail "$ROW: $*" "$(cat "$T/err")"
}

test_scratch() {
  row 'Scratch files of a mount' '64 MiB, 65,536 names'
  # Refused texts have names, too.
  stop
  mounted
  edge 67108864 "$NO_SPACE" - '' scratch_of
  truncate -s 0 "$APP/tables/t/big.tmp"
  edge 67108864 "$NO_SPACE" - '' scratch_by_write
  # What is full refuses the newcomer, and nothing else.
  CHECKS=$((CHECKS + 1))
  once "$APP/tables/t/ctl" "COMMENT 'scratch is full'" || fail 'a statement while scratch files have no room'
  jq '.table_comment = "saved"' "$APP/tables/t/schema.json" >"$T/saved.json"
  expect_ok 'a save while scratch files have no room' cp "$T/saved.json" "$APP/tables/t/schema.json"
  rm "$APP/tables/t/big.tmp"
  all_of make_names "$APP/tables/t" 65534
  edge 65536 "$NO_SPACE" "$APP/tables/t/error" 'Scratch files take 64 MiB and 65536 names at most' scratch_name
  stop
  mounted
}

# All texts of one process: the last one is as long as it takes to come to so many bytes.
texts_of() {
  $PYTHON - "$APP/tables/t/schema.json" "$1" <<'END'
import os, sys
left = int(sys.argv[2])
files = []
try:
    while left:
        fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
        files.append(fd)
        size = min(left, 4 << 20)
        os.ftruncate(fd, size)
        left -= size
except OSError as error:
    print(os.strerror(error.errno), file=sys.stderr)
    status = 1
else:
    status = 0
for fd in files:
    os.ftruncate(fd, 0)	# nothing is to be saved
    os.close(fd)
sys.exit(status)
END
}

test_texts_being_written() {
  row 'Texts that are being written' '256 MiB'
  edge 268435456 "$NO_SPACE" - '' texts_of
}

# write_each TEXT <FILES : to each of them, at once; each is refused
write_each() {
  $PYTHON -c 'import os, sys
for path in sys.stdin:
    fd = os.open(path.rstrip("\n"), os.O_WRONLY | os.O_CREAT)
    try:
        os.write(fd, sys.argv[1].encode())
        os.close(fd)
    except OSError:
        continue
    sys.exit(path)' "$1" || fail "not refused: $1"
}
refused_text() { # NAME BYTES
  (printf '{'; x "$(($2 - 1))" ' ') >"$T/refused.json"
  cp "$T/refused.json" "$APP/tables/t/columns/$1.json" 2>/dev/null && fail "not refused: $1"
}
kept_texts() { ls "$APP/tables/t/columns/.rejected/0" | wc -l; }

test_refused_texts() {
  local i
  row 'Refused texts that are kept' '16 MiB, 256 texts'
  for i in 1 2 3 4; do
    refused_text "r$i" 4194304
  done
  same 'so many bytes are kept' 4 "$(kept_texts)"
  refused_text r5 1
  same 'one byte more, and the oldest goes' 'r2.json r3.json r4.json r5.json' "$(ls "$APP/tables/t/columns/.rejected/0" | xargs)"
  seq -f "$APP/tables/t/columns/r%.0f.json" 6 256 | write_each '{'
  same 'one below so many texts' 255 "$(kept_texts)"
  refused_text r257 2
  same 'so many texts' 256 "$(kept_texts)"
  same 'looking does not change that' 256 "$(kept_texts)"
  refused_text r258 2
  same 'one more' 256 "$(kept_texts)"
  same 'and the oldest goes' 'r3.json' "$(ls "$APP/tables/t/columns/.rejected/0" | sort -V | head -n 1)"
}

draft_number() { mkdir "$MNT/namespaces/drafts/tables/d$1"; }

test_drafts() {
  row Drafts 1024
  exec_sql 'CREATE NAMESPACE drafts'
  expect_ok 'most drafts' sh -c "cd '$MNT/namespaces/drafts/tables' && mkdir \$(seq -f 'd%.0f' 1022)"
  edge 1024 "$NO_SPACE" "$MNT/namespaces/drafts/error" 'There are 1024 drafts already: save or rmdir some' draft_number
  expect_ok 'one goes' rmdir "$MNT/namespaces/drafts/tables/d1"
  expect_ok 'another one comes' mkdir "$MNT/namespaces/drafts/tables/e1"
}

refused_statement() { once "$APP/tables/t/ctl" "NONSENSE $1" 2>/dev/null && fail 'nonsense is accepted'; }
lines() { wc -l <"$MNT/.kalamfs/errors.jsonl"; }

test_error_lines() {
  local i
  row 'Lines of errors.jsonl' 1000
  for i in $(seq $((999 - $(lines)))); do
    echo "$APP/tables/t/ctl"
  done | write_each 'NONSENSE
'
  same 'one below' 999 "$(lines)"
  refused_statement last
  same 'so many' 1000 "$(lines)"
  second=$(sed -n 2p "$MNT/.kalamfs/errors.jsonl")
  refused_statement more
  same 'one more, and the oldest goes' 1000 "$(lines)"
  same 'the second is the first' "$second" "$(head -n 1 "$MNT/.kalamfs/errors.jsonl")"
}

# ----- changes under way -----

# as UID COMMAND... : somebody of the group
as() { setpriv --reuid "$1" --regid $GROUP --clear-groups "${@:2}"; }

# flood UID FROM TO [GO] : a statement to each of these tables
flood() {
  seq -f "$MNT/namespaces/many/tables/t%.0f/ctl" "$2" "$3" | as "$1" "$PYTHON" "$HERE/flood.py" "COMMENT 'of $1'" ${4:+"$4"}
}
# In the background; its result in a file.
flood_later() {
  flood "$1" "$2" "$3" "$4" >"$T/flood.$1" &
  FLOODS+=("$!")
}

threads_of_floods() { [ "$(ps -o nlwp= -p "$(pgrep -d, -f "flood.py COMMENT 'of 6000[1-4]' $T/go")" | awk '{ n += $1 } END { print n }')" = "$1" ]; }

test_queue() {
  local i text='Too many changes are under way (max 1024, 256 of one user)'
  row 'Changes under way' '1024, 256 of one user'
  see_waiting
  exec_sql "CREATE NAMESPACE many; $(printf 'CREATE TABLE many.t%d (id INT PRIMARY KEY);' $(seq 1030))"
  # Nobody must be refused before all have come.
  stop
  mounted lock_wait=60
  for i in 1 2 3; do
    flood_later 6000$i $((i * 256 - 255)) $((i * 256)) "$T/go"
  done
  flood_later 60004 769 1023 "$T/go"
  wait_for 60 threads_of_floods 1027
  hold
  touch "$T/go"
  wait_for 30 all_wait 1023 || fail "not all writers wait" "$(waiting)"
  same 'one more of one user' 'EBUSY 1' "$(flood 60001 1025 1025)"
  has 'its text' "$text" "$(as 60001 cat "$MNT/namespaces/many/tables/t1025/error")"
  flood_later 60005 1024 1024 "$T/go"
  wait_for 20 all_wait 1024 || fail "the last one does not wait" "$(waiting)"
  same 'one more of all' 'EBUSY 1' "$(flood 60006 1026 1026)"
  has 'its text' "$text" "$(as 60006 cat "$MNT/namespaces/many/tables/t1026/error")"
  let_go
  wait "${FLOODS[@]}"
  same 'all others are done' 1024 "$(cat "$T"/flood.6000? | awk '$1 == "ok" { n += $2 } END { print n }')"
  same 'it is there, and nothing else is' 'COMMENT '\''of 60005'\'' 0' \
    "$(grep -o "COMMENT.*'" "$MNT/namespaces/many/tables/t1024/schema.sql") $(cat "$MNT"/namespaces/many/tables/t102[56]/schema.sql | grep -c COMMENT)"
}
FLOODS=()

# Of each user and object, the newest ones; of all tables of test_queue.
test_verdicts() {
  row 'Verdicts that are kept for error and plan' 1024
  $PYTHON -c 'import os, sys
for n in range(1, 1025):
    fd = os.open(sys.argv[1] % n, os.O_WRONLY)
    os.write(fd, b"COMMENT \47planned\47\n")
    os.close(fd)' "$MNT/namespaces/many/tables/t%d/plan"
  has 'so many' planned "$(cat "$MNT/namespaces/many/tables/t1/plan")"
  once "$MNT/namespaces/many/tables/t1025/plan" "COMMENT 'planned'"
  same 'one more, and the oldest goes' '' "$(cat "$MNT/namespaces/many/tables/t1/plan")"
  has 'and no other one' planned "$(cat "$MNT/namespaces/many/tables/t2/plan")"
}

# ----- all of it -----

mounted() { start -o "allow_other,dba=$GROUP${1:+,$1}" || finish; }

# hoard UID COUNT : so many open files of 64 KiB, held in the background; its findings in a file
hoard() {
  mkfifo "$T/end.$1"
  as "$1" "$PYTHON" "$HERE/hoard.py" open "$2" "$MNT/namespaces/hoard/namespace.json" <"$T/end.$1" >"$T/hoard.$1" &
  HOARDS+=("$!")
  exec {END}>"$T/end.$1"
  ENDS+=("$END")
  wait_for 60 grep -q held "$T/hoard.$1"
}
HOARDS=()
ENDS=()

test_open_files() {
  local uid end
  row 'Texts of open files, made at opening' '256 MiB, 64 MiB of one user'
  exec_sql "CREATE NAMESPACE hoard WITH (text = '$(x 62000)');"
  exec_sql "ALTER NAMESPACE hoard COMMENT '$(x $((65536 + 2 - $(stat -c %s "$MNT/namespaces/hoard/namespace.json"))))'"
  same 'a file of 64 KiB' 65536 "$(stat -c %s "$MNT/namespaces/hoard/namespace.json")"
  hoard 60001 1025
  same 'one more of one user' 'EMFILE 1 held' "$(xargs <"$T/hoard.60001")"
  for uid in 60002 60003 60004; do
    hoard $uid 1024
    same 'so much of one user' held "$(cat "$T/hoard.$uid")"
  done
  hoard 60005 1
  same 'one more of all' 'ENFILE 1 held' "$(xargs <"$T/hoard.60005")"
  expect_ok 'all else can be read' cat "$APP/tables/t/schema.json" "$MNT/README"
  for end in "${ENDS[@]}"; do
    exec {end}>&-
  done
  wait "${HOARDS[@]}"
  expect_ok 'and this, later' cat "$MNT/namespaces/hoard/namespace.json"
}

test_information_schema() {
  local columns paths=() n
  row 'Long texts of information_schema that are open' 16
  columns=$(seq -f 'a%g INT' -s ', ' 2000)
  for n in $(seq 17); do
    exec_sql "CREATE NAMESPACE long$n; CREATE TABLE long$n.t (id INT PRIMARY KEY, $columns);"
    paths+=("$MNT/namespaces/long$n/information_schema/columns.jsonl")
  done
  same 'as many as can be' held "$("$PYTHON" "$HERE/hoard.py" open 16 "${paths[@]}" </dev/null | xargs)"
  same 'one more' 'EBUSY 1 held' "$("$PYTHON" "$HERE/hoard.py" open 17 "${paths[@]}" </dev/null | xargs)"
  expect_ok 'and later' cat "${paths[16]}"
}

# LIMITS of kalamfs(5), as "Name: limit"
rows_of_the_manual() {
  sed -n '/^\.Sh LIMITS/,/^\.El/p' "$1" | sed -n 's/^\.It \(.*\) Ta \(.*\)/\1: \2/p' | grep -v '^Sy '
}
same_rows() { same "$1" "$(rows_of_the_manual "$2" | sort)" "$(sort "$T/rows")"; }

mounted
exec_sql "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY, a TEXT, n BIGINT, j JSON);
  CREATE TABLE app.s (id INT PRIMARY KEY);"
TESTS=${*:-names columns texts sizes records versions storages numbers json scratch texts_being_written refused_texts drafts error_lines queue verdicts open_files information_schema}
for test in $TESTS; do
  began=$(date +%s%N)
  "test_$test"
  [ -n "${TIMES:-}" ] && echo "$test: $((($(date +%s%N) - began) / 1000000)) ms"
done
[ $# = 0 ] || finish

same_rows 'every limit of the manual is tested, and every tested one is there' "$ROOT/man/kalamfs.5"

# Limits that are one off, errnos and texts that are other ones, rows that are missing.
one_off() { edge 4095 "$INVALID" "$APP/tables/t/error" 'max 4096' comment_of_table; }
another_errno() { edge 4096 "$TOO_LARGE" "$APP/tables/t/error" 'max 4096' comment_of_table; }
another_text() { edge 4096 "$INVALID" "$APP/tables/t/error" 'max 4097' comment_of_table; }
sed 's/^\.It Drafts Ta 1024/.It Drafts Ta 1025/' "$ROOT/man/kalamfs.5" >"$T/manual.5"
notices 'a limit that is one off' one_off
notices 'another errno' another_errno
notices 'another text' another_text
notices 'another limit in the manual' same_rows manual "$T/manual.5"
finish
