#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The documents against the program: every metric family stands in a table of docs/metrics.md whose
first column is `family` (there without the prefix), and no other does; every option that `PROGRAM agent --help` tells stands in README.md or docs/options.md.

documents.py families | options PROGRAM: prints what is missing.
"""

import re
import subprocess
import sys
from pathlib import Path

METRICS = "docs/metrics.md"
OPTIONS = ("README.md", "docs/options.md")
STRING = r'"(?:[^"\\]|\\.)*"'
TYPE = r"JB_FAMILY_(COUNTER|GAUGE|HISTOGRAM)"
FAMILY = re.compile(rf'\{{\s*"(\w+)",\s*(?:{STRING}\s*)+,\s*{TYPE}\b')


def read(path):
    file = Path(path)
    return file.read_text() if file.exists() else ""


def families():
    """{name as on the page: type} from the tables in user/metrics."""
    found = {}
    for path in [*sorted(Path("user/metrics").glob("families*.c")), Path("user/metrics/traffic.c")]:
        text = path.read_text()
        matches = FAMILY.findall(text)
        if len(matches) != len(re.findall(rf"\b{TYPE}\b", text)):
            sys.exit(f"{path}: a family that this check can't read")
        for name, kind in matches:
            found[f"jitterbug_{name}" + ("_total" if kind == "COUNTER" else "")] = kind
    return found


def told_families(text):
    """The names in the first cells of the tables of families."""
    told, inside = set(), False
    for line in text.splitlines():
        first = line.split("|")[1].strip() if line.startswith("|") else ""
        inside = bool(first) and (inside or first == "family")
        if inside:
            told |= {"jitterbug_" + name for name in re.findall(r"`(?:jitterbug_)?(\w+)`", first)}
    return told


def check_families():
    known, text = families(), read(METRICS)
    told = told_families(text)
    parts = {name + part for name, kind in known.items() if kind == "HISTOGRAM"
             for part in ("_bucket", "_sum", "_count")}
    named = told | set(re.findall(r"\bjitterbug_\w*[a-z0-9]\b", text))
    if not text:
        yield f"{METRICS}: no such file"
    yield from (f"{METRICS}: misses {name}" for name in sorted(set(known) - told))
    yield from (f"{METRICS}: there is no {name}" for name in sorted(named - set(known) - parts))


def check_options(program):
    text = "\n".join(map(read, OPTIONS))
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text))
    shown = subprocess.run([program, "agent", "--help"], capture_output=True, text=True, check=True)
    known = set(re.findall(r"^ {2}(--[a-z][a-z0-9-]*)", shown.stdout, re.MULTILINE))
    known.discard("--help")
    if not known:
        yield f"{program} agent --help: no options"
    yield from (f"{' or '.join(OPTIONS)}: misses {name}" for name in sorted(known - told))


def main():
    what = sys.argv[1]
    problems = list(check_families() if what == "families" else check_options(sys.argv[2]))
    print(*problems, sep="\n", end="\n" if problems else "")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
