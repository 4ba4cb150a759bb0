#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All forms of a table say the same thing, for every type and every form of a default.
. "$(dirname "$0")/../mount/lib.sh"
need node npm
HERE=$ROOT/tests/agree
ARROW=$ROOT/tests/arrow
[ -d "$ARROW/node_modules/apache-arrow" ] || (cd "$ARROW" && npm ci --silent --no-audit --no-fund) ||
  die 'npm ci in tests/arrow did not work'

for file in "$HERE"/*.sql "$ROOT"/tests/demo/tpch.sql "$ROOT"/tests/demo/chat.sql; do
  expect_ok "load $file" "$KALAMCTL" "$CAT" exec "$file"
done
start || finish
tables=("$MNT"/namespaces/*/tables/*)
pairs=()
for table in "${tables[@]}"; do
  pairs+=("$table/schema.json" "$table/schema.arrow")
done
for version in "$MNT"/namespaces/agree/tables/renamed/versions/[0-9]*; do
  pairs+=("$version/schema.json" "$version/schema.arrow")
done

# every type is in it, in every table of the agreement that has a default for each
types=$(jq -r '.columns[].data_type' "$MNT/namespaces/agree/tables/literals/schema.json" | sed 's/(.*//' | sort -u | xargs)
same 'every type has a literal' "$(for f in "$MNT"/types/*; do basename "$f" .json; done | sort | xargs)" "$types"
same 'every function is used' 'CURRENT_TIMESTAMP CURRENT_USER NOW SNOWFLAKE_ID ULID UUID_V7' \
  "$(jq -r '.columns[].default_value.function // empty' "$MNT/namespaces/agree/tables/functions/schema.json" | sort -u | xargs)"
same 'renamed has a history' 6 "$(jq .schema_version "$MNT/namespaces/agree/tables/renamed/schema.json")"

is 0 'all forms agree' node "$HERE/agree.mjs" "$KALAMCTL" "$CAT" "${tables[@]}"
cat "$T/out"
same 'each table was compared' "${#tables[@]}" "$(grep -c 'columns agree' "$T/out")"
is 0 'schema.arrow agrees' node "$ARROW/check.mjs" "${pairs[@]}"
same 'each schema.arrow was compared' $((${#pairs[@]} / 2)) "$(grep -c 'columns agree' "$T/out")"
tail -n 1 "$T/out"

# A check that cannot fail proves nothing: it must notice every alteration.
for table in literals renamed nulls; do
  is 0 "control of agree.mjs: $table" node "$HERE/agree.mjs" --control "$KALAMCTL" "$CAT" "$MNT/namespaces/agree/tables/$table"
  grep -e NOTICED -e control "$T/out"
  [ $table = nulls ] && continue
  is 0 "control of check.mjs: $table" node "$ARROW/check.mjs" --control \
    "$MNT/namespaces/agree/tables/$table/schema.json" "$MNT/namespaces/agree/tables/$table/schema.arrow"
  grep NOTICED "$T/out"
done
finish
