#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# .kalamfs/metrics: well-formed, documented, and exact in what it counts.
. "$(dirname "$0")/lib.sh"
need promtool python3
fixture

# What the last `look` saw, and the one before it; what a look itself costs.
look() { cp -f "$T/now" "$T/before" 2>/dev/null; cat "$MNT/.kalamfs/metrics" >"$T/now"; }
value() { awk -v series="$2" '$1 == series { found = $2 } END { print found == "" ? 0 : found }' "$1"; }
rise() { echo $(($(value "$T/now" "$1") - $(value "$T/before" "$1"))); }
# rise_of_sum PATTERN : over all series that match
sum() { awk -v p="$2" '$1 ~ p { sum += $2 } END { printf "%d\n", sum }' "$1"; }
rise_of_sum() { echo $(($(sum "$T/now" "$1") - $(sum "$T/before" "$1"))); }
# operations NAME RESULT : answers between the two looks
operations() { rise_of_sum "^kalamfs_operations_total[{]operation=\"$1\",result=\"$2\"[}]\$"; }

# settle : answers that nobody waits for (release) are counted, too
settle() { sleep 0.1; }
# spent COMMAND... : run it between two looks
spent() {
  settle
  look
  "$@" >"$T/out" 2>"$T/err"
  settle
  look
}
# Round trips that a look costs: two of them, with nothing in between.
weigh() {
  spent true
  COST=$(rise_of_sum '^kalamfs_operations_total[{]')
  COST_LOOKUPS=$(operations lookup '[A-Za-z]*')
}
round_trips() { echo $(($(rise_of_sum '^kalamfs_operations_total[{]') - COST)); }
lookups() { echo $(($(operations lookup '[A-Za-z]*') - COST_LOOKUPS)); }
opens() { echo "$(($(operations open ok) - 1)) $(($(operations release ok) - 1))"; }
# costs WHAT EXPECTED FIGURES COMMAND... : what a command costs that can be
# repeated.  The kernel may forget things at any time, when memory is short or
# somebody drops its caches: then another try tells.
costs() {
  local what=$1 expected=$2 figures=$3 try
  shift 3
  for try in 1 2 3 4 5; do
    spent "$@"
    [ "$($figures)" = "$expected" ] && break
  done
  same "$what" "$expected" "$($figures)"
}

start || finish
APP=$MNT/namespaces/app
USERS=$APP/tables/users

# Prometheus takes it, from the first look on.
lint() {
  is 0 "promtool: $1" promtool check metrics <"$MNT/.kalamfs/metrics"
  same "promtool has nothing to say: $1" '' "$(cat "$T/out" "$T/err")"
}
lint 'a fresh mount'
look
same 'mode' '444' "$(stat -c %a "$MNT/.kalamfs/metrics")"
same 'each line is a comment or a sample' '' \
  "$(grep -vE '^(# (HELP|TYPE) kalamfs_[a-z_]+ .+|kalamfs_[a-z_]+([{][a-z]+="[^"]*"(,[a-z]+="[^"]*")*[}])? [0-9]+([.][0-9]+)?)$' "$T/now")"
same 'no series twice' '' "$(grep -v '^#' "$T/now" | cut -d' ' -f1 | sort | uniq -d)"

# A cold walk asks for each name once; a warm one asks for nothing.
for try in 1 2 3 4 5; do
  weigh
  spent stat "$USERS/schema.json"
  [ "$(lookups)" = 5 ] && break
  stop
  start || finish
done
same 'a cold stat: namespaces, app, tables, users, schema.json' 5 "$(lookups)"
costs 'a warm one' 0 round_trips stat "$USERS/schema.json"
spent cat "$USERS/schema.json"
same 'a file is opened' '1 1' "$(opens)"
same 'its latency is counted with it' "$(operations open ok)" \
  "$(rise 'kalamfs_operation_duration_seconds_count{operation="open"}')"
costs 'what the kernel knows is opened and closed' 6 round_trips \
  cat "$USERS/schema.json" "$USERS/schema.json" "$USERS/schema.json"
same 'three times' '3 3' "$(opens)"

# What is refused, by errno.
spent stat "$USERS/nope"
same 'no such name' 1 "$(operations lookup ENOENT)"
spent stat "$APP/tables/nope"
same 'a name that the kernel is to remember' 0 "$(operations lookup ENOENT)"
costs 'is not asked for again' 0 round_trips stat "$APP/tables/nope"
spent mkdir "$USERS/versions/9"
same 'mkdir' 1 "$(operations mkdir EPERM)"
spent sh -c "echo x >'$USERS/schema.sql'"
same 'open for writing' 1 "$(operations open EPERM)"
spent rmdir "$USERS"
same 'rmdir' 1 "$(operations rmdir ENOTEMPTY)"
spent ln "$USERS/schema.json" "$USERS/link"
same 'link' 1 "$(operations link EPERM)"
spent put "$USERS/ctl" 'ADD COLUMN x INTT'
same 'a statement that is none' '1 0' "$(operations write EINVAL) $(operations write ok)"
same 'is a refusal' '1 0' "$(rise 'kalamfs_refusals_total{kind="parse"}') $(rise 'kalamfs_refusals_total{kind="rule"}')"
same 'and no commit' 0 "$(rise_of_sum '^kalamfs_commits_total')"
spent put "$USERS/ctl" 'DROP COLUMN id'
same 'a rule' '1 0' "$(rise 'kalamfs_refusals_total{kind="rule"}') $(rise 'kalamfs_refusals_total{kind="parse"}')"
same 'asked of the catalog, and no commit' 0 "$(rise_of_sum '^kalamfs_commits_total')"
same 'as many as errors.jsonl tells' "$(jq -r .kind "$MNT/.kalamfs/errors.jsonl" | sort | uniq -c | xargs)" \
  "$(sed -n 's/^kalamfs_refusals_total{kind="\(.*\)"} \([1-9].*\)/\2 \1/p' "$T/now" | sort -k2 | xargs)"

# A change.
# (The kernel is made to know what it will be told of.)
spent sh -c "stat '$USERS/schema.json' && echo 'ADD COLUMN age INT' >'$USERS/ctl'"
same 'a write' 1 "$(operations write ok)"
same 'one commit' 1 "$(rise 'kalamfs_commits_total{result="ok"}')"
same 'of one request' '1 1' "$(rise kalamfs_commit_group_requests_count) $(rise kalamfs_commit_group_requests_sum)"
same 'in the bucket of one' 1 "$(rise 'kalamfs_commit_group_requests_bucket{le="1"}')"
same 'its time' 1 "$(rise kalamfs_commit_duration_seconds_count)"
same 'one more' "$(sequence) $(sequence)" "$(value "$T/now" kalamfs_catalog_sequence) $(value "$T/now" kalamfs_shown_sequence)"
same 'the last transaction' 1 "$(rise kalamfs_lmdb_last_transaction)"
CHECKS=$((CHECKS + 1))
[ "$(rise_of_sum '^kalamfs_notifications_total[{]notification="inval_entry"')" -ge 4 ] ||
  fail 'the kernel is told of new files' "$(grep notifications "$T/now")"
CHECKS=$((CHECKS + 1))
[ "$(rise_of_sum '^kalamfs_notifications_total[{]notification="inval_entry",result="ok"')" -ge 1 ] ||
  fail 'and has known one of them' "$(grep notifications "$T/now")"
# The writer was answered by another thread, after the commit: his wait is in the histogram.
waited() { # FILE METRIC_SUM : in microseconds
  awk -v series="$2" '$1 == series { printf "%d\n", $2 * 1000000; found = 1 } END { if (!found) print 0 }' "$1"
}
wait_of() { echo $(($(waited "$T/now" "$1") - $(waited "$T/before" "$1"))); }
CHECKS=$((CHECKS + 1))
[ "$(wait_of 'kalamfs_operation_duration_seconds_sum{operation="write"}')" -ge "$(wait_of kalamfs_commit_duration_seconds_sum)" ] ||
  fail 'a write takes as long as its commit' "$(grep -E '_sum.*(write|commit)|commit.*_sum' "$T/now")"
spent put "$USERS/plan" 'ADD COLUMN more INT'
same 'a plan: a write, no commit' '1 0' "$(operations write ok) $(rise_of_sum '^kalamfs_commits_total')"
spent put "$USERS/ctl" 'ADD COLUMN IF NOT EXISTS age INT'
same 'nothing new: a write, no commit' '1 0' "$(operations write ok) $(rise_of_sum '^kalamfs_commits_total')"
spent sh -c "sed 's/\"when\"/\"then\"/' '$USERS/schema.json' >'$T/new' && cat '$T/new' >'$USERS/schema.json'"
same 'a document: opened twice, one commit' '1 1' "$(operations open ESTALE) $(rise_of_sum '^kalamfs_commits_total')"
spent mkdir "$MNT/namespaces/shop"
same 'a directory operation' '1 1' "$(operations mkdir ok) $(rise_of_sum '^kalamfs_commits_total')"
spent mv "$APP/tables/typing" "$APP/tables/writing"
same 'a rename, by whichever call' '1 1' "$(operations rename ok) $(rise_of_sum '^kalamfs_commits_total')"
if [ "$(jq -r .directory_coherence "$MNT/.kalamfs/status.json")" = epoch ]; then
  CHECKS=$((CHECKS + 1))
  [ "$(rise 'kalamfs_notifications_total{notification="inc_epoch",result="ok"}')" -ge 1 ] ||
    fail 'a rename makes the kernel forget every name' "$(grep notifications "$T/now")"
fi

# Many writers at once: while the write lock is not theirs they gather, and are one group.
for i in $(seq 20); do
  echo "CREATE TABLE shop.t$i (id INT PRIMARY KEY);"
done >"$T/tables.sql"
expect_ok 'tables' "$KALAMCTL" "$CAT" exec "$T/tables.sql"
cat >"$T/writers.py" <<'END'
import fcntl, os, sys, threading, time
mount, catalog, count = sys.argv[1], sys.argv[2], int(sys.argv[3])

def metric(series):
    with open(os.path.join(mount, ".kalamfs/metrics")) as lines:
        for line in lines:
            if line.startswith(series + " "):
                return int(line.split()[1])
    return 0

def write(i):
    with open(f"{mount}/namespaces/shop/tables/t{i}/ctl", "w") as ctl:
        ctl.write("ADD COLUMN a INT\n")

with open(os.path.join(catalog, "write.lock"), "r+") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0)
    threads = [threading.Thread(target=write, args=(i,)) for i in range(1, count + 1)]
    for thread in threads:
        thread.start()
    for _ in range(400):
        if metric("kalamfs_changes_in_flight") == count:
            break
        time.sleep(0.01)
    print(metric("kalamfs_changes_in_flight"))
    print(metric("kalamfs_changes_queued"))
    print(metric("kalamfs_operations_in_flight"))
    fcntl.lockf(lock, fcntl.LOCK_UN, 1, 0)
for thread in threads:
    thread.join()
END
spent python3 "$T/writers.py" "$MNT" "$CAT" 20
read -r -d '' under_way queued in_flight <"$T/out"
same 'all of them are under way' 20 "$under_way"
CHECKS=$((CHECKS + 1))
[ "${queued:-0}" -ge 1 ] && [ "$queued" -lt 20 ] || fail 'all but the first group wait' "queued: $queued"
same 'none has its answer; one more request opens the file' 21 "$in_flight"
same 'each is counted' '20 20' "$(operations write ok) $(rise kalamfs_commit_group_requests_sum)"
groups=$(rise kalamfs_commit_group_requests_count)
CHECKS=$((CHECKS + 1))
[ "$groups" -ge 1 ] && [ "$groups" -le 19 ] || fail 'they share commits' "commits: $groups"
same 'a commit for each group' "$groups" "$(rise 'kalamfs_commits_total{result="ok"}')"
CHECKS=$((CHECKS + 1))
[ "$(rise 'kalamfs_commit_group_requests_bucket{le="1"}')" -lt "$groups" ] ||
  fail 'one group has more than one' "$(grep group_requests "$T/now")"
same 'nothing is left' '0 0 1' \
  "$(value "$T/now" kalamfs_changes_in_flight) $(value "$T/now" kalamfs_changes_queued) $(value "$T/now" kalamfs_operations_in_flight)"
same 'the queue is as full as it was' 1 "$(value "$T/now" kalamfs_lmdb_snapshots)"

# The schema cache; the same in status.json.
spent sh -c "cat '$MNT'/namespaces/shop/tables/t*/describe"
first=$(rise kalamfs_schema_cache_misses_total)
CHECKS=$((CHECKS + 1))
[ "$first" -ge 1 ] || fail 'what is read first is a miss' "$(grep schema_cache "$T/now")"
nobodys() { for i in $(seq 20); do stat "$MNT/namespaces/shop/tables/t$i/nobody.$1"; done; }
spent nobodys 1
CHECKS=$((CHECKS + 1))
[ "$(rise kalamfs_schema_cache_hits_total)" -ge 20 ] || fail 'what is read again is a hit' "$(grep schema_cache "$T/now")"
same 'and no miss' 0 "$(rise kalamfs_schema_cache_misses_total)"
jq -r '.schema_cache | "\(.size) \(.misses) \(.evictions)"' "$MNT/.kalamfs/status.json" >"$T/status"
same 'status.json says the same' "$(cat "$T/status")" \
  "$(value "$T/now" kalamfs_schema_cache_size) $(value "$T/now" kalamfs_schema_cache_misses_total) $(value "$T/now" kalamfs_schema_cache_evictions_total)"

# Scratch files, catalog, database, mounts.
spent sh -c "printf '%1000s' x >'$USERS/.swp'; printf 12345 >'$USERS/other'; mkdir '$USERS/dir'"
same 'scratch files' '3 1005' "$(rise kalamfs_scratch_files) $(rise 'kalamfs_scratch_bytes{use="files"}')"
rm -r "$USERS/.swp" "$USERS/other" "$USERS/dir"
python3 - "$USERS/schema.json" "$MNT/.kalamfs/metrics" >"$T/written" 2>"$T/err" <<'END'
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
os.write(fd, b'{"columns": [')
sys.stdout.write(open(sys.argv[2]).read())
END
same 'a document that is being written' 13 "$(value "$T/written" 'kalamfs_scratch_bytes{use="documents"}')"
same 'objects of the catalog' \
  "$(jq -r '"\(.namespaces) \(.tables) \(.trash)"' "$MNT/.kalamfs/status.json") $(ls "$MNT/storages" | wc -l)" \
  "$(for kind in namespace table dropped_table storage; do value "$T/now" "kalamfs_catalog_objects{kind=\"$kind\"}"; done | xargs)"
same 'length of data.mdb' "$(stat -c %s "$CAT/data.mdb")" "$(value "$T/now" kalamfs_lmdb_file_bytes)"
same 'one mount' 1 "$(value "$T/now" kalamfs_mounts)"
mkdir "$T/two"
start -m "$T/two" -o ro || finish
look
same 'two mounts' 2 "$(value "$T/now" kalamfs_mounts)"
same 'each counts its own' 0 "$(value "$T/two/.kalamfs/metrics" 'kalamfs_operations_total{operation="write",result="ok"}')"
is 0 'promtool: a read-only mount' promtool check metrics <"$T/two/.kalamfs/metrics"
stop "$T/two"
started=$(date -d "$(jq -r .started_at "$MNT/.kalamfs/status.json")" +%s)
same 'when the mount began' "$started" "$(value "$T/now" kalamfs_start_time_seconds | cut -d. -f1)"
up=$(value "$T/now" kalamfs_uptime_seconds | cut -d. -f1)
CHECKS=$((CHECKS + 1))
[ $(($(date +%s) - started - up)) -le 3 ] || fail 'uptime' "up: $up, started: $started, now: $(date +%s)"

# Readers get what was so when they opened, from one look at everything.
python3 - "$MNT/.kalamfs/metrics" >"$T/out" 2>&1 <<'END' || fail 'a reader sees one moment' "$(cat "$T/out")"
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
first = os.pread(fd, 1 << 20, 0)
for _ in range(50):
    os.stat(sys.argv[1])
assert os.pread(fd, 1 << 20, 0) == first, "the text of an open file has changed"
assert os.fstat(fd).st_size == len(first), "its size is that of its text"
assert b"".join(os.pread(fd, 100, at) for at in range(0, len(first) + 100, 100)) == first, "in pieces"
assert open(sys.argv[1], "rb").read() != first, "made anew for each reader"
END
CHECKS=$((CHECKS + 1))
for try in 1 2 3 4 5; do
  expect_ok 'tar finds nothing to complain of' tar -cf "$T/state.tar" -C "$MNT" .kalamfs
done

# Every metric is in the manual page with its labels, and nothing else is.
look
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$T/now" | while read -r name; do
  labels=$(grep -E "^$name(_bucket|_sum|_count)?[{ ]" "$T/now" | head -n 1 | grep -o '[a-z]*="' | tr -d '="' | grep -vx le | paste -sd,)
  echo "$name${labels:+{$labels\}}"
done | sort >"$T/metrics"
sed -n 's/^\.It Li \(kalamfs_.*\)/\1/p' "$ROOT/man/kalamfs.5" | sort >"$T/manual"
same_file 'kalamfs(5) tells of every metric' "$T/metrics" "$T/manual"
lint 'at last'
stop

# A record that is damaged while mounted: the rest is served, and the mount says so.
CAT=$T/damaged
exec_sql "CREATE NAMESPACE app; CREATE TABLE app.good (id INT PRIMARY KEY);
  CREATE TABLE app.bad (id INT PRIMARY KEY) COMMENT 'a rare remark'"
start || finish
look
same 'all is well' 'ok 0' "$(jq -r .state "$MNT/.kalamfs/status.json") $(value "$T/now" kalamfs_damaged)"
is 1 'a user'\''s mistake' bash -c "echo FOO >'$MNT/ctl'"
same 'is no damage' ok "$(jq -r .state "$MNT/.kalamfs/status.json")"
spoil 'a rare remark'
is 1 'the table cannot be read' cat "$APP/tables/bad/schema.json"
has 'for another reason than a user'\''s' 'Input/output error' "$(cat "$T/err")"
look
same 'it is known' 'damaged 1' "$(jq -r .state "$MNT/.kalamfs/status.json") $(value "$T/now" kalamfs_damaged)"
expect_ok 'others are served' cat "$APP/tables/good/schema.json"
stop
CAT=$T/catalog

# libfuse's own account of a session, request by request, is the same.
start -d || finish
{
  find "$MNT" -ls
  find "$MNT" -type f ! -name metrics -exec cat {} +
  writers=()
  for i in 1 2 3 4; do
    (for k in $(seq 5); do echo "ADD COLUMN w${i}_$k INT" >"$MNT/namespaces/shop/tables/t$i/ctl"; done) &
    writers+=($!)
  done
  wait "${writers[@]}"
  echo FOO >"$MNT/ctl"
  ls "$USERS/nope" "$MNT/nope"
  mkdir "$MNT/namespaces/more"
  mkdir "$MNT/namespaces/more/tables/draft"
  rm -r "$MNT/namespaces/app"
  sed -i 's/then/later/' "$USERS/schema.json"
  mv "$APP/tables/writing" "$APP/tables/reading"
  echo "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 'm/{namespace}/{tableName}'" >"$MNT/ctl"
  getfattr -d "$MNT/ctl"
  df "$MNT"
} >"$T/session" 2>&1
# What the kernel still has to tell comes first: half a second without a line.
quiet() {
  local before
  before=$(stat -c %s "${DAEMON_LOG[$MNT]}")
  sleep 0.5
  [ "$(stat -c %s "${DAEMON_LOG[$MNT]}")" = "$before" ]
}
wait_for 30 quiet || fail 'the log comes to rest'
cat "$MNT/.kalamfs/metrics" >"$T/now"
wait_for 30 quiet || fail 'the log comes to rest'
python3 - "${DAEMON_LOG[$MNT]}" "$T/now" >"$T/out" 2>&1 <<'END' || fail 'the figures are those of libfuse' "$(cat "$T/out")"
import collections, errno, re, sys
# Up to the OPEN of the metrics, which is the last one.  A message that has no answer may
# be counted by its own thread while that OPEN is at work and come after it in the log.
whole = open(sys.argv[1], errors="replace").read()
log = whole[:whole.rindex(", opcode: OPEN (")].rsplit("\n", 1)[0]
names = {"RENAME2": "rename"}
asked, operations, told = {}, collections.Counter(), collections.Counter()
messages, after = collections.Counter(), collections.Counter()
request = re.compile(r"\s*unique: (\d+), opcode: (\w+) \(")
silent = ("forget", "batch_forget", "interrupt", "init", "destroy")
for line in whole[len(log):].splitlines():
    if (m := request.match(line)) and m[2].lower() in silent:
        after[m[2].lower()] += 1
for line in log.splitlines():
    if m := request.match(line):
        name = names.get(m[2], m[2].lower())
        if name in silent:
            messages[name] += 1
        else:
            asked[m[1]] = name
    elif m := re.match(r"\s*unique: (\d+), (success|error: -(\d+))", line):
        if m[1] in asked:
            operations[asked.pop(m[1]), errno.errorcode[int(m[3])] if m[3] else "ok"] += 1
    elif m := re.match(r"\s*NOTIFY: code=(\d+)", line):
        told[int(m[1])] += 1
assert not asked, f"without an answer: {asked}"
found, found_told, found_messages = collections.Counter(), collections.Counter(), collections.Counter()
for line in open(sys.argv[2]):
    if m := re.match(r'kalamfs_operations_total{operation="(\w+)",result="(\w+)"} (\d+)', line):
        found[m[1], m[2]] += int(m[3])
    elif m := re.match(r'kalamfs_notifications_total{notification="(\w+)",result="\w+"} (\d+)', line):
        found_told[{"inval_inode": 2, "inval_entry": 3, "store": 4}.get(m[1], 8)] += int(m[2])
    elif m := re.match(r'kalamfs_kernel_messages_total{message="(\w+)"} (\d+)', line):
        found_messages[m[1]] += int(m[2])
del found_told[8]	# not through libfuse
assert +found == operations, f"operations: only in the metrics {found - operations}, only in the log {operations - found}"
assert +found_told == told, f"notifications: {found_told}, in the log {told}"
assert messages <= found_messages <= messages + after, f"messages: {found_messages}, in the log {messages} and {after}"
assert sum(operations.values()) > 500 and sum(told.values()) > 50, "a session of nothing"
kinds = {name for name, result in operations}
assert len(kinds) >= 14, f"only {kinds}"
print(f"{sum(operations.values())} round trips of {len(kinds)} kinds, {sum(told.values())} notifications")
END
CHECKS=$((CHECKS + 1))
cat "$T/out"
rm -rf "$T/damaged"	# on purpose
finish
