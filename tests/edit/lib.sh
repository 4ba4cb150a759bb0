# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.sh - what the tests of editing share, on top of tests/mount/lib.sh.
#
# A save is looked at from outside: `mark` remembers what stands in the
# directory, then something saves, then one of was_accepted, was_refused and
# was_nothing says what must be true.
. "$(dirname "${BASH_SOURCE[0]}")/../mount/lib.sh"

EDIT=$ROOT/tests/edit
need python3
PYTHON=$(python3 -c 'import sys; print(sys.executable)')	# a shim in front of it would cost more than the test

# Nobody's own settings.
mkdir "$T/home" "$T/work"
export HOME=$T/home XDG_CONFIG_HOME=$T/home/.config XDG_DATA_HOME=$T/home/.local XDG_STATE_HOME=$T/home/.local
export XDG_CACHE_HOME=$T/home/.cache EDITOR='' VISUAL='' GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=t@example.org

ME=$(id -u)
TABLE_FILES='columns ctl describe error plan schema.arrow schema.json schema.sql storage storage.json versions'
NAMESPACE_FILES='ctl error index.html information_schema namespace.json plan tables trash'
BAD_TYPE="Unsupported type 'INTT'"

# The line of the test itself that led here.
line_of_caller() {
  local i
  for ((i = ${#BASH_SOURCE[@]} - 1; i > 0; i--)); do
    if [ "${BASH_SOURCE[i]}" = "$0" ]; then
      echo "${BASH_LINENO[i - 1]}"
      return
    fi
  done
  echo '?'
}

# ----- documents -----

# new_table NAME : an own table for one test; prints its directory
new_table() {
  "$KALAMCTL" "$CAT" exec >"$T/out" 2>"$T/err" <<<"CREATE SHARED TABLE app.$1 (id BIGINT PRIMARY KEY,
    name TEXT NOT NULL, email TEXT, price DECIMAL(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in EUR')" ||
    fail "kalamctl exec refused table $1" "$(cat "$T/err")" >&2
  echo "$MNT/namespaces/app/tables/$1"
}

# column_line NAME TYPE : as a person would type it into the list of columns
column_line() { printf '    {"column_name": "%s", "data_type": "%s"},' "$1" "$2"; }

# with_column FILE LINE : the text of FILE with that line in front of the columns
with_column() { awk -v line="$2" '{ print } /"columns": \[/ { print line }' "$1"; }

version() { jq '.schema_version // .column_version // .namespace_version // .storage_version' "$1"; }

columns() { jq -r '[.columns[].column_name] | join(" ")' "$1/schema.json"; }

# names DIRECTORY : what is in it, refused texts aside
names() { ls -A "$1" | grep -vx '\.rejected' | xargs; }

# last_error : the newest line of errors.jsonl
last_error() { tail -n 1 "$MNT/.kalamfs/errors.jsonl"; }

# ----- one save -----

# mark DIRECTORY [FILE] : before the save
mark() {
  DIR=$1
  FILE=${2:-schema.json}
  OLD_SEQUENCE=$(sequence)
  OLD_NAMES=$(names "$DIR")
  cat "$DIR/$FILE" >"$T/old"
  OLD_VERSION=$(version "$T/old")
}

# error_of_save : of the directory that the file describes, or that it lies in
error_file() {
  case $DIR in
    */columns) echo "${DIR%/columns}/error" ;;
    */storages) echo "$MNT/error" ;;
    *) echo "$DIR/error" ;;
  esac
}

# whole WHAT : the file's size is that of its text
whole() {
  local size
  size=$(stat -c %s "$DIR/$FILE")
  same "$1: size of $FILE" "$(wc -c <"$DIR/$FILE")" "$size"
}

# nothing_stray WHAT [EXTRA NAMES] : the directory holds what it held and these
nothing_stray() {
  local expected
  expected=$(printf '%s\n' $OLD_NAMES $2 | sort -u | xargs)
  same "$1: files left behind" "$expected" "$(names "$DIR" | tr ' ' '\n' | sort | xargs)"
}

# was_accepted WHAT JQ_FILTER EXPECTED [STRAY NAMES] : one change, one version
was_accepted() {
  same "$1: exactly one change" $((OLD_SEQUENCE + 1)) "$(sequence)"
  same "$1: the text" "$3" "$(jq -r "$2" "$DIR/$FILE" 2>&1)"
  case $DIR in
    */columns) differs "$1: column_version" "$OLD_VERSION" "$(version "$DIR/$FILE")" ;;
    *) same "$1: version" $((OLD_VERSION + 1)) "$(version "$DIR/$FILE")" ;;
  esac
  same "$1: error is empty" '' "$(cat "$(error_file)" 2>&1)"
  CHECKS=$((CHECKS + 1))
  [ -e "$DIR/.rejected/$ME/$FILE" ] && fail "$1: the refused text is still there"
  whole "$1"
  nothing_stray "$1" "${4:-}"
}

# was_nothing WHAT [STRAY NAMES] : no change, no version, old text
was_nothing() {
  same "$1: no change" "$OLD_SEQUENCE" "$(sequence)"
  same_file "$1: the old text is intact" "$T/old" "$DIR/$FILE"
  whole "$1"
  nothing_stray "$1" "${2:-}"
}

# was_refused WHAT MESSAGE_PART REFUSED_TEXT_FILE [STRAY NAMES]
# REFUSED_TEXT_FILE may be - when the text is not known.
was_refused() {
  was_nothing "$1" "${4:-}"
  has "$1: the reason" "$2" "$(cat "$(error_file)" 2>&1)"
  [ "$3" = - ] && return
  same_file "$1: the refused text is kept" "$3" "$DIR/.rejected/$ME/$FILE"
}

# ----- a program on a terminal -----
# tmux is the terminal: it understands what the editor draws, and can be asked
# what stands on the screen.  One session at a time, or several by -s NAME.

SESSION=main
unset TMUX TMUX_PANE

cat >"$T/tmux.conf" <<'CONF'
set-option -s escape-time 0
set-option -g remain-on-exit on
set-option -g default-shell /bin/sh
set-option -g default-terminal screen-256color
CONF

terminal() { tmux -S "$T/tmux.socket" -f "$T/tmux.conf" "$@"; }

end_terminals() {
  local status=$?
  terminal kill-server 2>/dev/null
  return $status
}
trap 'end_terminals; cleanup' EXIT

# run_on_terminal DIRECTORY COMMAND...
run_on_terminal() {
  local dir=$1
  shift
  terminal new-session -d -s "$SESSION" -x 230 -y 50 -c "$dir" "$@"
}

screen() { terminal capture-pane -p -t "$SESSION"; }

shows() { screen | grep -qE -- "$1"; }

# on_screen WHAT REGEX [SECONDS]
on_screen() {
  CHECKS=$((CHECKS + 1))
  wait_for "${3:-15}" shows "$2" && return
  fail "$1: not on the screen: $2" "$(screen | grep -v "^ *$" | tail -n 14)"
  return 1
}

# off_screen WHAT REGEX
off_screen() {
  CHECKS=$((CHECKS + 1))
  shows "$2" && fail "$1: on the screen: $2" "$(screen | grep -v "^ *$" | tail -n 14)"
}

# Keys by their names (Enter, C-x, Escape); text as it is.
keys() { terminal send-keys -t "$SESSION" "$@"; }
text() { terminal send-keys -t "$SESSION" -l -- "$1"; }

is_dead() { [ "$(terminal list-panes -t "$SESSION" -F '#{pane_dead}' 2>/dev/null)" = 1 ]; }

# has_ended WHAT : the program exits by itself; then its terminal goes
has_ended() {
  CHECKS=$((CHECKS + 1))
  wait_for 15 is_dead || fail "$1: does not end" "$(screen | grep -v "^ *$" | tail -n 14)"
  terminal kill-session -t "$SESSION" 2>/dev/null
}

# Without asking; for what went wrong.
end_session() { terminal kill-session -t "$SESSION" 2>/dev/null; }

# ----- the catalog as a whole -----

# well : every invariant holds, as far as this kalamctl can tell
well() {
  CHECKS=$((CHECKS + 1))
  local command=dump
  "$KALAMCTL" --help | grep -q '^  check ' && command=check
  "$KALAMCTL" "$CAT" $command >"$T/out" 2>"$T/err" || fail "kalamctl $command" "$(cat "$T/out" "$T/err" | tail -n 20)"
}

# in_catalog NAMESPACE.TABLE
in_catalog() { "$KALAMCTL" "$CAT" describe "$1" >/dev/null 2>&1; }
