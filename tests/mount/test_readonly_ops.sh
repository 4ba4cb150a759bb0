#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What reads changes nothing; what would change things other than through ctl is refused.
. "$(dirname "$0")/lib.sh"
need find tar
fixture
start || finish
APP=$MNT/namespaces/app
USERS=$APP/tables/users
find "$MNT" ! -name status.json ! -name metrics -printf '%p %y %s %i\n' | sort >"$T/tree.1"
find "$MNT" -type f ! -path '*/.kalamfs/*' ! -name README -exec sha256sum {} + | sort -k2 >"$T/sums.1"
before=$(state)

# What is generated cannot be made, removed, renamed or written; what is edited is in tests/edit.
no() { refused "$1" - '' "${@:2}"; }
no 'not permitted' mkdir "$MNT/new"
no 'not permitted' mkdir "$USERS/versions/9"
no 'not permitted' mkdir "$APP/trash/x"
no '' rmdir "$USERS"
no '' rmdir "$MNT/namespaces/app"
no '' rmdir "$USERS/columns"
no '' rm -r "$USERS"
no '' rm "$USERS/columns/email.json"
no '' rm "$MNT/storages/archive.json"
no '' rm "$USERS/ctl"
no '' rm "$USERS/versions/latest"
no '' mv "$MNT/namespaces/app" "$MNT/namespaces/shop"
no '' mv "$USERS/schema.json" "$USERS/schema.sql"
no '' ln "$USERS/schema.json" "$USERS/link.json"
no '' mkfifo "$USERS/fifo"
no '' touch "$MNT/new"
for file in "$USERS/schema.sql" "$USERS/versions/1/schema.json" "$MNT/README" "$MNT/log.jsonl" "$USERS/error" "$MNT/types/INT.json"; do
  no '' sh -c "echo '{}' >'$file'"
  no '' sh -c "echo '{}' >>'$file'"
  no '' truncate -s 0 "$file"
done
CHECKS=$((CHECKS + 1))
find "$USERS" -delete 2>/dev/null && fail 'find -delete says that it worked'
CHECKS=$((CHECKS + 1))
rm -rf "$APP/tables" 2>/dev/null && fail 'rm -rf says that it worked'
node -e "require('fs').rmSync('$USERS', {recursive: true, force: true})" 2>/dev/null
perl -e 'unlink glob "$ARGV[0]/*"; rmdir $ARGV[0]' "$USERS"
same 'none of it has done anything' "$before" "$(state)"

# errno is one that says something: never EIO, ENOSYS, ESTALE...
sane() {
  timeout 20 "$@" >"$T/out" 2>"$T/err"
  CHECKS=$((CHECKS + 1))
  grep -qE 'Input/output error|not implemented|Stale|Invalid cross-device|Bad message' "$T/err" && fail "errno of: $*" "$(cat "$T/err")"
}
sane mkdir "$APP/tables/Orders"
sane rmdir "$USERS"
sane mv "$USERS" "$APP/tables/People"
sane mv "$USERS/columns/email.json" "$APP/tables/messages/columns/email.json"
sane ln "$USERS/schema.json" "$USERS/link.json"
sane ln -s x "$APP/tables/link"
sane mknod "$USERS/fifo" p
sane fallocate -l 100 "$USERS/ctl"
sane flock "$USERS/schema.json" true
sane sync "$USERS/schema.json"
sane sync "$USERS/ctl"
sane sync -f "$MNT"

# What cp -a, install and rsync insist on is accepted and does nothing.
mode=$(stat -c '%a %u:%g %Y' "$USERS/schema.json")
expect_ok 'touch -c' touch -c "$USERS/schema.json" "$USERS/ctl" "$MNT/README" "$USERS"
expect_ok 'touch of a time' touch -c -d 2001-01-01 "$USERS/schema.json"
expect_ok 'chmod' chmod 600 "$USERS/schema.json" "$USERS/ctl" "$USERS"
expect_ok 'chown' chown "$(id -u):$(id -g)" "$USERS/schema.json"
same 'and ignored' "$mode" "$(stat -c '%a %u:%g %Y' "$USERS/schema.json")"

# Crawlers, indexers, backups
expect_ok 'grep -r' grep -rI INT "$MNT"
expect_ok 'find' find "$MNT" -type f -size +0 -newermt 2020-01-01
expect_ok 'tar' tar -cf - -C "$MNT" . --totals=USR1
expect_ok 'cp -r' cp -r "$MNT" "$T/copy"
expect_ok 'cp -a' cp -a "$MNT" "$T/copy2"
expect_ok 'file names' sh -c "cd '$MNT' && for f in .git .hg .svn .gitignore .editorconfig Makefile package.json .DS_Store Thumbs.db desktop.ini .Trash-0 autorun.inf .directory .nfs001; do [ ! -e \$f ] || echo \$f; done"
same 'what tools look for is not there' '' "$(cat "$T/out")"
if command -v git >/dev/null; then
  expect_ok 'git' sh -c "cd '$T' && git init -q repo && git --git-dir=repo/.git --work-tree='$MNT' add -n namespaces >/dev/null && git --git-dir=repo/.git --work-tree='$MNT' status --short >/dev/null"
fi
expect_ok 'stat, readlink, realpath' sh -c "find '$MNT' -exec stat {} + >/dev/null; find '$MNT' -type l -exec readlink {} + >/dev/null; realpath '$USERS/versions/latest'"
# opening for reading and writing without a write is no change either
expect_ok 'open and close of ctl' sh -c "exec 5<>'$USERS/ctl'; exec 6>>'$MNT/ctl'; exec 7>'$APP/plan'; :"
expect_ok 'an empty write' sh -c "printf '' >'$USERS/ctl'; echo >'$USERS/ctl'; echo '   -- nothing' >'$USERS/ctl'; echo ';' >'$USERS/ctl'"
same 'reading never changes anything' "$before" "$(state)"
find "$MNT" ! -name status.json ! -name metrics -printf '%p %y %s %i\n' | sort >"$T/tree.2"
find "$MNT" -type f ! -path '*/.kalamfs/*' ! -name README -exec sha256sum {} + | sort -k2 >"$T/sums.2"
quiet() { grep -vE '/(ctl|error|errors.jsonl)( |$)' "$1"; }
same_file 'the tree is what it was' <(quiet "$T/tree.1") <(quiet "$T/tree.2")
same_file 'and its contents' <(quiet "$T/sums.1") <(quiet "$T/sums.2")
finish
