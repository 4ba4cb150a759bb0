#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mounted.sh COUNT : data.mdb is spoilt under a mount, COUNT times; then all is read.
#
# The daemon lives and answers; a text is the one that was there or EIO; if anything
# is damaged, status.json, metrics and the log say so, and every write is EROFS.
OWN_MOUNTS=${OWN_MOUNTS:-1}
TEST_LIMIT=${TEST_LIMIT:-3000}
. "$(dirname "$0")/../mount/lib.sh"
need python3
count=${1:-60}
seed=${SEED:-$(date +%s)}

# ----- one by one: what is refused, and how -----

exec_sql "CREATE NAMESPACE app; CREATE TABLE app.good (id INT PRIMARY KEY);
  CREATE TABLE app.bad (id INT PRIMARY KEY) COMMENT 'a rare remark'"
start || finish
app=$MNT/namespaces/app
good=$app/tables/good
same 'all is well' 'ok false null' "$(jq -r '"\(.state) \(.read_only) \(.damage)"' "$MNT/.kalamfs/status.json")"
accept "$good" 'ADD COLUMN a INT'
touch "$good/scratch"
exec 5>"$good/ctl"
before=$(sequence)
sleep 0.5	# what comes right behind a commit is taken for part of it
spoil 'a rare remark'
says_damaged() { [ "$(jq -r .state "$MNT/.kalamfs/status.json")" = damaged ]; }
wait_for 20 says_damaged || fail 'nobody needs to read it for that'
why='record of a table is damaged: its checksum does not fit its bytes'
same 'what it is' "$why" "$(jq -r .damage "$MNT/.kalamfs/status.json")"
same 'and that it is read-only' true "$(jq -r .read_only "$MNT/.kalamfs/status.json")"
has 'metrics' 'kalamfs_damaged 1' "$(cat "$MNT/.kalamfs/metrics")"
same 'the log says it once' 1 "$(grep -c 'read-only from now on' "${DAEMON_LOG[$MNT]}")"
is 1 'a damaged record' cat "$app/tables/bad/schema.json"
has 'cannot be read' 'Input/output error' "$(cat "$T/err")"
expect_ok 'another one can' cat "$good/schema.json"
is 2 'a listing of which part cannot be read' ls "$app/tables"
has 'is not shown as if it were whole' 'Input/output error' "$(cat "$T/err")"

is_erofs() {	# WHAT COMMAND...
  is 1 "$1" "${@:2}"
  has "$1 is EROFS" 'Read-only file system' "$(cat "$T/err")"
}
is_erofs 'ctl' bash -c "echo 'CREATE NAMESPACE x' >'$MNT/ctl'"
has 'and why' "$why" "$(cat "$MNT/error")"
is_erofs 'ctl of a table' bash -c "echo 'ADD COLUMN b INT' >'$good/ctl'"
has 'and why' "$why" "$(cat "$good/error")"
is_erofs 'a ctl that was open before' bash -c "echo 'ADD COLUMN b INT' >&5"
is_erofs 'plan' bash -c "echo 'ADD COLUMN b INT' >'$good/plan'"
is_erofs 'a document' bash -c "echo '{}' >'$good/schema.json'"
is_erofs 'touch' touch "$good/schema.json"
is_erofs 'mkdir of a namespace' mkdir "$MNT/namespaces/y"
has 'and why' "$why" "$(cat "$MNT/error")"
is_erofs 'mkdir of a draft' mkdir "$app/tables/y"
is_erofs 'rmdir' rmdir "$app"
is_erofs 'rename' mv -T "$good" "$app/trash/good"
is_erofs 'unlink' rm -f "$good/schema.json"
is_erofs 'a symbolic link' ln -s x "$good/link"
is_erofs 'a scratch file' touch "$good/more"
is_erofs 'in one that is there' bash -c "echo x >>'$good/scratch'"
same 'nothing was written' "$before" "$(sequence)"
exec 5>&-
stop
is 1 'kalamctl check' "$KALAMCTL" "$CAT" check
has 'finds the same' "$why" "$(cat "$T/out")"
rm -rf "$CAT"

# A file that ends under the daemon, and is not there any more at all.
for size in 20480 4096 0; do
  exec_sql "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY)"
  start || finish
  truncate -s "$size" "$CAT/data.mdb"
  timeout 60 find "$MNT" -type f -exec cat {} + >/dev/null 2>&1
  same "cut off to $size bytes: nobody hangs" 1 "$(($? != 124))"
  wait_for 20 says_damaged || fail "cut off to $size bytes: the mount does not say so"
  is_erofs 'a change' bash -c "echo 'CREATE NAMESPACE x' >'$MNT/ctl'"
  stop
  rm -rf "$CAT"
done

# A meta page that names a last page far away: LMDB takes it for a catalog that has grown.
exec_sql "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY)"
start || finish
txn() { od -An -t u8 -j $(($1 * 4096 + 144)) -N 8 "$CAT/data.mdb"; }
newest=$(($(txn 1) > $(txn 0)))
printf '\001' | dd of="$CAT/data.mdb" bs=1 seek=$((newest * 4096 + 141)) conv=notrunc status=none
wait_for 20 says_damaged || fail 'pages that there cannot be: the mount does not say so'
same 'what it is' "catalog damaged: meta page $newest has an impossible last page; restore a backup" \
  "$(jq -r .damage "$MNT/.kalamfs/status.json")"
is_erofs 'a change' bash -c "echo 'CREATE NAMESPACE x' >'$MNT/ctl'"
is 2 'a listing' ls "$MNT/namespaces"
has 'is no memory that is out' 'Input/output error' "$(cat "$T/err")"
stop
rm -rf "$CAT"

# One whose transaction is a past one: the next to open would see the catalog as it was.
for past in 2 4; do
  exec_sql "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY)"
  exec_sql "CREATE TABLE app.u (id INT PRIMARY KEY)"
  exec_sql "CREATE TABLE app.v (id INT PRIMARY KEY)"
  start || finish
  newest=$(($(txn 1) > $(txn 0)))
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $(($(txn $newest) - past)))" |
    dd of="$CAT/data.mdb" bs=1 seek=$((newest * 4096 + 144)) conv=notrunc status=none
  wait_for 20 says_damaged || fail "a transaction $past before: the mount does not say so"
  has 'what it is' 'the meta pages' "$(jq -r .damage "$MNT/.kalamfs/status.json")"
  is_erofs 'a change' bash -c "echo 'CREATE NAMESPACE x' >'$MNT/ctl'"
  stop
  rm -rf "$CAT"
done

# Commits of others and of our own are no damage.
exec_sql "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY)"
start || finish
for i in $(seq 20); do
  accept "$MNT/namespaces/app/tables/t" "ADD COLUMN c$i INT"
  exec_sql "ALTER TABLE app.t ADD COLUMN d$i INT"
done
sleep 0.5
lacks 'changes are not suspected' 'no kalamfs has written' "$(cat "${DAEMON_LOG[$MNT]}")"
same 'changes are no damage' 'ok false' "$(jq -r '"\(.state) \(.read_only)"' "$MNT/.kalamfs/status.json")"
# Bytes that nobody uses are none, either.
printf '\001' | dd of="$CAT/data.mdb" bs=1 seek=$((2 * 4096 - 1)) conv=notrunc status=none
sleep 0.3
same 'nor is what harms nobody' ok "$(jq -r .state "$MNT/.kalamfs/status.json")"
accept "$MNT/namespaces/app/tables/t" 'ADD COLUMN more INT'
stop
rm -rf "$CAT"

# ----- at random -----

"$KALAMCTL" "$CAT" exec "$ROOT/tests/demo/chat.sql" >/dev/null || die 'the demo was refused'
"$KALAMCTL" "$CAT" exec "$ROOT/tests/agree/types.sql" >/dev/null || die 'the types were refused'
cp "$CAT/data.mdb" "$T/older"
exec_sql "$(for i in $(seq 12); do
  echo "CREATE TABLE IF NOT EXISTS default.r$i (id INT PRIMARY KEY) COMMENT '$(printf '%0*d' $((i * 300)) "$i")';"
  echo "ALTER TABLE default.r$i ADD COLUMN a INT; ALTER TABLE default.r$((i / 2 + 1)) ADD COLUMN b$i TEXT;"
done)"
cp -r "$CAT" "$T/good"

cat >"$T/read.py" <<'END'
"""read.py MOUNT : path, then the hash of the text or the error, of all that stands still."""
import errno, hashlib, os, sys
top = sys.argv[1]
def show(path, what): print(os.path.relpath(path, top), what, sep="\t")
def error(e): return errno.errorcode.get(e.errno, str(e.errno))
def walk(path):
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as e:
        return show(path, error(e))
    show(path, " ".join(entry.name for entry in entries))
    for entry in entries:
        if entry.name in (".kalamfs", "ctl", "plan", "error", "README"):
            continue
        try:
            if entry.is_symlink():
                os.readlink(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                walk(entry.path)
            else:
                with open(entry.path, "rb") as file:
                    show(entry.path, hashlib.sha256(file.read()).hexdigest())
        except OSError as e:
            show(entry.path, error(e))
walk(top)
END

cat >"$T/spoil.py" <<'END'
"""spoil.py DATA OLDER SEED : something is done to the file; says what."""
import os, random, sys
path, older, seed = sys.argv[1], open(sys.argv[2], "rb").read(), int(sys.argv[3])
rng, page = random.Random(seed), 4096
data = open(path, "rb").read()
pages = len(data) // page
def put(at, bytes):
    with open(path, "r+b", buffering=0) as file:
        file.seek(at)
        file.write(bytes)
def bit():
    at = rng.randrange(len(data)); put(at, bytes([data[at] ^ 1 << rng.randrange(8)]))
def header(): put(rng.randrange(2, pages) * page + rng.randrange(16), bytes([rng.randrange(256)]))
def meta(): put(rng.randrange(2) * page + rng.randrange(152), bytes([rng.randrange(256)]))
def zero(): put(rng.randrange(pages) * page, bytes(page))
def swap():
    a, b = rng.randrange(2, pages), rng.randrange(2, pages)
    put(a * page, data[b * page:][:page]); put(b * page, data[a * page:][:page])
def cut(): os.truncate(path, rng.choice([rng.randrange(len(data)), rng.randrange(pages) * page]))
def eight(): put(rng.randrange(len(data) - 8), rng.randbytes(8))
def stale():
    # The meta pages aside: an older one that fits is a whole older catalog.
    n = rng.randrange(2, len(older) // page); put(n * page, older[n * page:][:page])
def garbage(): put(rng.randrange(pages) * page, rng.randbytes(page))
what = rng.choice([bit, header, meta, zero, swap, cut, eight, stale, garbage])
what()
print(what.__name__)
END

cat >"$T/judge.py" <<'END'
"""judge.py GOOD FOUND STATE : lines that are neither what was there nor EIO."""
import sys
def read(path): return dict(line.rstrip("\n").split("\t", 1) for line in open(path))
good, found, state = read(sys.argv[1]), read(sys.argv[2]), sys.argv[3]
bad = [f"{path}: {what}" for path, what in found.items() if what not in (good.get(path), "EIO")]
hidden = [path for path in good if path not in found
          and not any(found.get(path.rsplit("/", i)[0] if "/" in path else ".") == "EIO"
                      for i in range(1, path.count("/") + 2)) and found.get(".") != "EIO"]
errors = sum(what == "EIO" for what in found.values())
bad += [f"{path} is missing" for path in hidden]
if errors and state != "damaged":
    bad.append(f"{errors} errors, and the mount says '{state}'")
print(f"{len(found)} {errors}")
print(*bad[:5], sep="\n", file=sys.stderr)
sys.exit(bool(bad))
END

start || finish
python3 "$T/read.py" "$MNT" >"$T/right"
stop
[ "$(wc -l <"$T/right")" -gt 300 ] || fail 'there is hardly anything to read'
grep -P '\tE[A-Z]+$' "$T/right" && fail 'the good catalog cannot be read'

declare -A seen=([ok]=0 [damaged]=0)
texts=0 errors=0

# round SEED : exit status 0 unless something is wrong
round() {
  local what state numbers
  cp --reflink=never "$T/good/data.mdb" "$CAT/data.mdb"
  start || return
  what=$(python3 "$T/spoil.py" "$CAT/data.mdb" "$T/older" "$1")
  wait_for 20 grep -qE 'is not damaged|read-only from now on' "${DAEMON_LOG[$MNT]}" ||
    fail "seed $1, $what: the daemon has not looked"
  timeout 60 python3 "$T/read.py" "$MNT" >"$T/found" || fail "seed $1, $what: reading did not end"
  state=$(jq -r .state "$MNT/.kalamfs/status.json")
  numbers=$(python3 "$T/judge.py" "$T/right" "$T/found" "$state" 2>"$T/wrong") ||
    fail "seed $1, $what: something else is read, state $state" "$(cat "$T/wrong")"
  CHECKS=$((CHECKS + 2))
  seen[$state]=$((${seen[$state]:-0} + 1))
  texts=$((texts + ${numbers% *})) errors=$((errors + ${numbers#* }))
  if [ "$state" = damaged ]; then
    is_erofs "seed $1, $what: a change" bash -c "echo 'CREATE NAMESPACE x' >'$MNT/ctl'"
  fi
  ended "${DAEMON[$MNT]}" && fail "seed $1, $what: the daemon is gone" "$(tail -5 "${DAEMON_LOG[$MNT]}")"
  stop
}

round 1795400493	# an older page that leads to older ones, each of them right in itself
[ "${seen[damaged]}" = 1 ] || fail 'an older page is not found'
round 1795411169	# a meta page of a transaction that is far to come: no commit
[ "${seen[damaged]}" = 2 ] || fail 'a wrong transaction is not found'
for ((i = 2; i < count; i++)); do
  round $((seed + i))
done
echo "$count times: ${seen[ok]} harmless, ${seen[damaged]} found; $texts texts and listings right or EIO, $errors of them EIO (SEED=$seed)"
[ "${seen[damaged]}" -gt $((count / 4)) ] || fail 'hardly anything was found'

# A reader that believes what it gets is noticed.
sed '5s/$/x/' "$T/right" >"$T/found"
is 1 'one wrong text' python3 "$T/judge.py" "$T/right" "$T/found" ok
sed 5d "$T/right" >"$T/found"
is 1 'one that is missing' python3 "$T/judge.py" "$T/right" "$T/found" ok

rm -rf "$CAT" "$T/good"	# spoilt on purpose
finish
