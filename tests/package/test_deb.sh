#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test_deb.sh BUILD VERSION : the Debian packages are built, installed on this machine,
# used, and removed again.  Refuses to run where another kalamfs is installed.
set -eu
cd "$(dirname "$0")/../.."
build=$1 version=$2
arch=$(dpkg --print-architecture)
die() { echo "test_deb.sh: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || exec sudo -n "$0" "$@"
for package in kalamfs libkalam-dev; do
  ! dpkg-query -W "$package" >/dev/null 2>&1 || die "$package is installed already: remove it first"
done
# A machine that has just started may be installing things itself.
apt() { DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"; }
T=$(mktemp -d)
cleanup() {
  cd /
  mountpoint -q "$T/mnt" && umount -l "$T/mnt"
  apt purge libkalam-dev kalamfs >/dev/null 2>&1 || true
  rm -rf "$T"
}
trap cleanup EXIT
make --no-print-directory O="$build" deb
debs=$(realpath "$build/deb/kalamfs_${version}_$arch.deb" "$build/deb/libkalam-dev_${version}_$arch.deb")
for deb in $debs; do
  [ -s "$deb" ] || die "$deb was not built"
  dpkg-deb -c "$deb" | awk '$2 != "root/root" { bad = 1; print } END { exit bad }' || die "files of $deb do not belong to root"
done
depends=$(dpkg-deb -f "$build/deb/kalamfs_${version}_$arch.deb" Depends)
for library in libfuse3-3 liblmdb0 libjansson4 fuse3 libc6; do
  case $depends in *$library*) ;; *) die "Depends lacks $library: $depends" ;; esac
done
before=$(find /usr /lib /etc -xdev \( -path /usr/share/doc -o -path /etc/ld.so.cache \) -prune -o -print 2>/dev/null | sort | sha256sum)
apt install --no-install-recommends $debs >/dev/null 2>"$T/err" || { cat "$T/err"; die 'cannot be installed'; }
dpkg --verify kalamfs libkalam-dev | grep . && die 'what was installed is not what was packed'

# As a user meets it: by name, through mount(8), with the manual.
[ "$(kalamfs --version | cut -d ' ' -f 2)" = "$version" ] || die 'another kalamfs is found first'
mkdir "$T/mnt"
printf 'CREATE NAMESPACE app;\nCREATE TABLE app.users (id BIGINT PRIMARY KEY, name TEXT);\n' | kalamctl "$T/cat" exec
mount -t fuse.kalamfs "$T/cat" "$T/mnt"
mountpoint -q "$T/mnt" || die 'not mounted'
grep -q '"name"' "$T/mnt/namespaces/app/tables/users/schema.json" || die 'schema.json lacks a column'
umount "$T/mnt"
kalamfs -o ro "$T/cat" "$T/mnt"
umount "$T/mnt"
for page in 8:kalamfs 8:kalamctl 5:kalamfs; do
  [ -s "/usr/share/man/man${page%:*}/${page#*:}.${page%:*}.gz" ] || die "no manual page ${page#*:}"
done

# The unit: what systemd says of it, and its protocol by a manager of our own.
mkdir -p /etc/kalamfs
printf 'CATALOG=%s\nMOUNTPOINT=%s\n' "$T/cat" "$T/mnt" >/etc/kalamfs/test.conf
systemd-analyze verify kalamfs@test.service 2>&1 | grep -i kalamfs && die 'systemd complains about the unit'
NOTIFIED=$T/notify python3 - "$T" <<'PY' || die 'READY=1 was not sent'
import os, socket, subprocess, sys
t = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(t + '/notify')
s.settimeout(30)
p = subprocess.Popen(['kalamfs', '-f', '-o', 'rw', t + '/cat', t + '/mnt'], stderr=subprocess.DEVNULL, env=dict(os.environ, NOTIFY_SOCKET=t + '/notify'))
assert s.recv(200).startswith(b'READY=1\n')
assert os.path.exists(t + '/mnt/namespaces/app')
p.terminate()
assert p.wait(30) == 0
PY
rm -r /etc/kalamfs/test.conf

# Building against the library, as the example says.
cp /usr/share/doc/libkalam-dev/read_schema.c "$T/"
(cd "$T" && cc -Wall -Wextra -Werror read_schema.c $(pkg-config --cflags --libs kalam) -o read_schema)
"$T/read_schema" "$T/cat" app users "$T/schema.arrow" >"$T/out"
printf 'app.users, version 1\n  1 id BIGINT NOT NULL\n  2 name TEXT\n' | diff - "$T/out" || die 'the example prints something else'
[ -s "$T/schema.arrow" ] || die 'the example wrote no Arrow schema'
kalamfs "$T/cat" "$T/mnt"
cmp "$T/schema.arrow" "$T/mnt/namespaces/app/tables/users/schema.arrow" || die 'another Arrow schema than the mount shows'
umount "$T/mnt"
! "$T/read_schema" "$T/cat" app nobody "$T/schema.arrow" 2>"$T/err" || die 'a table that is not there was read'
grep -q "Table 'nobody' not found in namespace 'app'" "$T/err" || die "another message: $(cat "$T/err")"

apt purge libkalam-dev kalamfs >/dev/null 2>"$T/err" || { cat "$T/err"; die 'cannot be removed'; }
after=$(find /usr /lib /etc -xdev \( -path /usr/share/doc -o -path /etc/ld.so.cache \) -prune -o -print 2>/dev/null | sort | sha256sum)
[ "$before" = "$after" ] || die 'removing the packages left something behind'
[ ! -e /usr/share/doc/kalamfs ] && [ ! -e /usr/share/doc/libkalam-dev ] || die 'documents are left behind'
echo 'installed, used, removed'
