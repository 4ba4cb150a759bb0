#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# smoke.sh - one pass over the ways to save and to change names, in a few seconds.
. "$(dirname "$0")/../mount/lib.sh"
need jq rsync

start
M=$MNT
echo 'CREATE NAMESPACE smoke; CREATE SHARED TABLE smoke.t (id BIGINT PRIMARY KEY, email TEXT);' >"$M/ctl"
D=$M/namespaces/smoke/tables/t
cd "$D" || die "no table"

expect() {	# WHAT EXPECTED FOUND
  CHECKS=$((CHECKS + 1))
  [ "$2" = "$3" ] || fail "$1" "expected: $2" "found:    $3"
}
version() { jq .schema_version schema.json; }

n=1
save() {	# COMMAND... with the new document in $T/new.json
  jq ".table_comment = \"$n\"" schema.json >"$T/new.json"
  timeout 10 "$@" || fail "$*: status $?" "$(cat error)"
  n=$((n + 1))
  expect "$*" "$n" "$(version)"
}
save sh -c 'cat "$0" >schema.json' "$T/new.json"
save cp "$T/new.json" schema.json
save cp --remove-destination "$T/new.json" schema.json
save install -m 644 "$T/new.json" schema.json
save mv "$T/new.json" schema.json
save sh -c 'cp "$0" x.tmp && mv x.tmp schema.json' "$T/new.json"
save rsync --ignore-times "$T/new.json" schema.json
save rsync --ignore-times --inplace "$T/new.json" schema.json
save sh -c 'tee schema.json <"$0" >/dev/null' "$T/new.json"
save bash -c 'x=$(cat "$0"); echo "$x" >schema.json' "$T/new.json"

sed 's/"TEXT"/"TEXTT"/' schema.json >"$T/bad.json"
timeout 10 cp "$T/bad.json" schema.json 2>/dev/null && fail 'a bad type is accepted'
timeout 10 cp "$T/bad.json" x.tmp
timeout 10 mv x.tmp schema.json 2>/dev/null && fail 'a bad type is accepted by rename'
rm -f x.tmp
expect 'nothing changed' "$n" "$(version)"
expect 'the reason' 1 "$(grep -c "Unsupported type 'TEXTT'" error)"
expect 'the text' "$(cat "$T/bad.json")" "$(cat ".rejected/$(id -u)/schema.json")"

cd "$M/namespaces" || die "gone"
timeout 10 mkdir more more/tables/draft || fail mkdir
timeout 10 cp more/tables/draft/schema.json "$T/draft.json" && timeout 10 cp "$T/draft.json" more/tables/draft/schema.json || fail draft
timeout 10 mv more/tables/draft smoke/tables/moved || fail 'rename of a table'
timeout 10 mv smoke/tables/moved smoke/trash/ || fail 'drop'
timeout 10 mv smoke/trash/moved smoke/tables/ || fail 'undrop'
timeout 10 mv smoke/tables/t/columns/email.json smoke/tables/t/columns/mail.json || fail 'rename of a column'
timeout 10 rmdir more || fail 'rmdir of a namespace'
timeout 10 rm -rf smoke/tables/t 2>/dev/null && fail 'rm -rf says that it worked'
expect 'what is there' 'moved t' "$(ls smoke/tables | xargs)"
cd / && finish
