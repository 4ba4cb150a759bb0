#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two people on one table: what does not touch goes together, what touches is told.
. "$(dirname "$0")/lib.sh"
need tmux vim
fixture
start || finish
ALL_NAMES='[.columns[].column_name] | join(" ")'
WHO=$(id -un)

vim_on() { # SESSION DIRECTORY
  SESSION=$1
  # The other one's swap file is there, and would be asked about.
  run_on_terminal "$2" vim --cmd 'set backupskip=' --cmd "autocmd SwapExists * let v:swapchoice = 'e'" schema.json
  on_screen "vim $1 opens" column_id
}
vim_command() { # SESSION COMMAND
  SESSION=$1
  text ":$2"
  keys Enter
}
# vim_write SESSION REGEX : :w, and what stands on the screen of it
MESSAGES=0
vim_write() {
  MESSAGES=$((MESSAGES + 1))
  vim_command "$1" "echo 'message' $MESSAGES"
  on_screen "vim $1" "^message $MESSAGES"
  vim_command "$1" w
  on_screen "vim $1" "$2"
}

# ----- vim and vim, disjoint -----

dir=$(new_table disjoint)
vim_on ann "$dir"
vim_on bob "$dir"
mark "$dir"
vim_command ann "call append(search('\"columns\": \\['), '$(column_line age INT)')"
vim_write ann written
was_accepted 'ann adds a column' "$ALL_NAMES" 'id name email price age' '.schema.json.swp .schema.json.swo'
mark "$dir"
vim_command bob '%s/"column_comment": "in EUR"/"column_comment": "in USD"/'
# vim itself has seen that the file is another one, and asks.
vim_write bob 'written|really want to write'
shows 'really want to write' && keys y
wait_for 30 test "$(sequence)" -gt "$OLD_SEQUENCE"
on_screen 'bob is told that it is written' written
was_accepted 'bob changes a comment' "$ALL_NAMES" 'id name email price age' '.schema.json.swp .schema.json.swo'
same 'both are in' 'in USD' "$(jq -r '.columns[3].column_comment' "$dir/schema.json")"
mark "$dir"
vim_command bob "call append(search('\"columns\": \\['), '$(column_line second TEXT)')"
vim_write bob 'written|really want to write'
shows 'really want to write' && keys y
wait_for 30 test "$(sequence)" -gt "$OLD_SEQUENCE"
was_accepted "bob's second :w keeps what ann has added" "$ALL_NAMES" 'id name email price age second' '.schema.json.swp .schema.json.swo'
vim_command ann 'q!'
has_ended 'vim ann'
vim_command bob 'q!'
has_ended 'vim bob'
same 'nothing is left behind' "$TABLE_FILES" "$(ls -A "$dir" | xargs)"

# ----- vim and vim, the same column -----

dir=$(new_table same)
vim_on ann "$dir"
vim_on bob "$dir"
mark "$dir"
vim_command ann '%s/DECIMAL(10, 2)/DECIMAL(12, 2)/'
vim_write ann written
was_accepted 'ann widens price' '.columns[3].data_type' 'DECIMAL(12, 2)' '.schema.json.swp .schema.json.swo'
mark "$dir"
vim_command bob '%s/DECIMAL(10, 2)/DECIMAL(14, 2)/'
vim_write bob 'E514|E512|really want to write'
if shows 'really want to write'; then
  keys y
  on_screen 'bob is refused' 'E514|E512'
fi
keys Enter
was_nothing 'bob widens price otherwise' '.schema.json.swp .schema.json.swo'
conflict=$(cat "$dir/error")
has 'who and what' "column 4 price was changed by $WHO (vim) at 2" "$conflict"
has 'which version' 'version 2. Reload, then save again.' "$conflict"
has 'where' 'schema.json /columns/3/data_type: ' "$conflict"
has 'base' '  base (1)    "DECIMAL(10, 2)"' "$conflict"
has 'theirs' '  theirs (2)  "DECIMAL(12, 2)"' "$conflict"
has 'yours' '  yours       "DECIMAL(14, 2)"' "$conflict"
same 'errors.jsonl' 'EBUSY conflict' "$(last_error | jq -r '"\(.errno) \(.kind)"')"
mark "$dir"
vim_command bob 'e!'
vim_command bob "echo 'reloaded'"
on_screen 'bob reloads' '^reloaded'
vim_command bob '%s/DECIMAL(12, 2)/DECIMAL(14, 2)/'
vim_write bob written
was_accepted 'bob after reloading' '.columns[3].data_type' 'DECIMAL(14, 2)' '.schema.json.swp .schema.json.swo'
vim_command ann 'q!'
has_ended 'vim ann'
vim_command bob 'q!'
has_ended 'vim bob'

# ----- two :w in one session, no one else -----

dir=$(new_table twice)
vim_on ann "$dir"
for i in 1 2 3; do
  mark "$dir"
  vim_command ann "call append(search('\"columns\": \\['), '$(column_line "w$i" INT)')"
  vim_write ann written
  off_screen 'nobody else has changed it' 'really want|changed since'
  was_accepted "the :w no. $i" '.columns | length' $((4 + i)) .schema.json.swp
done
mark "$dir"
vim_command ann 'g/"w1"/d'
vim_write ann written
was_accepted 'what a session has added it can take away' "$ALL_NAMES" 'id name email price w2 w3' .schema.json.swp
vim_command ann q
has_ended 'vim ann'

# ----- one process that writes again and again -----

cat >"$T/writer.py" <<'PY'
"""writer.py DIRECTORY STEP... - one process.  Steps: r reads, then the text is in hand; w writes it;
+NAME adds a column; -NAME takes it away; NAME=TEXT comments it; !FILE waits until that file is there,
after it has made FILE.ready."""
import json, os, sys, time
path = os.path.join(sys.argv[1], "schema.json")
text = None
for step in sys.argv[2:]:
    if step == "r":
        text = json.load(open(path))
    elif step == "w":
        try:
            with open(path, "w") as file:
                json.dump(text, file)
            print("ok")
        except OSError as error:
            print(os.strerror(error.errno))
    elif step[0] == "+":
        text["columns"].append({"column_name": step[1:], "data_type": "INT"})
    elif step[0] == "-":
        text["columns"] = [c for c in text["columns"] if c["column_name"] != step[1:]]
    elif step[0] == "!":
        open(step[1:] + ".ready", "w").close()
        while not os.path.exists(step[1:]):
            time.sleep(0.01)
    else:
        name, comment = step.split("=")
        for column in text["columns"]:
            if column["column_name"] == name:
                column["column_comment"] = comment
    sys.stdout.flush()
PY
writer() { "$PYTHON" "$T/writer.py" "$DIR" "$@" 2>&1 | xargs; }

dir=$(new_table writer)
mark "$dir"
same 'python writes three times' 'ok ok ok' "$(writer r +a w +b w -a w)"
same 'three changes' $((OLD_SEQUENCE + 3)) "$(sequence)"
same 'and what is left' 'id name email price b' "$(columns "$dir")"

# between FILE COMMAND... : while a writer waits
between() {
  local file=$1
  shift
  wait_for 10 test -e "$file.ready"
  "$@"
  touch "$file"
}

dir=$(new_table between)
mark "$dir"
writer r +y w "!$T/b1" +z w "!$T/b2" name=title w >"$T/said" &
job=$!
between "$T/b1" accept "$dir" 'ADD COLUMN x INT'
between "$T/b2" accept "$dir" "ALTER COLUMN email COMMENT 'mail'"
wait $job
# A third save that still holds what the second one's merge has changed is refused, not guessed at.
same "three saves with somebody else's in between" 'ok ok Device or resource busy' "$(cat "$T/said")"
same 'four changes' $((OLD_SEQUENCE + 4)) "$(sequence)"
same 'all columns' 'id name email price x y z' "$(columns "$dir" | tr ' ' '\n' | sort -k1,1 | xargs | sed 's/email id name price/id name email price/')"
same 'all comments' 'null mail' "$(jq -r '"\(.columns[1].column_comment) \(.columns[2].column_comment)"' "$dir/schema.json")"

dir=$(new_table merged)
mark "$dir"
writer r +y w "!$T/c1" +z w -y w >"$T/said" &
job=$!
between "$T/c1" accept "$dir" 'ADD COLUMN x INT'
wait $job
same 'a merged save is followed by another' 'ok ok Device or resource busy' "$(cat "$T/said")"
same 'whoever has never seen a column does not drop it' 'id name email price y x z' "$(columns "$dir")"

dir=$(new_table stale)
cp "$dir/schema.json" "$T/v1.json"
accept "$dir" "ALTER COLUMN email COMMENT 'one'"

# conflict_of WHAT JQ_PROGRAM THEIR_STATEMENT MESSAGE_PART
conflict_of() {
  mark "$dir"
  jq "$2" "$T/old" >"$T/mine.json"
  accept "$dir" "$3"
  mark "$dir"
  is 1 "$1: refused" cp "$T/mine.json" "$dir/schema.json"
  has "$1: errno" 'busy' "$(cat "$T/err")"
  was_refused "$1" "$4" "$T/mine.json"
}
conflict_of 'the same comment' '.columns[2].column_comment = "mine"' "ALTER COLUMN email COMMENT 'theirs'" \
  'column 3 email was changed by'
conflict_of 'a column that they dropped' '.columns[3].column_comment = "mine"' 'DROP COLUMN price' 'column 4 price was dropped by'
accept "$dir" 'ADD COLUMN price INT'
conflict_of 'a dropped column that they changed' 'del(.columns[2])' "ALTER COLUMN email COMMENT 'changed'" 'column 3 email was changed by'
conflict_of 'a name that they have given too' '.columns += [{"column_name": "age", "data_type": "TEXT"}]' 'ADD COLUMN age INT' 'age'
conflict_of 'the comment of the table' '.table_comment = "mine"' "COMMENT 'theirs'" 'table_comment'
conflict_of 'an option' '.table_options.deleted_retention_hours = 5' 'SET (DELETED_RETENTION_HOURS = 6)' 'deleted_retention_hours'
conflict_of 'a renamed column' '.columns[1].column_name = "title"' 'RENAME COLUMN name TO label' 'column 2'

# together WHAT JQ_PROGRAM THEIR_STATEMENT FILTER EXPECTED
together() {
  mark "$dir"
  jq "$2" "$T/old" >"$T/mine.json"
  accept "$dir" "$3"
  mark "$dir"
  expect_ok "$1: accepted" cp "$T/mine.json" "$dir/schema.json"
  was_accepted "$1" "$4" "$5"
}
dir=$(new_table together)
together 'another attribute of one column' '.columns[1].column_comment = "mine"' 'ALTER COLUMN name DROP NOT NULL' \
  '.columns[1] | "\(.column_comment) \(.is_nullable)"' 'mine true'
together 'a column renamed here, commented there' '.columns[2].column_name = "mail"' "ALTER COLUMN email COMMENT 'theirs'" \
  '.columns[2] | "\(.column_name) \(.column_comment)"' 'mail theirs'
together 'two new columns' '.columns += [{"column_name": "mine", "data_type": "INT"}]' 'ADD COLUMN theirs INT' \
  '[.columns[].column_name] | join(" ")' 'id name mail price theirs mine'
together 'dropped here, added there' 'del(.columns[3])' 'ADD COLUMN more INT' \
  '[.columns[].column_name] | join(" ")' 'id name mail theirs mine more'
together 'a column that they dropped, and that is not touched here' '.columns[1].column_comment = "kept"' 'DROP COLUMN more' \
  '"\([.columns[].column_name] | join(" ")) \(.columns[1].column_comment)"' 'id name mail theirs mine kept'
together 'two options' '.table_options.deleted_retention_hours = 5' "SET (FLUSH_POLICY = 'rows:7')" \
  '.table_options | "\(.deleted_retention_hours) \(.flush_policy.row_limit)"' '5 7'
mark "$dir"
jq '.columns[1].column_comment = "equal"' "$T/old" >"$T/mine.json"
accept "$dir" "ALTER COLUMN name COMMENT 'equal'"
mark "$dir"
expect_ok 'the same change on both sides' cp "$T/mine.json" "$dir/schema.json"
was_nothing 'the same change on both sides'

# A column file has its own version.
mark "$dir/columns" name.json
jq '.column_comment = "mine"' "$T/old" >"$T/mine.json"
accept "$dir" "ALTER COLUMN mail COMMENT 'theirs'"
mark "$dir/columns" name.json
expect_ok 'a column file, another column changed' cp "$T/mine.json" "$dir/columns/name.json"
was_accepted 'a column file' .column_comment mine
mark "$dir/columns" name.json
jq '.column_comment = "again mine"' "$T/old" >"$T/mine.json"
accept "$dir" "ALTER COLUMN name COMMENT 'theirs'"
mark "$dir/columns" name.json
is 1 'a column file, that column changed' cp "$T/mine.json" "$dir/columns/name.json"
was_refused 'a column file' 'column 2 name was changed by' "$T/mine.json"

# Namespace and storage documents have no versions to be merged with.
mark "$MNT/namespaces/app" namespace.json
jq '.comment = "mine again"' "$T/old" >"$T/mine.json"
accept "$MNT" "ALTER NAMESPACE app COMMENT 'theirs'"
mark "$MNT/namespaces/app" namespace.json
is 1 'a namespace that was changed' cp "$T/mine.json" "$MNT/namespaces/app/namespace.json"
was_refused 'a namespace' 'changed' "$T/mine.json"
mark "$MNT/storages" archive.json
jq '.description = "mine"' "$T/old" >"$T/mine.json"
accept "$MNT" "ALTER STORAGE archive SET DESCRIPTION 'theirs'"
mark "$MNT/storages" archive.json
is 1 'a storage that was changed' cp "$T/mine.json" "$MNT/storages/archive.json"
was_refused 'a storage' 'changed' "$T/mine.json"
finish
