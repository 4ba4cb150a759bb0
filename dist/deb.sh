#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# deb.sh BUILD VERSION : Debian packages in BUILD/deb/: kalamfs, with what runs, and
# libkalam-dev, with what is needed to build against the library.
set -eu
build=$1 version=$2
out=$build/deb
arch=$(dpkg --print-architecture)
multi=usr
rm -rf "$out"
mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

make --no-print-directory O="$build" DESTDIR="$stage/all" PREFIX=/usr install >/dev/null

# Relative to the libraries that the programs really use.
shlibs() {
  mkdir -p "$stage/shlibs/debian"
  : >"$stage/shlibs/debian/control"
  (cd "$stage/shlibs" && dpkg-shlibdeps -O "$@" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

docs() { # PACKAGE
  install -d "$stage/$1/usr/share/doc/$1"
  {
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
    printf 'Upstream-Name: kalamfs\n\nFiles: *\nCopyright: The founders of kalamfs\n'
    printf 'License: GPL-2+\n The full text is in /usr/share/common-licenses/GPL-2.\n'
  } >"$stage/$1/usr/share/doc/$1/copyright"
  gzip -9nc NEWS.md >"$stage/$1/usr/share/doc/$1/changelog.gz"
  chmod 644 "$stage/$1/usr/share/doc/$1"/*
}

pack() { # PACKAGE SECTION DEPENDS RECOMMENDS SUMMARY DESCRIPTION
  local=$stage/$1
  docs "$1"
  install -d "$local/DEBIAN"
  (cd "$local" && find usr lib etc -type f 2>/dev/null | sort | xargs md5sum >DEBIAN/md5sums)
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\nSection: %s\nPriority: optional\n' "$1" "$version" "$arch" "$2"
    printf 'Maintainer: The founders of kalamfs <kalamfs@localhost>\n'
    printf 'Installed-Size: %s\nDepends: %s\n' "$(du -ks --exclude=DEBIAN "$local" | cut -f 1)" "$3"
    [ -z "$4" ] || printf 'Recommends: %s\n' "$4"
    printf 'Description: %s\n %s\n' "$5" "$6"
  } >"$local/DEBIAN/control"
  find "$local" -type d -exec chmod 755 {} +
  dpkg-deb --root-owner-group --build "$local" "$out/$1_${version}_$arch.deb" >/dev/null
  echo "$out/$1_${version}_$arch.deb"
}

install -d "$stage/kalamfs/$multi" "$stage/libkalam-dev/$multi/lib" "$stage/libkalam-dev/$multi/share/doc/libkalam-dev"
cp -a "$stage/all/usr/bin" "$stage/all/usr/share" "$stage/kalamfs/usr/"
[ ! -d "$stage/all/usr/lib/systemd" ] || { mkdir -p "$stage/kalamfs/lib"; cp -a "$stage/all/usr/lib/systemd" "$stage/kalamfs/lib/"; }
cp -a "$stage/all/usr/include" "$stage/libkalam-dev/usr/"
cp -a "$stage/all/usr/lib/libkalam.a" "$stage/all/usr/lib/pkgconfig" "$stage/libkalam-dev/usr/lib/"
mv "$stage/kalamfs/usr/share/doc/kalamfs/examples/read_schema.c" "$stage/libkalam-dev/usr/share/doc/libkalam-dev/"
strip --strip-unneeded "$stage/kalamfs/usr/bin/"*
find "$stage/kalamfs/usr/share/man" -type f -exec gzip -9n {} +
install -d -m 755 "$stage/kalamfs/etc/kalamfs"

pack kalamfs utils "$(shlibs "$stage/kalamfs/usr/bin/kalamfs" "$stage/kalamfs/usr/bin/kalamctl"), fuse3" bash-completion \
  'schema catalog that can be mounted' \
  'Shows namespaces, tables and columns of a catalog as directories and JSON files, with their whole history; DDL written into a file, or an edited schema.json, is one checked, atomic and durable change.'
pack libkalam-dev libdevel 'liblmdb-dev, libjansson-dev, liburcu-dev, libxxhash-dev' '' \
  'schema catalog library - development files' \
  'The library behind kalamfs: definitions, history, DDL and Arrow schemas of a catalog, without a mount.'
