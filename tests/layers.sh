#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Includes go down only: fs -> catalog -> paths -> base; each foreign library in its place.
cd "$(dirname "$0")/.." || exit 1
bad=0

# refuse PATTERN WHAT FILE...
refuse() {
  pattern=$1 what=$2
  shift 2
  if found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$pattern" "$@" /dev/null); then
    printf '%s:\n%s\n' "$what" "$found"
    bad=1
  fi
}

# everything but FILE... among the sources
others() {
  for file in base/*.[ch] paths/*.[ch] catalog/*.[ch] fs/*.[ch]; do
    case " $* " in *" $file "*) ;; *) echo "$file" ;; esac
  done
}

refuse '(paths|catalog|fs)/' 'base/ includes upwards' base/*.[ch]
refuse '(catalog|fs)/' 'paths/ includes upwards' paths/*.[ch]
refuse 'fs/' 'catalog/ includes upwards' catalog/*.[ch]
refuse 'fuse' 'FUSE outside fs/' base/*.[ch] paths/*.[ch] catalog/*.[ch]
refuse 'lmdb\.h' 'LMDB outside catalog/store_env.c' $(others catalog/store_env.c)
refuse 'jansson\.h' 'jansson outside catalog/json.c' $(others catalog/json.c)
refuse 'urcu' 'liburcu outside catalog/cache.c' $(others catalog/cache.c)
refuse 'xxhash' 'xxhash outside catalog/record.c and store_state.c' \
  $(others catalog/record.c catalog/record_read.c catalog/store_state.c)

if grep -nE '\b(printf|puts|perror|putchar)\(|fprintf\(stderr|fputs\([^,]*, *(stdout|stderr)\)' \
    base/*.c paths/*.c $(ls catalog/*.c | grep -v kalamctl); then
  echo 'printing below fs/'
  bad=1
fi

# A header stands alone.
for header in base/*.h paths/*.h catalog/*.h; do
  ${CC:-gcc} -I. -D_GNU_SOURCE -std=c11 -fsyntax-only -x c "$header" 2>&1 | grep -E 'error' && bad=1
done

[ $bad = 0 ] && echo 'layers: includes go down only'
exit $bad
