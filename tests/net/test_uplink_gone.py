# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An interface of --uplink that goes while the agent runs, and one of its name that comes."""

import pytest

import lab

PORT = 6130
COUNT = 300
NAME = "up0"
SOURCE, SINK = "10.251.7.1", "10.251.7.2"
TWO_PASSES_S = 15  # of 5 s each
PROGRAMS = ("jb_edge_ingress", "jb_edge_egress")
GONE = f" warning: the uplink {NAME} is gone: no stream is measured there\n"
AGAIN = f" info: the uplink {NAME} is measured again\n"


@pytest.fixture
def net():
    """Of each test, so that no interface stays for the next one."""
    with lab.Namespaces() as net:
        plug(net)
        yield net


def plug(net):
    """An interface of that name in b, wired to one in a."""
    net.ip(net.b, "link", "add", NAME, "type", "veth", "peer", "name", "up1", "netns", net.a)
    for namespace, device, address in ((net.a, "up1", SOURCE), (net.b, NAME, SINK)):
        net.ip(namespace, "addr", "add", f"{address}/24", "dev", device)
        net.ip(namespace, "link", "set", device, "up")


def unplug(net):
    net.ip(net.b, "link", "del", NAME)


def move(net):
    """Into another namespace, where what is attached to it would go on."""
    net.ip(net.b, "link", "set", NAME, "netns", net.m)


def states(metrics):
    return {lab.total(metrics, "jitterbug_agent_feature_available", feature="uplink"),
            *(lab.total(metrics, "jitterbug_agent_program_attached", program=name)
              for name in PROGRAMS)}


def await_state(agent, state, line):
    agent.snapshot_until(lambda metrics: states(metrics) == {state}, TWO_PASSES_S)
    assert agent.get("/readyz") == (200, "ok\n")
    lab.wait_until(lambda: line in agent.process.stderr, 10, f"logged: {line}")


def check_measured(net, agent, port):
    """What comes in by the interface is found at both points."""
    with lab.Cgroup("gone-rx") as sink, lab.receiver(port, netns=net.b, cgroup=sink), \
            lab.sender(port, "--count", COUNT, "--pps", 1000, to=SINK, netns=net.a) as source:
        assert source.summary()["sent"] == COUNT
        rows = [row for row in agent.streams()["streams"]
                if row["unit"] == sink.relative and row["direction"] == "ingress"]
        assert [(row["uplink_lost"], row["node_lost"]) for row in rows] == [(0, 0)]


@pytest.mark.parametrize("vanish", [unplug, move])
def test_gone_and_back(net, vanish):
    with lab.Agent("--uplink", NAME, netns=net.b) as agent:
        assert states(agent.metrics()) == {1}
        check_measured(net, agent, PORT)
        vanish(net)
        await_state(agent, 0, GONE)
        if vanish is move:
            net.ip(net.m, "link", "del", NAME)
        plug(net)
        await_state(agent, 1, AGAIN)
        check_measured(net, agent, PORT + 1)
        for line in (GONE, AGAIN):
            assert agent.process.stderr.count(line) == 1


def test_another_link_layer(net):
    """The programs were loaded for Ethernet's header: they would misread what has none."""
    with lab.Agent("--uplink", NAME, netns=net.b) as agent:
        unplug(net)
        await_state(agent, 0, GONE)
        net.ip(net.b, "tuntap", "add", NAME, "mode", "tun")
        await_state(agent, 0, f" warning: the uplink {NAME} is there, but not measured: ")
