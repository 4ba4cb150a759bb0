#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs below a scratch DESTDIR, runs what was installed, removes it again.
set -e
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
make --no-print-directory O="$1" DESTDIR="$dest" PREFIX=/usr install >/dev/null
for file in bin/kalamfs bin/kalamctl share/man/man5/kalamfs.5 share/man/man8/kalamfs.8 \
    share/man/man8/kalamctl.8; do
  [ -s "$dest/usr/$file" ] || { echo "not installed: $file"; exit 1; }
done
"$dest/usr/bin/kalamfs" --version
"$dest/usr/bin/kalamctl" --version
make --no-print-directory O="$1" DESTDIR="$dest" PREFIX=/usr uninstall >/dev/null
left=$(find "$dest" ! -type d)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
