# SPDX-License-Identifier: GPL-2.0-or-later
"""bad_inputs.py MOUNT CATALOG KALAMCTL SUITE - input that must be refused, on a mount.

SUITE is `exec` or `document`: the refused golden cases below tests/data/SUITE,
written to the ctl or document that they are for; or a file of cases:

  # a comment
  PLACE ERRNO TEXT      TEXT is the first line of `error` afterwards
    INPUT               two blanks, and what is written there

PLACE is `ctl X` or `plan X`, where X is `/`, a namespace or a table;
`document PATH`, a file that is saved; `mkdir PATH`, whose last part is the
input; `exec`, a script for kalamctl; `user TABLE`, a user's id for kalamctl.
In the input stand \\n \\t \\r \\\\ \\xHH (bytes), \\uXXXX, and <<TEXT*N>> for N times
TEXT.  UPDATE=1 writes ERRNO and TEXT anew: read every line of the result.

Each is refused with that errno and text, changes nothing, gets nothing to a
terminal that does not belong there, and has its line in errors.jsonl.  Prints a
line per finding and a closing line of counts; exits 1 on findings.
"""
import errno
import json
import os
import re
import subprocess
import sys

mount, catalog, kalamctl, suite = sys.argv[1:5]
data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
findings = 0
cases = 0

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def finding(case, what, expected="", found=""):
    global findings
    findings += 1
    print("%s: %s" % (case, what))
    if expected or found:
        print("  expected: %s\n  found:    %s" % (expected[:600], found[:600]))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sequence():
    return json.loads(read(mount + "/.kalamfs/status.json"))["sequence"]


def directory(name):
    """Of `/`, a namespace, or NAMESPACE.TABLE."""
    parts = [] if name == "/" else name.split(".")
    return mount + "".join(["/namespaces/" + part if not at else "/tables/" + part for at, part in enumerate(parts)])


def plain(text):
    return STAMP.sub("TIME", text).replace(catalog, "DIR").replace("/CATALOG", "DIR")


class Refusal(Exception):
    """errno's name, the text, whether the mount has it in its errors."""


def save(path, text, error):
    """As a program that writes all of it at once."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | (0 if "ctl" in path[-4:] or "plan" in path[-5:] else os.O_TRUNC), 0o644)
        try:
            os.write(fd, text)
        finally:
            os.close(fd)
    except OSError as failure:
        raise Refusal(errno.errorcode[failure.errno], read(error).decode("utf-8", "replace"), True) from failure


def make_directory(path, error):
    try:
        os.mkdir(path)
    except OSError as failure:
        raise Refusal(errno.errorcode[failure.errno], read(error).decode("utf-8", "replace"), True) from failure


def run(arguments, text):
    done = subprocess.run([kalamctl, *arguments], input=text, capture_output=True, check=False)
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace")
        raise Refusal("status %d" % done.returncode, told.removeprefix("<stdin>:").removeprefix("kalamctl: "), False)


def errors_of(path):
    """Where it is told why a document or directory was refused."""
    parts = path.split("/")
    depth = 4 if len(parts) > 4 else 2 if len(parts) > 2 and parts[0] == "namespaces" else 0
    return os.path.join(mount, *parts[:depth], "error")


def put(place, text):
    kind, _, name = place.partition(" ")
    if kind in ("ctl", "plan"):
        save("%s/%s" % (directory(name), kind), text, directory(name) + "/error")
    elif kind == "document":
        save(os.path.join(mount, name), text, errors_of(name))
    elif kind == "mkdir":
        make_directory(os.path.join(os.fsencode(mount), os.fsencode(name), text), errors_of(name + "/x"))
    elif kind == "exec":
        run([catalog, "exec"], text)
    elif kind == "user":
        run(["--user", text, catalog, "paths", name], b"")
    else:
        raise SystemExit("%s: no such place" % place)


def is_plain(text):
    """No character that a terminal acts upon, and no byte that is none."""
    return all(c in "\n\t" or " " <= c < "\x7f" or "\xa0" <= c != "\ufffd" for c in text) and not re.search("[\u202a-\u202e\u2066-\u2069]", text)


def check_line(case, code, text):
    line = read(mount + "/.kalamfs/errors.jsonl").rsplit(b"\n", 2)[-2]
    if b"hush" in line:
        finding(case, "its line in errors.jsonl tells a secret", "", repr(line))
    try:
        told = json.loads(line)
    except ValueError:
        finding(case, "its line in errors.jsonl is no JSON", "", repr(line))
        return
    if not line.isascii():
        finding(case, "its line in errors.jsonl is not ASCII", "", repr(line))
    if told["message"] not in text:
        finding(case, "errors.jsonl has another message", text, told["message"])
    # mkdir may be told another number than the reason has.
    if told["errno"] != code and "EPERM" not in (told["errno"], code):
        finding(case, "errors.jsonl has another errno", code, told["errno"])


def try_one(case, place, text):
    """What becomes of it: errno and text, or None where that cannot be compared."""
    global cases
    cases += 1
    before = sequence()
    try:
        put(place, text)
    except Refusal as refusal:
        code, told, in_mount = refusal.args
    else:
        finding(case, "is accepted", "", repr(text[:200]))
        return None
    if sequence() != before:
        finding(case, "is refused and changes the catalog")
    if not is_plain(told):
        finding(case, "its text holds what no terminal should get", "", repr(told))
    if "hush" in told:
        finding(case, "its text tells a secret", "", told)
    if in_mount and told:
        check_line(case, code, told)
    return code, plain(told)


def is_hidden_form(found, expected):
    """Golden cases show the line as it was written; mount and kalamctl have stars for what may be a secret."""
    return len(found) == len(expected) and all(a == b or a == "*" for a, b in zip(found, expected))


def compare(case, found, expected):
    if found and (found[0] != expected[0] or not is_hidden_form(found[1], expected[1])):
        finding(case, "another answer", "%s %s" % expected, "%s %s" % found)


# ----- golden cases -----


def golden(kind):
    top = os.path.join(data, kind, "bad")
    for name in sorted(os.listdir(top)):
        yield name, read(os.path.join(top, name, "in")), read(os.path.join(top, name, "err")).decode("utf-8", "replace")


def exec_cases():
    for name, text, expected in golden("exec"):
        if b"-- then\n" in text:
            continue
        scope = re.match(rb"-- scope: (\S+)\n", text)
        code, _, told = expected.partition("\n")
        told = plain(told)
        if scope:
            compare(name, try_one(name, "ctl " + scope[1].decode(), text), (code, told))
            continue
        found = try_one(name + " (kalamctl)", "exec", text)
        compare(name + " (kalamctl)", found, ("status 1", told))
        # In a ctl a newline may end a statement: what has several lines says something else there.
        if text.rstrip(b"\n").count(b"\n") == 0:
            compare(name + " (ctl)", try_one(name + " (ctl)", "ctl /", text), (code, told))


PATHS = {
    "table": lambda name: "namespaces/%s/tables/%s/schema.json" % tuple(name.split(".")),
    "column": lambda name: "namespaces/%s/tables/%s/columns/%s.json" % tuple(name.split(".")),
    "namespace": lambda name: "namespaces/%s/namespace.json" % name,
    "storage": lambda name: "storages/%s.json" % name,
}


def document_cases():
    for name, text, expected in golden("document"):
        header, _, document = text.partition(b"\ndocument\n")
        lines = header.decode("utf-8", "replace").split("\n")
        words = lines[0].split()
        # Others need statements and saves before them, or are edits of what is there.
        if not document or len(lines) > 1 or words[1] not in PATHS:
            continue
        told, _, code = expected.rstrip("\n").rpartition("\n")
        found = try_one(name, "document " + PATHS[words[1]](words[2]), document)
        # What cannot even be opened for writing tells no more than that.
        if found != ("EPERM", "") or code.split()[0] != "EPERM":
            compare(name, found, (code.split()[0], plain(told + "\n")))


# ----- cases of a file -----


def unescape(text):
    text = re.sub(r"<<(.*?)\*(\d+)>>", lambda m: m[1] * int(m[2]), text, flags=re.S)
    out = b""
    for plain_text, code in re.findall(r"([^\\]*)(\\x..|\\u....|\\.|$)", text):
        out += plain_text.encode("utf-8", "surrogateescape")
        if code.startswith("\\x"):
            out += bytes([int(code[2:], 16)])
        elif code.startswith("\\u"):
            out += chr(int(code[2:], 16)).encode()
        elif code:
            out += {"\\n": b"\n", "\\t": b"\t", "\\r": b"\r", "\\\\": b"\\"}[code]
    return out


HEAD = re.compile(r"((?:ctl|plan|document|mkdir|user) \S+|exec)(?: (E[A-Z]+|status \d) ?(.*))?$")


def file_cases(path):
    lines = read(path).decode().split("\n")
    head = None
    for at, line in enumerate(lines):
        if not line or line.startswith("#"):
            continue
        if not line.startswith("  "):
            head = at
            continue
        match = HEAD.match(lines[head])
        if not match:
            raise SystemExit("%s:%d: no head of a case: %s" % (path, head + 1, lines[head]))
        place, code, told = match.groups()
        text = unescape(line[2:])
        case = "%s:%d" % (os.path.basename(path), at + 1)
        found = try_one(case, place, text + (b"\n" if place.startswith(("ctl", "plan", "exec")) else b""))
        if not found:
            continue
        first = found[1].split("\n")[0]
        if os.environ.get("UPDATE"):
            lines[head] = "%s %s %s" % (place, found[0], first)
        else:
            compare(case, (found[0], first), (code, told))
    if os.environ.get("UPDATE"):
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(line.rstrip(" ") if not line.startswith("  ") else line for line in lines))


if suite == "exec":
    exec_cases()
elif suite == "document":
    document_cases()
else:
    file_cases(suite)
print("bad_inputs: %s: %d cases, %d findings" % (os.path.basename(suite), cases, findings))
sys.exit(1 if findings else 0)
