# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TURN ChannelData, RTP over TCP, QUIC, DTLS: what wraps RTP, surrounds it, or is none."""

import shutil
import socket

import pytest

import counters
import lab
import live
import peers
import wire

PORT, ICE_TCP_PORT, QUIC_PORT, DTLS_PORT = 5600, 7881, 443, 4433
SSRC = 0x5161_0001

pytestmark = pytest.mark.usefixtures("delayed")


@pytest.fixture
def ends(net, stack):
    return peers.udp_pair(stack, net, PORT)


def settle_other(agent, ends, expected):
    """udp_other_packets_total by kind: what the first sent is what the second received."""
    def seen(metrics):
        return [counters.by(metrics, "udp_other_packets_total", "kind", unit=peer.unit,
                            direction=direction)
                for peer, direction in zip(ends, ("egress", "ingress"))]
    return counters.settle(agent, seen, [expected, expected])


def test_channel_data(agent, ends):
    """Counted as such, and the RTP inside as a stream."""
    a, b = ends
    a.send_all(b, [wire.channel_data(0x4001, packet) for packet in live.rtp_row(SSRC, 200)])
    metrics = settle_other(agent, ends, {"channel_data": 200})
    for peer, direction in ((a, "egress"), (b, "ingress")):
        assert live.unit_packets(metrics, peer.unit, direction) == 200
        (stream,) = live.unit_streams(agent, peer.cgroup)
        assert (stream["ssrc"], stream["packets"], stream["gap"]) == (SSRC, 200, 0)


def test_not_channel_data(agent, ends):
    """Right first octets, another length than announced."""
    a, b = ends
    for n in range(20):
        a.send(b, wire.channel_data(0x4001, bytes(40))[:-1 - n])
    metrics = counters.settle(agent, lambda metrics: counters.family(
        metrics, "udp_packets_total", unit=a.unit, direction="egress"), 20)
    assert counters.family(metrics, "udp_other_packets_total", unit=a.unit,
                           kind="channel_data") == 0


def test_rtp_over_tcp(agent, net):
    """RFC 4571 on the ICE/TCP port, one packet a segment, both ways."""
    with lab.Cgroup("4571a") as source, lab.Cgroup("4571b") as sink, \
            peers.pair((source, net.a), (sink, net.b, net.b4), ICE_TCP_PORT) as (client, server):
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        frames = [wire.framed(packet) for packet in live.rtp_row(SSRC, 60)]
        for number, frame in enumerate(frames):
            client.sendall(frame)
            assert server.recv(2048) == frame
            if number < 20:
                server.sendall(frame)
                assert client.recv(2048) == frame
        for cgroup, sent, received in ((source, 60, 20), (sink, 20, 60)):
            metrics = counters.settle_counts(agent, "rtp_tcp_packets_total", "direction",
                                             {"egress": sent, "ingress": received},
                                             unit=cgroup.relative)
            # 32 octets of RTP each
            assert counters.by(metrics, "rtp_tcp_bytes_total", "direction",
                               unit=cgroup.relative) == {"egress": 32 * sent,
                                                         "ingress": 32 * received}


def test_tcp_of_other_ports_is_no_rtp(agent, net):
    with lab.Cgroup("4571c") as cgroup, \
            peers.pair((cgroup, net.a), (cgroup, net.b, net.b4), ICE_TCP_PORT + 1) as (one, other):
        frame = wire.framed(live.rtp(SSRC, 1))
        one.sendall(frame)
        assert other.recv(2048) == frame
        counters.settle_counts(agent, "tcp_connections_opened_total", "role",
                               {"client": 1, "server": 1}, unit=cgroup.relative)
        assert counters.family(agent.metrics(), "rtp_tcp_packets_total", unit=cgroup.relative) == 0


def test_quic(agent, net, stack):
    """By RFC 9443's ranges; what begins with 64-79 could be ChannelData, so it may be missing."""
    a, b = peers.udp_pair(stack, net, QUIC_PORT)
    a.send_all(b, [wire.quic_long() for _ in range(10)])
    a.send_all(b, [wire.quic_short(first) for first in range(64, 128)])
    metrics = counters.settle(agent, lambda metrics: counters.family(
        metrics, "udp_packets_total", unit=b.unit, direction="ingress"), 10 + 64)
    for peer in (a, b):
        kinds = counters.by(metrics, "udp_other_packets_total", "kind", unit=peer.unit)
        assert kinds.keys() == {"quic"}
        assert 10 + 48 <= kinds["quic"] <= 10 + 64
        assert live.unit_streams(agent, peer.cgroup) == []


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")
def test_dtls_handshake(net, tmp_path):
    """Two round trips without a cookie, three with one."""
    client = "(echo hello; sleep 1) | " \
        f"openssl s_client -dtls1_2 -connect {net.b4}:{DTLS_PORT} -quiet -no_ign_eof"
    with lab.Agent("--metrics", "full") as full, lab.Cgroup("dtls-a") as source, \
            lab.Cgroup("dtls-b") as sink, \
            peers.dtls_server(tmp_path, net.b4, DTLS_PORT, net.b, sink):
        with lab.Process("sh", "-c", client, netns=net.a, cgroup=source) as process:
            process.wait(15)
        metrics = full.snapshot_until(lambda metrics: counters.mean(
            metrics, "dtls_handshake_seconds", unit=source.relative)[1])
        mean, samples = counters.mean(metrics, "dtls_handshake_seconds", unit=source.relative)
        assert samples == 1
        assert peers.ROUND_TRIP_S <= mean <= 4 * peers.ROUND_TRIP_S + 0.05
