#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's cached listings of directories that change.
. "$(dirname "$0")/lib.sh"
PLANT=$BUILD/tests/trust/plant.so DIRENTS=$BUILD/tests/tools/dirents
[ -e "$PLANT" ] || die "$PLANT is not built"
[ -x "$DIRENTS" ] || die "$DIRENTS is not built"
fixture
GATES=$T/gates
mkdir "$GATES"
WRAPPER="env LD_PRELOAD=$PLANT KALAM_PLANT=gates KALAM_GATES=$GATES"
start -o nosandbox || finish
USERS=$MNT/namespaces/app/tables/users

# held GATE WHAT: what comes to the gate waits there
held() { wait_for 20 test -e "$GATES/$1.held" || fail "$2"; }

declare -A IN OUT

# lister NAME DIRECTORY: a process that lists it step by step
lister() {
  local fd
  mkfifo "$T/$1.in" "$T/$1.out"
  "$DIRENTS" "$2" <"$T/$1.in" >"$T/$1.out" 2>&1 &
  exec {fd}>"$T/$1.in"
  IN[$1]=$fd
  exec {fd}<"$T/$1.out"
  OUT[$1]=$fd
  read -r _ <&"$fd"
  rm "$T/$1.in" "$T/$1.out"
}

# step NAME: what one system call lists
step() {
  local line
  echo step >&"${IN[$1]}"
  while read -r line <&"${OUT[$1]}" && [ -n "$line" ]; do echo "$line"; done
}

# rest NAME: the rest of it
rest() {
  local in=${IN[$1]} out=${OUT[$1]}
  echo rest >&"$in"
  cat <&"$out"
  exec {in}>&- {out}<&-
}

# The kernel throws the answer to a GETATTR away when a notification of the next
# change overtakes it, and goes on with the attributes it had: the listing that
# it keeps must be gone by then, or what had been acknowledged is not in it.
ls "$USERS/columns" >/dev/null
lister columns "$USERS/columns"
exec 5>"$USERS/ctl"
echo 'ADD COLUMN first INT' >&5
: >"$GATES/inval"
echo 'ADD COLUMN second INT' >&5 &
writer=$!
held inval 'the second change is not told to the kernel'
: >"$GATES/attr"
echo rest >&"${IN[columns]}"
held attr 'nobody asks for the attributes of columns/'
rm "$GATES/inval"
wait "$writer"
same 'the second change' 0 $?
rm "$GATES/attr"
has 'a listing that began after a change has it' first.json "$(cat <&"${OUT[columns]}")"
exec 5>&-

# Who has begun to list a directory goes on from the kernel's listing if that has got
# the position he is at, whoever has put it there and when.  So a listing from before
# a change must not have positions of the time after it.

# half_through WHAT DIRECTORY NAME CHANGE...: one process has listed all, but has not come
# to the end, when the change is made that makes or removes NAME; then another one
# begins, and is half through when the first one ends.
half_through() {
  local what=$1 dir=$2 name=$3 names='' count begun more
  shift 3
  count=$(ls -a "$dir" | wc -l)
  mkdir "${STIR:-$dir}/stir" && rmdir "${STIR:-$dir}/stir"	# no listing is good any more
  [ -z "${STIR:-}" ] || touch -d '1 hour ago' "$STIR"	# what has just changed is never kept
  lister early "$dir"
  until [ "$(grep -c . <<<"$names")" -ge "$count" ]; do
    more=$(step early)
    [ -n "$more" ] || { fail "$what: too few names" "$names"; break; }
    names+=$'\n'$more
  done
  "$@" || fail "$what: $*"
  lister late "$dir"
  begun=$(step late)
  rest early >/dev/null
  more=$(rest late)
  lacks "$what: the second one is half through" "$name" "$begun"
  [ -n "$more" ] || fail "$what: the second one has no second half" "$begun"
  if ls "$dir" | grep -qx "$name"; then
    has "$what" "$name" "$more"
  else
    lacks "$what" "$name" "$more"
  fi
  same "$what: the same afterwards" "$(ls -a "$dir" | sort)" \
    "$(sort <<<"$begun"$'\n'"$more" | sed '/^$/d')"
}

tables=$MNT/namespaces/many/tables
table=$tables/t59
{
  echo 'CREATE NAMESPACE many;'
  printf 'CREATE TABLE many.t%d (id INT PRIMARY KEY);' {0..59}
} >"$MNT/ctl"
mkdir "$tables/draft" "$tables/other"
half_through 'a draft that is gone' "$tables" other rmdir "$tables/other"
half_through 'a draft that is new' "$tables" newer mkdir "$tables/newer"
half_through 'a table that is gone' "$tables" t58 put "$MNT/ctl" 'DROP TABLE many.t58;'
half_through 'a table that is new' "$tables" t60 \
  put "$MNT/ctl" 'CREATE TABLE many.t60 (id INT PRIMARY KEY);'
rmdir "$tables/draft" "$tables/newer"

# A draft that becomes a table was there before and is there after.
mkdir "$tables"/d{0..59}
lister one "$tables"
begun=$(for ((i = 0; i < 4; i++)); do step one; done)
before=$(grep -xE 'd[0-9]+' <<<"$begun" | tail -n 1)
lacks 'half through the drafts' d50 "$begun"
has 'in the midst of them' d "$before"
columns='{"columns": [{"column_name": "id", "data_type": "INT", "is_primary_key": true}]}'
put "$tables/d50/schema.json" "$columns"
put "$tables/$before/schema.json" "$columns"
same 'each draft is listed once, two of them as tables' "$(printf 'd%d\n' {0..59} | sort)" \
  "$(sort <<<"$begun"$'\n'"$(rest one)" | grep -xE 'd[0-9]+')"
for name in "$tables"/d*; do rmdir "$name" 2>/dev/null; done

touch "$table"/file{0..199}
half_through 'a file that is gone' "$table" file198 rm "$table/file198"
half_through 'a file that is new' "$table" newest touch "$table/newest"
half_through 'a file that has moved' "$table" moved mv "$table/file150" "$table/moved"
rm "$table"/file* "$table/newest" "$table/moved"
mkdir "$table/dir"
touch "$table"/dir/file{0..199}
half_through 'a file that is gone from a directory' "$table/dir" file197 \
  rm "$table/dir/file197"
half_through 'a file that is new in a directory' "$table/dir" newest \
  touch "$table/dir/newest"
rm -r "$table/dir"
put "$table/ctl" "$(printf 'ADD COLUMN c%d INT, ' {0..98})ADD COLUMN c99 INT"
touch "$table"/columns/file{0..99}
half_through 'a file beside columns that is gone' "$table/columns" file98 \
  rm "$table/columns/file98"
half_through 'a column that is gone' "$table/columns" c98.json \
  put "$table/ctl" 'DROP COLUMN c98'
rm "$table"/columns/file*

# Users' directories, which change on their own.
put "$MNT/ctl" 'CREATE USER TABLE many.u (id INT PRIMARY KEY);'
users=$CAT/storage/many/u
mkdir -p "$users"/user{0..199}
STIR=$users
last=$(ls -U "$tables/u/storage" | tail -n 1)
half_through 'a user who is gone' "$tables/u/storage" "$last" rmdir "$users/$last"
finish
