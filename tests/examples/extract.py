#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""extract.py DIR FILE... - every example that pages print, one directory DIR/NNN for each.

A page is Markdown (fenced blocks, and blocks indented by four blanks), mdoc
(`.Bd -literal` and `.Dl`), or a text named README (each command in a line that
begins with two blanks).  A directory holds `text`, as a reader sees it, `place`
(PAGE:LINE, for messages), `name` (PAGE: first line) and `kind`:

  transcript  commands behind `$ ` or `# `, and what they print
  script      begins with #!
  json        a document
  grammar     statements with [ ], { | } or ... in them
  sql         statements
  other       everything else
"""
import os
import re
import sys

STATEMENT = re.compile(r"(ALTER|BEGIN|COMMIT|CREATE|DROP|PURGE|ROLLBACK|SELECT|UNDROP)\b|--")
ROFF = {"e": "\\", "-": "-", "&": "", "(aq": "'", "(ga": "`", "(ti": "~", "(ha": "^"}


def unroff(line):
    """A literal line of mdoc as it is shown."""
    return re.sub(r"\\(\(..|.)", lambda m: ROFF.get(m.group(1), m.group(0)), line)


def markdown(lines):
    block, start, fenced = [], 0, False
    for number, line in enumerate(lines + [""], 1):
        if line.startswith("```"):
            if fenced:
                yield start, block
            block, start, fenced = [], number + 1, not fenced
        elif fenced:
            block.append(line)
        elif line.startswith("    "):
            start = start if block else number
            block.append(line[4:])
        elif block:
            yield start, block
            block = []


def mdoc(lines):
    block, start = None, 0
    for number, line in enumerate(lines, 1):
        if line.startswith(".Bd -literal"):
            block, start = [], number + 1
        elif line.startswith(".Ed") and block is not None:
            yield start, block
            block = None
        elif block is not None:
            block.append(unroff(line))
        elif line.startswith(".Dl "):
            yield number, [unroff(line[4:])]


# What begins the other lines of that text.
FACTS = ("catalog", "mounted", "changes", "error")


def screen(lines):
    """The text of README in a mount: what is said of a command stands behind two blanks."""
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not re.match(r"  \S", line) or line.split()[0] in FACTS:
            continue
        start, command = number, [line[2:]]
        while command[-1].endswith("\\"):
            command.append(lines[number])
            number += 1
        yield start, ["$ " + command[0].split("  ")[0]] + command[1:]


def kind(lines):
    first = lines[0]
    text = "\n".join(lines)
    if re.match(r"[$#] ", first):
        return "transcript"
    if first.startswith("#!"):
        return "script"
    if first.startswith("{"):
        return "json"
    if STATEMENT.match(first):
        return "grammar" if re.search(r"\[[A-Z]|\{[A-Za-z]+ \||\.\.\.", text) else "sql"
    return "other"


def examples(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    reader = mdoc
    if path.endswith(".md"):
        reader = markdown
    elif os.path.basename(path) == "README":
        reader = screen
    for start, block in reader(lines):
        while block and not block[-1].strip():
            block.pop()
        if block:
            yield start, block


def main():
    directory, count = sys.argv[1], 0
    for path in sys.argv[2:]:
        page = os.path.basename(path)
        for start, block in examples(path):
            count += 1
            example = os.path.join(directory, f"{count:03}")
            os.makedirs(example)
            for name, text in (
                ("text", "\n".join(block)),
                ("place", f"{page}:{start}"),
                ("name", f"{page}: {block[0]}"),
                ("kind", kind(block)),
            ):
                with open(os.path.join(example, name), "w", encoding="utf-8") as file:
                    file.write(text + "\n")


main()
