# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is not RTP makes no streams, and a flood of what looks like it doesn't keep a call out.

Each case runs in a cgroup of its own, which at the end must have nothing; a call in the same
cgroup afterwards proves that it was looked at.
"""

import random
import re
import shutil
import struct
import time

import pytest

import lab
import live
import peers

PORT = 5353
SSRC = 0x0B07_0000
FLOOD_PPS = 50_000
# A busy machine sends half of that; the call has half the packets of G.711's 50 a second, so that
# as much of the flood falls between two of them.
FLOOD_PPS_LEAST = 25_000
FLOOD_S = 5
CALL_PPS = 25
CALL = ("--pps", CALL_PPS, "--ts-step", 960)


@pytest.fixture
def cgroup():
    with lab.Cgroup("notrtp") as cgroup:
        yield cgroup


def call(net, cgroup, ssrc, port=PORT + 1):
    """A call of a second over loopback; returns how many packets it had."""
    with lab.receiver(port, netns=net.a, cgroup=cgroup) as sink, \
            lab.sender(port, "--count", 50, "--pps", 200, "--ssrc", ssrc, netns=net.a,
                       cgroup=cgroup) as source:
        sent = source.summary()["sent"]
        assert sink.finish()["datagrams"] == sent
    return sent


def assert_nothing_but_a_call(agent, net, cgroup):
    before = agent.metrics()
    assert [live.unit_packets(before, cgroup, d) for d in ("ingress", "egress")] == [None, None]
    assert live.unit_streams(agent, cgroup) == []
    sent = call(net, cgroup, SSRC)
    after = agent.metrics()
    assert [live.unit_packets(after, cgroup, d) for d in ("ingress", "egress")] == [sent, sent]
    assert {s["ssrc"] for s in live.unit_streams(agent, cgroup)} == {SSRC}


def exchange(net, cgroup, messages, answer=None, fresh_ports=False):
    """Each message goes to a UDP responder; all must come, and each answer too."""
    server = live.udp_sink(cgroup, "127.0.0.1", PORT, net.a)
    server.settimeout(2)
    client = live.make_socket(cgroup, net.a)
    client.settimeout(2)
    try:
        for n, message in enumerate(messages):
            if fresh_ports and n % 10 == 0:
                client.close()
                client = live.make_socket(cgroup, net.a)
                client.settimeout(2)
            client.sendto(message, ("127.0.0.1", PORT))
            data, peer = server.recvfrom(65535)
            assert data == message
            if answer:
                server.sendto(answer(data), peer)
                assert client.recv(65535) == answer(data)
    finally:
        server.close()
        client.close()


# DNS with EDNS, as resolvers write it

def dns_query(rng):
    name = b"".join(bytes([len(part)]) + part for part in
                    (b"call%d" % rng.randrange(1000), b"example", b"org")) + b"\0"
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 12) + struct.pack("!HH", 10, 8) + \
        rng.randbytes(8)
    return struct.pack("!HHHHHH", rng.randrange(65536), 0x0120, 1, 0, 0, 1) + name + \
        struct.pack("!HH", rng.choice((1, 28, 33)), 1) + opt


def dns_answer(query):
    end = query.index(b"\0", 12) + 5
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x0a\0\0\1"
    return query[:2] + struct.pack("!HHHHH", 0x81a0, 1, 1, 0, 1) + query[12:end] + record + \
        b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)


@pytest.mark.parametrize("fresh_ports", [True, False])
def test_dns(agent, net, cgroup, fresh_ports):
    rng = random.Random(3)
    exchange(net, cgroup, [dns_query(rng) for _ in range(2000)], dns_answer, fresh_ports)
    assert_nothing_but_a_call(agent, net, cgroup)


# QUIC: long headers, then short ones; RFC 9287 lets the fixed bit be 0

def quic_packets(rng, grease):
    dcid, scid = rng.randbytes(8), rng.randbytes(8)
    for n in range(1500):
        fixed = 0 if grease and rng.random() < 0.5 else 0x40
        if n < 20:
            first = 0x80 | fixed | rng.randrange(64)
            yield bytes([first]) + struct.pack("!I", 1) + b"\x08" + dcid + b"\x08" + scid + \
                rng.randbytes(1150)
        else:
            yield bytes([fixed | rng.randrange(64)]) + dcid + rng.randbytes(rng.randrange(20, 1200))


@pytest.mark.parametrize("grease", [False, True])
def test_quic(agent, net, cgroup, grease):
    exchange(net, cgroup, quic_packets(random.Random(9), grease))
    assert_nothing_but_a_call(agent, net, cgroup)


def test_random_udp(agent, net, cgroup):
    with lab.receiver(PORT, netns=net.a, cgroup=cgroup) as sink, \
            lab.sender(PORT, "--mode", "noise", "--count", 50000, "--pps", 20000, "--size",
                       "20:1000", netns=net.a, cgroup=cgroup) as source:
        sent = source.summary()["sent"]
        assert sink.finish()["datagrams"] == sent == 50000
    assert_nothing_but_a_call(agent, net, cgroup)


# STUN, RTCP, ChannelData, ZRTP: one 5-tuple, numbers that count up

def stun(rng):
    for _ in range(500):
        attributes = struct.pack("!HH", 0x0006, 8) + b"user:mee" + struct.pack("!HH", 0x0024, 4) + \
            rng.randbytes(4)
        yield struct.pack("!HHI", rng.choice((0x0001, 0x0101)), len(attributes), 0x2112a442) + \
            rng.randbytes(12) + attributes


def rtcp(rng):
    """Compound packets of each type, and what a muxed receiver also sees: types 192..223."""
    for n in range(1000):
        kind = (200, 201, 202, 203, 204, 205, 206, 207, 192 + n % 32)[n % 9]
        body = struct.pack("!I", SSRC + 9) + rng.randbytes(24)
        packet = struct.pack("!BBH", 0x81, kind, len(body) // 4) + body
        yield packet + struct.pack("!BBHI", 0x81, 202, 2, SSRC + 9) + b"\1\2me\0\0\0\0"[:4]


def cut_channel_data(rng):
    """Shorter than it says; see test_signals.py for what is whole."""
    for n in range(500):
        rtp = live.rtp(SSRC + 10, n)
        yield struct.pack("!HH", 0x4001, len(rtp) + 1 + rng.randrange(100)) + rtp


def zrtp(rng):
    for n in range(200):
        yield struct.pack("!HH", 0x1000, n) + b"ZRTP" + struct.pack("!I", SSRC) + rng.randbytes(40)


def dtls_records(rng):
    """Handshake and application records with their own counting sequence numbers."""
    for n in range(500):
        body = rng.randbytes(80)
        yield struct.pack("!BHHIHH", 20 + n % 6, 0xfefd, 0, 0, n, len(body)) + body


def rtp_version_1(rng):
    for n in range(200):
        yield bytes([0x40]) + live.rtp(SSRC + 11, n)[1:]


@pytest.mark.parametrize("messages", [stun, rtcp, cut_channel_data, zrtp, dtls_records,
                                      rtp_version_1])
def test_beside_rtp(agent, net, cgroup, messages):
    exchange(net, cgroup, messages(random.Random(1)))
    assert_nothing_but_a_call(agent, net, cgroup)


# Real programs

def iperf3(net, cgroup, *options):
    server = lab.Process("iperf3", "--server", "--one-off", "--forceflush", netns=net.a,
                         cgroup=cgroup)
    with server:
        lab.wait_until(lambda: "listening" in server.stdout, 5, "iperf3 listening")
        with lab.Process("iperf3", "--client", "127.0.0.1", "--time", 1, *options, netns=net.a,
                         cgroup=cgroup) as client:
            assert client.wait(20) == 0, client.stdout + client.stderr
            assert server.wait(5) == 0
            return client.stdout


@pytest.mark.skipif(not shutil.which("iperf3"), reason="no iperf3")
@pytest.mark.parametrize("options", [
    ("--udp", "--bitrate", "200M"), ("--udp", "--bitrate", "50M", "--length", 172, "--reverse"),
    ("--udp", "--udp-counters-64bit", "--bitrate", "20M", "--parallel", 3), ("--bitrate", "2G")])
def test_iperf3(agent, net, cgroup, options):
    report = iperf3(net, cgroup, *options)
    assert re.search(r"[1-9]\S* \S?Bytes", report)
    assert_nothing_but_a_call(agent, net, cgroup)


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")
def test_dtls(agent, net, cgroup, tmp_path):
    """A handshake and a few hundred records of application data."""
    client = "for n in $(seq 300); do echo $n; sleep 0.002; done | " \
        f"openssl s_client -dtls1_2 -connect 127.0.0.1:{PORT} -quiet -no_ign_eof"
    with peers.dtls_server(tmp_path, "127.0.0.1", PORT, net.a, cgroup) as server:
        with lab.Process("sh", "-c", client, netns=net.a, cgroup=cgroup) as process:
            lab.wait_until(lambda: "300" in server.stdout.split(), 15, "the last record")
            process.wait(5)
    assert_nothing_but_a_call(agent, net, cgroup)


# A flood

def flooded_call(net, cgroup):
    """The summaries of (flood, call): the call begins a second into the flood.

    The sink is never read: what overflows it is seen before that, and costs nobody CPU.
    """
    sink = live.udp_sink(cgroup, "127.0.0.1", PORT, net.a)
    flood = [lab.sender(PORT, "--mode", "flood", "--pps", FLOOD_PPS / 2, "--seconds", FLOOD_S,
                        "--size", 20, "--seed", n, netns=net.a, cgroup=cgroup) for n in (1, 2)]
    time.sleep(1)
    with sink, lab.sender(PORT, *CALL, "--seconds", 3, "--ssrc", SSRC + 20, netns=net.a,
                          cgroup=cgroup) as source:
        return [one.summary(30) for one in flood], source.summary(20)


def test_a_call_is_admitted_within_a_second_of_a_flood(agent, net, cgroup):
    """50,000 random SSRCs a second to the same workload and port."""
    call(net, cgroup, SSRC + 19)
    before = agent.metrics()
    floods, sent = flooded_call(net, cgroup)
    streams = [s for s in live.unit_streams(agent, cgroup) if s["ssrc"] == SSRC + 20]
    assert sorted(s["direction"] for s in streams) == ["egress", "ingress"]
    for stream in streams:
        # What came before its admission and is in no figure is what the flood has cost.
        assert sent["sent"] - stream["packets"] < CALL_PPS
        assert stream["highest_sequence"] - stream["base_sequence"] + 1 == stream["packets"]
        assert (stream["gap"], stream["duplicates"]) == (0, 0)
    live.assert_bounded(before, agent.metrics())
    admitted = {s["ssrc"] for s in live.unit_streams(agent, cgroup)}
    assert admitted == {SSRC + 19, SSRC + 20}
    rate = sum(f["sent"] / f["seconds"] for f in floods)
    if rate < FLOOD_PPS_LEAST:
        pytest.skip(f"held, but the machine could flood with {rate:.0f} pps only")
