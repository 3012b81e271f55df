# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Retransmitted segments of all workloads of a test against its namespaces' TcpRetransSegs.

Not of all that there is: orphans of earlier tests live on in namespaces that have no name any more.
"""

import pytest

import counters
import lab
import peers

PORT = 7300
LOSS = ("--all-frames", "--both-ways", "--delay-us", 2000, "--loss", 0.04)
NAME = "tcp_retransmitted_segments_total"


class Compared:
    """What the agent says of both cgroups, and the kernel of both ends' namespaces."""

    def __init__(self, agent, net, *cgroups):
        self.agent, self.units = agent, [cgroup.relative for cgroup in cgroups]
        self.namespaces = net.a, net.b  # just made: they begin with 0

    def true(self):
        return sum(counters.read(name)["TcpRetransSegs"] for name in self.namespaces)

    def seen(self, metrics):
        return sum(counters.family(metrics, NAME, unit=unit) for unit in self.units)

    def assert_equal(self, least):
        """As soon as both stand still."""
        metrics = counters.settle(self.agent, lambda metrics: self.seen(metrics) - self.true(), 0)
        assert self.true() >= least
        return metrics


def lossy(stack, offloads):
    net = stack.enter_context(lab.Namespaces(offloads=offloads))
    return net, stack.enter_context(lab.bridge(net, *LOSS))


@pytest.mark.parametrize("family", ["b4", "b6"])
@pytest.mark.parametrize("offloads, requests", [(False, 5), (True, 10)])
def test_loss_both_ways(agent, stack, ends, offloads, requests, family):
    """With offloads a lost super-packet is many segments."""
    source, sink = ends
    net, bridge = lossy(stack, offloads)
    compared = Compared(agent, net, source, sink)
    with peers.tcp_server(PORT, netns=net.b, cgroup=sink), \
            peers.tcp_client(PORT, "--connections", 20, "--requests", requests, "--size", 20000,
                             "--hold", to=getattr(net, family), netns=net.a,
                             cgroup=source) as client:
        peers.wait_said(client, "done")
        metrics = compared.assert_equal(least=50)
        result = client.finish()
    assert bridge.finish()["other_drop"] > 50
    assert counters.family(metrics, NAME, unit=source.relative) == result["retransmits"] > 0
    assert counters.family(metrics, NAME, unit=sink.relative) > 0


def drops(port, flags, side):
    return f"tcp {side} {port} tcp flags & (syn|ack) == {flags} numgen inc mod 2 == 0 drop"


@pytest.mark.parametrize("lost", ["syn", "syn-ack"])
def test_what_opens_a_connection(agent, stack, ends, lost):
    source, sink = ends
    net = stack.enter_context(lab.Namespaces())
    stack.enter_context(lab.bridge(net))
    at, rule = ((net.b, drops(PORT, "syn", "dport")) if lost == "syn" else
                (net.a, drops(PORT, "syn|ack", "sport")))
    compared = Compared(agent, net, source, sink)
    with peers.rules(at, "input", rule), peers.tcp_server(PORT, netns=net.b, cgroup=sink), \
            peers.tcp_client(PORT, "--connections", 2, to=net.b4, netns=net.a,
                             cgroup=source) as client:
        assert client.summary(20)["connected"] == 2
        compared.assert_equal(least=2)


def test_after_the_programs_have_gone(agent, stack, ends):
    """A closed socket of nobody still retransmits."""
    source, sink = ends
    net = stack.enter_context(lab.Namespaces())
    stack.enter_context(lab.bridge(net))
    compared = Compared(agent, net, source, sink)
    with peers.tcp_server(PORT, netns=net.b, cgroup=sink), \
            peers.tcp_client(PORT, "--connections", 3, "--hold", to=net.b4, netns=net.a,
                             cgroup=source) as client:
        peers.wait_said(client, "done")
        with peers.rules(net.b, "input", f"tcp dport {PORT} drop"):
            client.finish()
            lab.wait_until(lambda: compared.true() >= 6, 10, "FINs again")
            compared.assert_equal(least=6)
