# SPDX-License-Identifier: GPL-2.0-or-later
"""flood.py STATEMENT [GO] <PATHS - write a statement to all these files at once.

With GO: as soon as there is a file of that name.  Prints how many writes ended
how, as "ok 256" and "EBUSY 1".
"""
import collections
import errno
import os
import sys
import threading
import time

ends = collections.Counter()
lock = threading.Lock()
go = threading.Event()


def write(fd, text):
    go.wait()
    try:
        os.write(fd, text)
        end = "ok"
    except OSError as error:
        end = errno.errorcode[error.errno]
    with lock:
        ends[end] += 1


threading.stack_size(65536)
text = sys.argv[1].encode() + b"\n"
fds = [os.open(path.rstrip("\n"), os.O_WRONLY) for path in sys.stdin]
threads = [threading.Thread(target=write, args=(fd, text)) for fd in fds]
for thread in threads:
    thread.start()
while len(sys.argv) > 2 and not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
go.set()
for thread in threads:
    thread.join()
for end, count in sorted(ends.items()):
    print(end, count)
