#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hostile user on the same machine: what he reads, writes, hands on, fills up,
# and puts in the way.  Nothing of it may change the catalog or stop the others.
NEEDS_ROOT=1
OWN_MOUNTS=${OWN_MOUNTS:-1}
. "$(dirname "$0")/lib.sh"
need setpriv fusermount3
NOBODY=65534
DENIED='Permission denied'
CLOSED='Operation not permitted'
REFUSAL='Schema modification requires DBA or system role'
APP=$MNT/namespaces/app
TABLES=$APP/tables
USERS=$TABLES/users

# A place for set-user-id programs, and where nobody may look for things.
chmod 755 "$T"
mkdir "$T/memory" "$T/bin"
mount -t tmpfs -o mode=755,suid tmpfs "$T/memory" || die 'cannot mount a tmpfs'
MOUNTS+=("$T/memory")
CAT=$T/memory/catalog

# nobody, other, member COMMAND... : as programs that timeout can run
for user in nobody:65534 other:65533 member:65532; do
  printf '#!/bin/sh\nexec setpriv --reuid %s --regid %s --clear-groups "$@"\n' "${user#*:}" "${user#*:}" >"$T/bin/${user%:*}"
done
chmod 755 "$T"/bin/*
PATH=$T/bin:$PATH
DBA=65532	# the group of member

# not_for_nobody COMMAND... : refused for want of rights, nothing changed
not_for_nobody() { refused "$DENIED" - '' nobody "$@"; }

# ----- without allow_other -----

test_closed_mount() {
  local dir
  start || finish
  not_for_nobody ls "$MNT"
  not_for_nobody stat "$MNT"
  not_for_nobody cat "$MNT/README"
  not_for_nobody cat "$MNT/.kalamfs/status.json"
  not_for_nobody readlink -v "$USERS/storage"
  not_for_nobody sh -c "echo 'CREATE NAMESPACE x' >'$MNT/ctl'"
  not_for_nobody mkdir "$MNT/namespaces/x"
  not_for_nobody mkdir "$MNT/x"
  not_for_nobody mv "$USERS" "$APP/trash/"
  refused 'ermission' - '' nobody rm -f "$USERS/schema.json"
  not_for_nobody env -C "$MNT" true
  # Neither through a directory that somebody handed on, nor through somebody's.
  exec {dir}<"$USERS"
  not_for_nobody cat "/proc/self/fd/$dir/schema.json"
  not_for_nobody "$PYTHON" -c "import os; os.open('schema.json', os.O_RDONLY, dir_fd=$dir)"
  not_for_nobody "$PYTHON" -c "import os; print(os.listdir($dir))"
  not_for_nobody cat "/proc/$$/fd/$dir/schema.json"
  exec {dir}<&-
  refused '' - '' nobody fusermount3 -u "$MNT"
  refused '' - '' nobody umount "$MNT"
  expect_ok 'it is still mounted, for who mounted it' cat "$MNT/README"
  stop
}

# ----- with it -----

# Everything that writes; also the planted fault "anyone" must be seen here.
writes_of_nobody() {
  local file
  for file in "$MNT/ctl" "$MNT/plan" "$APP/ctl" "$APP/plan" "$USERS/ctl" "$USERS/plan"; do
    not_for_nobody sh -c "echo 'ADD COLUMN x INT' >'$file'"
    not_for_nobody truncate -s 0 "$file"
  done
  for file in "$USERS/schema.json" "$USERS/columns/email.json" "$APP/namespace.json" "$MNT/storages/local.json"; do
    cat "$file" >"$T/document"
    chmod 644 "$T/document"
    not_for_nobody sh -c "cat '$T/document' >'$file'"
    not_for_nobody cp "$T/document" "$(dirname "$file")/new.tmp"
    not_for_nobody truncate -s 0 "$file"
    refused 'ermi' - '' nobody rm -f "$file"
  done
  not_for_nobody cp "$T/document" "$USERS/columns/new.json"
  not_for_nobody cp "$T/document" "$MNT/storages/new.json"
  not_for_nobody mkdir "$MNT/namespaces/mine"
  not_for_nobody mkdir "$TABLES/mine"
  not_for_nobody mkdir "$USERS/dir"
  not_for_nobody rmdir "$MNT/namespaces/empty"
  not_for_nobody mv "$USERS" "$APP/trash/"
  not_for_nobody mv "$APP/trash/gone" "$TABLES/"
  not_for_nobody mv "$USERS" "$TABLES/mine"
  not_for_nobody mv "$USERS/columns/email.json" "$USERS/columns/mail.json"
  not_for_nobody mv "$USERS/schema.json" "$USERS/schema.bak"
  not_for_nobody ln -s /etc/passwd "$USERS/link"
  refused 'ermi' - '' nobody ln "$USERS/schema.json" "$USERS/link"
  refused 'ermi' - '' nobody chmod 666 "$USERS/schema.json"
  refused 'ermi' - '' nobody chown $NOBODY "$USERS/schema.json"
  refused 'ermi' - '' nobody touch -d 2001-01-01 "$USERS/schema.json"
  refused 'ermi' - '' nobody touch "$USERS/schema.json"
}

# What others were refused and plan, and what they have not saved yet.
secrets_of_root() {
  local file
  put "$USERS/plan" 'ADD COLUMN secret_plan INT' || fail 'plan refused'
  put "$USERS/ctl" 'ADD COLUMN secret_error INTT' && fail 'not refused'
  (umask 077; echo secret_scratch >"$USERS/.secret.swp")
  echo '{"secret_text": 1}' >"$T/document"
  cp "$T/document" "$USERS/schema.json" 2>/dev/null && fail 'not refused'
  put "$MNT/ctl" "CREATE STORAGE vault TYPE s3 BUCKET 'v' CREDENTIALS '{\"key\":\"secret_key\"}'" || fail 'CREATE STORAGE'
  put "$MNT/ctl" "ALTER STORAGE vault SET CREDENTIALS '{\"key\":\"secret_key\"} NONSENSE'" && fail 'not refused'
  for file in error plan ctl; do
    lacks "root's $file" secret "$(nobody cat "$USERS/$file" "$MNT/$file" 2>&1)"
  done
  lacks "root's lines" secret "$(nobody cat "$MNT/.kalamfs/errors.jsonl" 2>&1)"
  not_for_nobody cat "$USERS/.rejected/0/schema.json"
  not_for_nobody ls "$USERS/.rejected/0"
  not_for_nobody cat "$USERS/.secret.swp"
  same 'nowhere at all' '' "$(nobody grep -rs secret_ "$MNT" 2>&1)"
  same "a secret key is in no file of the mount, not even for root" '' "$(grep -rs secret_key "$MNT" "${DAEMON_LOG[$MNT]}")"
  has 'what is root'\''s he sees' secret_error "$(cat "$USERS/ctl" "$MNT/.kalamfs/errors.jsonl")"
  rm "$USERS/.secret.swp"
}

# An open file belongs to who opened it, whoever has it now.
handed_on() {
  local fd before log
  before=$(state)
  exec {fd}>"$USERS/ctl"
  not_for_nobody bash -c "echo 'ADD COLUMN stolen INT' >&$fd"
  not_for_nobody "$PYTHON" -c "import os; os.writev($fd, [b'ADD COLUMN ', b'stolen INT;'])"
  not_for_nobody "$PYTHON" -c "import os; os.pwrite($fd, b'ADD COLUMN stolen INT;', 0)"
  not_for_nobody "$PYTHON" -c "import os; r, w = os.pipe(); os.write(w, b'ADD COLUMN stolen INT;'); os.splice(r, $fd, 22)"
  echo 'ADD COLUMN stolen INT;' >"$T/stolen"
  not_for_nobody "$PYTHON" -c "import os; os.sendfile($fd, os.open('$T/stolen', os.O_RDONLY), 0, 22)"
  not_for_nobody sh -c "echo 'ADD COLUMN stolen INT' >>/proc/self/fd/$fd"
  not_for_nobody sh -c "echo 'ADD COLUMN stolen INT' >>/proc/$$/fd/$fd"
  exec {fd}>&-
  has 'it is told' "$REFUSAL" "$(tail -n 1 "$MNT/.kalamfs/errors.jsonl")"
  has 'and logged' "uid $NOBODY (bash) wrote to a ctl that uid 0 had opened: refused" "$(cat "${DAEMON_LOG[$MNT]}")"
  exec {fd}>>"$USERS/plan"
  not_for_nobody bash -c "echo 'ADD COLUMN stolen INT' >&$fd"
  exec {fd}>&-
  exec {fd}<>"$USERS/schema.json"
  not_for_nobody bash -c "echo '{}' >&$fd"
  exec {fd}>&-
  # A command name is nobody's way to a terminal.
  exec {fd}>>"$USERS/ctl"
  nobody bash -c "printf '\033[31m\302\233x' >/proc/self/comm; echo 'ADD COLUMN x INT' >&$fd" 2>/dev/null
  exec {fd}>&-
  log=$(cat "${DAEMON_LOG[$MNT]}" "$MNT/.kalamfs/errors.jsonl" | LC_ALL=C tr -d '\n -~')
  same 'no byte of it gets to a terminal' '' "$log"
  same 'nothing has changed' "$before" "$(state)"
}

# A half statement does not run because somebody who has the file, too, closes it.
half_statements() {
  expect_ok 'the close of another process' "$PYTHON" -c "
import json, os
def sequence():
    return json.load(open('$MNT/.kalamfs/status.json'))['sequence']
before = sequence()
ctl = os.open('$USERS/ctl', os.O_WRONLY)
os.write(ctl, b'ADD COLUMN half INT')
pid = os.fork()
if not pid:
    os.setresuid($NOBODY, $NOBODY, $NOBODY)
    os._exit(0)
os.waitpid(pid, 0)
assert sequence() == before, 'the close of another process has run half a statement'
os.write(ctl, b'EGER;')"
  same 'its own writer ends it' 'half INT' "$(jq -r '.columns[-1] | "\(.column_name) \(.data_type)"' "$USERS/schema.json")"
}

# Programs that run as root and write where nobody wants them to.
helpers_of_root() {
  local program
  for program in echo printf; do
    cp "$(type -P $program)" "$T/memory/root-$program"
    chmod 4755 "$T/memory/root-$program"
  done
  same 'set-user-id programs work here' 0 "$(cp "$(type -P id)" "$T/memory/root-id"; chmod 4755 "$T/memory/root-id"; nobody "$T/memory/root-id" -u)"
  refused "$DENIED" - '' member sh -c "'$T/memory/root-echo' 'ADD COLUMN by_root INT' >'$USERS/ctl'"
  refused "$DENIED" - '' member sh -c "'$T/memory/root-printf' 'DROP TABLE users;' >'$APP/ctl'"
  # What it complains about may be a statement, too.
  member sh -c "'$T/memory/root-printf' 2>'$MNT/ctl'" >/dev/null
  has 'the daemon logs it' "uid 0 (root-echo) wrote to a ctl that uid 65532 had opened: refused" "$(cat "${DAEMON_LOG[$MNT]}")"
  expect_ok 'a member may, himself' member sh -c "echo 'ADD COLUMN by_member INT' >'$USERS/ctl'"
}

# File descriptors sent over a socket: sent.py FILE OPENER WRITER
cat >"$T/sent.py" <<'END'
import os, socket, sys
path, opener, writer = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
a, b = socket.socketpair()
def become(uid):
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
if not os.fork():
    become(opener)
    socket.send_fds(a, [b"x"], [os.open(path, os.O_WRONLY)])
    os._exit(0)
fd = socket.recv_fds(b, 1, 1)[1][0]
os.wait()
become(writer)
os.write(fd, b"ADD COLUMN sent INT\n")
END

sent_over_sockets() {
  local pair
  for pair in '0 65534' '65532 0' '65532 65534' '0 65532'; do
    # shellcheck disable=SC2086
    refused "$DENIED" - '' "$PYTHON" "$T/sent.py" "$USERS/ctl" $pair
  done
}

test_open_mount() {
  exec_sql 'CREATE NAMESPACE empty'
  start -o "allow_other,dba=$DBA" || finish
  has 'default_permissions is on' default_permissions "$(grep " $MNT " /proc/self/mounts)"
  has 'so are nosuid and nodev' 'nosuid,nodev' "$(grep " $MNT " /proc/self/mounts)"
  writes_of_nobody
  secrets_of_root
  handed_on
  half_statements
  helpers_of_root
  sent_over_sockets
  # A program that somebody left here is not run as him.
  (umask 022; cp "$(type -P id)" "$USERS/id.tmp"; chmod 4755 "$USERS/id.tmp")
  same 'set-user-id does nothing on the mount' $NOBODY "$(nobody "$USERS/id.tmp" -u)"
  rm "$USERS/id.tmp"
}

# ----- members -----

test_members() {
  refused "$CLOSED" - '' member chmod 666 "$USERS/schema.json"
  refused "$CLOSED" - '' member chmod 777 "$USERS"
  refused "$CLOSED" - '' member chown 65532 "$USERS/schema.json"
  refused "$CLOSED" - '' member chgrp 65532 "$USERS/ctl"
  refused "$CLOSED" - '' member touch -d 2001-01-01 "$USERS/schema.json"
  expect_ok 'a member makes' member mkdir "$TABLES/draft"
  expect_ok 'and removes' member rmdir "$TABLES/draft"
  lacks 'but does not see what root was refused' secret "$(member cat "$USERS/error" "$MNT/.kalamfs/errors.jsonl")"
  not_member() { refused "$DENIED" - '' member "$@"; }
  not_member ls "$CAT"
  not_member cat "$USERS/.rejected/0/schema.json"
  refused "$DENIED" - '' other sh -c "echo 'ADD COLUMN x INT' >'$USERS/ctl'"
}

# ----- between two calls -----

# What was opened is gone, or another thing has its name.
test_races() {
  local fd
  exec_sql 'CREATE TABLE app.race (id INT PRIMARY KEY)'
  exec {fd}>>"$TABLES/race/ctl"
  exec_sql 'DROP TABLE app.race PURGE; CREATE TABLE app.race (id INT PRIMARY KEY)'
  refused 'No such file' - '' bash -c "echo 'ADD COLUMN x INT' >&$fd"
  exec {fd}>&-
  same 'the new table is as it was' 1 "$(readlink "$TABLES/race/versions/latest")"
  exec {fd}>>"$TABLES/race/ctl"
  exec_sql 'ALTER TABLE app.race RENAME TO app.raced; CREATE TABLE app.race (id INT PRIMARY KEY)'
  echo 'ADD COLUMN x INT' >&$fd || fail 'a renamed table is the one that was opened'
  exec {fd}>&-
  same 'it got the column, and not the one that has its name' '3 1' "$(readlink "$TABLES/raced/versions/latest") $(readlink "$TABLES/race/versions/latest")"
  exec {fd}>>"$TABLES/raced/ctl"
  exec_sql 'DROP TABLE app.raced'
  refused 'No such file' - '' bash -c "echo 'ADD COLUMN y INT' >&$fd"
  exec {fd}>&-
  jq '.table_comment = "late"' "$TABLES/race/schema.json" >"$T/document"
  exec {fd}>"$TABLES/race/schema.json"
  exec_sql 'DROP TABLE app.race PURGE'
  refused '' - '' bash -c "cat '$T/document' >&$fd; s=\$?; exec $fd>&- || s=1; exit \$s"
  exec {fd}>&- 2>/dev/null
  exec_sql 'CREATE NAMESPACE IF NOT EXISTS empty'
  exec {fd}>>"$MNT/namespaces/empty/ctl"
  exec_sql 'DROP NAMESPACE empty'
  refused 'No such file' - '' bash -c "echo 'CREATE TABLE t (id INT PRIMARY KEY)' >&$fd"
  exec {fd}>&-
}

# Who is killed while his statement waits leaves it done or not, and nobody waiting.
test_killed_writer() {
  local pid before
  before=$(jq '.columns | length' "$USERS/schema.json")
  hold
  sh -c "echo 'ADD COLUMN of_the_dead INT' >'$USERS/ctl'" &
  pid=$!
  sleep 0.3
  kill -9 "$pid"
  let_go
  wait "$pid" 2>/dev/null
  accept "$USERS" "COMMENT 'after the dead'"
  has 'it is done, or not' " $(($(jq '.columns | length' "$USERS/schema.json") - before)) " ' 0 1 '
  expect_ok 'killed while saving' "$PYTHON" -c "
import os, signal
pid = os.fork()
if not pid:
    fd = os.open('$USERS/schema.json', os.O_WRONLY | os.O_TRUNC)
    os.write(fd, b'{\"columns\": [')
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(pid, 0)"
  has 'half a document is none' '"columns": [' "$(cat "$USERS/schema.json")"
  accept "$USERS" "COMMENT 'after both'"
}

# ----- names that lead away -----

test_user_ids() {
  local name
  exec_sql "CREATE STORAGE users TYPE filesystem PATH '$T/memory/users'; ALTER TABLE app.messages SET (STORAGE_ID = 'users');"
  mkdir -p "$T/memory/users/app/messages/alice"
  same 'a user has a link' "$T/memory/users/app/messages/alice" "$(nobody readlink "$TABLES/messages/storage/alice")"
  for name in '.hidden' '..%2f..%2fetc' '...' '-x' 'a b' "a'b" 'a\b' 'a;b' $'a\nb' $'a\033[31m' 'é' $'\xff' 'a{userId}' '{shard}' '@x' 'a$b' '%2e%2e' 'a:b' '~root'; do
    refused 'No such file' - '' nobody stat "$TABLES/messages/storage/$name"
    CHECKS=$((CHECKS + 1))
    "$KALAMCTL" --user "$name" "$CAT" paths app.messages >"$T/out" 2>"$T/err" && fail "kalamctl takes user '$name'" "$(cat "$T/out")"
    same "a sentence that nothing is smuggled into: '$name'" '' "$(LC_ALL=C tr -d '\n -~' <"$T/err")"
  done
  same 'of a walk with dots the links say the same' "$T/memory/users/app/messages/alice" "$(readlink "$TABLES/messages/storage/../storage/./alice")"
  refused 'Not a directory' - '' nobody stat "$TABLES/messages/storage.json/alice"
  # Names that are in the directory, and no user's.
  mkdir "$T/memory/users/app/messages"/{.hidden,'a b',$'x\ny'}
  same 'nor are they listed' alice "$(ls -A "$TABLES/messages/storage")"
}

# ----- the catalog's directory -----

# no_catalog WHAT EXPRESSION : neither program opens it, and both say why; the victim is unharmed
no_catalog() {
  local program
  for program in "$KALAMFS -f $GAME $T/away" "$KALAMCTL $GAME dump" "$KALAMFS -f -o ro $GAME $T/away"; do
    # shellcheck disable=SC2086
    is 1 "$1: $program" timeout 20 $program
    CHECKS=$((CHECKS + 1))
    grep -qE -e "$2" "$T/err" || fail "$1: it says why" "expected: $2" "found:    $(cat "$T/err")"
    same "$1: in one line" 1 "$(wc -l <"$T/err")"
  done
  same "$1: the victim is unharmed" "$VICTIM" "$(stat -c '%a %u %h %s' "$T/victim/"* | xargs) $(sha256sum "$T/victim/"* | sha256sum)"
}

# played WHAT TEXT COMMAND... : a copy of the catalog, in which somebody did this
played() {
  GAME=$T/game
  rm -rf "$GAME"
  cp -a "$T/good" "$GAME"
  (cd "$GAME" && "${@:3}") || fail "cannot play: $1"
  VICTIM="$(stat -c '%a %u %h %s' "$T/victim/"* | xargs) $(sha256sum "$T/victim/"* | sha256sum)"
  no_catalog "$1" "$2"
}

test_directory() {
  local name
  mkdir "$T/away" "$T/victim"
  mkdir -m 700 "$T/good"
  "$KALAMCTL" "$T/good" exec >/dev/null <<<'CREATE NAMESPACE good;'
  for name in data.mdb lock.mdb write.lock secret; do
    cp "$T/good/data.mdb" "$T/victim/$name"
  done
  echo 'valuable' >"$T/victim/text"
  for name in data.mdb lock.mdb write.lock; do
    played "$name is a symbolic link" 'is a symbolic link; expected a regular file' ln -sfn "$T/victim/text" $name
    played "$name is a symbolic link to another one" 'is a symbolic link' ln -sfn "$T/victim/$name" $name
    played "$name has hard links" 'has 2 hard links; expected one' ln -f "$T/victim/$name" $name
    played "$name is group-writable" 'can be written by others; run chmod go-w on it' chmod 660 $name
    played "$name can be written by all" 'can be written by others' chmod 666 $name
    played "$name belongs to another one" "belongs to uid $NOBODY; expected uid 0" chown $NOBODY $name
    played "$name is a fifo" 'is not a regular file' sh -c "rm -f $name; mkfifo $name"
    played "$name is a directory" "Cannot open '$name'|is not a regular file" sh -c "rm -f $name; mkdir $name"
  done
  played 'the directory is group-writable' 'can be written by others; run chmod go-w on it' chmod 770 .
  played 'the directory can be written by all' 'can be written by others' chmod 1777 .
  # kalamctl becomes the owner of the directory, to whom the files do not belong.
  played 'the directory belongs to another one' "belongs to uid $NOBODY; expected uid 0|Permission denied" chown $NOBODY .
  rm -rf "$T/game"
  ln -s "$T/good" "$T/game"
  VICTIM="$(stat -c '%a %u %h %s' "$T/victim/"* | xargs) $(sha256sum "$T/victim/"* | sha256sum)"
  GAME=$T/game
  no_catalog 'the directory is a symbolic link' 'is not a directory; expected a directory and no symbolic link'
  GAME=$T/game/
  no_catalog 'the directory is a symbolic link with a slash' 'no symbolic link'
  # What is left of a creation may be somebody's trap.
  rm -f "$T/game"
  mkdir -m 700 "$T/game"
  ln -s "$T/victim" "$T/game/data.new"
  expect_ok 'a new catalog where data.new leads away' "$KALAMCTL" "$T/game" exec /dev/null
  same 'the victim is unharmed' "$VICTIM" "$(stat -c '%a %u %h %s' "$T/victim/"* | xargs) $(sha256sum "$T/victim/"* | sha256sum)"
  same 'all of it is private' '600 600 600' "$(stat -c %a "$T/game/data.mdb" "$T/game/lock.mdb" "$T/game/write.lock" | xargs)"
}

# The sockets through which mounts hear of changes.
test_sockets() {
  local socket
  socket=$(echo "$CAT"/mount.*.sock)
  cat >"$T/connect.py" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(b"garbage" * int(sys.argv[2]))
END
  same 'they are private' '700 700' "$(stat -c %a "$socket" "$CAT" | xargs)"
  not_for_nobody "$PYTHON" "$T/connect.py" "$socket" 1
  not_for_nobody "$PYTHON" "$T/connect.py" "/proc/${DAEMON[$MNT]}/cwd/mount.${DAEMON[$MNT]}.sock" 1
  not_for_nobody ls "/proc/${DAEMON[$MNT]}/fd/"
  not_for_nobody cat "/proc/${DAEMON[$MNT]}/mem"
  refused "$CLOSED" - '' nobody kill -0 "${DAEMON[$MNT]}"
  expect_ok 'garbage from their owner' "$PYTHON" "$T/connect.py" "$socket" 1
  expect_ok 'much of it' "$PYTHON" "$T/connect.py" "$socket" 1000
  accept "$USERS" "COMMENT 'after garbage'"
}

# ----- where it is mounted -----

test_mount_points() {
  mkdir -m 1777 "$T/sticky"
  mkdir -m 777 "$T/open"
  mkdir "$T/sticky/m" "$T/open/m" "$T/open/deep" "$T/open/deep/m"
  is 1 'a directory that anybody can replace' "$KALAMFS" -f "$T/good" "$T/open/m"
  same 'says so' "kalamfs: Mount point '$T/open/m': anybody may put another directory in its place, since '$T/open' can be written by all; run chmod o-w or chmod +t on it" "$(cat "$T/err")"
  is 1 'a directory in such a one' "$KALAMFS" -f "$T/good" "$T/open/deep/m"
  has 'says so' "since '$T/open' can be written by all" "$(cat "$T/err")"
  ln -s "$T/open/m" "$T/link"
  is 1 'through a link' "$KALAMFS" -f "$T/good" "$T/link"
  start -c "$T/good" -m "$T/sticky/m" && stop "$T/sticky/m"
}

# ----- floods -----

test_flood_of_changes() {
  local i slowest
  exec_sql "CREATE NAMESPACE many; $(printf 'CREATE TABLE many.t%d (id INT PRIMARY KEY);' $(seq 300))"
  # Of one user wait so many changes, and of others as many.
  seq -f "$MNT/namespaces/many/tables/t%.0f/ctl" 1 299 |
    member "$PYTHON" "$HERE/flood.py" "COMMENT 'flood'" "$T/go" >"$T/flood" &
  i=$!
  hold
  touch "$T/go"
  wait_for 4 sh -c "[ \"\$(member cat '$MNT/.kalamfs/errors.jsonl' | grep -c EBUSY)\" = 43 ]" || fail 'what is too much is not refused at once'
  sh -c "echo \"COMMENT 'of root'\" >'$MNT/namespaces/many/tables/t300/ctl'" &
  sleep 0.2
  let_go
  wait $!
  same 'somebody else waits in the same queue' 0 $?
  wait "$i"
  same 'what fits is done, the rest is EBUSY' 'EBUSY 43 ok 256' "$(xargs <"$T/flood")"
  # All of them write to one ctl, as fast as they can; others go on.
  member "$PYTHON" -c "
import os, threading, time
end = time.time() + 4
def write():
    while time.time() < end:
        try:
            with open('$USERS/ctl', 'w') as ctl:
                ctl.write('ADD COLUMN nonsense INTT\n')
        except OSError:
            pass
threads = [threading.Thread(target=write) for _ in range(64)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]" &
  i=$!
  sleep 0.5
  slowest=0
  for _ in 1 2 3 4 5; do
    for file in "$APP/ctl" "$USERS/ctl"; do
      began=$(date +%s%N)
      put "$file" "ALTER TABLE app.users COMMENT '$began'" || fail "refused while others write: $(cat "$T/err")"
      took=$((($(date +%s%N) - began) / 1000000))
      [ $took -lt $slowest ] || slowest=$took
    done
    cat "$USERS/schema.json" "$MNT/log.jsonl" >/dev/null
  done
  same 'they wait less than two seconds' 0 $((slowest >= 2000))
  wait "$i"
  exec_sql 'DROP NAMESPACE many CASCADE'
}

# resident : kB of memory that the daemon has
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${DAEMON[$MNT]}/status"; }

# hoard WHAT MB HOW COUNT PATH... : nobody takes much; memory of the daemon stays within MB
hoard() {
  local what=$1 limit=$2 before grown
  shift 2
  before=$(resident)
  coproc HOARD { exec nobody "$PYTHON" "$HERE/hoard.py" "$@"; }
  local pid=$HOARD_PID
  : >"$T/hoard"
  while read -r line <&"${HOARD[0]}" && [ "$line" != held ]; do
    echo "$line" >>"$T/hoard"
  done
  grown=$((($(resident) - before) / 1024))
  CHECKS=$((CHECKS + 1))
  [ $grown -le "$limit" ] || fail "$what: the daemon has grown by $grown MB, more than $limit"
  expect_ok "$what: others go on" cat "$USERS/schema.json" "$USERS/ctl" "$MNT/.kalamfs/status.json"
  accept "$USERS" "COMMENT '$what'"
  exec {HOARD[1]}>&-
  wait "$pid" 2>/dev/null
}

test_hoards() {
  local wide=$TABLES/wide
  exec_sql "CREATE TABLE app.wide (c1 INT PRIMARY KEY$(printf ', c%d INT' $(seq 2 2000)));
    ALTER NAMESPACE app SET OPTIONS (big = '$(head -c 60000 /dev/zero | tr '\0' x)');"
  sed -n 1p "$wide/schema.json" >/dev/null
  hoard 'open files' 64 open 19000 "$USERS/ctl" "$USERS/schema.json" "$MNT/.kalamfs/status.json" "$USERS"
  same 'none is refused' '' "$(cat "$T/hoard")"
  hoard 'files that are read' 128 read 1000 "$wide/schema.json" "$wide/schema.sql" "$wide/describe" "$wide/schema.arrow"
  same 'none is refused' '' "$(cat "$T/hoard")"
  hoard 'texts that are made at opening' 100 open 19000 "$APP/namespace.json"
  has 'what is too much is refused' EMFILE "$(cat "$T/hoard")"
  hoard 'names that are not there' 16 look 20000 "$TABLES" "$USERS" "$USERS/versions"
  hoard 'links of users' 32 link 20000 "$TABLES/messages/storage"
  exec_sql "CREATE NAMESPACE huge; $(printf 'CREATE TABLE huge.t%d (id INT PRIMARY KEY);' $(seq 10000))"
  hoard 'a huge listing' 64 list 4 "$MNT/namespaces/huge/tables"
  same 'is complete' 'entries 10000 10000' "$(cat "$T/hoard")"
  exec_sql 'DROP NAMESPACE huge CASCADE'
}

# ----- scratch files -----

# One member takes all room there is for scratch files, names, drafts.
test_scratch() {
  member dd if=/dev/zero of="$USERS/fill.tmp" bs=1M count=80 status=none 2>"$T/err" && fail 'scratch files are not bounded'
  has 'what is too much is refused' 'No space left on device' "$(cat "$T/err")"
  refused 'No space left on device' - '' bash -c "echo x >'$USERS/mine.tmp'"
  accept "$USERS" "COMMENT 'others go on'"
  jq '.table_comment = "with documents, too"' "$USERS/schema.json" >"$T/document"
  expect_ok 'and save' cp "$T/document" "$USERS/schema.json"
  expect_ok 'and make namespaces' mkdir "$MNT/namespaces/roomy"
  expect_ok 'their owner can remove what others left' rm "$USERS/fill.tmp"
  expect_ok 'and there is room again' sh -c "echo x >'$USERS/mine.tmp' && rm '$USERS/mine.tmp'"
  member sh -c "cd '$MNT/namespaces/roomy/tables' && mkdir \$(seq -f 'd%.0f' 1100)" 2>"$T/err" && fail 'drafts are not bounded'
  has 'what is too much is refused' 'No space left on device' "$(cat "$T/err")"
  accept "$APP" 'CREATE TABLE made_all_the_same (id INT PRIMARY KEY)'
  expect_ok 'their owner can remove them' sh -c "rmdir '$MNT'/namespaces/roomy/tables/*"
}

TESTS=${*:-closed_mount open_mount members races killed_writer user_ids directory sockets mount_points flood_of_changes hoards scratch}
fixture
for test in $TESTS; do
  if [ "$test" != closed_mount ] && [ "$test" != open_mount ] && [ -z "${DAEMON[$MNT]:-}" ]; then
    start -o "allow_other,dba=$DBA" || finish
  fi
  began=$(date +%s%N)
  "test_$test"
  [ -n "${TIMES:-}" ] && echo "$test: $((($(date +%s%N) - began) / 1000000)) ms"
done
[ -n "${DAEMON[$MNT]:-}" ] && stop
[ $# = 0 ] || finish

# Who everybody is root for would be noticed.
CAT=$T/memory/control
fixture
WRAPPER="$(planted anyone)"
start -o allow_other || finish
notices 'nobody reads what root was refused' secrets_of_root
notices 'an open file is handed on' handed_on
notices 'nobody may write' writes_of_nobody
stop
finish
