#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mkdir, rmdir, cp and mv as statements; each with what is refused.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
APP=$MNT/namespaces/app
SPACES=$MNT/namespaces
ALL_NAMES='[.columns[].column_name] | join(" ")'

# one WHAT COMMAND... : succeeds in silence, and is exactly one change
one() {
  local what=$1 before
  shift
  before=$(sequence)
  expect_ok "$what" "$@" || return 1
  same "$what: one change" $((before + 1)) "$(sequence)"
  same "$what: by" "directory" "$(tail -n 1 "$MNT/log.jsonl" | jq -r .source)"
}

# none WHAT COMMAND... : succeeds in silence, and is no change
none() {
  local what=$1 before
  shift
  before=$(state)
  expect_ok "$what" "$@"
  same "$what: no change" "$before" "$(state)"
}

event() { tail -n 1 "$MNT/log.jsonl" | jq -r '"\(.event) \(.object) \(.name)"'; }
gone() {
  CHECKS=$((CHECKS + 1))
  [ ! -e "$1" ] || fail "is still there: $1"
}

# told PART COMMAND_ERRNO COMMAND... : refused; errors.jsonl's last line and the nearest error file say so
told() {
  local part=$1 file=$2 errno=$3
  shift 3
  refused "$errno" "$file" "$part" "$@"
  has "errors.jsonl: $*" "$part" "$(last_error | jq -r .message)"
}

# ----- namespaces -----

one 'mkdir of a namespace' mkdir "$SPACES/shop"
same 'event' 'CREATE namespace shop' "$(event)"
same 'its files' "$NAMESPACE_FILES" "$(ls -A "$SPACES/shop" | xargs)"
same 'its document' 'shop 1' "$(jq -r '"\(.name) \(.namespace_version)"' "$SPACES/shop/namespace.json")"
same 'its author' "mkdir $ME" "$(tail -n 1 "$MNT/log.jsonl" | jq -r '"\(.author.command) \(.author.uid)"')"
same 'error is empty' '' "$(cat "$MNT/error")"
one 'mkdir -p' mkdir -p "$SPACES/market"
one 'rmdir of an empty namespace' rmdir "$SPACES/market"
same 'event' 'DROP namespace market' "$(event)"
gone "$SPACES/market"
refused 'File exists' - '' mkdir "$SPACES/shop"
told "users" "$MNT/error" 'Invalid argument' mkdir "$SPACES/Users"
told 'underscore' "$MNT/error" 'Invalid argument' mkdir "$SPACES/_x"
told "'a-b'" "$MNT/error" 'Invalid argument' mkdir "$SPACES/a-b"
refused 'too long' - '' mkdir "$SPACES/$(printf 'x%.0s' $(seq 300))"
told '64' "$MNT/error" '' mkdir "$SPACES/$(printf 'x%.0s' $(seq 65))"
told 'users' "$MNT/error" 'not empty' rmdir "$APP"
told 'PURGE' "$MNT/error" 'not empty' rmdir "$APP"
told 'default' "$MNT/error" 'Operation not permitted' rmdir "$SPACES/default"
told 'system' "$MNT/error" 'Operation not permitted' rmdir "$SPACES/system"
told 'mv the tables' "$MNT/error" 'Operation not permitted' mv -T "$SPACES/shop" "$SPACES/store"
refused 'ermi' - '' mkdir "$SPACES/system/tables/mine"
refused 'ermi' - '' mkdir "$MNT/types/mine"
refused 'Operation not permitted' - '' mkdir "$APP/trash/mine"
refused 'Operation not permitted' - '' mkdir "$MNT/mine"

# ----- drafts -----

SHOP=$SPACES/shop/tables
none 'mkdir of a table opens a draft' mkdir "$SHOP/orders"
in_catalog shop.orders && fail 'the draft is in the catalog'
expect_ok 'its template is JSON' jq . "$SHOP/orders/schema.json"
has 'that explains itself' column_comment "$(cat "$SHOP/orders/schema.json")"
same 'its size' "$(wc -c <"$SHOP/orders/schema.json")" "$(stat -c %s "$SHOP/orders/schema.json")"
inode=$(stat -c %i "$SHOP/orders")
cd "$SHOP/orders" || finish
cat schema.json >"$T/template.json"
before=$(sequence)
expect_ok 'the template itself, saved' cp "$T/template.json" schema.json
same 'is CREATE TABLE' $((before + 1)) "$(sequence)"
same 'event' 'CREATE table shop.orders' "$(event)"
same 'source' document "$(tail -n 1 "$MNT/log.jsonl" | jq -r .source)"
same 'version' 1 "$(version schema.json)"
same 'the directory that was entered is the table' "$TABLE_FILES" "$(ls -A . | xargs)"
same 'its inode' "$inode" "$(stat -c %i "$SHOP/orders")"
same 'its columns' "$(jq -r "$ALL_NAMES" "$T/template.json")" "$(columns .)"
cd / || finish
refused 'File exists' - '' mkdir "$SHOP/orders"

none 'another draft' mkdir "$SHOP/items"
none 'that is given up' rmdir "$SHOP/items"
gone "$SHOP/items"
none 'a draft' mkdir "$SHOP/items"
jq '.columns = [{"column_name": "id", "data_type": "BIGINTT", "is_primary_key": true}]' "$T/template.json" >"$T/bad.json"
jq '.columns = [{"column_name": "id", "data_type": "BIGINT", "is_primary_key": true}, {"column_name": "n", "data_type": "INT"}]' \
  "$T/template.json" >"$T/good.json"
refused 'Invalid argument' "$SHOP/items/error" "Unsupported type 'BIGINTT'" cp "$T/bad.json" "$SHOP/items/schema.json"
same_file 'a draft keeps a refused text' "$T/bad.json" "$SHOP/items/.rejected/$ME/schema.json"
same_file 'and its template' "$T/template.json" <(sed 's/items/orders/g' "$SHOP/items/schema.json")
none 'vim looks around in it' sh -c "echo x >'$SHOP/items/.schema.json.swp' && rm '$SHOP/items/.schema.json.swp'"
before=$(sequence)
expect_ok 'a corrected first save' cp "$T/good.json" "$SHOP/items/schema.json"
same 'creates it' "$((before + 1)) id n" "$(sequence) $(columns "$SHOP/items")"
same 'nothing is left behind' "$TABLE_FILES" "$(ls -A "$SHOP/items" | xargs)"
for style in 'mv %s %s' 'install -m 644 %s %s' 'sed -e "" %s >%s' 'rsync -I %s %s'; do
  name=d$((${n:-0} + 1)) n=$((${n:-0} + 1))
  mkdir "$SHOP/$name"
  cp "$T/good.json" "$SHOP/$name/t.json"
  before=$(sequence)
  # shellcheck disable=SC2059
  expect_ok "a first save by $style" sh -c "cd '$SHOP/$name' && $(printf "$style" t.json schema.json)"
  same "a first save by $style: creates it" "$((before + 1)) id n" "$(sequence) $(columns "$SHOP/$name")"
done
mkdir "$SHOP/twin"
before=$(sequence)
expect_ok "another table's schema.json into a draft" cp "$APP/tables/users/schema.json" "$SHOP/twin/schema.json"
same 'makes a table of its own' "$((before + 1)) shop.twin 1 id name email created 1 2 3 4" "$(sequence) $(jq -r \
  '"\(.table_id) \(.schema_version) \([.columns[].column_name] | join(" ")) \([.columns[].column_id] | map(tostring) | join(" "))"' "$SHOP/twin/schema.json")"
told 'users' "$SPACES/shop/error" 'Invalid argument' mkdir "$SHOP/Users"
told "'select'" "$SPACES/shop/error" 'Invalid argument' mkdir "$SHOP/select"
accept "$SPACES/shop" 'DROP TABLE twin'
told 'UNDROP TABLE' "$SPACES/shop/error" 'File exists' mkdir "$SHOP/twin"
accept "$SPACES/shop" 'PURGE TABLE twin'
none 'a draft' mkdir "$SHOP/late"
accept "$SPACES/shop" 'CREATE TABLE late (id INT PRIMARY KEY)'
same 'a table made meanwhile is what the name is' 1 "$(version "$SHOP/late/schema.json")"
none 'a draft under another name' sh -c "mkdir '$SHOP/one' && mv '$SHOP/one' '$SHOP/two' && rmdir '$SHOP/two'"

# ----- columns -----

USERS=$APP/tables/users
COLUMNS=$USERS/columns
# column WHAT VERSION... : what the table is after it
before=$(sequence)
expect_ok 'cp of a column under a new name' cp "$COLUMNS/email.json" "$COLUMNS/mail2.json"
same 'adds that column' "$((before + 1)) id name email created mail2" "$(sequence) $(columns "$USERS")"
same 'with an id of its own' 5 "$(jq .column_id "$COLUMNS/mail2.json")"
echo '{"data_type": "SMALLINT", "column_comment": "years"}' >"$T/age.json"
before=$(sequence)
expect_ok 'cp of a small document' cp "$T/age.json" "$COLUMNS/age.json"
same 'adds it' "$((before + 1)) SMALLINT true years" "$(sequence) $(jq -r '"\(.data_type) \(.is_nullable) \(.column_comment)"' "$COLUMNS/age.json")"
cp "$T/age.json" "$USERS/t.json"
before=$(sequence)
expect_ok 'mv of a scratch file' mv "$USERS/t.json" "$COLUMNS/age2.json"
same 'adds it' "$((before + 1)) SMALLINT" "$(sequence) $(jq -r .data_type "$COLUMNS/age2.json")"
before=$(sequence)
expect_ok 'mv of another file system' sh -c "cp $T/age.json $T/age3.json; mv $T/age3.json $COLUMNS/age3.json"
same 'adds it' "$((before + 1)) SMALLINT" "$(sequence) $(jq -r .data_type "$COLUMNS/age3.json")"
echo '{"data_type": "INTT"}' >"$T/bad.json"
refused 'Invalid argument' "$USERS/error" "$BAD_TYPE" cp "$T/bad.json" "$COLUMNS/wrong.json"
gone "$COLUMNS/wrong.json"
same_file 'the refused text' "$T/bad.json" "$COLUMNS/.rejected/$ME/wrong.json"
echo '{"data_type": "INT", "is_nullable": false}' >"$T/bad.json"
refused 'Invalid argument' "$USERS/error" 'needs a DEFAULT' cp "$T/bad.json" "$COLUMNS/wrong.json"
gone "$COLUMNS/wrong.json"
refused 'Invalid argument' "$USERS/error" "'select'" cp "$T/age.json" "$COLUMNS/select.json"
gone "$COLUMNS/select.json"
refused 'Invalid argument' "$USERS/error" 'age' cp "$T/age.json" "$COLUMNS/Age.json"
none 'touch of a new name is no column' sh -c "touch '$COLUMNS/empty.json'; rm -f '$COLUMNS/empty.json'"
one 'mv of a column' mv "$COLUMNS/mail2.json" "$COLUMNS/mail.json"
same 'renames it' 'mail 5' "$(jq -r '"\(.column_name) \(.column_id)"' "$COLUMNS/mail.json")"
gone "$COLUMNS/mail2.json"
told 'mail' "$APP/error" 'Operation not permitted' mv "$COLUMNS/email.json" "$COLUMNS/mail.json"
none 'mv of a column to no name of a column is a copy' sh -c "mv '$COLUMNS/mail.json' '$COLUMNS/mail.json.bak' &&
  cmp '$COLUMNS/mail.json' '$COLUMNS/mail.json.bak' && rm '$COLUMNS/mail.json.bak'"
refused 'Operation not permitted' "$USERS/error" 'DROP COLUMN mail' rm "$COLUMNS/mail.json"
refused '' - '' mv "$COLUMNS/mail.json" "$COLUMNS/select.json"
has 'a reserved name' "'select'" "$(last_error)"
jq '.column_name = "other"' "$COLUMNS/mail.json" >"$T/other.json"
before=$(sequence)
expect_ok 'another column_name in a column file' cp "$T/other.json" "$COLUMNS/mail.json"
same 'renames it too' "$((before + 1)) 5" "$(sequence) $(jq .column_id "$COLUMNS/other.json")"
gone "$COLUMNS/mail.json"
same 'columns/ in the end' 'age.json age2.json age3.json created.json email.json id.json name.json other.json' "$(names "$COLUMNS")"

# ----- tables -----

facts_of() { jq -r '"\(.table_id) \(.object_id) \(.schema_version) \(.location_name)"' "$1/schema.json"; }
object=$(jq .object_id "$USERS/schema.json")
v=$(version "$USERS/schema.json")
location=$(readlink "$USERS/storage")
inode=$(stat -c %i "$USERS")
one 'mv of a table' mv "$USERS" "$APP/tables/people"
same 'renames it' "app.people $object $((v + 1)) app/users" "$(facts_of "$APP/tables/people")"
same 'its data stay where they are' "$location" "$(readlink "$APP/tables/people/storage")"
same 'its inode' "$inode" "$(stat -c %i "$APP/tables/people")"
gone "$USERS"
same 'event' 'RENAME table app.people' "$(event)"
one 'mv into another namespace' mv "$APP/tables/people" "$SHOP/"
same 'moves it' "shop.people $object $((v + 2)) app/users" "$(facts_of "$SHOP/people")"
one 'and under another name' mv "$SHOP/people" "$APP/tables/users"
same 'moves it back' "app.users $object $((v + 3)) app/users" "$(facts_of "$USERS")"
same 'and all versions are there' $((v + 3)) "$(readlink "$USERS/versions/latest")"
refused 'ot empty' - '' mv -T "$USERS" "$APP/tables/typing"
refused 'Operation not permitted' "$APP/error" "'select'" mv -T "$USERS" "$APP/tables/select"
refused 'ermi' - '' mv "$USERS" "$SPACES/system/tables/"
refused 'ermi' - '' mv "$SPACES/system/tables/users" "$APP/tables/theirs"
refused 'Operation not permitted' - '' mv "$USERS" "$SPACES/people"
refused 'Operation not permitted' - '' mv "$USERS/versions" "$USERS/columns" 
refused 'Operation not permitted' - '' mv "$USERS/versions/1" "$USERS/versions/99"
refused 'Operation not permitted' - '' mv "$USERS/describe" "$USERS/describe2"
refused 'Operation not permitted' - '' mv "$USERS/schema.sql" "$USERS/old.sql"
refused 'Operation not permitted' - '' mv "$USERS/ctl" "$USERS/ctl2"
refused 'File exists' "$APP/error" 'gone' "$PYTHON" -c 'import os, sys; os.rename(sys.argv[1], sys.argv[2])' "$USERS" "$APP/tables/gone"

one 'mv into trash/' mv "$USERS" "$APP/trash/"
same 'drops it' 'DROP table app.users' "$(event)"
gone "$USERS"
same 'trash/' 'gone users' "$(ls "$APP/trash" | xargs)"
same 'its inode' "$inode" "$(stat -c %i "$APP/trash/users")"
same 'it still shows its definition' $((v + 3)) "$(version "$APP/trash/users/schema.json")"
refused 'Operation not permitted' - '' sh -c "cp '$T/age.json' '$APP/trash/users/schema.json'"
refused 'Operation not permitted' - '' touch "$APP/trash/users/file"
refused 'Operation not permitted' - '' rmdir "$APP/trash/users"
told 'UNDROP TABLE app.users' "$APP/error" 'File exists' mkdir "$USERS"
one 'mv out of trash/' mv "$APP/trash/users" "$APP/tables/"
same 'undrops it' 'UNDROP table app.users' "$(event)"
same 'as it was' "app.users $object $((v + 3)) app/users" "$(facts_of "$USERS")"
refused 'Operation not permitted' "$APP/error" 'trash' mv "$USERS" "$APP/trash/other"
refused 'Operation not permitted' - '' mv "$APP/trash/gone" "$APP/tables/other"
refused 'Operation not permitted' - '' mv "$APP/trash/gone" "$APP/trash/other"
refused 'Operation not permitted' - '' mv "$USERS" "$SPACES/shop/trash/"
told 'PURGE' "$MNT/error" 'not empty' rmdir "$APP"

# ----- storages -----

STORAGES=$MNT/storages
jq '.storage_id = "ignored" | .storage_name = "Cold" | .base_directory = "'"$T/cold"'"' "$STORAGES/local.json" >"$T/cold.json"
before=$(sequence)
expect_ok 'cp of a storage under a new name' cp "$T/cold.json" "$STORAGES/cold.json"
same 'creates it' "$((before + 1)) cold Cold 1" "$(sequence) $(jq -r '"\(.storage_id) \(.storage_name) \(.storage_version)"' "$STORAGES/cold.json")"
jq '.shared_tables_template = "{namespace}/{colour}"' "$T/cold.json" >"$T/bad.json"
refused 'Invalid argument' "$MNT/error" 'colour' cp "$T/bad.json" "$STORAGES/hot.json"
gone "$STORAGES/hot.json"
refused 'Operation not permitted' "$MNT/error" 'DROP STORAGE cold' rm "$STORAGES/cold.json"
refused 'Operation not permitted' - '' mv "$STORAGES/cold.json" "$STORAGES/warm.json"
before=$(sequence)
jq '.description = "kept"' "$STORAGES/archive.json" >"$T/archive.json"
expect_ok 'a masked secret is kept' cp "$T/archive.json" "$STORAGES/archive.json"
same 'one change' "$((before + 1)) ***" "$(sequence) $(jq -r .credentials "$STORAGES/archive.json")"
has 'the secret is still there' 'hush-4711' "$("$KALAMCTL" "$CAT" dump --with-secrets)"
lacks 'and nowhere in the mount' 'hush-4711' "$(cat "$STORAGES"/*.json "$MNT/log.jsonl" "$MNT/.kalamfs/errors.jsonl")"
accept "$MNT" 'DROP STORAGE cold'
gone "$STORAGES/cold.json"

well
stop
start || finish
same 'and after a remount' "app.users $object $((v + 3)) app/users" "$(facts_of "$USERS")"
finish
