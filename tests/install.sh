#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# install.sh PACKAGE... : install the Debian packages that are missing, as root
# or through sudo.  --command NAME PACKAGE: only if command NAME is not there.
missing=
while [ $# -gt 0 ]; do
  if [ "$1" = --command ]; then
    command -v "$2" >/dev/null 2>&1 || missing="$missing $3"
    shift 3
    continue
  fi
  dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed || missing="$missing $1"
  shift
done
[ -z "$missing" ] && exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo

# Of the package prometheus only promtool is wanted: its server is not started
# now (policy-rc.d says so to the package) nor at the next boot.
policy=/usr/sbin/policy-rc.d
own_policy=
forbid_services() {
  [ -e $policy ] && return
  own_policy=1
  trap allow_services EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null && $sudo chmod 755 $policy
}
allow_services() {
  [ -z "$own_policy" ] || $sudo rm -f $policy
  own_policy=
}

# A machine that has just started may be installing things itself: wait for it.
update() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    error=$($sudo env LC_ALL=C apt-get update -q 2>&1 >/dev/null) && return
    case $error in *"Could not get lock"*) sleep 30 ;; *) break ;; esac
  done
  echo "$error" >&2
  return 1
}

echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
update || exit 1
# Tests start the servers that they need themselves, and only these.
forbid_services
$sudo apt-get install -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends $missing >/dev/null
status=$?
allow_services
for service in prometheus postgresql; do
  case " $missing " in *" $service "*) $sudo update-rc.d $service disable >/dev/null || status=1 ;; esac
done
exit $status
