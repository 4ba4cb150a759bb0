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
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q >/dev/null && $sudo apt-get install -y -q --no-install-recommends $missing >/dev/null
