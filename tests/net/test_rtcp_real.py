# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RTCP of two GStreamer rtpbins that talk to each other, 20 ms each way, with and without loss."""

import contextlib
import shutil
import struct

import pytest

import capture
import counters
import lab
import media
import peers
import truth

A_PORTS, B_PORTS = (5020, 5021), (5030, 5031)
A_SSRC, B_SSRC = 0x5162_0001, 0x5162_0002
# rtpbin reports each 5 s or so; its second report has seen one of the other's.
ROUND_TRIPS = 2
DEADLINE_S = 40

pytestmark = pytest.mark.skipif(not shutil.which("gst-launch-1.0"), reason="no gst-launch-1.0")


class Session:
    """Both ends, what passed at b, and what the agent says at the end."""

    def __init__(self, stack, directory, loss):
        self.net = stack.enter_context(lab.Namespaces())
        self.log = directory / f"bridge-{loss}.csv"
        self.bridge = stack.enter_context(peers.delaying_bridge(
            self.net, peers.DELAY_US, "--loss", loss, log=self.log))
        self.captures = [capture.Capture(getattr(self.net, end), directory / f"{end}-{loss}.pcap")
                         for end in "ab"]
        self.a, self.b = (stack.enter_context(lab.Cgroup(f"bin-{end}")) for end in "ab")
        net = self.net
        self.ends = [
            stack.enter_context(lab.Process(*media.smooth(argv), netns=netns, cgroup=cgroup))
            for argv, netns, cgroup in (
                (media.rtp_session(net.b4, B_PORTS, A_PORTS, A_SSRC), net.a, self.a),
                (media.rtp_session(net.a4, A_PORTS, B_PORTS, B_SSRC), net.b, self.b))]

    def has_reported(self, metrics):
        return all(counters.mean(metrics, "rtcp_round_trip_seconds", unit=cgroup.relative)[1] >=
                   ROUND_TRIPS for cgroup in (self.a, self.b))

    def finish(self, agent):
        for process in self.ends:
            process.stop()
        self.bridge.finish()
        for one in self.captures:
            one.stop()
        self.metrics = agent.metrics()


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Without loss, and with: {loss: Session}"""
    directory = tmp_path_factory.mktemp("rtcp")
    with contextlib.ExitStack() as stack:
        agent = stack.enter_context(lab.Agent())
        made = {loss: Session(stack, directory, loss) for loss in (0, 0.1)}
        agent.snapshot_until(lambda metrics: all(session.has_reported(metrics)
                                                 for session in made.values()), DEADLINE_S)
        for session in made.values():
            session.finish(agent)
        yield made


def rtcp_packets(path, port):
    """(type, count, body) of all RTCP to that port in a capture."""
    for datagram in capture.datagrams(path):
        data = datagram.payload if datagram.dport == port else b""
        while len(data) >= 4:
            first, kind, words = struct.unpack_from("!BBH", data)
            yield kind, first & 31, data[4:4 * words + 4]
            data = data[4 * words + 4:]


def sent_types(session, number):
    """{type: count} of what left that end (0: a, 1: b) for the other's RTCP port."""
    names = {200: "sr", 201: "rr", 202: "sdes", 203: "bye", 204: "app", 207: "xr"}
    to = (B_PORTS, A_PORTS)[number][1]
    found = {}
    for kind, _, _ in rtcp_packets(session.captures[number].path, to):
        if kind in names:
            found[names[kind]] = found.get(names[kind], 0) + 1
    return found


def reported_losses(session):
    """The cumulative loss of a's stream in each report that a got; rtpbin begins with -1."""
    losses = []
    for kind, count, body in rtcp_packets(session.captures[0].path, A_PORTS[1]):
        blocks = {200: 24, 201: 4}.get(kind)
        for at in range(blocks, blocks + 24 * count, 24) if blocks else ():
            ssrc, both = struct.unpack_from("!II", body, at)
            if ssrc == A_SSRC:
                losses.append((both & 0xffffff ^ 0x800000) - 0x800000)
    return losses


@pytest.mark.parametrize("loss", [0, 0.1])
def test_round_trip(sessions, loss):
    for cgroup in (sessions[loss].a, sessions[loss].b):
        mean, samples = counters.mean(sessions[loss].metrics, "rtcp_round_trip_seconds",
                                      unit=cgroup.relative)
        print(f"{samples} round trips of {mean * 1e3:.2f} ms")
        assert mean == pytest.approx(peers.ROUND_TRIP_S, rel=0.05)


@pytest.mark.parametrize("loss", [0, 0.1])
def test_types_are_the_captures(sessions, loss):
    session = sessions[loss]
    for number, cgroup in enumerate((session.a, session.b)):
        expected = sent_types(session, number)
        assert expected["sdes"] >= 2
        assert counters.by(session.metrics, "rtcp_packets_total", "type", unit=cgroup.relative,
                           direction="egress") == expected


@pytest.mark.parametrize("loss", [0, 0.1])
def test_reported_loss(sessions, loss):
    """What the reports to a say since the first one, which is nearly what the bridge dropped."""
    session = sessions[loss]
    losses = reported_losses(session)
    dropped = sum(row["action"] == "drop" and int(row["ssrc"]) == A_SSRC
                  for row in truth.rows(session.log))
    assert len(losses) >= ROUND_TRIPS
    assert (0 < losses[-1] <= dropped) if loss else dropped == 0
    assert losses == sorted(losses)
    grown = max(losses[-1], 0) - max(losses[0], 0)
    assert counters.family(session.metrics, "rtcp_reported_lost_packets_total",
                           unit=session.a.relative, direction="ingress") == grown
