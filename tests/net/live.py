# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets of a chosen cgroup and namespace, made packets, and what an agent tells of one unit.

A socket belongs to the cgroup in which it is made and stays there, so this process only visits.
"""

import contextlib
import ctypes
import os
import socket
import struct
import time

import lab

HERE = os.path.dirname(os.path.abspath(__file__))
PT = 111
RESIDENT_GROWTH = 8 << 20
UDP, HOP_BY_HOP, FRAGMENT, DESTINATION = 17, 0, 44, 60
SO_RCVBUFFORCE, SO_ATTACH_FILTER = 33, 26
DRAIN_S = 0.3


def _move(path):
    with open(os.path.join(path, "cgroup.procs"), "w") as file:
        file.write(str(os.getpid()))


def _own_cgroup():
    with open("/proc/self/cgroup") as file:
        path = next(line for line in file if line.startswith("0::"))[3:].strip()
    return os.path.join(lab.cgroup_root(), path.lstrip("/"))


@contextlib.contextmanager
def visiting(cgroup):
    """This process is in the cgroup meanwhile."""
    home = _own_cgroup()
    _move(cgroup.path)
    try:
        yield
    finally:
        _move(home)


def make_socket(cgroup, netns=None, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0):
    """A socket of that cgroup in that namespace."""
    def make():
        return socket.socket(family, kind, protocol)
    with visiting(cgroup):
        return lab.run_in_netns(netns, make) if netns else make()


def udp_sink(cgroup, address, port=0, netns=None):
    """A bound UDP socket with room, not blocking."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sink = make_socket(cgroup, netns, family)
    sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    sink.bind((address, port))
    sink.setblocking(False)
    return sink


def drop_odd(sink):
    """A socket filter: datagrams with an odd first octet are dropped, behind the agent's hook."""
    load, test, drop, keep = (0x30, 0, 0, 8), (0x45, 0, 1, 1), (6, 0, 0, 0), (6, 0, 0, 0xffffffff)
    program = b"".join(struct.pack("HBBI", *step) for step in (load, test, drop, keep))
    code = ctypes.create_string_buffer(program)
    sink.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HP", 4, ctypes.addressof(code)))


def drain(sink, quiet=DRAIN_S, most=None):
    """All datagrams until none came for `quiet` seconds, or `most` have come."""
    got, end = [], time.monotonic() + quiet
    while time.monotonic() < end and len(got) != most:
        try:
            got.append(sink.recv(65535))
            end = time.monotonic() + quiet
        except BlockingIOError:
            time.sleep(0.01)
    return got


# Packets

def rtp(ssrc, seq, payload=b"p" * 20, pt=PT, csrcs=0, extension=None, first=0, ts=None):
    """`first` is ORed to the first octet; extension is (announced words, octets there)."""
    ts = seq * 960 if ts is None else ts
    head = 0x80 | csrcs | first | (0x10 if extension else 0)
    packet = struct.pack("!BBHII", head, pt, seq & 0xffff, ts & 0xffffffff, ssrc)
    packet += b"CSRC" * csrcs
    if extension:
        words, octets = extension
        packet += struct.pack("!HH", 0xbede, words) + bytes(octets)
    return packet + payload


def rtp_row(ssrc, count, **options):
    """`count` packets in a row."""
    return [rtp(ssrc, 100 + n, **options) for n in range(count)]


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp4(payload, source_port, port, length=None):
    """UDP without a checksum, which IPv4 allows."""
    length = len(payload) + 8 if length is None else length
    return struct.pack("!HHHH", source_port, port, length & 0xffff, 0) + payload


def udp6(payload, source_port, port, source, destination, length=None):
    told = len(payload) + 8 if length is None else length
    pseudo = (socket.inet_pton(socket.AF_INET6, source) +
              socket.inet_pton(socket.AF_INET6, destination) +
              struct.pack("!II", len(payload) + 8, UDP))
    head = struct.pack("!HHHH", source_port, port, told & 0xffff, 0)
    check = checksum(pseudo + head + payload) or 0xffff
    return struct.pack("!HHHH", source_port, port, told & 0xffff, check) + payload


def ipv4(body, source, destination, options=b"", ihl=None, version=4, fragment=0, ident=0,
         protocol=UDP):
    """The kernel fills in length, checksum and (if 0) the identification."""
    words = 5 + len(options) // 4 if ihl is None else ihl
    return struct.pack("!BBHHHBBH4s4s", version << 4 | words, 0, 20 + len(options) + len(body),
                       ident, fragment, 64, protocol, 0, socket.inet_aton(source),
                       socket.inet_aton(destination)) + options + body


def ipv6(body, source, destination, following=UDP):
    return struct.pack("!IHBB16s16s", 6 << 28, len(body), following, 64,
                       socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, destination)) + body


def ipv6_chain(kinds, body, last=UDP):
    """(first next-header, octets): extension headers of 8 octets, PadN inside, before the body."""
    following, data = last, body
    for kind in reversed(kinds):
        data = struct.pack("!BBBB4s", following, 0, 1, 4, bytes(4)) + data
        following = kind
    return following, data


def fragment6(following, offset, more, ident, body):
    """The header of a fragment (offset in octets) before its body."""
    return struct.pack("!BBHI", following, 0, offset | more, ident) + body


@contextlib.contextmanager
def bad_udp(cgroup, netns, address):
    """send(port, size): an IPv4 datagram with a wrong checksum, from that address to itself."""
    def make():
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(port, size):
        body = bytearray(udp4(bytes(size), port + 1, port))
        body[6:8] = b"\x12\x34"  # the right one depends on the ports alone; this is not it
        raw.sendto(ipv4(bytes(body), address, address), (address, 0))

    with (visiting(cgroup) if cgroup else contextlib.nullcontext()):
        raw = lab.run_in_netns(netns, make)
    with raw:
        yield send


# What the agent tells

def unit_packets(metrics, cgroup, direction):
    """rtp_packets_total of the unit, or None if it has no such series."""
    unit = getattr(cgroup, "relative", cgroup)
    values = [value for (name, labels), value in metrics.items()
              if name == "jitterbug_rtp_packets_total"
              and {("unit", unit), ("direction", direction)} <= labels]
    return sum(values) if values else None


def unit_names(metrics, prefix=""):
    """Units with a series, below the prefix."""
    units = (dict(labels).get("unit", "") for _, labels in metrics)
    return {unit for unit in units if unit and unit.startswith(prefix)}


def unit_streams(agent, cgroup):
    return [s for s in agent.streams()["streams"] if s["unit"] == cgroup.relative]


def assert_bounded(before, after):
    """Between these metrics the agent's memory has hardly grown, that of its maps not at all."""
    resident = "jitterbug_agent_resident_memory_bytes"
    assert lab.total(after, resident) - lab.total(before, resident) < RESIDENT_GROWTH
    for name in ("jitterbug_agent_map_bytes", "jitterbug_agent_map_capacity"):
        assert lab.total(after, name) == lab.total(before, name)


def unit_connections(agent, cgroup):
    return [row for row in agent.connections() if row["unit"] == cgroup.relative]


def faults(metrics):
    """{fault: count}."""
    return {dict(labels)["fault"]: int(value) for (name, labels), value in metrics.items()
            if name == "jitterbug_agent_faults_total"}


def fault_moves(before, after):
    """The faults that moved, and by how much."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}
