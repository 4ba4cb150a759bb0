#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# plan of a whole schema.json is the plan of the ALTER statements it amounts to.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
DIR=$(new_table plans)
APP=$MNT/namespaces/app
before=$(state)

# alike WHAT STATEMENT JQ_PROGRAM
alike() {
  put "$DIR/plan" "$2" || fail "$1: plan refuses the statement" "$(cat "$DIR/plan")"
  cat "$DIR/plan" >"$T/by_statement"
  jq "$3" "$DIR/schema.json" >"$T/new.json"
  CHECKS=$((CHECKS + 1))
  { cp "$T/new.json" "$DIR/plan" && cat "$DIR/plan"; } >"$T/by_document" 2>"$T/err" ||
    fail "$1: plan refuses the document" "$(cat "$T/err" "$DIR/plan" "$DIR/error")"
  same "$1" "$(cat "$T/by_statement")" "$(cat "$T/by_document")"
  same "$1: size of plan" "$(wc -c <"$T/by_document")" "$(stat -c %s "$DIR/plan")"
  same "$1: nothing is changed" "$before" "$(state)"
}

alike 'a new column' 'ADD COLUMN age INT' '.columns += [{"column_name": "age", "data_type": "INT"}]'
alike 'a new column with all it can have' "ADD COLUMN age INT NOT NULL DEFAULT 5 COMMENT 'years'" \
  '.columns += [{"column_name": "age", "data_type": "INT", "is_nullable": false, "default_value": {"literal": 5}, "column_comment": "years"}]'
alike 'a dropped column' 'DROP COLUMN email' 'del(.columns[2])'
has 'is marked' 'destructive' "$(cat "$T/by_document")"
alike 'a renamed column' 'RENAME COLUMN email TO mail' '.columns[2].column_name = "mail"'
alike 'a wider type' 'ALTER COLUMN price TYPE DECIMAL(12, 2)' '.columns[3].data_type = "DECIMAL(12, 2)"'
alike 'NOT NULL dropped' 'ALTER COLUMN name DROP NOT NULL' '.columns[1].is_nullable = true'
alike 'a default' "ALTER COLUMN name SET DEFAULT 'x'" '.columns[1].default_value = {"literal": "x"}'
alike 'a default dropped' 'ALTER COLUMN price DROP DEFAULT' '.columns[3].default_value = null'
alike 'a comment of a column' "ALTER COLUMN email COMMENT 'mail'" '.columns[2].column_comment = "mail"'
alike 'a comment' "COMMENT 'Plans'" '.table_comment = "Plans"'
alike 'an option' "SET (DELETED_RETENTION_HOURS = 24)" '.table_options.deleted_retention_hours = 24'
alike 'a flush policy' "SET (FLUSH_POLICY = 'rows:500,interval:30')" \
  '.table_options.flush_policy = {"type": "combined", "row_limit": 500, "interval_seconds": 30}'
alike 'several' 'ADD COLUMN age INT, DROP COLUMN email, ALTER COLUMN price TYPE DECIMAL(12, 2)' \
  'del(.columns[2]) | .columns[2].data_type = "DECIMAL(12, 2)" | .columns += [{"column_name": "age", "data_type": "INT"}]'
alike 'nothing' "COMMENT ''" '.'
cp "$DIR/schema.json" "$DIR/plan" || fail 'plan of what is there'
same 'plan of what is there' 'app.plans: no change' "$(cat "$DIR/plan")"
jq -c . "$DIR/schema.json" >"$DIR/plan" || fail 'plan of what is there, compact'
same 'plan of what is there, compact' 'app.plans: no change' "$(cat "$DIR/plan")"

# bad WHAT ERRNO MESSAGE_PART JQ_PROGRAM
bad() {
  jq "$4" "$DIR/schema.json" >"$T/new.json"
  refused "$2" "$DIR/plan" "$3" cp "$T/new.json" "$DIR/plan"
}
bad 'a bad type' 'Invalid argument' "/columns/1/data_type: $BAD_TYPE" '.columns[1].data_type = "INTT"'
bad 'a narrower type' 'Invalid argument' "'id' cannot change from BIGINT to INT" '.columns[0].data_type = "INT"'
bad 'an unknown key' 'Invalid argument' '/colour' '.colour = 1'
printf '{"columns": [\n' >"$T/new.json"
refused 'Invalid argument' "$DIR/plan" '' cp "$T/new.json" "$DIR/plan"
same 'a half document' "$before" "$(state)"
[ -e "$DIR/.rejected" ] && fail 'a plan keeps no refused text'

# Big enough for several writes.
jq '.columns += [range(900) | {"column_name": "c\(.)", "data_type": "TEXT", "column_comment": ("x" * 200)}]' "$DIR/schema.json" >"$T/new.json"
CHECKS=$((CHECKS + 1))
cp "$T/new.json" "$DIR/plan" || fail 'a big document'
same 'a big document' 901 "$(wc -l <"$DIR/plan")"
dd if="$T/new.json" of="$DIR/plan" bs=4096 status=none || fail 'a big document in pieces'
same 'a big document in pieces' 901 "$(wc -l <"$DIR/plan")"
same 'in pieces too' "$before" "$(state)"

# What plan shows is what the save does.
jq 'del(.columns[2]) | .columns += [{"column_name": "age", "data_type": "INT"}]' "$DIR/schema.json" >"$T/new.json"
cp "$T/new.json" "$DIR/plan"
same 'plan names the versions' 'app.plans: version 1 -> 2' "$(head -n 1 "$DIR/plan")"
cp "$T/new.json" "$DIR/schema.json" || fail 'the save'
same 'and the save makes it' 2 "$(version "$DIR/schema.json")"
same 'with the id that plan has shown' 5 "$(jq '.columns[] | select(.column_name == "age").column_id' "$DIR/schema.json")"
finish
