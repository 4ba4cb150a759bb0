# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016
# tools.sh - how tools save: a name, a style and a script each.
#
# A script runs in the directory of the file and sees
#   F       the file's name              DOC   the text it shall get
#   SED, PERL, ED   programs that make DOC of what the file holds
#   OTHER   an empty directory on another file system
# Styles: t opens the file and writes; r renames another file over it;
# u unlinks it first; + j: DOC as jq prints it.

TOOLS=()	# name, style, shell, script
tool() { TOOLS+=("$@"); }

tool 'cat, bash'            t bash 'cat "$DOC" >"$F"'
tool 'cat, dash'            t dash 'cat "$DOC" >"$F"'
tool 'echo, bash'           t bash 'text=$(cat "$DOC"); echo "$text" >"$F"'
tool 'echo, dash'           t dash 'text=$(cat "$DOC"); /bin/echo "$text" >"$F"'
tool 'printf, bash'         t bash 'text=$(cat "$DOC"); printf "%s\n" "$text" >"$F"'
tool 'printf, dash'         t dash 'text=$(cat "$DOC"); printf "%s\n" "$text" >"$F"'
tool 'jq, bash'             tj bash 'jq . "$DOC" >"$F"'
tool 'jq, dash'             tj dash 'jq . "$DOC" >"$F"'
tool 'awk'                  t bash 'awk 1 "$DOC" >"$F"'
tool 'jq > t && mv'         rj bash 'if jq . "$DOC" >t.new && mv t.new "$F"; then exit 0; fi
  cmp t.new "$DOC"; rm t.new; exit 1'
tool 'a descriptor kept open' t bash 'exec 5>"$F" && cat "$DOC" >&5 && exec 5>&-'
tool 'read and write'       t bash 'exec 5<>"$F" && cat "$DOC" >&5 && exec 5>&-'
tool 'tee'                  t bash 'tee "$F" <"$DOC" >/dev/null'
tool 'cp'                   t bash 'cp "$DOC" "$F"'
tool 'cp -a'                t bash 'cp -a "$DOC" "$F"'
tool 'cp --remove-destination' u bash 'cp --remove-destination "$DOC" "$F"'
tool 'install'              u bash 'install -m 644 "$DOC" "$F"'
tool 'mv, same file system' r bash 'cp "$DOC" t.new || exit 2; if mv t.new "$F"; then exit 0; fi
  cmp t.new "$DOC"; rm t.new; exit 1'
tool 'mv, another file system' u bash 'cp "$DOC" "$OTHER/t.new"; mv "$OTHER/t.new" "$F"; status=$?
  [ $status = 0 ] || cmp "$OTHER/t.new" "$DOC"; rm -f "$OTHER/t.new"; exit $status'
tool 'sed -i'               r bash 'sed -i "$SED" "$F"'
tool 'sed -i.bak'           r bash 'cp "$F" "$OTHER/was"; sed -i.bak "$SED" "$F"; status=$?
  cmp "$F.bak" "$OTHER/was" && rm -f "$F.bak" "$OTHER/was"; exit $status'
tool 'perl -pi'             r bash 'perl -pi -e "$PERL" "$F"'
tool 'perl -pi.bak'         r bash 'perl -pi.bak -e "$PERL" "$F"; status=$?; rm -f "$F.bak"; exit $status'
tool 'patch'                r bash 'diff -u "$F" "$DOC" >"$OTHER/diff"; patch -s "$F" <"$OTHER/diff"; status=$?
  rm "$OTHER/diff"; exit $status'
tool 'rsync'                r bash 'rsync -I "$DOC" "$F"'
tool 'rsync -a'             r bash 'rsync -aI --no-o --no-g "$DOC" "$F"'
tool 'rsync --inplace'      t bash 'rsync -I --inplace "$DOC" "$F"'
tool 'rsync --delay-updates' r bash 'rsync -I --delay-updates "$DOC" "$F" && exit 0
  status=$?; rm -r .~tmp~; exit $status'
tool 'dd'                   t bash 'dd if="$DOC" of="$F" status=none'
tool 'dd of whole text'     t bash 'dd if="$DOC" of="$F" bs=1M conv=fsync status=none'
tool 'truncate, then dd'    t bash 'truncate -s 0 "$F" && dd if="$DOC" of="$F" bs=100 status=none'
tool 'ed'                   t bash 'printf "%s\nw\nq\n" "$ED" | ed -s "$F"'
tool 'sponge'               t bash 'sponge "$F" <"$DOC"'
tool 'python open, write, close' t bash '"$PYTHON" -c "import sys
f = open(sys.argv[1], \"w\"); f.write(open(sys.argv[2]).read()); f.close()" "$F" "$DOC"'
tool 'python, line by line' t bash '"$PYTHON" -c "import sys
with open(sys.argv[1], \"wb\", buffering=0) as f:
    for line in open(sys.argv[2], \"rb\"): f.write(line)" "$F" "$DOC"'
tool 'python os.replace'    r bash '"$PYTHON" -c "import os, sys
open(\"t.new\", \"w\").write(open(sys.argv[2]).read())
try: os.replace(\"t.new\", sys.argv[1])
except OSError as error: os.unlink(\"t.new\"); sys.exit(str(error))" "$F" "$DOC"'
tool 'node writeFile'       t bash 'node -e "const fs = require(\"fs\");
fs.promises.writeFile(process.argv[1], fs.readFileSync(process.argv[2]))" "$F" "$DOC"'
tool 'node writeFileSync'   t bash 'node -e "const fs = require(\"fs\");
fs.writeFileSync(process.argv[1], fs.readFileSync(process.argv[2]))" "$F" "$DOC"'
tool 'git checkout'         u bash 'export GIT_DIR=$OTHER/repo GIT_WORK_TREE=$PWD
git_checkout() {
  git init -q 2>/dev/null && git add "$F" && git commit -qm old || return 2
  blob=$(git hash-object -w --no-filters "$DOC") && git update-index --cacheinfo "100644,$blob,$F" &&
    tree=$(git write-tree) && new=$(git commit-tree -p HEAD -m new "$tree") && git reset -q || return 2
  git checkout -q "$new"
}
git_checkout; status=$?; rm -rf "$GIT_DIR"; exit $status'
tool 'git checkout, .git beside it' u bash '
git_checkout() {
  git init -q . 2>/dev/null && git add "$F" && git commit -qm old || return 2
  blob=$(git hash-object -w --no-filters "$DOC") && git update-index --cacheinfo "100644,$blob,$F" &&
    tree=$(git write-tree) && new=$(git commit-tree -p HEAD -m new "$tree") && git reset -q || return 2
  git checkout -q "$new"
}
git_checkout; status=$?; rm -rf .git; exit $status'

# use INDEX : run that tool; its status
use() {
  (
    cd "$DIR" || exit 99
    export F=$FILE DOC=$T/doc SED PERL ED PYTHON OTHER=$T/work
    timeout 30 "${TOOLS[$1 + 2]}" -c "${TOOLS[$1 + 3]}" tool </dev/null >"$T/out" 2>"$T/err"
  )
}
