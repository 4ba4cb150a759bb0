#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Statements written into ctl, checked in plan, explained in error.
. "$(dirname "$0")/lib.sh"
fixture
start || finish
APP=$MNT/namespaces/app
USERS=$APP/tables/users
TYPES='BOOLEAN, INT, BIGINT, DOUBLE, FLOAT, TEXT, TIMESTAMP, DATE, DATETIME, TIME, JSON, BYTES, EMBEDDING, UUID, DECIMAL, SMALLINT, FILE'

version() { jq .schema_version "$1/schema.json"; }
columns() { jq -r '[.columns[].column_name] | join(" ")' "$1/schema.json"; }

# The first thing the issue asks for, word by word.
cp "$USERS/versions/1/schema.json" "$T/one.json"
cp "$USERS/schema.json" "$T/two.json"
{ echo 'ADD COLUMN age INT' >"$USERS/ctl" && cat "$USERS/schema.json"; } >"$T/shown.json"
same 'cat behind && shows the column' 'id name email created age' \
  "$(jq -r '[.columns[].column_name] | join(" ")' "$T/shown.json")"
same 'version + 1' 3 "$(jq .schema_version "$T/shown.json")"
same 'versions/ has all' '1 2 3 latest' "$(ls "$USERS/versions" | xargs)"
same_file 'versions/1/schema.json is what it was' "$T/one.json" "$USERS/versions/1/schema.json"
same_file 'versions/2/schema.json is what schema.json was' "$T/two.json" "$USERS/versions/2/schema.json"
same_file 'versions/3/schema.json is schema.json' "$USERS/schema.json" "$USERS/versions/3/schema.json"
same 'columns/ has it' 'age.json created.json email.json id.json name.json' "$(ls "$USERS/columns" | xargs)"
same 'latest' 3 "$(readlink "$USERS/versions/latest")"

# The same through kalamctl while it is mounted: at once, nothing to wait for.
for i in 1 2 3 4 5; do
  "$KALAMCTL" "$CAT" exec <<<"ALTER TABLE app.users ADD COLUMN k$i INT" >"$T/out" 2>"$T/err"
  same 'kalamctl: the mount has the version when it returns' $((3 + i)) "$(version "$USERS")"
  same 'kalamctl says what became of it' "app.users: version $((2 + i)) -> $((3 + i))" "$(cat "$T/out")"
  same 'kalamctl has no complaint' '' "$(cat "$T/err")"
  has 'schema.sql has the column too' "k$i INT" "$(cat "$USERS/schema.sql")"
  same 'its column file' "k$i" "$(jq -r .column_name "$USERS/columns/k$i.json")"
done
same_file 'still byte-identical' "$T/one.json" "$USERS/versions/1/schema.json"

# > and >> are the same; truncating or opening does nothing.
before=$(state)
: >"$USERS/ctl"
: >>"$USERS/ctl"
truncate -s 0 "$USERS/ctl"
cat "$USERS/ctl" >/dev/null
same 'opening and truncating ctl changes nothing' "$before" "$(state)"
echo 'DROP COLUMN k1' >>"$USERS/ctl"
lacks '>> works as > does' k1 "$(columns "$USERS")"
dash -c "echo 'DROP COLUMN k2' > '$USERS/ctl'" || fail 'dash: echo'
lacks 'dash' k2 "$(columns "$USERS")"
echo 'drop column k3;' | tee "$USERS/ctl" >/dev/null
echo 'DROP k4' | dd of="$USERS/ctl" conv=notrunc status=none
printf 'DROP COLUMN k5' >"$USERS/ctl" || fail 'a statement without newline'
same 'tee, dd, and a statement without a newline' 'id name email created age' "$(columns "$USERS")"

# Two lines: bash's builtin makes two write()s of them, dash's and cat one.
v=$(version "$USERS")
printf 'ADD COLUMN l1 INT\nADD COLUMN l2 INT\n' >"$USERS/ctl"
same 'bash printf: two transactions' $((v + 2)) "$(version "$USERS")"
dash -c "printf 'DROP COLUMN l1\nDROP COLUMN l2\n' > '$USERS/ctl'"
same 'dash printf: one' $((v + 3)) "$(version "$USERS")"
cat >"$USERS/ctl" <<'SQL'
ADD COLUMN l1 INT
ADD COLUMN l2 INT;
-- a comment
DROP COLUMN l1;
SQL
same 'heredoc through cat: one' $((v + 4)) "$(version "$USERS")"
same 'and all of it' 'id name email created age l2' "$(columns "$USERS")"
ctl_refused "$USERS" 'No such file or directory' "Column 'nowhere' does not exist" \
  $'ADD COLUMN m1 INT;\nDROP COLUMN nowhere;'
lacks 'all or nothing in one write' m1 "$(columns "$USERS")"
echo 'ALTER COLUMN l2 TYPE BIGINT, COMMENT '\''Who is who'\''' >"$USERS/ctl"
same 'several actions are one version' "$((v + 5)) Who is who" \
  "$(jq -r '"\(.schema_version) \(.table_comment)"' "$USERS/schema.json")"
cat >"$APP/ctl" <<'SQL'
ALTER TABLE users
  ADD COLUMN m1 INT,
  DROP COLUMN l2;
CREATE TABLE rooms (
  id BIGINT PRIMARY KEY,
  name TEXT
)
WITH (ACCESS_LEVEL = 'public')
COMMENT 'Rooms';
SQL
same 'a newline does not end what goes on' 'id name email created age m1' "$(columns "$USERS")"
same 'nor in front of WITH and COMMENT' 'public Rooms' \
  "$(jq -r '.table_options.access_level + " " + .table_comment' "$APP/tables/rooms/schema.json")"

# BEGIN ... COMMIT over several writes of one open file.
v=$(version "$USERS")
dash -c "exec 5>'$USERS/ctl'; echo 'BEGIN;' >&5; echo 'ADD COLUMN b0 INT;' >&5; /bin/true; echo 'DROP COLUMN b0;' >&5
  echo 'ADD COLUMN b0 TEXT;' >&5; echo 'COMMIT;' >&5" || fail 'a block in dash'
same 'a block in dash' "$((v + 1)) TEXT" \
  "$(version "$USERS") $(jq -r .data_type "$USERS/columns/b0.json")"
accept "$USERS" 'DROP COLUMN b0'
v=$(version "$USERS")
refusals=$(wc -l <"$MNT/.kalamfs/errors.jsonl")
exec 5>"$USERS/ctl"
echo 'BEGIN;' >&5
echo 'ADD COLUMN b1 INT;' >&5
echo 'ADD COLUMN b2 INT;' >&5
same 'nothing of an open block is seen' $v "$(version "$USERS")"
echo 'COMMIT;' >&5
same 'COMMIT makes one version of it' $((v + 1)) "$(version "$USERS")"
same 'error is empty then' '' "$(cat "$USERS/error")"
same 'and no refusal was recorded' "$refusals" "$(wc -l <"$MNT/.kalamfs/errors.jsonl")"
echo 'BEGIN;' >&5
echo 'ADD COLUMN b3 INT;' >&5
echo 'ROLLBACK;' >&5
same 'ROLLBACK none' $((v + 1)) "$(version "$USERS")"
echo 'DROP COLUMN b1;' >&5 || fail 'the same open file takes more'
exec 5>&-
same 'and a statement outside of a block' 'id name email created age m1 b2' "$(columns "$USERS")"

# A namespace that is dropped under an open ctl: what names nothing there is refused, not ignored.
echo 'CREATE NAMESPACE gone' >"$MNT/ctl" || fail 'CREATE NAMESPACE'
exec 5>"$MNT/namespaces/gone/ctl"
echo 'DROP NAMESPACE gone' >"$MNT/ctl" || fail 'DROP NAMESPACE'
{ echo 'DROP TABLE foo' >&5; } 2>"$T/err" && fail 'a statement in a namespace that is gone is refused'
same 'as not there' 'No such file' "$(grep -o 'No such file' "$T/err")"
exec 5>&-

before=$(state)
exec 5>"$USERS/ctl"
echo 'BEGIN;' >&5
echo 'ADD COLUMN b4 INT;' >&5
{ echo 'DROP COLUMN nowhere;' >&5; } 2>"$T/err" && fail 'a wrong statement in a block is refused at once'
{ echo 'ADD COLUMN b5 INT;' >&5; } 2>>"$T/err" && fail 'the block is aborted then'
same 'the first says what it is, the second that the block is aborted' 'No such file/Invalid argument' \
  "$(grep -o -e 'No such file' -e 'Invalid argument' "$T/err" | paste -sd/)"
echo 'ROLLBACK;' >&5 || fail 'ROLLBACK ends an aborted block'
exec 5>&-
same 'an aborted block changes nothing' "$before" "$(state)"
put "$USERS/ctl" $'BEGIN;\nADD COLUMN b6 INT;' && fail 'a block without COMMIT is refused'
same 'which is recorded once' "The transaction was rolled back: COMMIT is missing" \
  "$(tail -n +$((refusals + 4)) "$MNT/.kalamfs/errors.jsonl" | jq -r .message)"
same 'and rolled back' "$before" "$(state)"
has 'error says so' COMMIT "$(cat "$USERS/error")"
{ echo 'BEGIN; ADD COLUMN b7 INT;'; echo 'COMMIT; BEGIN;'; echo 'ADD COLUMN b8 INT; COMMIT;'; } >"$USERS/ctl" ||
  fail 'two blocks in three writes of one process'
same 'each is a version' $((v + 4)) "$(version "$USERS")"

# What follows the last terminator is kept for the next write.
{ printf 'ADD COLUMN '; printf 'h1 INT'; printf ';'; } >"$USERS/ctl" || fail 'a statement in three writes'
has 'a statement in three writes' h1 "$(columns "$USERS")"
before=$(state)
{ printf 'DROP COLUMN h1'; printf '_old'; } >"$USERS/ctl" 2>/dev/null
same 'a tail of several writes is not run' "$before" "$(state)"
has 'error says why' 'not terminated' "$(cat "$USERS/error")"
refused 'Invalid argument' "$USERS/error" "Unknown statement 'FROBNICATE'" bash -c "printf 'FROBNICATE' >'$USERS/ctl'"
head -c 4096 <(printf 'DROP COLUMN h1 --'; head -c 5000 /dev/zero | tr '\0' x) >"$T/cut"
same 'a whole block may be the beginning of something' 4096 "$(stat -c %s "$T/cut")"
refused 'Invalid argument' "$USERS/error" 'not terminated' cp "$T/cut" "$USERS/ctl"
# A child that inherits the open file and exits does not end the statement.
{ printf 'DROP COLUMN h1'; /bin/true; has 'a child that ends runs nothing' h1 "$(columns "$USERS")" >&2
  /bin/true; printf ' ;'; } >"$USERS/ctl" 2>"$T/err"
same 'nor complains' '' "$(cat "$T/err")"
lacks 'its parent runs it' h1 "$(columns "$USERS")"

# Limits: 1,044,480 bytes.
{ printf 'ADD COLUMN big INT -- '; head -c 1044457 /dev/zero | tr '\0' x; echo; } >"$T/big"
same 'the longest write' 1044480 "$(stat -c %s "$T/big")"
expect_ok 'is taken' dd if="$T/big" of="$USERS/ctl" bs=2M conv=notrunc status=none
has 'and run' big "$(columns "$USERS")"
{ printf 'DROP COLUMN big -- '; head -c 1044461 /dev/zero | tr '\0' x; echo; } >"$T/big"
same 'one byte more' 1044481 "$(stat -c %s "$T/big")"
refused 'File too large' "$USERS/error" '1044480' dd if="$T/big" of="$USERS/ctl" bs=2M conv=notrunc status=none
{ printf 'DROP COLUMN big; -- '; head -c 3000000 /dev/zero | tr '\0' x; echo; } >"$T/big"
refused 'File too large' "$USERS/error" '' dd if="$T/big" of="$USERS/ctl" bs=4M conv=notrunc status=none

# error, word by word.
ctl_refused "$USERS" 'Invalid argument' 'Unsupported type' 'ADD COLUMN age2 INTT'
same 'error has place, sentence, line and caret' \
"1:17: Unsupported type 'INTT'. Valid types: $TYPES. Did you mean INT?
  ADD COLUMN age2 INTT
                  ^" "$(cat "$USERS/error")"
error=$(bash -c "echo 'ADD COLUMN age INTT' > '$USERS/ctl'" 2>&1)
has 'bash tells the write error' 'write error: Invalid argument' "$error"
same 'the example of the contract' \
"1:16: Unsupported type 'INTT'. Valid types: $TYPES. Did you mean INT?
  ADD COLUMN age INTT
                 ^" "$(cat "$USERS/error")"
same 'size of error' "$(cat "$USERS/error" | wc -c)" "$(stat -c %s "$USERS/error")"
has 'ctl says so too' 'refused (EINVAL), see error' "$(tail -n 1 "$USERS/ctl")"
same 'errors of other objects are theirs' '' "$(cat "$APP/error" "$MNT/error" "$APP/tables/messages/error")"
line=$(tail -n 1 "$MNT/.kalamfs/errors.jsonl")
same 'errors.jsonl' 'app.users ctl ADD COLUMN age INTT EINVAL parse 1 16 null' \
  "$(jq -r '"\(.object) \(.file) \(.statement) \(.errno) \(.kind) \(.line) \(.column) \(.pointer)"' <<<"$line")"
same 'its keys' 'time uid pid command object file statement errno kind line column pointer message' \
  "$(jq -r 'keys_unsorted | join(" ")' <<<"$line")"
same 'who' "$(id -u) bash" "$(jq -r '"\(.uid) \(.command)"' <<<"$line")"
same 'every line is an object' "$(wc -l <"$MNT/.kalamfs/errors.jsonl")" \
  "$(jq -c . "$MNT/.kalamfs/errors.jsonl" | wc -l)"
accept "$USERS" 'DROP COLUMN big'
same 'error is empty after a success' '' "$(cat "$USERS/error")"
same 'and has no size' 0 "$(stat -c %s "$USERS/error")"

# errno of each sort
ctl_refused "$MNT" 'File exists' 'Table app.users already exists' \
  'CREATE TABLE app.users (id INT PRIMARY KEY)'
ctl_refused "$MNT" 'No such file or directory' "Namespace 'nope' does not exist" \
  'CREATE TABLE nope.t (id INT PRIMARY KEY)'
ctl_refused "$MNT" 'No such file or directory' "Table 'nope' not found in namespace 'app'" 'DROP TABLE app.nope'
ctl_refused "$MNT" 'Directory not empty' 'app' 'DROP NAMESPACE app'
ctl_refused "$MNT" 'Directory not empty' 'archive' 'DROP STORAGE archive'
ctl_refused "$MNT" 'Operation not permitted' 'system' 'ALTER TABLE system.users ADD COLUMN x INT'
ctl_refused "$USERS" 'Invalid argument' 'PRIMARY KEY' 'DROP COLUMN id'
ctl_refused "$USERS" 'No such file or directory' "Did you mean" 'ALTER COLUMN emial SET NOT NULL'
ctl_refused "$USERS" 'Invalid argument' "Unknown statement 'FOO'" 'FOO BAR'

# ctl, read
first=$(head -n 1 "$USERS/ctl")
same 'ctl tells what it takes' "Statements for app.users, ended by ';' or a newline (kalamfs(5)):" "$first"
has 'line by line' '  ADD [COLUMN] [IF NOT EXISTS] c type [NOT NULL | NULL] [DEFAULT expr] [COMMENT '"'text']" "$(cat "$USERS/ctl")"
has 'with an example' "Example: echo 'ADD COLUMN age INT' > ctl" "$(cat "$USERS/ctl")"
v=$(version "$USERS")
accept "$USERS" 'ADD COLUMN last INT'
last=$(tail -n 1 "$USERS/ctl")
CHECKS=$((CHECKS + 1))
[[ $last =~ ^Last\ write:\ [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z\ ok,\ app\.users\ version\ $v\ -\>\ $((v + 1))$ ]] ||
  fail 'and what became of the last write' "$last"
same 'none yet' 'Last write: none' "$(tail -n 1 "$APP/tables/typing/ctl")"
same 'size of ctl' "$(cat "$USERS/ctl" | wc -c)" "$(stat -c %s "$USERS/ctl")"
same 'st_blksize of ctl' 65536 "$(stat -c %o "$USERS/ctl")"
has 'root' 'CREATE NAMESPACE' "$(cat "$MNT/ctl")"
has 'namespace' 'CREATE [USER' "$(cat "$APP/ctl")"

# plan: the example of the contract, exactly.
accept "$APP" 'CREATE SHARED TABLE plans (id BIGINT PRIMARY KEY, a INT, b INT, email TEXT)'
accept "$APP/tables/plans" 'ADD COLUMN c INT'
accept "$APP/tables/plans" 'ALTER COLUMN c TYPE BIGINT'
before=$(state)
PLANS=$APP/tables/plans
{ echo 'ADD COLUMN age INT; DROP COLUMN email' >"$PLANS/plan" && cat "$PLANS/plan"; } >"$T/plan"
same 'plan' 'app.plans: version 3 -> 4
  + column 6 age INT NULL
  - column 4 email TEXT            destructive: values in stored files become unreachable' "$(cat "$T/plan")"
same 'size of plan' "$(cat "$PLANS/plan" | wc -c)" "$(stat -c %s "$PLANS/plan")"
dash -c "printf 'ADD COLUMN x INT\nADD COLUMN y INT\n' > '$PLANS/plan'"
same 'two lines in one write' $'app.plans: version 3 -> 4\n  + column 6 x INT NULL\n  + column 7 y INT NULL' "$(cat "$PLANS/plan")"
printf 'ADD COLUMN x INT\nADD COLUMN y INT\n' >"$PLANS/plan"
same 'and in two: they accumulate' $'app.plans: version 3 -> 4\n  + column 6 x INT NULL\n  + column 7 y INT NULL' "$(cat "$PLANS/plan")"
put "$PLANS/plan" "ALTER COLUMN c TYPE BIGINT" || fail 'plan of nothing'
same 'no change' 'app.plans: no change' "$(cat "$PLANS/plan")"
refused 'Invalid argument' "$PLANS/plan" "1:14: Unsupported type 'INTT'" bash -c "echo 'ADD COLUMN z INTT' >'$PLANS/plan'"
refused 'No such file' "$PLANS/plan" "Column 'nope' does not exist" bash -c "echo 'DROP COLUMN nope' >'$PLANS/plan'"
put "$APP/plan" 'CREATE TABLE fresh (id INT PRIMARY KEY)' || fail 'plan of CREATE TABLE'
has 'plan of CREATE TABLE' 'app.fresh: version 0 -> 1' "$(cat "$APP/plan")"
put "$MNT/plan" 'DROP NAMESPACE app CASCADE' || fail 'plan of DROP NAMESPACE'
has 'plan of CASCADE' 'destructive: cannot be undone' "$(cat "$MNT/plan")"
same 'plan changes nothing' "$before" "$(state)"

# Root, namespace and table; unqualified names.
accept "$MNT" 'CREATE TABLE here (id INT PRIMARY KEY)'
same 'at the root it is namespace default' default "$(jq -r .namespace_id "$MNT/namespaces/default/tables/here/schema.json")"
accept "$APP" 'CREATE TABLE here (id INT PRIMARY KEY)'
same 'in a namespace that one' app "$(jq -r .namespace_id "$APP/tables/here/schema.json")"
accept "$USERS" 'ALTER TABLE here ADD COLUMN seen INT'
same 'in a table its namespace' seen "$(jq -r '.columns[1].column_name' "$APP/tables/here/schema.json")"
accept "$APP" 'ALTER TABLE default.here ADD COLUMN seen INT'
same 'a qualified name anywhere' seen "$(jq -r '.columns[1].column_name' "$MNT/namespaces/default/tables/here/schema.json")"
ctl_refused "$APP" 'Invalid argument' '' 'ADD COLUMN x INT'
accept "$MNT" 'CREATE NAMESPACE shop'
same 'a new namespace has its files' 'ctl error index.html information_schema namespace.json plan tables trash' "$(ls "$MNT/namespaces/shop" | xargs)"
accept "$MNT" "ALTER NAMESPACE shop SET OPTIONS (tier = 'gold')"
same 'its document' '{"tier":"gold"}' "$(jq -c .options "$MNT/namespaces/shop/namespace.json")"
accept "$MNT" 'DROP NAMESPACE shop'
[ -e "$MNT/namespaces/shop" ] && fail 'a dropped namespace is gone'
accept "$APP" 'DROP TABLE rooms PURGE'
[ -e "$APP/tables/rooms" ] && fail 'a purged table is gone'
accept "$USERS" 'RENAME TO people'
same 'RENAME TO: the directory has the new name' people "$(ls "$APP/tables" | grep -x -e people -e users)"
same 'and the file' people "$(jq -r .table_name "$APP/tables/people/schema.json")"
accept "$APP" 'ALTER TABLE people RENAME TO default.people'
same 'into another namespace' 'default.people' "$(jq -r .table_id "$MNT/namespaces/default/tables/people/schema.json")"
[ -e "$APP/tables/people" ] && fail 'it has left the old one'

# The author is the kernel's caller.
change=$MNT/namespaces/default/tables/people/versions/latest/change.json
same 'author' "$(id -u) $(id -un) cat ctl" "$(jq -r '"\(.author.uid) \(.author.user) \(.author.command) \(.source)"' "$change")"
same 'statement' 'ALTER TABLE people RENAME TO default.people' "$(jq -r .statement "$change")"

# A process that has become another program, with the same number and the same open file.
people=$MNT/namespaces/default/tables/people
command_of() { jq -r .author.command "$people/versions/latest/change.json"; }
bash -c 'exec 5>"$1"; echo "ADD COLUMN by_bash INT" >&5; exec tee /dev/fd/5 <<<"ADD COLUMN by_tee INT"' \
  - "$people/ctl" >/dev/null || fail 'one process, two programs'
same 'the second one is named' 'tee' "$(command_of)"
same 'and the first one before' 'bash' \
  "$(jq -r .author.command "$people/versions/$(($(jq .schema_version "$people/schema.json") - 1))/change.json")"
# A thread has a name of its own; its process is the author, also for the second of two writes.
python3 - "$people/ctl" <<'EOP' || fail 'a thread writes'
import ctypes, os, sys, threading
def write():
    ctypes.CDLL(None).prctl(15, b"a-thread", 0, 0, 0)
    for name in "one", "two":
        os.write(ctl, f"ADD COLUMN {name} INT\n".encode())
ctl = os.open(sys.argv[1], os.O_WRONLY)
thread = threading.Thread(target=write)
thread.start()
thread.join()
os._exit(0 if os.path.basename(open("/proc/self/comm").read().strip()) == "python3" else 1)
EOP
same 'a thread is its process' python3 "$(command_of)"
finish
