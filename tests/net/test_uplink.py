# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A second measuring point on an interface: what is lost before it, and what is lost behind it."""

import signal
import subprocess

import pytest

import lab
import peers

PORT = 6100
COUNT = 1500
SKIPPED = 37  # numbers that the sender leaves out in the middle: missing at both points
EVERY = 20    # of what comes in, one in so many is dropped by the firewall
WINDOW = 256  # what is younger has not been decided

pytestmark = pytest.mark.usefixtures("forwarded")


def links(netns):
    """What is attached to the interface, and its qdiscs."""
    return subprocess.run(["ip", "netns", "exec", netns, "sh", "-c",
                           "tc qdisc show dev eth0; tc filter show dev eth0 ingress"],
                          capture_output=True, text=True, check=True).stdout


def stream(agent, port, unit, direction="ingress"):
    found = [s for s in agent.streams()["streams"] if s["destination_port"] == port
             and s["unit"] == unit and s["direction"] == direction]
    assert len(found) == 1, found
    return found[0]


def send(net, cgroup):
    with lab.sender(PORT, "--count", COUNT, "--pps", 1000, "--ssrc", 0x1234, "--skip-at",
                    f"{COUNT // 2}:{SKIPPED}", to=net.b4, netns=net.a, cgroup=cgroup) as process:
        process.summary()


def test_loss_before_and_behind(net):
    with lab.Cgroup("up-tx") as source, lab.Cgroup("up-rx") as sink, \
            lab.Agent("--uplink", "eth0", netns=net.b) as agent, \
            lab.receiver(PORT, netns=net.b, cgroup=sink):
        with peers.rules(net.b, "input",
                         f"udp dport {PORT} numgen inc mod {EVERY} == 7 counter drop"):
            send(net, source)
        seen = stream(agent, PORT, sink.relative)
        dropped = seen["lost"] + seen["unseen"] - SKIPPED
        assert dropped == pytest.approx((COUNT - SKIPPED) / EVERY, abs=1)
        assert seen["uplink_lost"] == SKIPPED
        assert dropped - WINDOW / EVERY - 1 <= seen["node_lost"] <= dropped
        metrics = agent.metrics()
        assert lab.total(metrics, "jitterbug_agent_feature_available", feature="uplink") == 1
        # The stream on the uplink is nobody's: counted once.
        assert lab.total(metrics, "jitterbug_rtp_packets_total", direction="ingress",
                         unit=sink.relative) == seen["packets"]
        sending = stream(agent, PORT, source.relative, "egress")
        assert sending["source_gap"] == SKIPPED
        assert sending["uplink_lost"] is None  # it left by another namespace's interface


def test_nothing_stays(net):
    before = links(net.b)
    agent = lab.Agent("--uplink", "eth0", netns=net.b)
    assert agent.process.stop(signal.SIGKILL) != 0
    assert links(net.b) == before


def test_no_such_interface(net):
    result = subprocess.run([lab.jitterbug(), "agent", "--listen", "127.0.0.1:9599", "--uplink",
                             "nosuch0"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 1
    assert "nosuch0" in result.stderr and "No such device" in result.stderr
