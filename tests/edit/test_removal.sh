#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What removes trees removes no table, namespace or storage, and is told how to.
. "$(dirname "$0")/lib.sh"
need find node perl
fixture
start || finish
APP=$MNT/namespaces/app
USERS=$APP/tables/users

# kept WHAT DIRECTORY HINT COMMAND... : it may fail as it likes, nothing is dropped
kept() {
  local what=$1 dir=$2 hint=$3 before status listing
  shift 3
  before=$(state)
  listing=$(cd "$dir" && find . -path ./.kalamfs -prune -o ! -name error ! -path '*/.rejected*' -print | sort)
  cp "$USERS/schema.json" "$T/users.json"
  (cd / && timeout 60 "$@" >"$T/out" 2>"$T/err")
  status=$?
  same "$what: nothing is dropped" "$before" "$(state)"
  same_file "$what: the definition" "$T/users.json" "$USERS/schema.json"
  CHECKS=$((CHECKS + 1))
  # Who unlinked schema.json does not see it for a moment; everybody else does.
  diff <(echo "$listing") <(cd "$dir" && find . -path ./.kalamfs -prune -o ! -name error ! -path '*/.rejected*' -print | sort) >"$T/diff" ||
    fail "$what: the tree" "$(cat "$T/diff")"
  has "$what: the hint" "$hint" "$(cat "$USERS/error" "$APP/error" "$MNT/error" "$MNT/.kalamfs/errors.jsonl")"
  return $status
}

fails() { kept "$@" && fail "$1: succeeds"; }

# remove NAME COMMAND : on a table, a namespace, the mount's root
remove() {
  local name=$1
  shift
  exec_sql "ALTER TABLE app.users COMMENT '$name'"	# an error file of before says nothing
  fails "$name of a table" "$USERS" 'DROP TABLE' "$@" "$USERS"
  fails "$name of a column" "$USERS" 'DROP COLUMN email' "$@" "$USERS/columns/email.json"
  fails "$name of a namespace" "$APP" 'DROP NAMESPACE' "$@" "$APP"
  fails "$name of everything" "$MNT" 'DROP' "$@" "$MNT"
}

remove 'rm -r' rm -r
remove 'rm -rf' rm -rf
remove 'find -delete' sh -c 'find "$0" -delete'
remove 'rmtree' "$PYTHON" -c 'import os, shutil, sys
path = sys.argv[1]
if os.path.isdir(path): shutil.rmtree(path)
else: os.unlink(path)'
for path in "$USERS" "$APP" "$MNT"; do
  kept "rmtree(ignore_errors) of $path" "$path" '' "$PYTHON" -c 'import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)' "$path"
done
remove 'rmSync' node -e 'require("fs").rmSync(process.argv[1], { recursive: true })'
remove 'rmSync, force' node -e 'require("fs").rmSync(process.argv[1], { recursive: true, force: true, maxRetries: 1 })'
remove 'remove_tree' perl -e 'use File::Path; my $p = shift; if (-d $p) { File::Path::remove_tree($p, { error => \my $e }); exit(@$e ? 1 : 0) } exit(unlink($p) ? 0 : 1)'
fails 'rmdir of a table' "$USERS" 'DROP TABLE' rmdir "$USERS"
has 'rmdir: errno' 'not empty' "$(cat "$T/err")"
fails 'rmdir of a namespace' "$APP" 'users' rmdir "$APP"
has 'rmdir of a namespace: errno' 'not empty' "$(cat "$T/err")"
fails 'rm of a storage' "$MNT/storages" 'DROP STORAGE archive' rm -f "$MNT/storages/archive.json"
has 'rm of a storage: errno' 'Operation not permitted' "$(cat "$T/err")"
for dir in "$USERS/columns" "$USERS/versions" "$USERS/versions/1" "$APP/tables" "$APP/trash" "$APP/trash/gone" "$MNT/namespaces" \
    "$MNT/storages" "$MNT/types" "$MNT/namespaces/default" "$MNT/namespaces/system" "$MNT/namespaces/system/tables/users"; do
  fails "rmdir of $dir" "$APP" '' rmdir "$dir"
done
kept 'rm -rf of files in a table' "$USERS" '' sh -c "rm -rf $USERS/*"
fails 'git clean' "$USERS" '' sh -c "cd $USERS && GIT_DIR=$T/work/repo GIT_WORK_TREE=. git init -q && GIT_DIR=$T/work/repo GIT_WORK_TREE=. git clean -xfdq"
kept 'rsync --delete from an empty directory' "$USERS" '' sh -c "mkdir -p $T/nothing && rsync -a --delete $T/nothing/ $USERS/"
kept 'rsync --delete of all tables' "$APP" '' sh -c "rsync -a --delete $T/nothing/ $APP/tables/"
well
finish
