#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# b_library.sh: libkalam without a mount: cached definitions, types to Arrow and
# back, the schema cache with BENCH_TABLES tables over 1,000 entries.
. "$(dirname "$0")/lib.sh"

make_tables "$CAT"
"$KALAMCTL" "$CAT" exec >/dev/null <<'EOF' || die 'cannot make bench.types'
CREATE SHARED TABLE bench.types (c1 BOOLEAN, c2 INT, c3 BIGINT PRIMARY KEY, c4 DOUBLE, c5 FLOAT,
  c6 TEXT, c7 TIMESTAMP, c8 DATE, c9 DATETIME, c10 TIME, c11 JSON, c12 BYTES, c13 EMBEDDING(384),
  c14 UUID, c15 DECIMAL(10, 2), c16 SMALLINT, c17 FILE);
EOF
for mode in lookup arrow cache; do
  records library $mode "$BENCH_RUNS" "$CAT"
done

lookup='definition and place of a table, by id'
target "$lookup" cached '<=' 5000 ''
target 'a column to Arrow and back' libkalam '<=' 1000 ''
note 'schema cache: hits' "a cache of 1,000 entries, $BENCH_TABLES tables"
finish
