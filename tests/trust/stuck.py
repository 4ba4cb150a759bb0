# SPDX-License-Identifier: GPL-2.0-or-later
"""stuck.py MOUNT SECONDS WRITERS - readers beside writers who wait for a lock.

Writers write once each to the ctl of a table of their own, all at once; readers
stat, read and list, what the kernel keeps and what it must ask for.  Prints a
line: the median and the 99th percentile of a read in milliseconds, how many
reads, then how long the fastest and the slowest writer waited, in seconds, and
what became of them.
"""
import collections
import errno
import os
import random
import sys
import threading
import time

mount, seconds, writers = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
tables = os.path.join(mount, "namespaces", "many", "tables")
reads, waits, verdicts = [], [], collections.Counter()


def write(k):
    fd = os.open(os.path.join(tables, f"t{k}", "ctl"), os.O_WRONLY)
    began = time.monotonic()
    try:
        os.write(fd, b"COMMENT 'stuck'\n")
        verdicts["ok"] += 1
    except OSError as error:
        verdicts[errno.errorcode[error.errno]] += 1
    waits.append(time.monotonic() - began)
    os.close(fd)


def read(rng, cold):
    path = os.path.join(tables, f"t{rng.randrange(64)}")
    what = rng.randrange(4)
    began = time.monotonic()
    if what == 0:
        os.stat(os.path.join(path, "schema.json"))
    elif what == 1:
        os.listdir(os.path.join(path, "columns"))
    elif cold:
        with open(os.path.join(tables, f"t{cold.pop()}", "schema.sql"), "rb") as file:
            file.read()
    else:
        with open(os.path.join(path, "schema.json"), "rb") as file:
            file.read()
    reads.append(time.monotonic() - began)


threads = [threading.Thread(target=write, args=(k,)) for k in range(writers)]
for thread in threads:
    thread.start()
rng, cold = random.Random(1), list(range(64, 464))
end = time.monotonic() + seconds
while time.monotonic() < end:
    read(rng, cold)
    time.sleep(0.002)
for thread in threads:
    thread.join()
reads.sort()
print(f"{reads[len(reads) // 2] * 1000:.1f} {reads[len(reads) * 99 // 100] * 1000:.1f} {len(reads)}", end="")
print(f" {min(waits):.2f} {max(waits):.2f}" if waits else " - -", " ".join(f"{k} {n}" for k, n in verdicts.items()))
