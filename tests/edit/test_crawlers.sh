#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever only looks, and whoever touches everything, changes nothing.
. "$(dirname "$0")/lib.sh"
need rsync tar git find
fixture
start || finish
APP=$MNT/namespaces/app
mkdir "$APP/tables/draft"
# What stands in files, ids and times of state aside.
content() { (cd "$MNT" && find . -path ./.kalamfs -prune -o -type f ! -name error -print0 | sort -z | xargs -0 sha256sum) | sha256sum; }
# The times of storage/, which lies outside, settle a second after its last change.
sleep 1.2
before=$(state)
before_content=$(content)

# harmless WHAT COMMAND... : in the mount; may fail, may not change anything
harmless() {
  local what=$1
  shift
  (cd "$MNT" && timeout 60 "$@" >"$T/out" 2>"$T/err")
  same "$what changes nothing" "$before" "$(state)"
}

# good WHAT COMMAND... : and succeeds, in silence
good() {
  local what=$1
  shift
  harmless "$what" "$@"
  CHECKS=$((CHECKS + 1))
  [ -s "$T/err" ] && fail "$what complains" "$(cat "$T/err")"
}

good 'grep -r' grep -r TEXT .
good 'find' find . -ls
good 'find -exec' find . -name '*.json' -exec cat {} +
good 'tar' tar --exclude=./.kalamfs -cf "$T/t.tar" .
good 'cp -r' cp -r namespaces "$T/cp"
good 'cp -a' cp -a namespaces "$T/cpa"
good 'rsync -a' rsync -a --exclude=.kalamfs ./ "$T/rsync/"
good 'du' du -a .
good 'ls -laR' ls -laR .
good 'file and wc' sh -c 'find . -type f -exec wc -c {} +'
harmless 'git status' git -C namespaces/app/tables/users status
harmless 'git status in a repository of the whole' sh -c "GIT_DIR=$T/repo.git git init -q && GIT_DIR=$T/repo.git GIT_WORK_TREE=$MNT git status --short &&
  GIT_DIR=$T/repo.git GIT_WORK_TREE=$MNT git add -A namespaces && GIT_DIR=$T/repo.git GIT_WORK_TREE=$MNT git diff"
harmless 'touch of everything' sh -c 'find . -type f -exec touch {} +'
good 'touch of what can be edited' touch namespaces/app/tables/users/schema.json namespaces/app/tables/users/columns/email.json \
  namespaces/app/namespace.json storages/local.json namespaces/app/tables/users/ctl ctl namespaces/app/tables/draft/schema.json
harmless 'chmod -R' chmod -R u+rw,go-w .
harmless 'chown -R' chown -R "$ME" .
good 'chmod of what can be edited' chmod 600 namespaces/app/tables/users/schema.json namespaces/app/tables/users/columns/email.json \
  namespaces/app/namespace.json storages/local.json
harmless 'truncate of everything' sh -c 'find . -type f ! -path "*/versions/*" -exec truncate -s 0 {} +'

cat >"$T/indexer.py" <<'PY'
import mmap, os, sys
opened = refused = 0
for base, dirs, files in os.walk("."):
    for name in files:
        path = os.path.join(base, name)
        for flags in (os.O_RDWR, os.O_RDWR | os.O_APPEND, os.O_WRONLY, os.O_RDWR | os.O_CREAT, os.O_RDONLY):
            try:
                fd = os.open(path, flags | os.O_NOFOLLOW)
            except OSError:
                refused += 1
                continue
            opened += 1
            size = os.fstat(fd).st_size
            if flags & 3 != os.O_WRONLY:
                text = os.read(fd, 1 << 20)
                if path.endswith(("schema.json", "schema.sql")) and len(text) != size:
                    sys.exit(f"{path}: {len(text)} of {size} bytes")
            try:
                os.fsync(fd)
            except OSError:
                pass
            os.close(os.dup(fd))
            os.close(fd)
        if name == "schema.json":
            with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                mapped[:]
if opened < 100:
    sys.exit(f"only {opened} opened, {refused} refused")
PY
good 'an indexer that opens everything read-write' "$PYTHON" "$T/indexer.py"
good 'four of them' sh -c "for i in 1 2 3 4; do '$PYTHON' '$T/indexer.py' & done; wait"
chmod 644 "$APP/tables/users/schema.json"
same 'every text is what it was' "$before_content" "$(content)"
in_catalog app.draft && fail 'a draft is in the catalog'
same 'no files are left behind' "$TABLE_FILES" "$(ls -A "$APP/tables/users" | xargs)"

# A backup that is copied back as it is, is no change either.
mark "$APP/tables/users"
expect_ok 'rsync of a backup back' rsync -a --no-o --no-g "$T/rsync/namespaces/app/tables/users/schema.json" "$APP/tables/users/"
expect_ok 'cp -a of a backup back' cp -a "$T/cpa/app/tables/users/schema.json" "$APP/tables/users/schema.json"
was_nothing 'a backup copied back'
expect_ok 'rmdir of the draft' rmdir "$APP/tables/draft"
same 'nothing at all' "$before" "$(state)"
finish
