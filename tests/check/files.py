#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What every file must (not) have. `files.py words|licence|links FILE...`: prints what is wrong."""

import os
import re
import sys
from pathlib import Path

# Written so that this file does not find itself.
WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
# Places of one machine only. /home/USER is nobody's.
PLACES = re.compile(r"(?<![\w.$}{)])/(wo" r"rk|ho" r"me/(?!USER\b)\w+|ro" r"ot|Us" r"ers)/\w[^\s\"')]*")
SPDX = "SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause"
# Made of the kernel's types.
SPDX_KERNEL = "SPDX-License-Identifier: GPL-2.0-only"
# Files that have no comments, or are the licence itself.
UNLICENSED = re.compile(r"(.*/)?(LICENSE.*|\.gitignore|\.dockerignore|\.helmignore|\.clang-format)"
                        r"|.*\.(md|json|png|svg|pcap|pcapng|csv|bin|sdp|sum)|tests/fuzz/corpus/.*")
LINK = re.compile(r"\]\(<?([^)>\s]+)>?(?: \"[^\"]*\")?\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def read(path):
    """The file's text; empty for what is not text."""
    try:
        return Path(path).read_text()
    except UnicodeDecodeError:
        return ""


def words(path):
    for number, line in enumerate(read(path).splitlines(), 1):
        for pattern in (WORDS, PLACES):
            match = pattern.search(line)
            if match:
                yield f"{path}:{number}: {match.group()}"


def licence(path):
    if UNLICENSED.fullmatch(path):
        return
    wanted = SPDX_KERNEL if path.endswith("/vmlinux.h") else SPDX
    if not any(wanted in line for line in read(path).splitlines()[:3]):
        yield f"{path}: no {wanted} in its first lines"


def anchors(path):
    """The anchors that GitHub gives to the headings of a markdown file."""
    found = set()
    for heading in re.findall(r"^#+ +(.*?)\s*$", CODE.sub(keep_words, read(path)), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def keep_words(match):
    """Of code, what can stand in a heading: `a word`, but no block."""
    return "" if match.group().startswith("```") else match.group().strip("`")


def links(path):
    if not path.endswith(".md"):
        return
    for match in LINK.finditer(CODE.sub("", read(path))):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(file):
            yield f"{path}: no such file: {target}"
        elif anchor and file.endswith(".md") and anchor not in anchors(file):
            yield f"{path}: no such heading: {target}"


def main():
    check = {"words": words, "licence": licence, "links": links}[sys.argv[1]]
    problems = [problem for path in sys.argv[2:] for problem in check(path)]
    print(*problems, sep="\n", end="\n" if problems else "")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
