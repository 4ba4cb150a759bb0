#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What test_information_schema.sh checks of many files at once.

    information_schema.py sizes MOUNT             every size is exact, however it is read
    information_schema.py remember MOUNT FILE     note texts, times and inode numbers
    information_schema.py changed MOUNT FILE WHAT exactly those times changed whose text did
    information_schema.py csv MOUNT               CSV says what JSONL says
    information_schema.py race MOUNT SECONDS      readers while everything changes
"""
import csv
import glob
import hashlib
import io
import json
import mmap
import multiprocessing
import os
import random
import sys
import time

VIEWS = ("schemata", "tables", "columns", "storages")


def fail(text):
    print(text)
    sys.exit(1)


def files(mount):
    found = sorted(glob.glob(f"{mount}/information_schema/*") +
                   glob.glob(f"{mount}/namespaces/*/information_schema/*"))
    if len(found) % 8:
        fail(f"{len(found)} files")
    return found


def read_pieces(fd, piece):
    pieces = []
    while part := os.read(fd, piece):
        pieces.append(part)
    return b"".join(pieces)


def check_size(path):
    named = os.stat(path)
    fd = os.open(path, os.O_RDONLY)
    opened = os.fstat(fd)
    text = read_pieces(fd, 65536)
    os.lseek(fd, 0, os.SEEK_SET)
    pieces = read_pieces(fd, 1009)
    end = os.lseek(fd, 0, os.SEEK_END)
    sizes = {named.st_size, opened.st_size, os.fstat(fd).st_size, len(text), len(pieces), end}
    if len(sizes) != 1 or text != pieces:
        fail(f"{path}: sizes {named.st_size} (stat), {opened.st_size} (fstat), {len(text)}, {len(pieces)}, {end}")
    if text and mmap.mmap(fd, 0, prot=mmap.PROT_READ)[:] != text:
        fail(f"{path}: mmap shows something else")
    os.close(fd)
    return {"sum": hashlib.sha256(text).hexdigest(), "mtime": named.st_mtime_ns, "ino": named.st_ino}


def look(mount):
    return {path[len(mount):]: check_size(path) for path in files(mount)}


def sizes(mount):
    print(f"{len(look(mount))} files")


def remember(mount, file):
    with open(file, "w") as out:
        json.dump(look(mount), out)


def changed(mount, file, what):
    with open(file) as known:
        before = json.load(known)
    now = look(mount)
    for path in before.keys() & now.keys():
        was, is_ = before[path], now[path]
        if was["ino"] != is_["ino"]:
            fail(f"{what}: {path}: another inode number")
        if (was["sum"] == is_["sum"]) != (was["mtime"] == is_["mtime"]):
            fail(f"{what}: {path}: text {'stays' if was['sum'] == is_['sum'] else 'changes'}, "
                 f"mtime {was['mtime']} -> {is_['mtime']}")
        if is_["mtime"] < was["mtime"]:
            fail(f"{what}: {path}: mtime goes back")
    with open(file, "w") as out:
        json.dump(now, out)


# ----- CSV -----

def parse(text):
    """RFC 4180 with LF, strictly: rows of (text, was quoted)."""
    rows, row, at = [], [], 0
    while at < len(text):
        if text[at] == '"':
            value, at = "", at + 1
            while True:
                end = text.index('"', at)
                value += text[at:end]
                at = end + 1
                if text[at] != '"':
                    break
                value, at = value + '"', at + 1
            row.append((value, True))
        else:
            end = at
            while text[end] not in ',\n':
                if text[end] in '"\r':
                    fail(f"a quote or CR outside of quotes: {text[at:end + 20]!r}")
                end += 1
            row.append((text[at:end], False))
            at = end
        if text[at] == "\n":
            rows.append(row)
            row = []
        elif text[at] != ",":
            fail(f"behind a field: {text[at:at + 20]!r}")
        elif text[at + 1] == "\n":
            at += 1
            rows.append(row + [("", False)])
            row = []
        at += 1
    if row:
        fail("the last line has no end")
    return rows


def cell(value):
    """What a value of JSON is in CSV; None is an empty field without quotes."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def check_csv(path):
    with open(path + ".csv", newline="", encoding="utf-8") as file:
        text = file.read()
    with open(path + ".jsonl", encoding="ascii") as file:
        objects = [json.loads(line) for line in file]
    head, *rows = parse(text)
    names = [name for name, _ in head]
    if len(rows) != len(objects):
        fail(f"{path}: {len(rows)} rows, {len(objects)} objects")
    for row, object_ in zip(rows, objects):
        if list(object_) != names:
            fail(f"{path}: keys {list(object_)}, head {names}")
        for (found, quoted), (name, value) in zip(row, object_.items(), strict=True):
            expected = cell(value)
            if (found or quoted or None) and found != expected or not found and quoted != (expected == ""):
                fail(f"{path}: {name}: CSV {found!r}, JSONL {value!r}")
    library = list(csv.reader(io.StringIO(text), strict=True))
    if library != [[value for value, _ in row] for row in [head] + rows]:
        fail(f"{path}: Python's csv reads something else")
    return len(rows)


def check_all_csv(mount):
    count = sum(check_csv(path.removesuffix(".csv")) for path in files(mount) if path.endswith(".csv"))
    print(f"{count} rows")


# ----- readers against a writer -----

def read_once(path, rng):
    """One text from one open, its size checked while everything changes."""
    fd = os.open(path, os.O_RDONLY)
    try:
        first = os.fstat(fd).st_size
        text = read_pieces(fd, rng.choice((300, 4096, 5000, 1 << 20)))
        if rng.random() < 0.3:
            other = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
            again = read_pieces(other, 65536)
            os.close(other)
            if again != text:
                fail(f"{path}: the same file opened again has another text")
        if rng.random() < 0.3 and first:
            try:
                if mmap.mmap(fd, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)[:] != text:
                    fail(f"{path}: mmap shows something else")
            except OSError as error:
                fail(f"{path}: mmap: {error}")
        last = os.fstat(fd).st_size
        if not first == last == len(text):
            fail(f"{path}: fstat {first}, then {last}; {len(text)} bytes")
    finally:
        os.close(fd)
    return text.decode()


def number_of(path, text):
    """The number that the writer put into two tables at once, or into a column."""
    if path.endswith("tables.jsonl"):
        comments = {row["table_name"]: row["comment"] for row in map(json.loads, text.splitlines())
                    if row["table_schema"] == "app"}
        if comments["users"] != comments["messages"]:
            fail(f"{path}: halves of a transaction: {comments}")
        return int(comments["users"].split("#")[1])
    rows = csv.DictReader(io.StringIO(text, newline=""))
    found = {(row["table_schema"], row["table_name"], row["column_name"]): row["column_comment"] for row in rows}
    return int(found["app", "users", "name"].split("#")[1])


def reader(mount, number, done, end, count, seed):
    rng = random.Random(seed)
    paths = [f"{mount}/{where}/{name}" for where in ("information_schema", "namespaces/app/information_schema")
             for name in ("tables.jsonl", "columns.csv")]
    last = dict.fromkeys(paths, 0)
    while time.monotonic() < end:
        path = rng.choice(paths)
        low = done.value
        found = number_of(path, read_once(path, rng))
        if found < low or found < last[path]:
            fail(f"{path}: {found} after {max(low, last[path])}: stale")
        if found > number.value:
            fail(f"{path}: {found} from the future ({number.value})")
        last[path] = found
        with count.get_lock():
            count.value += 1


def writer(mount, number, done, end):
    rng = random.Random(1)
    while time.monotonic() < end:
        number.value += 1
        note = f"#{number.value}#" + "x" * rng.randrange(40)
        text = (f"ALTER TABLE app.users COMMENT '{note}', ALTER COLUMN name COMMENT '{note}';"
                f"ALTER TABLE app.messages COMMENT '{note}';")
        with open(f"{mount}/ctl", "wb", buffering=0) as ctl:
            ctl.write(text.encode())
        done.value = number.value


def race(mount, seconds):
    number, done, count = (multiprocessing.Value("i", 0) for _ in range(3))
    # The first text before there are readers.
    writer(mount, number, done, time.monotonic() + 0.05)
    end = time.monotonic() + float(seconds)
    readers = [multiprocessing.Process(target=reader, args=(mount, number, done, end, count, seed))
               for seed in range(4)]
    for process in readers:
        process.start()
    writer(mount, number, done, end)
    for process in readers:
        process.join()
    if any(process.exitcode for process in readers):
        sys.exit(1)
    if number.value < 20 or count.value < 100:
        fail(f"too slow to prove anything: {number.value} changes, {count.value} texts")
    print(f"{number.value} changes, {count.value} texts read, 0 stale, 0 torn, every size exact")


if __name__ == "__main__":
    {"sizes": sizes, "remember": remember, "changed": changed, "csv": check_all_csv, "race": race}[sys.argv[1]](*sys.argv[2:])
