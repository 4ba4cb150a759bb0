# SPDX-License-Identifier: GPL-2.0-or-later
"""hold.py CATALOG SECONDS - be a process that holds the catalog's write lock.

Prints a line when it has it; ends after that time, or when its input ends.
"""
import fcntl
import os
import select
import struct
import sys

lock = os.open(os.path.join(sys.argv[1], "write.lock"), os.O_RDWR)
fcntl.fcntl(lock, fcntl.F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))
print("held", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[2]))
