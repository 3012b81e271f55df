#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Includes against rooms.txt: prints FILE:LINE of each that breaks a rule and then exits 1."""

import fnmatch
import graphlib
import os
import re
import sys
from pathlib import Path

RULES = Path(__file__).with_name("rooms.txt")
SOURCES = ("include/**/*.h", "bpf/*.[ch]", "user/**/*.[ch]")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"][^>"]+[>"])')
# Both sides include the contract: it needs nothing but the kernel's own types.
CONTRACT = re.compile(r"<(jitterbug|linux)/[\w/]+\.h>|<stdbool\.h>")
BPF_SIDE = re.compile(r'<(jitterbug|bpf)/\w+\.h>|"vmlinux\.h"|"\w+\.bpf\.h"')
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', re.DOTALL)


def read_rules():
    """({room: its rooms}, [(header pattern, file patterns)], [(file pattern, functions)])."""
    rooms, only, never = {}, [], []
    for number, line in enumerate(RULES.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"(room|only|never) (\S+):((?: \S+)*)", line)
        if not match:
            sys.exit(f"{RULES.name}:{number}: not a rule: {line}")
        kind, subject, words = match.group(1), match.group(2), match.group(3).split()
        if kind == "room":
            rooms[subject] = words
        else:
            (only if kind == "only" else never).append((subject, words))
    return rooms, only, never


def check_table(rooms):
    """The table itself: known rooms, no cycle."""
    for room, uses in rooms.items():
        for name in uses:
            if name not in rooms:
                yield f"{RULES.name}: room {room} uses {name}, which has no line"
    try:
        graphlib.TopologicalSorter(rooms).prepare()
    except graphlib.CycleError as error:
        yield f"{RULES.name}: cycle {' -> '.join(error.args[1])}"


def room_of(path):
    """The room of user/ROOM/..., main for user/main.c, else None."""
    parts = path.split("/")
    if parts[0] != "user":
        return None
    return parts[1] if len(parts) > 2 else Path(path).stem


def check_room(path, header, rooms):
    """What is wrong with user/ROOM including "OTHER/file.h"."""
    room, other = room_of(path), header.strip('"').split("/")[0]
    if room not in rooms:
        return f"room {room} has no line in {RULES.name}"
    if not header.startswith('"') or header == '"jitterbug.skel.h"':
        return None
    if not os.path.exists("user/" + header.strip('"')):
        return "not a file below user/"
    if other != room and other not in rooms[room]:
        return f"room {room} must not use {other}"
    if header.endswith('/private.h"') and other != room:
        return f"is private to {other}"
    return None


def check_include(path, header, rules):
    """What is wrong with this include, or None."""
    rooms, only, _ = rules
    for pattern, files in only:
        if (fnmatch.fnmatchcase(header, pattern) or header.strip('"') == pattern) and not any(
                fnmatch.fnmatchcase(path, allowed) for allowed in files):
            return f"only for {' '.join(files)}"
    if path.startswith("include/"):
        return None if CONTRACT.fullmatch(header) else "not for the contract"
    if path.startswith("bpf/"):
        return None if BPF_SIDE.fullmatch(header) else "not for the kernel side"
    return check_room(path, header, rooms)


def check_calls(path, text, never):
    """Calls of what this file must not call."""
    banned = {word for pattern, words in never if fnmatch.fnmatchcase(path, pattern)
              for word in words}
    if not banned:
        return
    code = COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)
    for number, line in enumerate(code.splitlines(), 1):
        for name in re.findall(r"\b(\w+)\s*\(", line):
            if name in banned:
                yield f"{path}:{number}: must not call {name}"


def check_file(path, rules):
    text = Path(path).read_text()
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        problem = check_include(path, match.group(1), rules) if match else None
        if problem:
            yield f"{path}:{number}: {match.group(1)}: {problem}"
    yield from check_calls(path, text, rules[2])


def main():
    rules = read_rules()
    problems = list(check_table(rules[0]))
    paths = sorted(str(path) for pattern in SOURCES for path in Path().glob(pattern))
    for path in paths:
        problems += check_file(path, rules)
    print(*problems, sep="\n", end="\n" if problems else "")
    return bool(problems) or not paths


if __name__ == "__main__":
    sys.exit(main())
