# SPDX-License-Identifier: GPL-2.0-or-later
"""hoard.py HOW COUNT PATH... - take much of something and hold it.

open: so many open files.  read: each of them read, too, and the kernel made to
forget it.  look, link: lookups of so many names in directory PATH, of none that
is there or of symbolic links, as which they are read.  list: the directory from
its beginning to its end, so many times at once.  Prints how often it was
refused and how, and "held"; ends when its input ends.
"""
import collections
import errno
import os
import resource
import sys

how, count, paths = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
refused = collections.Counter()
held = []


def take(number):
    path = paths[number % len(paths)]
    if how == "look":
        os.path.lexists("%s/none%d" % (path, number))
    elif how == "link":
        os.readlink("%s/user%d" % (path, number))
    elif how == "list":
        held.append(sum(1 for _ in os.scandir(path)))
    else:
        fd = os.open(path, os.O_RDONLY)
        held.append(fd)
        if how == "read":
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.read(fd, 4096)


for number in range(count):
    try:
        take(number)
    except OSError as error:
        refused[errno.errorcode[error.errno]] += 1
for name, times in refused.items():
    print(name, times)
if how == "list":
    print("entries", min(held), max(held))
print("held", flush=True)
sys.stdin.read()
