#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test_completion.sh BUILD : what bash offers after Tab.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "$1" && pwd)
. /usr/share/bash-completion/bash_completion || exit 1
. dist/completion/kalamfs
. dist/completion/kalamctl
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
failed=0
PATH=$build:$PATH
kalamctl "$T/cat" exec >/dev/null <<'SQL'
CREATE NAMESPACE app; CREATE TABLE app.users (id INT PRIMARY KEY); CREATE TABLE app.uploads (id INT PRIMARY KEY);
SQL

# offers EXPECTED WORD... : the last word is being typed
offers() {
  local expected=$1 found
  shift
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMP_LINE=$*
  COMP_POINT=${#COMP_LINE}
  COMPREPLY=()
  "_$1" "$1" "${*: -1}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
  found=$(printf '%s\n' "${COMPREPLY[@]}" | sed 's/ *$//' | sort | paste -sd ' ')
  [ "$found" = "$expected" ] && return
  printf 'after "%s"\n  expected: %s\n  found:    %s\n' "$*" "$expected" "$found"
  failed=1
}
compopt() { :; }
offers 'describe dump' kalamctl "$T/cat" d
offers 'exec' kalamctl "$T/cat" ex
offers 'app.uploads app.users' kalamctl "$T/cat" describe app.u
offers 'app app.uploads app.users' kalamctl "$T/cat" dump a
offers 'app.users' kalamctl --json "$T/cat" paths app.us
offers '--json' kalamctl --j
offers "$T/cat" kalamctl "$T/c"
offers 'allow_other auto_unmount' kalamfs -o a
offers 'ro,cache= ro,check=full ro,check=quick' kalamfs -o ro,c
offers 'dba=root' kalamfs -o dba=roo
offers '--help' kalamfs --h
offers "$T/cat" kalamfs -o ro "$T/c"
[ $failed = 0 ] && echo 'completion: what is expected is offered'
exit $failed
