#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cppcheck.sh PATH... : cppcheck finds nothing below these.
queue=$(echo '#include <sys/queue.h>' | ${CC:-gcc} -E -M - | grep -o '/[^ ]*/sys/queue\.h')
exec cppcheck -q -j2 --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
  --inline-suppr --library=posix --suppressions-list=tests/static/cppcheck.supp \
  -I. -D_GNU_SOURCE --include="$queue" "$@"
