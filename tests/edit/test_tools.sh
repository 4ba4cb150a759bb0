#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tools that save files: a good, a refused and a corrected save with each.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools.sh"
need jq dash rsync patch ed sponge git perl node
fixture
exec_sql "CREATE STORAGE spare TYPE filesystem PATH '$T/spare'"
start || finish
ALL_NAMES='[.columns[].column_name] | join(" ")'
same 'the other file system is one' differs "$([ "$(stat -c %d "$T/work")" = "$(stat -c %d "$MNT")" ] || echo differs)"

# document INDEX : from what stands there and the program SED, for that tool
document() {
  sed "$SED" "$T/old" >"$T/doc"
  case ${TOOLS[$1 + 1]} in *j) jq . "$T/doc" >"$T/doc.jq" && mv "$T/doc.jq" "$T/doc" ;; esac
}

# good INDEX WHAT FILTER EXPECTED
good() {
  local status
  document "$1"
  use "$1"
  status=$?
  same "$2: status" 0 $status
  same "$2: stderr" '' "$(cat "$T/err")"
  was_accepted "$2" "$3" "$4"
}

# said_so WHAT STATUS : the tool has told of the refusal.  git checkout writes
# "error: unable to write file" and still exits with 0.
said_so() {
  case $1 in
    git\ *) has "$1: stderr" 'unable to' "$(cat "$T/err")" ;;
    *) differs "$1: status" 0 "$2" ;;
  esac
}

# bad INDEX WHAT MESSAGE_PART
bad() {
  local status
  document "$1"
  use "$1"
  status=$?
  said_so "$2" $status
  was_refused "$2" "$3" "$T/doc"
}

# insert NAME TYPE : programs that put a column in front of the others
insert() {
  local line
  line=$(column_line "$1" "$2")
  SED="/\"columns\": \\[/a\\$line"
  PERL="\$_ .= q($line) . qq(\\n) if /\"columns\": \\[/"
  ED="/\"columns\": \\[/a
$line
."
}

# substitute FROM TO : programs that replace on every line
substitute() {
  SED="s!$1!$2!"
  PERL="s!$1!$2!"
  ED=",s!$1!$2!"
}

# ----- schema.json -----

for ((i = 0; i < ${#TOOLS[@]}; i += 4)); do
  what=${TOOLS[i]}
  dir=$(new_table "t$((i / 4))")
  mark "$dir"
  insert good INT
  good $i "$what, good" "$ALL_NAMES" 'id name email price good'
  mark "$dir"
  insert more INTT
  bad $i "$what, refused" "$BAD_TYPE"
  insert more INT
  good $i "$what, corrected" "$ALL_NAMES" 'id name email price good more'
  same "$what: nothing left behind" "$TABLE_FILES" "$(ls -A "$dir" | xargs)"
done

# ----- columns/email.json, storages/spare.json, namespace.json -----

# others INDEX DIRECTORY FILE KEY FROM BAD MESSAGE_PART
others() {
  local what="${TOOLS[$1]} of $3"
  mark "$2" "$3"
  substitute "\"$4\": [^,]*" "\"$4\": \"by tool $1\""
  good "$1" "$what, good" ".$4" "by tool $1"
  mark "$2" "$3"
  substitute "$5" "$6"
  bad "$1" "$what, refused" "$7"
  substitute "\"$4\": [^,]*" "\"$4\": \"again by tool $1\""
  good "$1" "$what, corrected" ".$4" "again by tool $1"
}

# What unlinks such a file first is refused: the file's name is the column, the storage.
# unlinks_first INDEX DIRECTORY FILE KEY HINT
unlinks_first() {
  local what="${TOOLS[$1]} of $3" status
  mark "$2" "$3"
  substitute "\"$4\": [^,]*" "\"$4\": \"by tool $1\""
  document "$1"
  use "$1"
  status=$?
  said_so "$what" $status
  was_nothing "$what"
  has "$what: the hint" "$5" "$(cat "$(error_file)")"
}

dir=$(new_table columns)/columns
for ((i = 0; i < ${#TOOLS[@]}; i += 4)); do
  case ${TOOLS[i]} in
    'cat, bash' | 'printf, bash' | 'jq, dash' | 'jq > t && mv' | 'tee' | 'cp' | 'cp -a' | 'mv, same file system' | 'sed -i' | \
      'sed -i.bak' | 'perl -pi' | 'patch' | 'rsync' | 'rsync --inplace' | 'dd' | 'ed' | 'sponge' | 'python open, write, close' | \
      'node writeFile')
      others $i "$dir" email.json column_comment '"data_type": "TEXT"' '"data_type": "INTT"' "$BAD_TYPE" ;;
    cp\ --remove* | install | mv,\ another* | git\ checkout)
      unlinks_first $i "$dir" email.json column_comment 'DROP COLUMN email' ;;
  esac
  case ${TOOLS[i]} in
    'cat, dash' | 'tee' | 'cp' | 'mv, same file system' | 'sed -i' | 'rsync' | 'node writeFile')
      others $i "$MNT/storages" spare.json description '"storage_type": "filesystem"' '"storage_type": "floppy"' floppy ;;
    install | mv,\ another*)
      unlinks_first $i "$MNT/storages" spare.json description 'DROP STORAGE spare' ;;
  esac
  case ${TOOLS[i]} in
    'cat, dash' | 'cp' | 'sed -i' | 'install' | 'mv, another file system' | 'git checkout')
      others $i "$MNT/namespaces/app" namespace.json comment '"comment": "[^"]*"' '"comment": 5' /comment ;;
  esac
done
same 'columns/ holds columns' 'email.json id.json name.json price.json' "$(ls -A "$dir" | grep -v '^\.rejected' | xargs)"
same 'storages/ holds storages' 'archive.json local.json spare.json' "$(ls -A "$MNT/storages" | grep -v '^\.rejected' | xargs)"
same 'the namespace holds its files' "$NAMESPACE_FILES" "$(ls -A "$MNT/namespaces/app" | grep -v '^\.rejected' | xargs)"

# ----- edges -----

DIR=$(new_table edges)
cd "$DIR" || exit 1

nothing() {
  mark "$DIR"
  "${@:2}" >"$T/out" 2>"$T/err"
  same "$1: status" 0 $?
  was_nothing "$1"
}

refuses() {
  mark "$DIR"
  "${@:3}" >"$T/out" 2>"$T/err"
  differs "$1: status" 0 $?
  was_refused "$1" "$2" -
}

nothing 'open and truncate' bash -c ': >schema.json'
nothing 'truncate -s 0' truncate -s 0 schema.json
nothing 'truncate to the size it has' truncate -s "$(stat -c %s schema.json)" schema.json
nothing 'touch' touch schema.json
nothing 'touch -d' touch -d '2020-01-01' schema.json
nothing 'chmod, chown' bash -c "chmod 600 schema.json; chown $ME schema.json; chmod 644 schema.json"
nothing 'the same text' bash -c 'cat schema.json >"$0" && cp "$0" schema.json' "$T/same"
nothing 'the same in other white space' bash -c 'jq -c . schema.json >"$0" && cp "$0" schema.json' "$T/same"
nothing 'other order of keys and columns' bash -c 'jq -S ".columns |= reverse" schema.json >"$0" && cp "$0" schema.json' "$T/same"
nothing '>> of white space' bash -c 'printf " \n\n" >>schema.json'
nothing 'tee -a of nothing' bash -c 'tee -a schema.json </dev/null'
refuses 'truncate to a part' 'schema.json' truncate -s 20 schema.json
refuses '>> of a second document' '' bash -c 'cat "$0" >>schema.json' "$T/same"
refuses '>> by echo, bash' '' bash -c 'echo "}" >>schema.json'
refuses '>> by printf, dash' '' dash -c 'printf "}\n" >>schema.json'
refuses '>> by jq' '' bash -c 'jq . "$0" >>schema.json' "$T/same"
refuses 'what cannot become a document by echo, bash' 'schema.json 1:' bash -c 'echo "hello" >schema.json'
refuses 'what cannot become a document by echo, dash' 'schema.json 1:' dash -c 'echo "{ 1" >schema.json'
# More could follow a half one, as bash writes line by line; and it does not look what close says.
for shell in bash dash; do
  mark "$DIR"
  $shell -c 'echo "{" >schema.json'
  echo '{' >"$T/half"
  was_refused "a half document by echo, $shell" 'schema.json ' "$T/half"
done
head -c 300 schema.json >"$T/half"
refuses 'a half document by cp' 'schema.json' cp "$T/half" schema.json
same_file 'a half document is kept' "$T/half" ".rejected/$ME/schema.json"
refuses 'a half document by cat' 'schema.json' bash -c 'cat "$0" >schema.json' "$T/half"
same 'mode of what is kept' "400 $ME" "$(stat -c '%a %u' ".rejected/$ME/schema.json")"
: >"$T/empty"
cp "$T/empty" schema.json
nothing 'an empty file' cp "$T/empty" schema.json
printf 'null\n' >"$T/null"
refuses 'null' 'schema.json' cp "$T/null" schema.json
refuses 'binary' 'schema.json' cp /bin/true schema.json

# Where the mistake is.
jq '.columns[1].data_type = "INTT"' schema.json >"$T/bad.json"
refuses 'pointer, line and column' "schema.json $(grep -n INTT "$T/bad.json" | cut -d: -f1):" cp "$T/bad.json" schema.json
has 'the line itself' '"data_type": "INTT"' "$(cat error)"
has 'a caret' '^' "$(tail -n 1 error)"
has 'the pointer' '/columns/1/data_type: Unsupported type' "$(cat error)"
same 'errors.jsonl' "EINVAL app.edges schema.json /columns/1/data_type cp $ME" \
  "$(last_error | jq -r '"\(.errno) \(.object) \(.file) \(.pointer) \(.command) \(.uid)"')"

# rule WHAT MESSAGE_PART JQ_PROGRAM
rule() {
  jq "$3" schema.json >"$T/bad.json"
  refuses "$1" "$2" cp "$T/bad.json" schema.json
}
rule 'an unknown key' '/colour' '.colour = 1'
rule 'an unknown key of a column' '/columns/0/colour' '.columns[0].colour = 1'
rule 'a wrong type' '/columns/1/is_nullable' '.columns[1].is_nullable = "maybe"'
rule 'an id that was never given' '/columns/4' '.columns += [{"column_id": 77, "column_name": "x", "data_type": "INT"}]'
rule 'the same id twice' '/columns/1/column_id' '.columns[1].column_id = 1 | del(.columns[1].ordinal_position)'
rule 'the same name twice' "'name'" '.columns[2].column_name = "name"'
rule 'another table id' 'table_id' '.table_id = "app.other"'
rule 'another object id' 'object_id' '.object_id = 4711'
rule 'another creation time' 'created_at' '.created_at = "2020-01-01T00:00:00.000000Z"'
rule 'a narrower type' '/columns/0/data_type' '.columns[0].data_type = "INT"'
rule 'no primary key' 'PRIMARY KEY' 'del(.columns[0])'
rule 'no columns' 'column' '.columns = []'
rule 'NOT NULL without a default' 'DEFAULT' '.columns += [{"column_name": "x", "data_type": "INT", "is_nullable": false}]'
rule 'a default that does not fit' '/columns/1/default_value' '.columns[1].default_value = {"literal": 5}'
rule 'a reserved name' "select" '.columns += [{"column_name": "select", "data_type": "INT"}]'
sed 's/"column_name": "name",/"column_name": "name", "column_name": "name",/' schema.json >"$T/bad.json"
refuses 'a key twice' 'column_name' cp "$T/bad.json" schema.json

# Several changes are one version; ids tell renamed columns from new ones.
mark "$DIR"
jq '.columns[1].column_name = "title" | .columns[2].column_comment = "mail" | del(.columns[3]) | .table_comment = "Edges" |
  .columns += [{"column_name": "age", "data_type": "INT"}]' schema.json >"$T/doc"
cp "$T/doc" schema.json
was_accepted 'several changes' '[.columns[] | "\(.column_id) \(.column_name)"] | join(", ")' '1 id, 2 title, 3 email, 5 age'
same 'what it was made of' 'document null' "$(jq -r '"\(.source) \(.statement)"' versions/latest/change.json)"
same 'its actions' 'ADD COLUMN,ALTER COLUMN,DROP COLUMN,RENAME COLUMN,SET' \
  "$(jq -r '[.changes[].action] | sort | join(",")' versions/latest/change.json)"
same 'its author' "$ME cp" "$(jq -r '"\(.author.uid) \(.author.command)"' versions/latest/change.json)"

# Without ids, a name is the column of that name.
mark "$DIR"
jq 'del(.columns[].column_id, .columns[].ordinal_position, .schema_version) | .columns[2].column_comment = "e-mail"' schema.json >"$T/doc"
cp "$T/doc" schema.json
was_accepted 'a generated document without ids' '[.columns[].column_id] | join(" ")' '1 2 3 5'
same 'changes only the comment' 'ALTER COLUMN' "$(jq -r '[.changes[].action] | join(" ")' versions/latest/change.json)"

# An old version saved back is refused with the way to do it.
refuses 'an old version' 'RESTORE VERSION 1' cp versions/1/schema.json schema.json
has 'it says which' 'version 1 unchanged; current is 3' "$(cat error)"
nothing 'the current version' cp versions/latest/schema.json schema.json

# A parent that closes what its children have half written.
mark "$DIR"
with_column "$T/old" "$(column_line sub INT)" >"$T/doc"
bash -c '(head -n 5 "$0"; tail -n +6 "$0") >schema.json' "$T/doc" 2>/dev/null
was_accepted 'a document in two pieces by two programs' "$ALL_NAMES" 'id title email age sub'

# What unlink means: others still see it, and it is back when nobody re-creates it.
mark "$DIR"
expect_ok 'rm schema.json' rm schema.json
expect_ok 'others see it' cat schema.json
same_file 'as it was' "$T/old" "$T/out"
expect_ok 'the unlinker sees it again' "$PYTHON" -c '
import os, sys, time
os.unlink("schema.json")
if os.path.exists("schema.json"): sys.exit("still there at once")
end = time.time() + 4
while not os.path.exists("schema.json"):
    if time.time() > end: sys.exit("not back after 4 s")
    time.sleep(0.1)'
was_nothing 'unlink'

# Moved away: a copy goes, the file stays.
mark "$DIR"
expect_ok 'mv schema.json away' mv schema.json backup
was_nothing 'mv schema.json away' backup
same_file 'the copy' "$T/old" backup
differs 'is another file' "$(stat -c %i schema.json)" "$(stat -c %i backup)"
mark "$DIR"
expect_ok 'and can be written' bash -c 'echo anything >backup'
was_nothing 'a write to the copy'
rm backup
mark "$DIR"
is 1 'ln' ln schema.json hard
was_nothing 'ln'
is 1 'an exchange' "$PYTHON" -c '
import ctypes, os, sys
open("x", "w").close()
libc = ctypes.CDLL(None, use_errno=True)
failed = libc.renameat2(-100, b"x", -100, b"schema.json", 2)
os.unlink("x")
sys.exit(os.strerror(ctypes.get_errno()) if failed else 0)'
has 'an exchange' 'Invalid argument' "$(cat "$T/err")"
was_nothing 'an exchange'

# Scratch files hold what is written, and are nobody's business.
mark "$DIR"
head -c 300000 /dev/urandom >"$T/noise"
expect_ok 'scratch' bash -c 'mkdir -p d/e && cp "$0" d/e/f && cmp "$0" d/e/f && ln -s d/e/f link && cmp "$0" link &&
  mv d/e/f d/g && truncate -s 100 d/g && [ $(stat -c %s d/g) = 100 ] && chmod 755 d/g && touch d/g &&
  [ "$(readlink link)" = d/e/f ] && rm -r d link' "$T/noise"
was_nothing 'scratch'
for place in "$MNT" "$MNT/namespaces" "$MNT/namespaces/app/tables" "$MNT/namespaces/app/trash" "$DIR/versions" "$DIR/versions/1" \
    "$MNT/types" "$MNT/.kalamfs"; do
  is 1 "no files in $place" touch "$place/file.txt"
  has "no files in $place" 'ermi' "$(cat "$T/err")"
done
cd /
well
finish
