#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""random_edit.py MOUNT OPERATIONS [SEED] - random edits from four processes against a model.

Each process has a namespace of its own, of which its model knows everything,
and columns of its own in one table that all share.  Every operation is
expected to be one change, or none and a certain answer.  At the end the
catalog's sequence number must have grown by the number of accepted changes.
A fifth process reads that table all the time: it must find whole, committed
texts of the right size, and never an older one after a newer one.

The sequence of operations depends on the seed only, so a failure can be run
again; what runs at the same time in the other processes does not repeat.
"""
import collections
import errno
import faulthandler
import json
import mmap
import multiprocessing
import os
import random
import sys
import time

WORKERS = 4
NAMES = [a + b for a in ("al", "be", "ga", "de", "ep", "ze") for b in ("x", "y", "z")]
TYPES = ["SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "TEXT", "JSON", "BOOLEAN", "UUID", "EMBEDDING(8)", "DECIMAL(10, 2)"]
WIDER = {"SMALLINT": "INT", "INT": "BIGINT", "FLOAT": "DOUBLE", "DECIMAL(10, 2)": "DECIMAL(12, 2)"}
TABLES_MAX = 5
# A refused write or close, a refused rename.
BAD = (errno.EINVAL, errno.EPERM)


class Wrong(Exception):
    pass


class Column:
    def __init__(self, number, name, kind, is_nullable=True, comment=None):
        self.number, self.name, self.kind, self.is_nullable, self.comment = number, name, kind, is_nullable, comment

    def facts(self):
        return self.number, self.name, self.kind, self.is_nullable, self.comment


class Table:
    """What the catalog must know of one table."""

    def __init__(self, space, name, columns):
        self.space, self.name, self.version, self.comment = space, name, 1, None
        self.columns = [Column(i + 1, *c) for i, c in enumerate(columns)]
        self.next = len(columns) + 1

    def free_names(self):
        taken = {c.name for c in self.columns}
        return [n for n in NAMES if n not in taken]

    def add(self, name, kind, comment=None):
        self.columns.append(Column(self.next, name, kind, True, comment))
        self.next += 1


def text_of(document):
    return (json.dumps(document, indent=2) + "\n").encode()


def slurp(path):
    with open(path, "rb") as file:
        return file.read()


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


class Saver:
    """The ways in which programs save a file."""

    def __init__(self, rng):
        self.rng = rng
        self.serial = 0

    def finish(self, fd, data, sync):
        try:
            if self.rng.random() < 0.3 and len(data) > 10:
                cut = self.rng.randrange(1, len(data))
                write_all(fd, data[:cut])
                data = data[cut:]
            write_all(fd, data)
            if sync:
                try:
                    os.fsync(fd)
                except OSError:
                    pass
        except OSError:
            try:
                os.close(fd)
            except OSError:
                pass
            raise
        os.close(fd)

    def truncate(self, path, data):
        self.finish(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), data, False)

    def truncate_later(self, path, data):
        fd = os.open(path, os.O_RDWR)
        os.read(fd, 100)
        os.lseek(fd, 0, os.SEEK_SET)
        os.ftruncate(fd, 0)
        self.finish(fd, data, True)

    def shorten(self, path, data):
        """rsync --inplace: over the old text, then cut."""
        fd = os.open(path, os.O_WRONLY)
        try:
            write_all(fd, data)
            os.ftruncate(fd, len(data))
        except OSError:
            try:
                os.close(fd)
            except OSError:
                pass
            raise
        os.close(fd)

    def rename(self, path, data):
        self.serial += 1
        temp = os.path.join(os.path.dirname(path), f".tmp{os.getpid()}.{self.serial}")
        self.finish(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), data, True)
        try:
            os.rename(temp, path)
        except OSError:
            if slurp(temp) != data:
                raise Wrong("a refused rename has changed its source") from None
            os.unlink(temp)
            raise

    def recreate(self, path, data):
        os.unlink(path)
        self.finish(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), data, False)

    def step_aside(self, path, data):
        """vim: the old one steps aside, and comes back when the write fails."""
        backup = path + f".{os.getpid()}~"
        os.rename(path, backup)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(fd, 0)
            self.finish(fd, data, True)
        except OSError:
            os.unlink(path)
            os.rename(backup, path)
            raise
        os.unlink(backup)

    def whole(self):
        """For documents that may be unlinked."""
        return self.rng.choice([self.truncate, self.truncate_later, self.rename, self.recreate, self.step_aside])

    def plain(self):
        return self.rng.choice([self.truncate, self.truncate_later, self.rename])


class Worker:
    def __init__(self, mount, number, seed, operations):
        self.mount, self.number, self.operations = mount, number, operations
        self.rng = random.Random(f"{seed}:{number}")
        self.saver = Saver(self.rng)
        self.log = collections.deque(maxlen=40)
        self.accepted = self.refused = self.shared_accepted = 0
        self.spaces = [f"r{number}", f"r{number}b"]
        self.tables, self.trash, self.extra_spaces, self.shared = [], [], [], set()
        self.comments = 0
        self.counts = collections.Counter()

    # -- paths --

    def space(self, name):
        return os.path.join(self.mount, "namespaces", name)

    def dir(self, table):
        return os.path.join(self.space(table.space), "tables", table.name)

    def schema(self, table):
        return os.path.join(self.dir(table), "schema.json")

    # -- expectations --

    def say(self, text):
        self.log.append(text)

    def yes(self, what, call, *args):
        """One accepted change."""
        self.say("accept " + what)
        try:
            call(*args)
        except OSError as error:
            raise Wrong(f"{what}: should be accepted: {error}; {self.errors()}") from None
        self.accepted += 1

    def no(self, what, expected, call, *args):
        """One refused change; expected: errno values, or None for any."""
        self.say("refuse " + what)
        try:
            call(*args)
        except OSError as error:
            if expected and error.errno not in expected:
                raise Wrong(f"{what}: refused with {error}, expected {[errno.errorcode[e] for e in expected]}") from None
            if error.errno in (errno.EIO, errno.ESTALE, errno.EXDEV, errno.ENOSYS, errno.EBADMSG):
                raise Wrong(f"{what}: refused with {error}") from None
            self.refused += 1
            return
        raise Wrong(f"{what}: should be refused")

    def nothing(self, what, call, *args):
        """Succeeds and is no change."""
        self.say("no-op " + what)
        try:
            call(*args)
        except OSError as error:
            raise Wrong(f"{what}: should be no change: {error}; {self.errors()}") from None

    def errors(self):
        """What the catalog says of the last refusal of this process."""
        lines = slurp(os.path.join(self.mount, ".kalamfs", "errors.jsonl")).decode().splitlines()
        mine = [line for line in lines if json.loads(line)["pid"] == os.getpid()]
        return mine[-1] if mine else "errors.jsonl has nothing of this process"

    def check(self, table):
        """The table is what the model says."""
        path = self.schema(table)
        end = time.time() + 4
        while True:
            try:
                text = slurp(path)
                break
            except FileNotFoundError:
                # What this process has unlinked comes back after a while.
                if time.time() > end:
                    raise Wrong(f"{path} is not there") from None
                time.sleep(0.05)
        size = os.stat(path).st_size
        if size != len(text):
            raise Wrong(f"{path}: {len(text)} bytes, st_size {size}")
        document = json.loads(text)
        found = [(c["column_id"], c["column_name"], c["data_type"], c["is_nullable"], c["column_comment"]) for c in document["columns"]]
        expected = [c.facts() for c in table.columns]
        if (document["schema_version"], document["table_id"], document["table_comment"]) != (
                table.version, f"{table.space}.{table.name}", table.comment):
            raise Wrong(f"{path}: version {document['schema_version']} comment {document['table_comment']}, "
                        f"expected {table.version} {table.comment}")
        if found != expected:
            raise Wrong(f"{path}: columns {found}, expected {expected}")
        return document

    def comment(self):
        self.comments += 1
        return f"comment {self.number}.{self.comments}"

    # -- documents --

    def change(self, table, document):
        """Change a document and the model alike, in one to three places."""
        left = list(range(len(document["columns"])))
        drop = []
        for _ in range(self.rng.randint(1, 3)):
            what = self.rng.choice(["add", "drop", "rename", "comment", "widen", "table", "null"])
            names = [n for n in table.free_names() if n not in [c["column_name"] for c in document["columns"]]]
            at = self.rng.choice(left) if left else None
            if what == "add" and names and len(document["columns"]) < 14:
                name, kind = self.rng.choice(names), self.rng.choice(TYPES)
                document["columns"].append({"column_name": name, "data_type": kind})
                table.add(name, kind)
            elif at is None:
                continue
            elif what == "drop" and at and table.columns[at].number != 1:
                left.remove(at)
                drop.append(at)
            elif what == "rename" and names:
                left.remove(at)
                document["columns"][at]["column_name"] = table.columns[at].name = self.rng.choice(names)
            elif what == "comment":
                left.remove(at)
                document["columns"][at]["column_comment"] = table.columns[at].comment = self.comment()
            elif what == "widen" and table.columns[at].kind in WIDER:
                left.remove(at)
                document["columns"][at]["data_type"] = table.columns[at].kind = WIDER[table.columns[at].kind]
            elif what == "null" and not table.columns[at].is_nullable and at:
                left.remove(at)
                document["columns"][at]["is_nullable"] = table.columns[at].is_nullable = True
            elif what == "table":
                document["table_comment"] = table.comment = self.comment()
        if drop == [] and len(left) == len(table.columns) and document["table_comment"] is None:
            document["table_comment"] = table.comment = self.comment()
        document["table_comment"] = table.comment = self.comment()
        for at in sorted(drop, reverse=True):
            del document["columns"][at], table.columns[at]
        table.version += 1
        return document

    def spoil(self, table, document):
        """A text that must be refused."""
        columns = document["columns"]
        what = self.rng.choice(["half", "type", "key", "twice", "no key", "narrow", "id", "noise", "wrong", "null"])
        if what == "half":
            text = text_of(document)
            return what, text[:self.rng.randrange(20, len(text) - 30)]
        if what == "type":
            columns[-1]["data_type"] = "INTT"
        elif what == "key":
            document["colour"] = "red"
        elif what == "twice":
            columns.append({"column_name": columns[0]["column_name"], "data_type": "INT"})
        elif what == "no key":
            del columns[0]
            if not columns:
                columns.append({"column_name": "other", "data_type": "INT"})
        elif what == "narrow":
            columns[0]["data_type"] = "SMALLINT"
        elif what == "id":
            columns.append({"column_id": 9999, "column_name": "other", "data_type": "INT"})
        elif what == "noise":
            return what, bytes(self.rng.randrange(1, 255) for _ in range(self.rng.randrange(1, 5000)))
        elif what == "wrong":
            columns[0]["is_nullable"] = "perhaps"
        elif what == "null":
            columns.append({"column_name": "other", "data_type": "INT", "is_nullable": False})
        return what, text_of(document)

    # -- operations --

    def pick(self):
        return self.rng.choice(self.tables) if self.tables else None

    def op_save(self):
        table = self.pick()
        document = self.change(table, self.check(table))
        style = self.saver.whole()
        self.yes(f"save of {table.space}.{table.name} by {style.__name__}", style, self.schema(table), text_of(document))

    def op_save_refused(self):
        table = self.pick()
        what, text = self.spoil(table, self.check(table))
        style = self.saver.whole()
        self.no(f"save of {table.space}.{table.name} ({what}) by {style.__name__}", BAD, style, self.schema(table), text)
        kept = os.path.join(self.dir(table), ".rejected", str(os.getuid()), "schema.json")
        if slurp(kept) != text and what != "noise" and style != self.saver.step_aside:
            # Of several write()s the first refused one may be the last that is kept.
            if not text.startswith(slurp(kept)):
                raise Wrong(f"{kept} is not what was refused")

    def op_save_same(self):
        table = self.pick()
        document = self.check(table)
        form = self.rng.randrange(4)
        text = slurp(self.schema(table))
        if form == 1:
            text = json.dumps(document).encode()
        elif form == 2:
            document["columns"].reverse()
            text = text_of(document)
        elif form == 3:
            text = b""
        style = self.saver.truncate if form == 3 else self.saver.whole()
        self.nothing(f"save of {table.space}.{table.name} as it is (form {form}) by {style.__name__}", style, self.schema(table), text)

    def op_save_inplace(self):
        table = self.pick()
        document = self.change(table, self.check(table))
        text = text_of(document)
        if len(text) < len(slurp(self.schema(table))):
            text += b" " * (len(slurp(self.schema(table))) - len(text))
        self.yes(f"save of {table.space}.{table.name} in place", self.saver.shorten, self.schema(table), text)

    def column_path(self, table, column):
        return os.path.join(self.dir(table), "columns", (column if isinstance(column, str) else column.name) + ".json")

    def op_column_save(self):
        table = self.pick()
        column = self.rng.choice(table.columns)
        path = self.column_path(table, column)
        document = json.loads(slurp(path))
        if self.rng.random() < 0.4:
            document["data_type"] = "INTT"
            self.no(f"save of {path}", BAD, self.saver.plain(), path, text_of(document))
            return
        document["column_comment"] = column.comment = self.comment()
        table.version += 1
        self.yes(f"save of {path}", self.saver.plain(), path, text_of(document))

    def op_column_new(self):
        table = self.pick()
        names = table.free_names()
        if not names or len(table.columns) > 13:
            return
        name, kind = self.rng.choice(names), self.rng.choice(TYPES)
        path = self.column_path(table, name)
        style = self.rng.choice([self.saver.truncate, self.saver.rename])
        if self.rng.random() < 0.3:
            self.no(f"new {path}", BAD, style, path, b'{"data_type": "INTT"}\n')
            if os.path.lexists(path):
                raise Wrong(f"{path} is there")
            return
        table.add(name, kind)
        table.version += 1
        self.yes(f"new {path}", style, path, text_of({"data_type": kind}))

    def op_column_rename(self):
        table = self.pick()
        column = self.rng.choice(table.columns)
        path = self.column_path(table, column)
        if len(table.columns) > 1 and self.rng.random() < 0.3:
            other = self.rng.choice([c for c in table.columns if c is not column])
            self.no(f"mv {path} {other.name}.json", (errno.EPERM,), os.rename, path, self.column_path(table, other))
            return
        names = table.free_names()
        column.name = self.rng.choice(names)
        table.version += 1
        self.yes(f"mv {path} {column.name}.json", os.rename, path, self.column_path(table, column))

    def op_column_unlink(self):
        table = self.pick()
        path = self.column_path(table, self.rng.choice(table.columns))
        self.no(f"rm {path}", (errno.EPERM,), os.unlink, path)

    def statement(self, path, text):
        fd = os.open(path, os.O_WRONLY | self.rng.choice([0, os.O_TRUNC, os.O_APPEND]))
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)

    def op_ctl(self):
        table = self.pick()
        path = os.path.join(self.dir(table), "ctl")
        names = table.free_names()
        name, kind, comment = self.rng.choice(names), self.rng.choice(TYPES), self.comment()
        form = self.rng.randrange(6)
        if form == 0 and len(table.columns) < 14:
            text = f"ADD COLUMN {name} {kind} COMMENT '{comment}'\n"
            table.add(name, kind, comment)
        elif form == 1 and len(table.columns) < 14:
            text = f"ADD COLUMN {name} {kind};\nCOMMENT '{comment}';\n"
            table.add(name, kind)
            table.comment = comment
        elif form == 2 and len(table.columns) > 1:
            column = self.rng.choice(table.columns[1:])
            text = f"DROP COLUMN {column.name};\n"
            table.columns.remove(column)
        elif form == 3:
            column = self.rng.choice(table.columns)
            text = f"RENAME COLUMN {column.name} TO {name}\n"
            column.name = name
        else:
            text = self.rng.choice([f"ADD COLUMN {name} INTT\n", "DROP COLUMN nowhere\n", f"ADD COLUMN {table.columns[0].name} INT\n",
                                    f"ADD COLUMN {name} INT; DROP COLUMN nowhere;\n", "FOO\n", f"ADD COLUMN {name} INT NOT NULL\n"])
            self.no(f"ctl of {table.name}: {text!r}", (errno.EINVAL, errno.ENOENT, errno.EEXIST), self.statement, path, text)
            return
        table.version += 1
        self.yes(f"ctl of {table.name}: {text!r}", self.statement, path, text)

    def op_plan(self):
        table = self.pick()
        path = os.path.join(self.dir(table), "plan")
        if self.rng.random() < 0.5:
            self.nothing("plan", self.statement, path, f"ADD COLUMN {table.free_names()[0]} INT\n")
        else:
            document = self.check(table)
            document["table_comment"] = "planned"
            self.nothing("plan of a document", self.saver.truncate, path, text_of(document))

    def op_new_table(self):
        space = self.rng.choice(self.spaces)
        taken = {t.name for t in self.tables + self.trash if t.space == space}
        name = self.rng.choice([n for n in NAMES if n not in taken])
        if len(self.tables) >= TABLES_MAX:
            return
        columns = [("id", "BIGINT", False), ("label", "TEXT")]
        table = Table(space, name, columns)
        if self.rng.random() < 0.3:
            self.yes(f"CREATE TABLE {space}.{name}", self.statement, os.path.join(self.space(space), "ctl"),
                     f"CREATE SHARED TABLE {name} (id BIGINT PRIMARY KEY, label TEXT);\n")
        else:
            self.nothing(f"mkdir {space}/{name}", os.mkdir, self.dir(table))
            document = json.loads(slurp(self.schema(table)))
            document.update(table_comment=None, table_type="SHARED", columns=[
                {"column_name": "id", "data_type": "BIGINT", "is_primary_key": True, "is_nullable": False},
                {"column_name": "label", "data_type": "TEXT"}])
            document.pop("table_options", None)
            if self.rng.random() < 0.3:
                self.no(f"first save of {space}.{name}", (errno.EINVAL,), self.saver.truncate, self.schema(table),
                        text_of(document)[:-9])
            if self.rng.random() < 0.2:
                self.nothing(f"rmdir of the draft {space}/{name}", os.rmdir, self.dir(table))
                return
            style = self.saver.whole()
            self.yes(f"first save of {space}.{name} by {style.__name__}", style, self.schema(table), text_of(document))
        self.tables.append(table)

    def op_mkdir_refused(self):
        space = self.rng.choice(self.spaces)
        choices = [("Upper", errno.EINVAL), ("a-b", errno.EINVAL), ("_x", errno.EINVAL), ("select", errno.EINVAL)]
        choices += [(t.name, errno.EEXIST) for t in self.tables + self.trash if t.space == space]
        name, code = self.rng.choice(choices)
        self.no(f"mkdir {space}/{name}", (code,), os.mkdir, os.path.join(self.space(space), "tables", name))

    def op_rmdir_refused(self):
        table = self.pick()
        path = self.rng.choice([self.dir(table), os.path.join(self.dir(table), "columns"), self.space(table.space),
                                os.path.join(self.dir(table), "versions")])
        self.no(f"rmdir {path}", (errno.ENOTEMPTY, errno.EPERM), os.rmdir, path)

    def op_rename_table(self):
        table = self.pick()
        space = self.rng.choice(self.spaces)
        old = self.dir(table)
        name = self.rng.choice(NAMES)
        if (space, name) == (table.space, table.name):
            return
        target = os.path.join(self.space(space), "tables", name)
        if any((t.space, t.name) == (space, name) for t in self.tables):
            self.no(f"mv {old} {target}", (errno.ENOTEMPTY, errno.EEXIST), os.rename, old, target)
        elif any((t.space, t.name) == (space, name) for t in self.trash):
            self.no(f"mv {old} {target} (held)", (errno.EEXIST,), os.rename, old, target)
        else:
            table.space, table.name = space, name
            table.version += 1
            self.yes(f"mv {old} {target}", os.rename, old, target)

    def trash_path(self, table):
        return os.path.join(self.space(table.space), "trash", table.name)

    def op_drop(self):
        table = self.pick()
        if self.rng.random() < 0.2:
            self.no("mv into trash/ under another name", (errno.EPERM,), os.rename, self.dir(table), self.trash_path(table) + "2")
            return
        self.yes(f"mv {table.space}.{table.name} into trash/", os.rename, self.dir(table), self.trash_path(table))
        self.tables.remove(table)
        self.trash.append(table)

    def op_undrop(self):
        if not self.trash:
            return
        table = self.rng.choice(self.trash)
        if self.rng.random() < 0.3:
            self.trash.remove(table)
            self.yes(f"PURGE {table.space}.{table.name}", self.statement, os.path.join(self.space(table.space), "ctl"),
                     f"PURGE TABLE {table.name};\n")
            return
        self.yes(f"mv {table.space}.{table.name} out of trash/", os.rename, self.trash_path(table), self.dir(table))
        self.trash.remove(table)
        self.tables.append(table)

    def op_namespace(self):
        if self.extra_spaces and self.rng.random() < 0.5:
            name = self.extra_spaces.pop()
            self.yes(f"rmdir {name}", os.rmdir, self.space(name))
            return
        if self.rng.random() < 0.4:
            self.no("mkdir of a namespace that is there", (errno.EEXIST,), os.mkdir, self.space(self.spaces[0]))
            return
        name = f"r{self.number}_{self.rng.randrange(10 ** 6)}"
        if name in self.extra_spaces:
            return
        self.yes(f"mkdir {name}", os.mkdir, self.space(name))
        self.extra_spaces.append(name)

    def op_namespace_document(self):
        path = os.path.join(self.space(self.spaces[0]), "namespace.json")
        document = json.loads(slurp(path))
        if self.rng.random() < 0.4:
            document["comment"] = 5
            self.no("save of namespace.json", BAD, self.saver.plain(), path, text_of(document))
            return
        document["comment"] = self.comment()
        self.yes("save of namespace.json", self.saver.plain(), path, text_of(document))

    def op_scratch(self):
        table = self.pick()
        base = os.path.join(self.dir(table), self.rng.choice([".", "columns"]))

        def play():
            names = [os.path.join(base, n) for n in ("4913", "x~", ".x.swp", "d")]
            data = bytes(self.rng.randrange(256) for _ in range(self.rng.randrange(3000)))
            self.saver.truncate(names[0], data)
            os.rename(names[0], names[1])
            os.symlink("nobody@nowhere", names[2])
            os.mkdir(names[3])
            os.rename(names[1], os.path.join(names[3], "e"))
            if slurp(os.path.join(names[3], "e")) != data:
                raise Wrong("a scratch file has another text")
            os.unlink(os.path.join(names[3], "e"))
            os.rmdir(names[3])
            os.unlink(names[2])
        self.nothing(f"scratch in {base}", play)

    def op_copy_away(self):
        table = self.pick()
        path = self.schema(table)
        text = slurp(path) if os.path.exists(path) else None

        def play():
            copy = path + f".{self.number}"
            os.rename(path, copy)
            if text is not None and slurp(copy) != text:
                raise Wrong("a copy has another text")
            os.unlink(copy)
        if text is not None:
            self.nothing(f"mv {path} away", play)

    def op_touch(self):
        table = self.pick()
        path = self.schema(table)

        def play():
            os.utime(path)
            os.chmod(path, 0o644)
            os.close(os.open(path, os.O_RDWR))
            os.close(os.open(path, os.O_WRONLY | os.O_TRUNC))
            os.truncate(path, 0)
        self.check(table)
        self.nothing(f"touch {path}", play)

    def op_unlink(self):
        table = self.pick()
        self.check(table)
        self.nothing(f"rm {self.schema(table)}", os.unlink, self.schema(table))
        if self.rng.random() < 0.9:
            # What most programs do next; else it comes back by itself.
            self.nothing("and creates it as it was", self.saver.truncate, self.schema(table), b"")

    def op_shared(self):
        """In the table that all change: columns of one's own."""
        path = os.path.join(self.mount, "namespaces", "shared", "tables", "common", "schema.json")
        style = self.saver.whole()
        refuse = self.rng.random() < 0.3
        name = f"w{self.number}_{self.rng.randrange(6)}"
        end = time.time() + 4
        while not os.path.exists(path) and time.time() < end:
            time.sleep(0.05)
        document = json.loads(slurp(path))
        mine = {c["column_name"]: c for c in document["columns"] if c["column_name"].startswith(f"w{self.number}_")}
        if set(mine) != self.shared:
            raise Wrong(f"shared.common: has {sorted(mine)} of mine, expected {sorted(self.shared)}")
        if refuse:
            document["columns"].append({"column_name": name + "_bad", "data_type": "INTT"})
            self.no(f"shared save by {style.__name__}", BAD, style, path, text_of(document))
            return
        if name not in mine:
            document["columns"].append({"column_name": name, "data_type": "INT"})
            self.shared.add(name)
        elif self.rng.random() < 0.5:
            document["columns"].remove(mine[name])
            self.shared.remove(name)
        else:
            mine[name]["column_comment"] = self.comment()
        self.yes(f"shared save of {name} by {style.__name__}", style, path, text_of(document))
        self.shared_accepted += 1

    def op_all(self):
        for table in self.tables:
            self.check(table)
        for space in self.spaces:
            found = set(os.listdir(os.path.join(self.space(space), "tables")))
            expected = {t.name for t in self.tables if t.space == space}
            if found != expected:
                raise Wrong(f"tables of {space}: {found}, expected {expected}")
            found = set(os.listdir(os.path.join(self.space(space), "trash")))
            expected = {t.name for t in self.trash if t.space == space}
            if found != expected:
                raise Wrong(f"trash of {space}: {found}, expected {expected}")
        for table in self.tables:
            found = {n for n in os.listdir(os.path.join(self.dir(table), "columns")) if n != ".rejected"}
            expected = {c.name + ".json" for c in table.columns}
            if found != expected:
                raise Wrong(f"columns of {table.name}: {found}, expected {expected}")

    WEIGHTS = {
        "save": 14, "save_refused": 10, "save_same": 6, "save_inplace": 3, "column_save": 6, "column_new": 5, "column_rename": 5,
        "column_unlink": 2, "ctl": 12, "plan": 3, "new_table": 6, "mkdir_refused": 3, "rmdir_refused": 3, "rename_table": 5,
        "drop": 2, "undrop": 3, "namespace": 2, "namespace_document": 2, "scratch": 4, "copy_away": 2, "touch": 2, "unlink": 1,
        "shared": 8, "all": 1}

    def run(self):
        for space in self.spaces:
            self.yes(f"mkdir {space}", os.mkdir, self.space(space))
        names, weights = list(self.WEIGHTS), list(self.WEIGHTS.values())
        for number in range(self.operations):
            name = self.rng.choices(names, weights)[0] if self.tables else "new_table"
            self.say(f"-- {number} {name}")
            getattr(self, "op_" + name)()
            self.counts[name] += 1
            if self.tables and number % 3 == 0:
                self.check(self.pick())
        self.say("-- end")
        self.op_all()


def work(mount, number, seed, operations, results):
    faulthandler.dump_traceback_later(300, exit=True)
    worker = Worker(mount, number, seed, operations)
    wrong = None
    try:
        worker.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the result
        wrong = f"process {number}: {type(error).__name__}: {error}\n  " + "\n  ".join(list(worker.log)[-12:])
        if not isinstance(error, Wrong):
            import traceback
            wrong += "\n" + traceback.format_exc()
    results.put((number, worker.accepted, worker.refused, worker.shared_accepted, sorted(worker.shared), wrong, dict(worker.counts)))


def read_all_the_time(mount, stop, results):
    path = os.path.join(mount, "namespaces", "shared", "tables", "common", "schema.json")
    newest = reads = 0
    wrong = None
    try:
        while not stop.is_set():
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                text = file.read()
                with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                    mapped_text = mapped[:]
                after = os.fstat(file.fileno()).st_size
            version = json.loads(text)["schema_version"]
            if not size == after == len(text) or mapped_text != text:
                raise Wrong(f"version {version}: {len(text)} bytes, st_size {size}, then {after}, {len(mapped_text)} mapped")
            if version < newest:
                raise Wrong(f"version {version} after {newest}")
            if os.stat(path).st_nlink > 1:
                raise Wrong("st_nlink")
            newest = version
            reads += 1
    except Exception as error:  # noqa: BLE001
        wrong = f"the reader, after {reads} reads: {type(error).__name__}: {error}"
    results.put((reads, wrong))


def sequence(mount):
    return json.loads(slurp(os.path.join(mount, ".kalamfs", "status.json")))["sequence"]


def main():
    mount, operations = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(10 ** 9)
    print(f"seed {seed}", flush=True)
    before = sequence(mount)
    results, read = multiprocessing.Queue(), multiprocessing.Queue()
    stop = multiprocessing.Event()
    reader = multiprocessing.Process(target=read_all_the_time, args=(mount, stop, read))
    reader.start()
    jobs = [multiprocessing.Process(target=work, args=(mount, k, seed, operations // WORKERS, results)) for k in range(WORKERS)]
    for job in jobs:
        job.start()
    found = [results.get() for _ in jobs]
    for job in jobs:
        job.join()
    stop.set()
    reads, wrong = read.get()
    reader.join()
    wrongs = [r[5] for r in found if r[5]]
    if wrong:
        wrongs.append(wrong)
    if not wrongs:
        accepted = sum(r[1] for r in found)
        grown = sequence(mount) - before
        if grown != accepted:
            wrongs.append(f"{accepted} changes were accepted, the sequence has grown by {grown}")
        common = json.loads(slurp(os.path.join(mount, "namespaces", "shared", "tables", "common", "schema.json")))
        if common["schema_version"] != 1 + sum(r[3] for r in found):
            wrongs.append(f"shared.common has version {common['schema_version']}, expected {1 + sum(r[3] for r in found)}")
        names = sorted(c["column_name"] for c in common["columns"] if c["column_name"] != "id")
        if names != sorted(n for r in found for n in r[4]):
            wrongs.append(f"shared.common has {names}, expected {sorted(n for r in found for n in r[4])}")
        counts = sum((collections.Counter(r[6]) for r in found), collections.Counter())
        print(f"{sum(counts.values())} operations, {accepted} changes accepted, {sum(r[2] for r in found)} refused: {dict(counts)}; {reads} reads")
    for wrong in wrongs:
        print(f"seed {seed}: {wrong}")
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
