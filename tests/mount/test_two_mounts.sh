#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a directory operation has done on one mount of a catalog is seen on the other
# when it returns, and nobody waits for anybody in a circle.
. "$(dirname "$0")/lib.sh"
need python3
OTHER=$T/other
mkdir "$OTHER"
exec_sql 'CREATE NAMESPACE app; CREATE TABLE app.a0 (id INT PRIMARY KEY); CREATE TABLE app.b0 (id INT PRIMARY KEY)'
start || finish
start -m "$OTHER" || finish
python3 - "$MNT" "$OTHER" 150 >"$T/told" 2>&1 <<'PYTHON'
import multiprocessing
import os
import sys
import time

MOUNTS, ROUNDS = sys.argv[1:3], int(sys.argv[3])
SLOW = 0.8      # who waits in a circle is let go after a second


def see(there, path, expected):
    """By its name, which the kernel had looked up, and by the list of its directory."""
    directory, name = os.path.split(path)
    found = os.path.lexists(there + path), name in os.listdir(there + directory)
    if found != (expected, expected):
        print(f'{path}: expected {expected}, found {found}')


def one_after_the_other(here, there):
    for i in range(ROUNDS):
        path = f'/namespaces/n{i}'
        see(there, path, False)
        os.mkdir(here + path)
        see(there, path, True)
        os.rmdir(here + path)
        see(there, path, False)
        old, new = f'/namespaces/app/tables/a{i}', f'/namespaces/app/tables/a{i + 1}'
        see(there, old, True)
        os.rename(here + old, here + new)
        see(there, new, True)
        see(there, old, False)


def hammer(number, here, there, end, slow):
    """Directory operations and lookups of one directory in both mounts."""
    i = 0
    while time.time() < end:
        i += 1
        path = f'/namespaces/h{number}_{i}'
        began = time.time()
        os.mkdir(here + path)
        os.listdir(there + '/namespaces')
        os.lstat(there + path)
        os.rmdir(here + path)
        slow.value = max(slow.value, time.time() - began)
    print(f'{i} of {number}', file=sys.stderr)


one_after_the_other(*MOUNTS)
slow = multiprocessing.Value('d', 0)
end = time.time() + 4
all_of_them = [multiprocessing.Process(target=hammer, args=(n, MOUNTS[n % 2], MOUNTS[1 - n % 2], end, slow))
               for n in range(6)]
for one in all_of_them:
    one.start()
for one in all_of_them:
    one.join()
    if one.exitcode:
        print('somebody failed')
if slow.value > SLOW:
    print(f'{slow.value:.2f} s for two directory operations')
PYTHON
same 'each sees what the other one did' '' "$(grep -v ' of [0-9]$' "$T/told")"
grep -q ' of [0-9]$' "$T/told" || fail 'nothing was done' "$(cat "$T/told")"
lacks 'no mount was late' 'did not show' "$(cat "$T"/daemon.*.log)"
finish
