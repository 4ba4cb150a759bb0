# SPDX-License-Identifier: GPL-2.0-or-later
"""grown.py NAME FILE [unmeasured]: whether a process has grown; status 1 if so.

Lines of FILE are SECOND KIB DESCRIPTORS.  A straight line through the memory after
the warm-up tells the growth; memory may be left out of it.
"""
import statistics
import sys

WARM_PERCENT = 40  # caches, threads and the allocator's arenas have their size then
ALLOWED_KIB = 1024  # in an hour
ALLOWED_SOON_KIB = 16384  # in a time so short that not all has its size: finds large leaks only
LONG_SECONDS = 1800
ALLOWED_DESCRIPTORS = 4  # in the middle of more or fewer requests


def slope_of(seconds, kib):
    mean = statistics.mean(seconds)
    return sum((s - mean) * k for s, k in zip(seconds, kib)) / sum((s - mean) ** 2 for s in seconds)


def findings(seconds, kib, fds, name, memory):
    spent = seconds[-1] - seconds[0]
    slope = slope_of(seconds, kib)
    allowed = ALLOWED_KIB * max(1, spent / 3600) if spent >= LONG_SECONDS else ALLOWED_SOON_KIB
    half = len(fds) // 2
    before, after = statistics.median(fds[:half]), statistics.median(fds[half:])
    print(f"{name}: {kib[0]} to {kib[-1]} KiB in {spent} s, {slope * 3600:+.0f} KiB an hour, "
          f"{before:g} to {after:g} descriptors")
    if memory == "measured" and slope * spent > allowed:
        yield f"memory grows by {slope * spent:.0f} KiB, more than {allowed:.0f}"
    if after - before > ALLOWED_DESCRIPTORS:
        yield f"descriptors grow by {after - before:g}"


def main():
    name, path, *memory = sys.argv[1:]
    with open(path) as lines:
        rows = [tuple(map(int, line.split())) for line in lines]
    rows = rows[len(rows) * WARM_PERCENT // 100:]
    if len(rows) < 5:
        sys.exit(f"{path}: only {len(rows)} samples")
    bad = list(findings(*zip(*rows), name, *(memory or ["measured"])))
    print("\n".join(bad))
    sys.exit(bool(bad))


main()
