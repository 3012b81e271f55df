# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RTCP made by hand, so that every count is known, 20 ms each way."""

import time

import pytest

import counters
import live
import peers
import wire

PORT, RTCP_PORT = 5600, 5601
SSRC, OTHER = 0x5160_0001, 0x5160_0002

pytestmark = pytest.mark.usefixtures("delayed")


@pytest.fixture
def ends(net, stack, request):
    """Two peers on a port of theirs, after 50 packets of RTP each way on PORT."""
    port = getattr(request, "param", PORT)
    a, b = peers.udp_pair(stack, net, PORT)
    a.send_all(b, live.rtp_row(SSRC, 50))
    b.send_all(a, live.rtp_row(OTHER, 50))
    return (a, b) if port == PORT else peers.udp_pair(stack, net, port)


def both(metrics, name, label, a, b, **labels):
    """What a sent and what b received."""
    return (counters.by(metrics, name, label, unit=a.unit, direction="egress", **labels),
            counters.by(metrics, name, label, unit=b.unit, direction="ingress", **labels))


def settle_both(agent, name, label, a, b, expected):
    return counters.settle(agent, lambda metrics: both(metrics, name, label, a, b),
                           (expected, expected))


@pytest.mark.parametrize("ends", [PORT, RTCP_PORT], indirect=True)
def test_types_and_feedback(agent, ends):
    """On the port of RTP and on one of its own; all of a compound packet's parts."""
    a, b = ends
    a.send(b, wire.sender_report(SSRC, wire.ntp()) + wire.sdes(SSRC))
    a.send(b, wire.receiver_report(SSRC) + wire.sdes(SSRC) + wire.bye(SSRC))
    a.send(b, wire.rtcp(wire.APP, 0, bytes(8)))
    a.send(b, wire.rtcp(wire.XR, 0, bytes(4)))
    names = ("nack", "pli", "fir", "transport_cc", "remb")
    for count, name in enumerate(names, 1):
        for _ in range(count):
            a.send(b, wire.receiver_report(SSRC) + wire.feedback(name, SSRC, OTHER))
    settle_both(agent, "rtcp_packets_total", "type", a, b,
                {"sr": 1, "rr": 16, "sdes": 2, "bye": 1, "app": 1, "xr": 1})
    metrics = settle_both(agent, "rtcp_feedback_total", "type", a, b,
                          {name: count for count, name in enumerate(names, 1)})
    for peer in ends:
        assert counters.mean(metrics, "rtcp_round_trip_seconds", unit=peer.unit) == (None, 0)
        assert counters.family(metrics, "rtcp_reported_lost_packets_total", unit=peer.unit) == 0


def test_encrypted(agent, ends):
    """SRTCP shows its first part's type; its noise is no loss and no round trip."""
    a, b = ends
    for n in range(20):
        a.send(b, wire.encrypted(wire.sender_report(SSRC, wire.ntp(), wire.block(OTHER, n))))
        b.send(a, wire.encrypted(wire.receiver_report(OTHER, wire.block(SSRC, n)) +
                                 wire.sdes(OTHER)))
        a.send(b, wire.encrypted(wire.feedback("nack", SSRC, OTHER)))
    settle_both(agent, "rtcp_packets_total", "type", b, a, {"rr": 20})
    metrics = settle_both(agent, "rtcp_feedback_total", "type", a, b, {"nack": 20})
    for peer in ends:
        assert counters.mean(metrics, "rtcp_round_trip_seconds", unit=peer.unit) == (None, 0)
        assert counters.family(metrics, "rtcp_reported_lost_packets_total", unit=peer.unit) == 0


def report(a, b, held_s, lost):
    """a's sender report, and b's answer to it after held_s."""
    sent = wire.ntp()
    a.send(b, wire.sender_report(SSRC, sent) + wire.sdes(SSRC))
    begin = time.monotonic()
    time.sleep(held_s)
    held_s = time.monotonic() - begin
    b.send(a, wire.receiver_report(OTHER, wire.block(SSRC, lost, lsr=wire.middle(sent),
                                                     dlsr_s=held_s)) + wire.sdes(OTHER))


@pytest.mark.parametrize("ends", [PORT, RTCP_PORT], indirect=True)
def test_round_trip_and_reported_loss(agent, ends):
    """Loss is what the cumulative number grew by; it may fall, the counter doesn't."""
    a, b = ends
    losses = (0, 3, 3, 10, 8, 12)
    for lost in losses:
        report(a, b, 0.05, lost)
    unit = a.unit
    metrics = counters.settle(agent, lambda metrics: counters.mean(
        metrics, "rtcp_round_trip_seconds", unit=unit)[1], len(losses))
    mean, _ = counters.mean(metrics, "rtcp_round_trip_seconds", unit=unit)
    assert mean == pytest.approx(peers.ROUND_TRIP_S, rel=0.05, abs=0.001)
    assert both(metrics, "rtcp_reported_lost_packets_total", "direction", b, a) == (
        {"egress": 12}, {"ingress": 12})


def test_implausible_reports(agent, ends):
    """No LSR, an LSR that nobody sent, a DLSR longer than the time: no round trip."""
    a, b = ends
    sent = wire.ntp()
    a.send(b, wire.sender_report(SSRC, sent))
    for lsr, dlsr_s in ((0, 0), (wire.middle(sent) + 4096, 0), (wire.middle(sent), 3600)):
        b.send(a, wire.receiver_report(OTHER, wire.block(SSRC, 0, lsr=lsr, dlsr_s=dlsr_s)))
    metrics = settle_both(agent, "rtcp_packets_total", "type", b, a, {"rr": 3})
    assert counters.mean(metrics, "rtcp_round_trip_seconds", unit=a.unit) == (None, 0)
