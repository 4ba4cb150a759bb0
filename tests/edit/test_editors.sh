#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Editors on a terminal: a good save; then, in one session, a refused save and
# the corrected one.
. "$(dirname "$0")/lib.sh"
need tmux vim nvim nano emacs micro joe ed
fixture
start || finish

# An editor is a set of functions PREFIX_open, _insert LINE (in front of the
# columns), _fix (FROM becomes TO), _save, _quit, and these:
#   SAVED, FAILED   what stands on the screen after a save ('' : nothing reliable)
#   STRAY           files it leaves beside the one it saved, by its own intent

# ----- vim, nvim -----

# A mount below /tmp is no temporary file to be saved without care.
vim_open() { run_on_terminal "$1" vim --cmd 'set backupskip=' "${OPTIONS[@]}" schema.json && on_screen "$WHAT opens" 'column_id'; }
nvim_open() { run_on_terminal "$1" nvim --cmd 'set backupskip=' "${OPTIONS[@]}" schema.json && on_screen "$WHAT opens" 'column_id'; }
vim_insert() { vim_command "call append(search('\"columns\": \\['), '$1')"; }
vim_fix() { vim_command "%s/$FROM/$TO/"; }
vim_save() { vim_command w; }
vim_quit() { vim_command q; }
vim_command() {
  text ":$1"
  keys Enter
}
vim_refused() {
  keys Enter	# "Press ENTER"
  off_screen "$WHAT: the file on disk is the one that was read" 'changed since'
}
nvim_insert() { vim_insert "$@"; }
nvim_fix() { vim_fix; }
nvim_save() { vim_save; }
nvim_quit() { vim_quit; }
nvim_refused() { vim_refused; }

# ----- nano -----

nano_open() { run_on_terminal "$1" nano "${OPTIONS[@]}" schema.json && on_screen "$WHAT opens" 'column_id'; }
nano_insert() {
  keys C-w
  text '"columns": ['
  keys Enter C-e Enter
  text "$1"
}
nano_fix() {
  keys 'C-\'
  text "$FROM"
  keys Enter
  text "$TO"
  keys Enter
  on_screen "$WHAT replaces" 'Replace this instance'
  text A
}
nano_save() {
  keys C-o
  on_screen "$WHAT asks for the name" 'File Name to Write'
  keys Enter
}
nano_refused() { off_screen "$WHAT: the file on disk is the one that was read" 'changed'; }
nano_quit() { keys C-x; }

# ----- emacs -----

emacs_open() {
  run_on_terminal "$1" emacs -nw -q --no-splash --eval '(electric-indent-mode -1)' \
    --eval '(setq backup-enable-predicate (lambda (_) t))' "${OPTIONS[@]}" schema.json &&
    on_screen "$WHAT opens" 'column_id' 30
}
emacs_insert() {
  keys Escape '<' C-s
  text '"columns": ['
  keys Enter C-e Enter
  text "$1"
}
emacs_fix() {
  keys Escape '<' Escape x
  text 'replace-string'
  keys Enter
  text "$FROM"
  keys Enter
  text "$TO"
  keys Enter
  # After its own failed rename emacs takes the time of its temporary for the file's.
  on_screen "$WHAT replaces" 'Replaced [1-9]|really edit the buffer'
  shows 'really edit the buffer' && keys y
  on_screen "$WHAT replaces" 'Replaced [1-9]'
  rm -f "$DIR"/tmp??????
}
emacs_save() {
  keys C-x C-s
  wait_for 30 shows 'Wrote /|nvalid argument|Renaming:|Save anyway'
  if shows 'Save anyway'; then
    text yes
    keys Enter
  fi
}
emacs_refused() { off_screen "$WHAT: the file on disk is the one that was read" 'changed on disk|changed since'; }
emacs_quit() { keys C-x C-c; }

# ----- micro -----

mkdir -p "$HOME/.config/micro"
echo '{ "autoclose": false, "autoindent": false }' >"$HOME/.config/micro/settings.json"
micro_open() {
  run_on_terminal "$1" micro schema.json &&
    on_screen "$WHAT opens" 'column_id'
}
micro_insert() {
  keys C-f
  on_screen "$WHAT searches" 'Find'
  text '"columns": .'
  keys Enter End Enter
  text "$1"
}
micro_fix() {
  keys C-e
  on_screen "$WHAT takes a command" '^>'
  text "replaceall $FROM $TO"
  keys Enter
  on_screen "$WHAT replaces" 'Replaced [1-9]'
}
micro_save() { keys C-s; }
micro_refused() { off_screen "$WHAT does not claim to have saved" 'Saved'; }
micro_quit() { keys C-q; }

# ----- joe -----

joe_open() { run_on_terminal "$1" joe --autoindent schema.json && on_screen "$WHAT opens" 'column_id'; }
joe_insert() {
  keys C-k u C-k f
  text '"columns":'
  keys Enter Enter C-e Enter
  text "$1"
}
joe_fix() {
  keys C-k u C-k f
  text "$FROM"
  keys Enter r Enter
  text "$TO"
  keys Enter
  on_screen "$WHAT replaces" 'Replace'
  keys r
}
joe_save() {
  keys C-k d
  on_screen "$WHAT asks for the name" 'Name of file to save'
  keys Enter
}
joe_refused() { sleep 0.5; }
joe_quit() { keys C-k x; }

# ----- ed -----

ed_open() { run_on_terminal "$1" ed -p 'ed> ' schema.json && on_screen "$WHAT opens" '^ed>'; }
ed_insert() {
  text '/"columns": \[/a'
  keys Enter
  text "$1"
  keys Enter . Enter
}
ed_fix() {
  text ",s/$FROM/$TO/"
  keys Enter
}
ed_save() {
  text w
  keys Enter
}
ed_refused() {
  text h
  keys Enter
  on_screen "$WHAT says why" 'Invalid argument|annot write|[Ww]rite error|annot close'
  terminal clear-history -t "$SESSION"
}
ed_quit() {
  text q
  keys Enter
}

# ----- the three cases -----

# What is wrong first, and how it is put right.
mistake_in_type() {
  MISTAKE=$(column_line bad INTT) FROM=INTT TO=INT REASON="/columns/0/data_type: $BAD_TYPE"
}
mistake_in_syntax() {
  MISTAKE='    {"column_name": "bad", "data_type":@ "INT"},' FROM=':@' TO=':' REASON='schema.json '
}

one_more() { [ "$(sequence)" -gt "$OLD_SEQUENCE" ]; }

EDITORS=0
# editor NAME FUNCTIONS [OPTIONS...]
editor() {
  WHAT=$1
  local kind=$2 dir good bad
  shift 2
  OPTIONS=("$@")
  EDITORS=$((EDITORS + 1))
  dir=$(new_table "e$EDITORS")
  good=$(column_line good INT)
  bad=$MISTAKE

  mark "$dir"
  with_column "$T/old" "$good" >"$T/good.json"
  "${kind}_open" "$dir" || { end_session; return; }
  "${kind}_insert" "$good"
  "${kind}_save"
  wait_for 30 one_more
  [ -z "$SAVED" ] || on_screen "$WHAT, good save" "$SAVED"
  "${kind}_quit"
  has_ended "$WHAT, good save"
  was_accepted "$WHAT, good save" "$ALL_NAMES" 'id name email price good' "$STRAY"
  backup "$WHAT, good save"

  mark "$dir"
  with_column "$T/old" "$bad" >"$T/bad.json"
  "${kind}_open" "$dir" || { end_session; return; }
  "${kind}_insert" "$bad"
  "${kind}_save"
  [ -z "$FAILED" ] || on_screen "$WHAT, refused save" "$FAILED"
  "${kind}_refused"
  same "$WHAT, refused save: no change" "$OLD_SEQUENCE" "$(sequence)"
  same_file "$WHAT, refused save: the old text is intact" "$T/old" "$dir/schema.json"
  has "$WHAT, refused save: the reason" "$REASON" "$(cat "$dir/error")"
  same_file "$WHAT, refused save: the refused text is kept" "$T/bad.json" "$dir/.rejected/$ME/schema.json"
  "${kind}_fix"
  "${kind}_save"
  wait_for 30 one_more
  [ -z "$SAVED" ] || on_screen "$WHAT, corrected save" "$SAVED"
  "${kind}_quit"
  has_ended "$WHAT, corrected save"
  was_accepted "$WHAT, corrected save" "$ALL_NAMES" 'id name email price good bad' "$STRAY"
  backup "$WHAT, corrected save"
}

ALL_NAMES='[.columns[].column_name] | join(" ")'

# backup WHAT : what the editor left behind has the old text; then it goes
backup() {
  local name
  for name in $STRAY; do
    [ -e "$DIR/$name" ] || continue
    [ "$name" != schema.json~ ] || same_file "$1: $name is the old text" "$T/old" "$DIR/$name"
    rm "$DIR/$name" || fail "$1: cannot remove $name"
  done
  same "$1: nothing else in the directory" "$TABLE_FILES" "$(ls -A "$DIR" | xargs)"
}

mistake_in_type
SAVED='written' FAILED='E514|E512|E667' STRAY=''
editor 'vim' vim
editor 'vim in a temp directory' vim --cmd 'set backupskip=/*'
editor 'vim backupcopy=yes' vim --cmd 'set backupcopy=yes'
editor 'nvim' nvim
STRAY='.schema.json.un~'
editor 'vim undofile' vim --cmd 'set undofile undodir=.'
STRAY=''
SAVED='Wrote [0-9]+ lines' FAILED='Error writing .*: Invalid argument'
editor 'nano' nano
editor 'nano -G' nano -G
STRAY='schema.json~'
editor 'nano -B' nano -B
SAVED='Wrote /' FAILED='Invalid argument|invalid argument'
editor 'emacs' emacs
FAILED='Renaming: Operation not permitted'
editor 'emacs file-precious' emacs --eval '(setq file-precious-flag t)'
STRAY='' SAVED='Saved schema.json' FAILED='invalid argument'
editor 'micro' micro
STRAY='schema.json~' SAVED='' FAILED=''
editor 'joe' joe
STRAY='' SAVED='^[0-9]+$' FAILED='^\?'
editor 'ed' ed

mistake_in_syntax
SAVED='written' FAILED='E514|E512|E667'
editor 'vim, a mistake in syntax' vim
editor 'nvim, a mistake in syntax' nvim
SAVED='Wrote [0-9]+ lines' FAILED='Error writing .*: Invalid argument'
editor 'nano, a mistake in syntax' nano
SAVED='Wrote /' FAILED='Invalid argument|invalid argument' STRAY='schema.json~'
editor 'emacs, a mistake in syntax' emacs
STRAY=''

# ----- vim on a column, and on a draft -----

WHAT='vim on a column'
dir=$(new_table v_column)
mark "$dir/columns" email.json
run_on_terminal "$dir/columns" vim --cmd 'set backupskip=' email.json && on_screen "$WHAT" column_id
vim_command '%s/"column_comment": null/"column_comment": "by vim"/'
vim_save
on_screen "$WHAT, good save" written
was_accepted "$WHAT, good save" .column_comment 'by vim' .email.json.swp
mark "$dir/columns" email.json
vim_command '%s/TEXT/TEXTT/'
vim_save
on_screen "$WHAT, refused save" 'E514|E512|E667'
keys Enter
was_refused "$WHAT, refused save" "Unsupported type 'TEXTT'" - .email.json.swp
vim_command '%s/TEXTT/TEXT/ | %s/by vim/by vim again/'
vim_save
wait_for 30 one_more
was_accepted "$WHAT, corrected save" .column_comment 'by vim again' .email.json.swp
vim_quit
has_ended "$WHAT"
same "$WHAT: nothing is left behind" 'email.json id.json name.json price.json' "$(ls -A "$dir/columns" | xargs)"

WHAT='vim on a draft'
before=$(sequence)
expect_ok "$WHAT" mkdir "$MNT/namespaces/app/tables/drafted"
dir=$MNT/namespaces/app/tables/drafted
run_on_terminal "$dir" vim --cmd 'set backupskip=' schema.json && on_screen "$WHAT" column_name
vim_insert "$(column_line more INTT)"
vim_save
on_screen "$WHAT, refused save" 'E514|E512|E667'
keys Enter
same "$WHAT: nothing yet" "$before" "$(sequence)"
has "$WHAT: the reason" "$BAD_TYPE" "$(cat "$dir/error")"
vim_command '%s/INTT/INT/'
vim_save
on_screen "$WHAT" written
vim_command 'wq'
has_ended "$WHAT"
same "$WHAT: one change" "$((before + 1)) 1" "$(sequence) $(version "$dir/schema.json")"
has "$WHAT: the columns" more "$(columns "$dir")"
same "$WHAT: nothing is left behind" "$TABLE_FILES" "$(ls -A "$dir" | xargs)"

# ----- recorded sequences -----

recorded() {
  local kind=$1 dir
  dir=$(new_table "r_$kind")
  STRAY=''
  WHAT=$kind
  mark "$dir"
  with_column "$T/old" "$(column_line good INT)" >"$T/good.json"
  is 0 "$kind, good save" "$PYTHON" "$EDIT/recorded.py" "$kind" "$dir/schema.json" "$T/good.json"
  was_accepted "$kind, good save" "$ALL_NAMES" 'id name email price good'
  mark "$dir"
  with_column "$T/old" "$(column_line bad INTT)" >"$T/bad.json"
  with_column "$T/old" "$(column_line bad INT)" >"$T/corrected.json"
  is 1 "$kind, refused save" "$PYTHON" "$EDIT/recorded.py" "$kind" "$dir/schema.json" "$T/bad.json"
  was_refused "$kind, refused save" "$BAD_TYPE" "$T/bad.json"
  is 0 "$kind, corrected save" "$PYTHON" "$EDIT/recorded.py" "$kind" "$dir/schema.json" "$T/corrected.json"
  was_accepted "$kind, corrected save" "$ALL_NAMES" 'id name email price good bad'
  mark "$dir"
  is 1 "$kind, refused and corrected in one process" "$PYTHON" "$EDIT/recorded.py" "$kind" "$dir/schema.json" \
    "$T/bad.json" "$T/old"
  was_nothing "$kind, refused and unchanged in one process"
}
for kind in vscode vscode_atomic jetbrains jetbrains_old gio qsavefile vim_failing emacs_failing; do
  recorded $kind
done
finish
