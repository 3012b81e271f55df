#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""reduce.py BTF TYPES OUT: write to OUT the part of a raw BTF file that the list TYPES asks for.

What the list names is complete, and so is what lies inside it by value. A struct that is only
pointed to stays a forward declaration: to follow a pointer, add its target to the list.
"""
import fnmatch
import struct
import sys
from dataclasses import dataclass, field

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF = range(1, 9)
VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT = range(9, 17)
DECL_TAG, TYPE_TAG, ENUM64 = range(17, 20)

# What follows the 12 bytes of a type: the format of one record, and whether there are vlen of them.
TAIL = {
    INT: ("I", False),
    ARRAY: ("III", False),
    STRUCT: ("III", True),
    UNION: ("III", True),
    ENUM: ("Ii", True),
    FUNC_PROTO: ("II", True),
    VAR: ("I", False),
    DATASEC: ("III", True),
    DECL_TAG: ("i", False),
    ENUM64: ("III", True),
}
# Kinds that pass on how much of their target is needed.
WRAPPERS = (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG)
ROOT_KINDS = {"struct": (STRUCT,), "union": (UNION,), "enum": (ENUM, ENUM64), "typedef": (TYPEDEF,)}


@dataclass
class Type:
    name: str
    info: int
    size_or_type: int
    tail: list = field(default_factory=list)

    @property
    def kind(self):
        return self.info >> 24 & 0x1F

    def is_union(self):
        return self.kind == UNION or (self.kind == FWD and bool(self.info >> 31))


def read_btf(data):
    """All types by id (entry 0 is void, None), and the function that names a string offset."""
    magic, version, _, header_len = struct.unpack_from("<HBBI", data)
    if (magic, version) != (0xEB9F, 1):
        sys.exit("reduce.py: not a little-endian BTF file of version 1")
    type_off, type_len, str_off, _ = struct.unpack_from("<4I", data, 8)

    def string(offset):
        start = header_len + str_off + offset
        return data[start : data.index(b"\0", start)].decode()

    types, at, end = [None], header_len + type_off, header_len + type_off + type_len
    while at < end:
        name_off, info, size_or_type = struct.unpack_from("<3I", data, at)
        at += 12
        one = Type(string(name_off), info, size_or_type)
        record, many = TAIL.get(one.kind, ("", False))
        if record:
            for _ in range(info & 0xFFFF if many else 1):
                one.tail.append(struct.unpack_from("<" + record, data, at))
                at += struct.calcsize("<" + record)
        types.append(one)
    return types, string


def read_list(path):
    """The list's lines as (may be missing, what, pattern)."""
    roots = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            what = words[0].removeprefix("?")
            if len(words) != 2 or what not in (*ROOT_KINDS, "value"):
                sys.exit(f"{path}:{number}: not KIND NAME: {line.strip()}")
            roots.append((words[0].startswith("?"), what, words[1]))
    return roots


def find_roots(types, string, roots):
    """The ids of the types that the list's lines name; ends the program where a line has none."""
    enums = [(i, {string(v[0]) for v in t.tail}) for i, t in enumerate(types)
             if t and t.kind in ROOT_KINDS["enum"]]
    found = set()
    for optional, what, pattern in roots:
        if what == "value":
            ids = [i for i, names in enums if fnmatch.filter(names, pattern)]
        else:
            ids = [i for i, t in enumerate(types) if t and t.kind in ROOT_KINDS[what]
                   and t.name and fnmatch.fnmatchcase(t.name, pattern)]
        if not ids and not optional:
            sys.exit(f"reduce.py: the kernel has no {what} {pattern}")
        found.update(ids)
    return found


def references(one, whole):
    """(id, needed whole) for each type that one refers to."""
    if one.kind == PTR:
        return [(one.size_or_type, False)]
    if one.kind in WRAPPERS:
        return [(one.size_or_type, whole)]
    if one.kind == ARRAY:
        return [(one.tail[0][0], True), (one.tail[0][1], True)]
    if one.kind == FUNC_PROTO:
        return [(one.size_or_type, False)] + [(param[1], False) for param in one.tail]
    if one.kind in (STRUCT, UNION) and (whole or not one.name):
        return [(member[1], True) for member in one.tail]
    return []


def closure(types, roots):
    """Every id needed, with whether it is needed whole."""
    needed, todo = {}, [(i, True) for i in roots]
    while todo:
        i, whole = todo.pop()
        if i and (i not in needed or whole > needed[i]):
            needed[i] = whole
            todo += references(types[i], whole)
    return needed


def forward_key(one, whole):
    """(name, is union) of a type that becomes a forward declaration, else None."""
    if one.kind == FWD or (one.kind in (STRUCT, UNION) and one.name and not whole):
        return one.name, one.is_union()
    return None


def renumber(types, needed):
    """The types to write, and the map from old to new ids; equal forward declarations are one."""
    kept, new_id = [], {0: 0}
    complete = {(types[i].name, types[i].is_union()): i for i, whole in needed.items()
                if types[i].kind in (STRUCT, UNION) and whole}
    forwards = {}
    for i in sorted(needed):
        key = forward_key(types[i], needed[i])
        if key in complete:
            continue
        if key in forwards:
            new_id[i] = forwards[key]
            continue
        kept.append(Type(key[0], FWD << 24 | key[1] << 31, 0) if key else types[i])
        new_id[i] = len(kept)
        if key:
            forwards[key] = len(kept)
    for i in needed:
        if i not in new_id:
            new_id[i] = new_id[complete[forward_key(types[i], needed[i])]]
    return kept, new_id


class Strings:
    def __init__(self):
        self.data, self.offsets = bytearray(b"\0"), {"": 0}

    def add(self, text):
        if text not in self.offsets:
            self.offsets[text] = len(self.data)
            self.data += text.encode() + b"\0"
        return self.offsets[text]


def tail_record(one, record, new_id, rename):
    if one.kind == ARRAY:
        return new_id[record[0]], new_id[record[1]], record[2]
    if one.kind in (STRUCT, UNION, FUNC_PROTO):
        return (rename(record[0]), new_id[record[1]], *record[2:])
    if one.kind in (ENUM, ENUM64):
        return (rename(record[0]), *record[1:])
    return record


def write_btf(kept, new_id, string):
    strings, body = Strings(), bytearray()

    def rename(offset):
        return strings.add(string(offset))

    for one in kept:
        refers = one.kind in (PTR, FUNC_PROTO, *WRAPPERS)
        value = new_id[one.size_or_type] if refers else one.size_or_type
        body += struct.pack("<3I", strings.add(one.name), one.info, value)
        for record in one.tail:
            record = tail_record(one, record, new_id, rename)
            body += struct.pack("<" + TAIL[one.kind][0], *record)
    lengths = struct.pack("<4I", 0, len(body), len(body), len(strings.data))
    return struct.pack("<HBBI", 0xEB9F, 1, 0, 24) + lengths + body + strings.data


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        types, string = read_btf(file.read())
    roots = find_roots(types, string, read_list(sys.argv[2]))
    kept, new_id = renumber(types, closure(types, roots))
    with open(sys.argv[3], "wb") as file:
        file.write(write_btf(kept, new_id, string))


if __name__ == "__main__":
    main()
