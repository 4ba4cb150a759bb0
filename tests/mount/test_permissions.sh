#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other users: what they read, what they may write, what of others they never see.
NEEDS_ROOT=1
. "$(dirname "$0")/lib.sh"
need setpriv getent
chmod 755 "$T"
mkdir -m 1777 "$T/tmp"
fixture
DBA=$(getent group 65534 | cut -d: -f1)
[ -n "$DBA" ] || die 'no group has gid 65534'
REFUSAL='Schema modification requires DBA or system role'

# Two other users, as programs that timeout and xargs can run.
mkdir "$T/bin"
for user in nobody:65534 other:65533; do
  printf '#!/bin/sh\nexec setpriv --reuid %s --regid %s --clear-groups "$@"\n' "${user#*:}" "${user#*:}" >"$T/bin/${user%:*}"
done
chmod 755 "$T/bin" "$T"/bin/*
PATH=$T/bin:$PATH

# Without allow_other only who mounted reaches it.
start || finish
refused 'Permission denied' - '' nobody ls "$MNT"
refused 'Permission denied' - '' nobody cat "$MNT/README"
refused 'Permission denied' - '' nobody sh -c "echo 'CREATE NAMESPACE x' >'$MNT/ctl'"
stop

# With it everybody reads everything and writes nothing.
start -o allow_other || finish
APP=$MNT/namespaces/app
USERS=$APP/tables/users
has 'default_permissions comes with it' default_permissions "$(grep " $MNT " /proc/self/mounts)"
expect_ok 'reads everything' nobody sh -c "find '$MNT' -type f -exec cat {} + >/dev/null"
expect_ok 'lists everything' nobody ls -laR "$MNT"
same 'the same texts' "$(cd "$MNT" && find . -name '*.sql' -exec sha256sum {} + | sort)" \
  "$(cd "$MNT" && nobody find . -name '*.sql' -exec sha256sum {} + | sort)"
for file in "$MNT/ctl" "$APP/ctl" "$USERS/ctl" "$USERS/plan" "$MNT/plan"; do
  refused 'Permission denied' - '' nobody sh -c "echo 'ADD COLUMN x INT' >'$file'"
  refused 'Permission denied' - '' nobody sh -c "echo 'ADD COLUMN x INT' >>'$file'"
done
for file in "$USERS/schema.json" "$USERS/columns/id.json" "$APP/namespace.json" "$MNT/storages/local.json" "$USERS/schema.sql"; do
  refused 'ermi' - '' nobody sh -c "echo '{}' >'$file'"
  refused 'ermi' - '' nobody rm -f "$file"
done
refused 'ermi' - '' nobody mkdir "$MNT/namespaces/mine"
refused 'ermi' - '' nobody mv "$USERS" "$APP/tables/mine"
refused 'ermi' - '' nobody chmod 777 "$USERS/schema.json"
refused 'ermi' - '' nobody touch "$USERS/schema.json"

# What others were refused, and what they plan, is theirs.
put "$USERS/plan" 'ADD COLUMN plan_of_root INT' || fail 'plan refused'
put "$USERS/ctl" 'ADD COLUMN secret_of_root INTT' && fail 'not refused'
has 'root sees his error' secret_of_root "$(cat "$USERS/error")"
has 'and plan' plan_of_root "$(cat "$USERS/plan")"
has 'and line' secret_of_root "$(cat "$MNT/.kalamfs/errors.jsonl")"
for run in nobody other; do
  same "$run: error" '' "$($run cat "$USERS/error")"
  same "$run: size of error" 0 "$($run stat -c %s "$USERS/error")"
  same "$run: plan" '' "$($run cat "$USERS/plan")"
  same "$run: errors.jsonl" '' "$($run cat "$MNT/.kalamfs/errors.jsonl")"
  has "$run: last write" 'Last write: none' "$($run cat "$USERS/ctl")"
  is 1 "$run: nowhere" $run grep -rqe secret_of_root -e plan_of_root "$MNT"
done
has 'root still sees his' secret_of_root "$(cat "$USERS/error")"

# Credentials are in no file of the mount, for nobody.
put "$MNT/ctl" "CREATE STORAGE vault TYPE s3 BUCKET 'v' CREDENTIALS '{\"key\":\"hush-4713\"}'" || fail 'CREATE STORAGE'
put "$MNT/ctl" "CREATE STORAGE vault TYPE s3 BUCKET 'v' CREDENTIALS '{\"key\":\"hush-4714\"}'" && fail 'not refused'
put "$MNT/ctl" "CREATE STORAGE vault2 TYPE s3 BUCKET 'v' CREDENTIALS '{\"key\":\"hush-4715\"}' NONSENSE" && fail 'not refused'
put "$MNT/plan" "CREATE STORAGE vault3 TYPE s3 BUCKET 'v' CREDENTIALS '{\"key\":\"hush-4716\"}'" || fail 'plan of CREATE STORAGE'
is 1 'credentials, as root' grep -r hush-471 "$MNT"
is 1 'credentials, as nobody' nobody grep -r hush-471 "$MNT"
same 'dump has none' '' "$("$KALAMCTL" "$CAT" dump | grep hush)"
same 'dump --with-secrets has them' 2 "$("$KALAMCTL" --with-secrets "$CAT" dump | grep -c hush)"
lacks 'nor do the daemon'\''s messages' hush "$(cat "${DAEMON_LOG[$MNT]}")"
same 'CATALOG is for its owner only' '700 600' "$(stat -c %a "$CAT" "$CAT/data.mdb" | xargs)"
refused 'Permission denied' - '' nobody cat "$CAT/data.mdb"
refused 'ermission' - '' nobody "$KALAMCTL" "$CAT" dump

# An open file that was handed on writes for its opener only.
exec 5>>"$USERS/ctl"
refused 'Permission denied' - '' nobody bash -c 'echo "ADD COLUMN stolen INT" >&5'
echo 'ADD COLUMN handed INT' >&5 || fail 'its opener may still write'
exec 5>&-
has 'errors.jsonl says why' "$REFUSAL" "$(cat "$MNT/.kalamfs/errors.jsonl")"
same 'column' 'handed' "$(jq -r '.columns[-1].column_name' "$USERS/schema.json")"
stop

# dba=GROUP: its members write, others do not.
start -o "allow_other,dba=$DBA" || finish
same 'modes say so' "664 0:65534 775 0:65534" "$(stat -c '%a %u:%g' "$USERS/ctl" "$USERS" | xargs)"
same 'generated files are read-only' "444" "$(stat -c %a "$USERS/schema.sql")"
expect_ok 'a member writes' nobody sh -c "echo 'ADD COLUMN by_member INT' >'$USERS/ctl'"
same 'and is the author' '65534 sh' "$(jq -r '"\(.author.uid) \(.author.command)"' "$USERS/versions/latest/change.json")"
expect_ok 'a member plans' nobody sh -c "echo 'ADD COLUMN plan_of_member INT' >'$USERS/plan'"
refused 'Invalid argument' - '' nobody bash -c "echo 'ADD COLUMN error_of_member INTT' >'$USERS/ctl'"
has 'sees his error' error_of_member "$(nobody cat "$USERS/error")"
has 'his plan' plan_of_member "$(nobody cat "$USERS/plan")"
has 'his line' error_of_member "$(nobody cat "$MNT/.kalamfs/errors.jsonl")"
has 'his last write' 'refused (EINVAL)' "$(nobody tail -n 1 "$USERS/ctl")"
same 'root has another error' '' "$(cat "$USERS/error")"
has 'root sees all lines' error_of_member "$(cat "$MNT/.kalamfs/errors.jsonl")"
same 'others none' '' "$(other cat "$MNT/.kalamfs/errors.jsonl" "$USERS/error" "$USERS/plan")"
refused 'Permission denied' - '' other sh -c "echo 'ADD COLUMN x INT' >'$USERS/ctl'"
exec 5>>"$USERS/ctl"
refused 'Permission denied' - '' other bash -c 'echo "ADD COLUMN stolen INT" >&5'
exec 5>&-
put "$USERS/ctl" 'ADD COLUMN secret_of_root INTT'
lacks 'a member sees nothing of root' secret_of_root "$(nobody cat "$USERS/error" "$MNT/.kalamfs/errors.jsonl")"
# supplementary group, as members usually have it
expect_ok 'a member by a supplementary group' setpriv --reuid 65533 --regid 65533 --groups 65534 \
  sh -c "echo 'ADD COLUMN by_group INT' >'$USERS/ctl'"
# one handle's tail is not the next one's
expect_ok 'two writers at once' bash -c "{ printf 'ADD COLUMN '
  nobody sh -c \"echo 'ADD COLUMN between INT' >'$USERS/ctl'\"
  printf 'around INT;'; } >'$USERS/ctl'"
same 'each gets what it wrote' 'between around' "$(jq -r '.columns[-2:][].column_name' "$USERS/schema.json" | xargs)"
stop

is 2 'an unknown group is refused' "$KALAMFS" -o dba=no-such-group "$CAT" "$MNT"
has 'by its name' no-such-group "$(cat "$T/err")"
finish
