# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""UDP packets and bytes of a workload, and what its full receive buffers lost."""

import contextlib

import pytest

import counters
import lab
import live
import peers

PORT = 5700
LOST = "udp_receive_buffer_drops_total"

pytestmark = pytest.mark.usefixtures("forwarded")


def counted(metrics, cgroup, direction):
    """(packets, bytes)"""
    return tuple(int(counters.family(metrics, name, unit=cgroup.relative, direction=direction))
                 for name in ("udp_packets_total", "udp_bytes_total"))


def settle(agent, ends, packets, size):
    """Both ends, each in its direction only."""
    def seen(metrics):
        return [counted(metrics, cgroup, direction) for cgroup in ends
                for direction in ("egress", "ingress")]
    return counters.settle(agent, seen, [(packets, size), (0, 0), (0, 0), (packets, size)])


def run(net, ends, options, to, sink=(), sender_net=None):
    with lab.receiver(PORT, *sink, netns=net.b, cgroup=ends[1]) as receiver:
        with lab.sender(PORT, *options, to=to, netns=sender_net or net.a,
                        cgroup=ends[0]) as sender:
            sent = sender.summary(30)
        received = receiver.finish()
    assert sent["errors"] == received["overflows"] == 0
    assert received["datagrams"] == sent["sent"] > 0
    return received


STREAMS = {
    "rtp": ("--count", 500, "--pps", 2500),
    "noise": ("--mode", "noise", "--count", 500, "--pps", 2500, "--size", "1:1400"),
    "flood": ("--mode", "flood", "--count", 500, "--pps", 2500),
    "gso": ("--count", 600, "--pps", 6000, "--gso", 20, "--gso-short", 33),
}


@pytest.mark.parametrize("family", ["b4", "b6"])
@pytest.mark.parametrize("kind", STREAMS)
def test_every_datagram(agent, net, ends, kind, family):
    received = run(net, ends, STREAMS[kind], getattr(net, family))
    settle(agent, ends, received["datagrams"], received["bytes"])


@pytest.mark.parametrize("to", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("sink", [(), ("--gro",)])
def test_super_packets_over_loopback(agent, net, ends, sink, to):
    """What the sender merges stays merged on the way if the receiver wants it so."""
    received = run(net, ends, STREAMS["gso"], to, sink, net.b)
    assert (received["messages"] < received["datagrams"]) == bool(sink)
    settle(agent, ends, received["datagrams"], received["bytes"])


def test_fragments_are_one_datagram(agent, net, ends):
    received = run(net, ends, ("--count", 100, "--pps", 500, "--size", 4000), net.b4)
    settle(agent, ends, received["datagrams"], received["bytes"])


def test_empty_datagrams(agent, net, ends):
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(live.udp_sink(ends[1], net.b4, PORT, net.b))
        source = stack.enter_context(live.make_socket(ends[0], net.a))
        for _ in range(10):
            source.sendto(b"", (net.b4, PORT))
        assert live.drain(sink) == [b""] * 10
    settle(agent, ends, 10, 0)


# Receive buffers

class Lost:
    """Of the agent and of the kernel, over everything, from now on."""

    def __init__(self, agent):
        self.kernel = counters.Everywhere()
        self.agent = agent
        self.before = counters.family(agent.metrics(), LOST)

    def true(self):
        return self.kernel.moved("UdpRcvbufErrors", "Udp6RcvbufErrors")

    def assert_equal(self, least):
        metrics = counters.settle(
            self.agent, lambda metrics: counters.family(metrics, LOST) - self.before - self.true(),
            0)
        assert self.true() >= least
        return metrics


@pytest.mark.parametrize("to", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("options", [(), ("--gso", 10)])
def test_drops_equal_the_kernels(agent, net, ends, options, to):
    lost = Lost(agent)
    missing = peers.overflow(PORT, "--count", 3000, *options, to=to, netns=net.b, cgroup=ends[1])
    metrics = lost.assert_equal(least=1000)
    assert lost.true() == missing
    assert counters.family(metrics, LOST, unit=ends[1].relative) == missing


def test_drops_of_two_cpus_and_both_families(agent, net, ends):
    lost = Lost(agent)
    with peers.slow_reader(PORT, "--pause-us", 2000, "--rcvbuf", 50000, netns=net.b,
                           cgroup=ends[1]) as reader:
        senders = [lab.sender(PORT, "--count", 5000, "--pps", 5000, "--threads", 2, "--from-port",
                              7000 + n, to=to, netns=net.b)
                   for n, to in enumerate(("127.0.0.1", "::1"))]
        sent = sum(sender.summary(30)["sent"] for sender in senders)
        missing = sent - reader.finish()["datagrams"]
    metrics = lost.assert_equal(least=1000)
    assert lost.true() == missing == counters.family(metrics, LOST, unit=ends[1].relative)


def test_over_the_network(agent, net, ends):
    lost = Lost(agent)
    with peers.slow_reader(PORT, "--hold", "--rcvbuf", 20000, netns=net.b, cgroup=ends[1]):
        for to in (net.b4, net.b6):
            with lab.sender(PORT, "--count", 500, "--pps", 5000, to=to, netns=net.a) as sender:
                sender.summary(30)
        lost.assert_equal(least=500)
