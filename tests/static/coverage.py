#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""coverage.py BUILD: lines and branches that the last runs of an instrumented build took.

Not counted: the other way of an assertion, which aborts.  "without memory" leaves out the
ways taken only when memory is out, found by what stands there: ENOMEM, err_nomem, failed.
"""
import glob
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

DIRS = ("base", "paths", "catalog", "fs")
NO_MEMORY = re.compile(r"nomem|ENOMEM|out of memory|->failed|\.failed", re.I)


def measured(build):
    """file -> line -> [count, [branches taken?]], of all objects together."""
    files = {}
    for part in DIRS:    # apart: gcov names its files by the last part of the source's name
        found = glob.glob(os.path.join(os.path.abspath(build), part, "*.gcno"))
        if not found:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(["gcov", "-b", "-c", "-j", *found], cwd=scratch, check=True,
                           stdout=subprocess.DEVNULL)
            for name in glob.glob(os.path.join(scratch, "*.gcov.json.gz")):
                with gzip.open(name) as text:
                    for file in json.load(text)["files"]:
                        if file["file"].endswith(".c"):
                            add(files.setdefault(file["file"], {}), file["lines"])
    return files


def add(lines, more):
    for line in more:
        kept = lines.setdefault(line["line_number"], [0, []])
        kept[0] += line["count"]
        kept[1] += [branch["count"] > 0 for branch in line["branches"]]


def memory_only(source, number):
    """Whether this condition is about memory alone."""
    condition = source[number - 1]
    return bool(NO_MEMORY.search(condition)) or (
        re.search(r"\bif \(!|\? ", condition) is not None
        and bool(NO_MEMORY.search(" ".join(source[number:number + 2]))))


def count(name, lines):
    """lines, lines run, branches, branches taken, ways not taken for memory, where not taken."""
    with open(name, encoding="utf-8") as text:
        source = text.read().split("\n")
    out = [len(lines), sum(1 for line in lines.values() if line[0]), 0, 0, 0, []]
    for number, (_, branches) in sorted(lines.items()):
        if source[number - 1].lstrip().startswith("assert("):
            continue
        out[2] += len(branches)
        out[3] += sum(branches)
        missed = len(branches) - sum(branches)
        if missed and memory_only(source, number):
            out[4] += missed
        elif missed:
            out[5].append(number)
    return out


def show(title, sums):
    lines, run, branches, taken, memory = sums[:5]
    share = lambda part, whole: 100.0 * part / whole if whole else 100.0
    print(f"{title:<34} {share(run, lines):6.1f} {share(taken, branches):9.1f} "
          f"{share(taken, branches - memory):15.1f} {branches - taken - memory:7} "
          f"{taken:6} of {branches}")


def main():
    files = {os.path.relpath(name) if os.path.isabs(name) else name: lines
             for name, lines in measured(sys.argv[1]).items()}
    rows = {name: count(name, lines) for name, lines in sorted(files.items())
            if name.split("/")[0] in DIRS}
    if not rows:
        sys.exit(f"{sys.argv[1]}: nothing was measured")
    print(f"{'':<34} {'lines':>6} {'branches':>9} {'without memory':>15} {'missed':>7} {'taken':>6}")
    for name, row in rows.items():
        show(name, row)
        if "-v" in sys.argv:
            print("    ", *row[5])
    for part in DIRS + (("paths", "catalog"),):
        part = part if isinstance(part, tuple) else (part,)
        chosen = [row for name, row in rows.items() if name.split("/")[0] in part]
        show(" + ".join(part) + "/", [sum(column) for column in zip(*(r[:5] for r in chosen))])


main()
