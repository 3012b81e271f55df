# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Hostile packets on live sockets: each is counted as what it is, and passes untouched.

The agent measures nothing but the test's own cgroup, so its faults are the test's to the packet.
"""

import random
import socket

import pytest

import lab
import live

V4, V6 = "127.0.0.1", "::1"
PORT, SOURCE_PORT = 17470, 17471
SSRC = 0x4057_0000
REPEAT = 7


class Bench:
    """An agent on one cgroup, and sockets of that cgroup in a namespace."""

    def __init__(self, agent, cgroup, netns):
        self.agent, self.cgroup, self.netns = agent, cgroup, netns
        self.sinks = {V4: live.udp_sink(cgroup, V4, PORT, netns),
                      V6: live.udp_sink(cgroup, V6, PORT, netns)}
        self.raw = {V4: self._raw(socket.AF_INET), V6: self._raw(socket.AF_INET6)}
        self.plain = live.make_socket(cgroup, netns)

    def _raw(self, family):
        return live.make_socket(self.cgroup, self.netns, family, socket.SOCK_RAW,
                                socket.IPPROTO_RAW)

    def send_raw(self, packets, address):
        for packet in packets:
            self.raw[address].sendto(packet, (address, 0))

    def send_udp(self, payloads):
        for payload in payloads:
            self.plain.sendto(payload, (V4, PORT))

    def received(self, address, quiet=0.1):
        return live.drain(self.sinks[address], quiet)

    def faults(self):
        return live.faults(self.agent.metrics())

    def packets(self, direction):
        return live.unit_packets(self.agent.metrics(), self.cgroup, direction) or 0

    def close(self):
        for one in (*self.sinks.values(), *self.raw.values(), self.plain):
            one.close()


@pytest.fixture(scope="module")
def bench():
    with lab.Cgroup("hostile") as cgroup, lab.Namespaces() as net:
        net.ip(net.a, "link", "set", "lo", "mtu", "1500")
        with lab.Agent("--cgroup", cgroup.path) as agent:
            bench = Bench(agent, cgroup, net.a)
            try:
                yield bench
            finally:
                bench.close()


def udp4(payload, **options):
    return live.udp4(payload, SOURCE_PORT, PORT, **options)


def udp6(payload, **options):
    return live.udp6(payload, SOURCE_PORT, PORT, V6, V6, **options)


# In the UDP payload: what is sent, which fault, and how often for each packet (out and in).

PAYLOADS = {
    "empty": (b"", {}),
    "one octet": (b"\x80", {}),
    "two octets": (b"\x80\x6f", {"rtp_truncated": 2}),
    "eleven octets": (live.rtp(SSRC, 1, b"")[:11], {"rtp_truncated": 2}),
    "one of 15 CSRCs": (live.rtp(SSRC, 1, b"", csrcs=15)[:16], {"rtp_bounds": 2}),
    "15 CSRCs but for an octet": (live.rtp(SSRC, 1, b"", csrcs=15)[:-1], {"rtp_bounds": 2}),
    "extension header cut off": (live.rtp(SSRC, 1, b"", first=0x10) + b"\xbe\xde\0",
                                 {"rtp_bounds": 2}),
    "no extension where announced": (live.rtp(SSRC, 1, b"", first=0x10), {"rtp_bounds": 2}),
    "extension beyond the packet": (live.rtp(SSRC, 1, b"", extension=(65535, 400)),
                                    {"rtp_bounds": 2}),
    "extension one word beyond": (live.rtp(SSRC, 1, b"", extension=(11, 40)), {"rtp_bounds": 2}),
    "CSRCs and extension beyond": (live.rtp(SSRC, 1, b"", csrcs=15, extension=(3, 8)),
                                   {"rtp_bounds": 2}),
    "padding without room": (live.rtp(SSRC, 1, b"", first=0x20), {"rtp_padding": 2}),
    "SSRC 0": (live.rtp(0, 1), {}),
    "reserved payload type": (live.rtp(SSRC, 1, pt=80), {}),
    "all ones": (b"\xff" * 40, {}),
    "the longest datagram": (live.rtp(SSRC, 1, b"", extension=(65535, 65507 - 16)),
                             {"rtp_bounds": 2}),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_payload(bench, name):
    payload, moves = PAYLOADS[name]
    before, packets = bench.faults(), bench.packets("ingress")
    bench.send_udp([payload] * REPEAT)
    assert bench.received(V4) == [payload] * REPEAT
    expected = {fault: n * REPEAT for fault, n in moves.items()}
    assert live.fault_moves(before, bench.faults()) == expected
    assert bench.packets("ingress") == packets


WHOLE = {
    "15 CSRCs": {"csrcs": 15},
    "an extension of 1000 octets": {"extension": (250, 1000)},
    "an extension of no words": {"extension": (0, 0)},
    "CSRCs and extension and no payload": {"csrcs": 15, "extension": (2, 8), "payload": b""},
    "padding": {"first": 0x20, "payload": b"media" + b"\0\0\0\4"},
    "nothing but padding": {"first": 0x20, "payload": b"\0" * 199 + b"\xc8"},
    "no payload": {"payload": b""},
    "4000 octets, fragmented on the way": {"payload": b"m" * 4000},
}


@pytest.mark.parametrize("name", WHOLE)
def test_odd_but_whole_rtp_is_measured(bench, name):
    ssrc = SSRC + 1 + list(WHOLE).index(name)
    row = live.rtp_row(ssrc, 20, **WHOLE[name])
    before, packets = bench.faults(), (bench.packets("egress"), bench.packets("ingress"))
    bench.send_udp(row)
    assert bench.received(V4) == row
    assert live.fault_moves(before, bench.faults()) == {}
    assert (bench.packets("egress"), bench.packets("ingress")) == (packets[0] + 20,
                                                                   packets[1] + 20)
    streams = [s for s in live.unit_streams(bench.agent, bench.cgroup) if s["ssrc"] == ssrc]
    assert [s["bytes"] for s in streams] == [sum(map(len, row))] * 2


# Below UDP, by raw sockets: packet, faults for each, and whether the kernel itself lets it in.

RTP = live.rtp(SSRC + 100, 1)

RAW4 = {
    "UDP length beyond the packet": (live.ipv4(udp4(RTP, length=500), V4, V4),
                                     {"udp_length": 1}, False),
    "UDP length 0": (live.ipv4(udp4(RTP, length=0), V4, V4), {"udp_length": 1}, False),
    "UDP length 7": (live.ipv4(udp4(RTP, length=7), V4, V4), {"udp_length": 1}, False),
    "UDP header cut off": (live.ipv4(udp4(RTP)[:5], V4, V4), {"udp_length": 1}, False),
    "no UDP header": (live.ipv4(b"", V4, V4), {"udp_length": 1}, False),
    "IP version 5": (live.ipv4(udp4(RTP), V4, V4, version=5), {"ip_header": 1}, False),
}


@pytest.mark.parametrize("name", RAW4)
def test_malformed_ipv4(bench, name):
    packet, moves, enters = RAW4[name]
    before = bench.faults()
    bench.send_raw([packet] * REPEAT, V4)
    assert bench.received(V4) == [RTP] * (REPEAT if enters else 0)
    expected = {fault: n * REPEAT for fault, n in moves.items()}
    assert live.fault_moves(before, bench.faults()) == expected


def test_ipv4_options_are_stepped_over(bench):
    row = live.rtp_row(SSRC + 110, 20)
    packets = [live.ipv4(udp4(rtp), V4, V4, options=b"\1" * 4 * (n % 11))
               for n, rtp in enumerate(row)]
    before, counted = bench.faults(), bench.packets("ingress")
    bench.send_raw(packets, V4)
    assert bench.received(V4) == row
    assert live.fault_moves(before, bench.faults()) == {}
    assert bench.packets("ingress") == counted + 20


def fragments4(datagram, ident, step=16):
    return [live.ipv4(datagram[at:at + step], V4, V4, ident=ident,
                      fragment=(0x2000 if at + step < len(datagram) else 0) | at // 8)
            for at in range(0, len(datagram), step)]


def test_ipv4_fragments(bench):
    """As they leave they are fragments; they come in whole, and only what came in whole counts."""
    row = live.rtp_row(SSRC + 120, 20)
    packets = [p for n, rtp in enumerate(row) for p in fragments4(udp4(rtp), 1000 + n)]
    before, counted = bench.faults(), bench.packets("ingress")
    bench.send_raw(packets, V4)
    assert bench.received(V4) == row
    assert live.fault_moves(before, bench.faults()) == {"fragment": len(packets)}
    assert bench.packets("ingress") == counted + 20


def test_ipv4_fragments_that_never_make_a_packet(bench):
    whole = fragments4(udp4(RTP), 2000)
    lonely = [packet for n in range(50) for packet in fragments4(udp4(RTP), 2001 + n)[1:]]
    overlapping = [live.ipv4(udp4(RTP)[:24], V4, V4, ident=3000, fragment=0x2000),
                   live.ipv4(udp4(RTP)[:24], V4, V4, ident=3000, fragment=0x2001)]
    before = bench.faults()
    bench.send_raw(lonely + overlapping + whole, V4)
    assert bench.received(V4) == [RTP]
    moves = live.fault_moves(before, bench.faults())
    assert moves == {"fragment": len(lonely) + len(overlapping) + len(whole)}


@pytest.mark.parametrize("length", [1, 2, 7, 8])
def test_ipv6_extension_headers_are_stepped_over(bench, length):
    row = live.rtp_row(SSRC + 130 + length, 20)
    kinds = [live.DESTINATION] * length
    packets = [live.ipv6(body, V6, V6, following)
               for following, body in (live.ipv6_chain(kinds, udp6(rtp)) for rtp in row)]
    before, counted = bench.faults(), bench.packets("ingress")
    bench.send_raw(packets, V6)
    assert bench.received(V6) == row
    assert live.fault_moves(before, bench.faults()) == {}
    assert bench.packets("ingress") == counted + 20


@pytest.mark.parametrize("length", [9, 30, 140])
def test_ipv6_chains_too_long_to_follow(bench, length):
    following, body = live.ipv6_chain([live.DESTINATION] * length, udp6(RTP))
    before = bench.faults()
    bench.send_raw([live.ipv6(body, V6, V6, following)] * REPEAT, V6)
    assert bench.received(V6) == [RTP] * REPEAT
    assert live.fault_moves(before, bench.faults()) == {"ipv6_extensions": 2 * REPEAT}


def _extension_beyond():
    return live.ipv6(bytes([live.DESTINATION, 255, 1, 4, 0, 0, 0, 0]) + udp6(RTP), V6, V6,
                     live.DESTINATION)


RAW6 = {
    "UDP length beyond the packet": (live.ipv6(udp6(RTP, length=500), V6, V6), "udp_length"),
    "UDP length 5": (live.ipv6(udp6(RTP, length=5), V6, V6), "udp_length"),
    "UDP header cut off": (live.ipv6(udp6(RTP)[:5], V6, V6), "udp_length"),
    "extension cut off": (live.ipv6(b"\x3c\0", V6, V6, live.DESTINATION), "ip_header"),
    "extension beyond the packet": (_extension_beyond(), "ip_header"),
    "UDP beyond the packet": (live.ipv6(bytes([live.UDP, 255, 1, 4, 0, 0, 0, 0]), V6, V6,
                                        live.DESTINATION), "udp_length"),
    "lonely first fragment": (live.ipv6(live.fragment6(live.UDP, 0, 1, 77, udp6(RTP)[:16]), V6,
                                        V6, live.FRAGMENT), "fragment"),
    "lonely later fragment": (live.ipv6(live.fragment6(live.UDP, 800, 1, 78, udp6(RTP)[:16]), V6,
                                        V6, live.FRAGMENT), "fragment"),
}


@pytest.mark.parametrize("name", RAW6)
def test_malformed_ipv6(bench, name):
    packet, fault = RAW6[name]
    before = bench.faults()
    bench.send_raw([packet] * REPEAT, V6)
    assert bench.received(V6) == []
    assert live.fault_moves(before, bench.faults()) == {fault: REPEAT}


def test_ipv6_fragments(bench):
    row = live.rtp_row(SSRC + 150, 20)
    packets = []
    for n, rtp in enumerate(row):
        datagram = udp6(rtp)
        pieces = ((0, 1, datagram[:16]), (16, 1, datagram[16:32]), (32, 0, datagram[32:]))
        packets += [live.ipv6(live.fragment6(live.UDP, at, more, 500 + n, piece), V6, V6,
                              live.FRAGMENT) for at, more, piece in pieces]
    before, counted = bench.faults(), bench.packets("ingress")
    bench.send_raw(packets, V6)
    assert bench.received(V6) == row
    assert live.fault_moves(before, bench.faults()) == {"fragment": len(packets)}
    assert bench.packets("ingress") == counted + 20


def test_ipv6_atomic_fragments_are_whole_packets(bench):
    row = live.rtp_row(SSRC + 160, 20)
    packets = [live.ipv6(live.fragment6(live.UDP, 0, 0, 900 + n, udp6(rtp)), V6, V6,
                         live.FRAGMENT) for n, rtp in enumerate(row)]
    before, counted = bench.faults(), bench.packets("ingress")
    bench.send_raw(packets, V6)
    assert bench.received(V6) == row
    assert live.fault_moves(before, bench.faults()) == {}
    assert bench.packets("ingress") == counted + 20


def _mutants(rng, count):
    """Valid packets with some octets changed and some cut; (address, packet)."""
    for n in range(count):
        rtp = live.rtp(SSRC + 200, n, csrcs=n % 16, extension=(n % 20, 4 * (n % 20)))
        address = rng.choice((V4, V6))
        if address == V4:
            packet = live.ipv4(udp4(rtp), V4, V4, options=b"\1" * 4 * (n % 11), ident=n)
        else:
            packet = _chained(rtp, n)
        yield address, _mutate(rng, packet)


def _chained(rtp, n):
    following, body = live.ipv6_chain([live.DESTINATION] * (n % 12), udp6(rtp))
    return live.ipv6(body, V6, V6, following)


def _mutate(rng, packet):
    """Addresses stay, so that nothing leaves the host."""
    spared = range(12, 20) if packet[0] >> 4 == 4 else range(8, 40)
    packet = bytearray(packet)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(packet))
        if at not in spared:
            packet[at] = rng.randrange(256)
    if rng.random() < 0.3:
        del packet[rng.randrange(40, len(packet)):]
    return bytes(packet)


def test_ten_thousand_mutants_beside_a_call(bench):
    """A call in their midst is counted and delivered whole, and the agent lives."""
    row = live.rtp_row(SSRC + 300, 1000)
    refused = 0
    for n, (address, packet) in enumerate(_mutants(random.Random(5), 10000)):
        try:
            bench.send_raw([packet], address)
        except OSError:
            refused += 1  # the kernel's own checks
        if n % 10 == 0:
            bench.send_udp([row[n // 10]])
    assert refused < 5000
    assert [p for p in bench.received(V4) if p in set(row)] == row
    bench.received(V6)
    streams = [s for s in live.unit_streams(bench.agent, bench.cgroup)
               if s["ssrc"] == SSRC + 300]
    assert [(s["packets"], s["gap"], s["duplicates"]) for s in streams] == [(1000, 0, 0)] * 2
    assert bench.agent.get("/readyz")[0] == 200
    assert bench.faults()["packet_unreadable"] == 0
    assert bench.faults()["map_lookup"] == 0
