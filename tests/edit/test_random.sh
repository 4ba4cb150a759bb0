#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test_random.sh [OPERATIONS [SEED]] : random edits from four processes against
# a model of the catalog.  How many, and a seed, may be given as arguments.
. "$(dirname "$0")/lib.sh"
exec_sql 'CREATE NAMESPACE shared; CREATE SHARED TABLE shared.common (id BIGINT PRIMARY KEY)'
start || finish
status=0
timeout 500 "$PYTHON" "$EDIT/random_edit.py" "$MNT" "${1:-${KALAM_RANDOM:-10000}}" ${2:-} >"$T/random" 2>&1 || status=$?
cat "$T/random"
same 'the model and the catalog agree' 0 $status
well
same 'every change has its line' "$(sequence)" "$(tail -n 1 "$MNT/log.jsonl" | jq .sequence)"
same 'and each sequence number' "$(sequence)" "$(jq .sequence "$MNT/log.jsonl" | sort -un | wc -l)"
stop
start || finish
well
finish
