#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""session.py play TEXT [KEYS] - type the commands of a transcript into a shell on a terminal.
session.py match EXPECTED FOUND - compare two files.
session.py json EXPECTED FOUND [shape] - compare two documents: keys and their order,
and values or, for shape, the types of values.

The shell starts in the directory and with the environment of the caller, and its
directory at the end is written into $CWD_FILE.  KEYS says what to type into a
program that takes the screen: lines of a command's beginning, a tab, and keys.

What a command prints must be what stands below it.  `[...]`, and `...` at the end
of a string or line, stand for anything; a time, whole or cut behind the day, for any
time; the six letters of a name that sed -i makes for any.  A command with nothing
below it must succeed, each program of a pipe too, and prints nothing unless the transcript shows
no output at all.  Every difference is printed; exit status 1 if there is one.
"""
import json
import os
import pty
import re
import select
import subprocess
import sys
import time

PROMPT = re.compile(rb"<<done (\d+)>>$")
LIMIT = 60  # seconds for one command
TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
CUT = r"20\d\d-\d\d-\d\dT\.\.\."
ANY = re.compile(r"(\[\.\.\.\]|\.\.\.)|(" + TIME + "|" + CUT + r")|(?<=\./sed)([A-Za-z0-9]{6})\b")


def pattern(line):
    """The regular expression that a printed line stands for."""
    out, at = "", 0
    for hit in ANY.finditer(line):
        out += re.escape(line[at : hit.start()])
        out += ".*" if hit.group(1) else TIME if hit.group(2) else "[A-Za-z0-9]{6}"
        at = hit.end()
    return out + re.escape(line[at:])


def differences(expected, found):
    """Lines that are not what they should be, as (expected, found)."""
    rest = len(expected) > 0 and expected[-1].strip() == "..."
    if rest:
        expected = expected[:-1]
        found = found[: len(expected)]
    for i in range(max(len(expected), len(found))):
        want = expected[i] if i < len(expected) else None
        have = found[i] if i < len(found) else None
        if want is None or have is None or not re.fullmatch(pattern(want), have):
            yield want, have


def complete(command):
    """Is this all that the shell needs?"""
    check = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True)
    return not re.search(r"unexpected EOF|end of file|end-of-file", check.stderr) and not command.endswith("\\")


def steps(lines):
    """Commands with the lines below them.  All have the prompt that the first one has."""
    found, prompt = [], lines[0][:2]
    for line in lines:
        if line.startswith(prompt):
            found.append([line[2:], []])
        elif not found:
            sys.exit(f"'{line}' stands before the first command")
        elif not found[-1][1] and not complete(found[-1][0]):
            found[-1][0] += "\n" + line
        else:
            found[-1][1].append(line)
    return found


class Shell:
    def __init__(self):
        pid, self.fd = pty.fork()
        if pid == 0:
            env = dict(os.environ, PS1="<<done $?>>", PS2="", TERM="vt100", COLUMNS="80", LINES="24")
            env.pop("PROMPT_COMMAND", None)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], env)
        self.read_until_prompt()
        self.run("stty -echo -onlcr cols 80 rows 24; unset HISTFILE; set -o pipefail")

    def read_until_prompt(self, keys=None, interrupt=False):
        """What is printed up to the prompt; keys are typed once the screen stands still."""
        out, end, quiet = b"", time.monotonic() + LIMIT, 0
        while not PROMPT.search(out):
            if time.monotonic() > end:
                sys.exit(f"no end of: {out[-300:]!r}")
            if select.select([self.fd], [], [], 0.1)[0]:
                out += os.read(self.fd, 65536)
                quiet = 0
                continue
            quiet += 1
            if keys and out and quiet >= 3:
                os.write(self.fd, keys)
                keys = None
            elif interrupt and quiet >= 5:
                os.write(self.fd, b"\x03")
                interrupt = False
        hit = PROMPT.search(out)
        text = out[: hit.start()].decode("utf-8", "replace").replace("\r\n", "\n")
        text = re.sub(r"[^\n]*\r\x1b\[K", "", text)  # a bar that was there for a while
        return text, int(hit.group(1))

    def run(self, command, keys=None, interrupt=False):
        os.write(self.fd, command.encode() + b"\n")
        return self.read_until_prompt(keys, interrupt)


def keys_of(table, command):
    for line in table:
        beginning, keys = line.split("\t")
        if command.startswith(beginning):
            return keys.encode().decode("unicode_escape").encode()
    return None


def play(path, keys_path=None):
    lines = open(path, encoding="utf-8").read().rstrip("\n").split("\n")
    table = open(keys_path, encoding="utf-8").read().splitlines() if keys_path else []
    shell, failed = Shell(), False
    commands = steps(lines)
    shows = any(expected for _, expected in commands)
    for command, expected in commands:
        endless = command.startswith("tail -f")
        keys = keys_of(table, command)
        text, status = shell.run(command, keys, endless)
        found = text.rstrip("\n").expandtabs().split("\n") if text else []
        if os.environ.get("SHOW"):
            print(f"$ {command}\n{text}", end="")
        if expected or (shows and found and status == 0 and not keys):
            for want, have in differences(expected, found):
                failed = True
                print(f"$ {command}\n  expected: {want}\n  found:    {have}")
        elif status != 0 and not (endless and len(found) > 1):
            failed = True
            print(f"$ {command}\n  exit status {status}: {text}")
    shell.run('pwd >"$CWD_FILE"')
    os.close(shell.fd)
    return failed


def match(expected, found):
    failed = False
    read = [open(path, encoding="utf-8").read().rstrip("\n").split("\n") for path in (expected, found)]
    for want, have in differences(*read):
        failed = True
        print(f"  expected: {want}\n  found:    {have}")
    return failed


def json_differences(want, have, shape, at=""):
    if isinstance(want, dict) and isinstance(have, dict):
        keys, more = [key for key in want if key != "..."], "..." in want
        found = list(have)[: len(keys)] if more else list(have)
        if keys != found:
            yield f"{at}: keys {keys}, found {found}"
        for key in keys:
            if key in have:
                yield from json_differences(want[key], have[key], shape, f"{at}/{key}")
    elif isinstance(want, list) and isinstance(have, list):
        if len(want) != len(have) and not shape:
            yield f"{at}: {len(want)} elements, found {len(have)}"
        for i, pair in enumerate(zip(want, have)):
            yield from json_differences(*pair, shape, f"{at}/{i}")
    elif shape:
        if type(want) is not type(have) and None not in (want, have) and float not in (type(want), type(have)):
            yield f"{at}: {want!r}, found {have!r}"
    elif isinstance(want, str) and isinstance(have, str):
        if not re.fullmatch(pattern(want), have):
            yield f"{at}: {want!r}, found {have!r}"
    elif want != have or type(want) is not type(have):
        yield f"{at}: {want!r}, found {have!r}"


def compare_json(expected, found, shape=None):
    text = open(expected, encoding="utf-8").read()
    want = json.loads(re.sub(r", \.\.\.\}", ', "...": null}', text))
    have = json.loads(open(found, encoding="utf-8").read())
    problems = list(json_differences(want, have, shape == "shape"))
    print("\n".join(problems))
    return bool(problems)


sys.exit(1 if {"play": play, "match": match, "json": compare_json}[sys.argv[1]](*sys.argv[2:]) else 0)
