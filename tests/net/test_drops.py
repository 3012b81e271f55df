# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Why packets were dropped inside the node: each cause on its reason, protocol and workload."""

import contextlib
import json
import socket
import subprocess

import pytest

import counters
import lab
import live
import peers

PORT = 5900
COUNT = 40
NAME = "dropped_packets_total"
GRE = 47

pytestmark = pytest.mark.usefixtures("forwarded")


def send(net, cgroup, port=PORT, to=None, count=COUNT, size=20, netns=None, family=socket.AF_INET):
    with live.make_socket(cgroup, netns or net.a, family) as source:
        for _ in range(count):
            with contextlib.suppress(PermissionError):  # by a rule of the output hook
                source.sendto(bytes(size), (to or net.b4, port))


class Drops:
    """Of one protocol and reason from now on: of a workload, or of everything."""

    def __init__(self, agent, protocol, reason):
        self.agent = agent
        self.labels = {"protocol": protocol, "reason": reason}
        self.before = self.seen(agent.metrics())

    def seen(self, metrics, **labels):
        return counters.family(metrics, NAME, **self.labels, **labels)

    def settle(self, count, cgroup=None):
        """For everything, since what has no socket yet is of no known workload."""
        if cgroup:
            return counters.settle(self.agent, lambda metrics: self.seen(
                metrics, unit=cgroup.relative), count)
        return counters.settle(self.agent, lambda metrics: self.seen(metrics) - self.before, count)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_rule_before_the_receiver(agent, net, ends, family):
    drops = Drops(agent, "udp", "netfilter_drop")
    to = net.b6 if family == socket.AF_INET6 else net.b4
    with peers.rules(net.b, "input", f"udp dport {PORT} drop"), \
            live.udp_sink(ends[1], to, PORT, net.b) as sink:
        send(net, ends[0], to=to, family=family)
        drops.settle(COUNT)
        assert live.drain(sink) == []
    drops.settle(0, ends[0])


def test_rule_behind_the_sender(agent, net, ends):
    drops = Drops(agent, "udp", "netfilter_drop")
    with peers.rules(net.a, "output", f"udp dport {PORT} drop"):
        send(net, ends[0])
    drops.settle(COUNT, ends[0])


def test_rule_for_tcp(agent, net, ends):
    drops = Drops(agent, "tcp", "netfilter_drop")
    with peers.rules(net.b, "input", f"tcp dport {PORT} drop"), \
            peers.tcp_socket(ends[0], net.a, net.b4) as client:
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.connect((net.b4, PORT))
    metrics = agent.snapshot_until(lambda metrics: drops.seen(metrics) - drops.before >= 1)
    assert drops.seen(metrics) - drops.before <= 2


def icmp_echo():
    packet = b"\x08\0\0\0\0\1\0\1" + b"x" * 24
    return packet[:2] + live.checksum(packet).to_bytes(2, "big") + packet[4:]


def test_rule_for_icmp(agent, net, ends):
    drops = Drops(agent, "icmp", "netfilter_drop")
    with peers.rules(net.b, "input", "icmp type echo-request drop"), \
            live.make_socket(ends[0], net.a, kind=socket.SOCK_RAW,
                             protocol=socket.IPPROTO_ICMP) as raw:
        for _ in range(COUNT):
            raw.sendto(icmp_echo(), (net.b4, 0))
        drops.settle(COUNT)


def test_rule_for_another_protocol(agent, net, ends):
    drops = Drops(agent, "other", "netfilter_drop")
    with peers.rules(net.b, "input", f"meta l4proto {GRE} drop"), \
            live.make_socket(ends[0], net.a, kind=socket.SOCK_RAW, protocol=GRE) as raw:
        for _ in range(COUNT):
            raw.sendto(bytes(64), (net.b4, 0))
        drops.settle(COUNT)


@pytest.mark.parametrize("to", ["127.0.0.1", "::1"])
def test_full_receive_buffer(agent, net, ends, to):
    drops = Drops(agent, "udp", "socket_rcvbuff")
    missing = peers.overflow(PORT, "--count", 1000, to=to, netns=net.b, cgroup=ends[1])
    assert missing > 500
    metrics = drops.settle(missing, ends[1])
    assert counters.family(metrics, "udp_receive_buffer_drops_total",
                           unit=ends[1].relative) == missing


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_closed_port(agent, net, ends, family):
    drops = Drops(agent, "udp", "no_socket")
    to = net.b6 if family == socket.AF_INET6 else net.b4
    send(net, ends[0], to=to, family=family)
    drops.settle(COUNT)


def test_closed_port_of_tcp(agent, net, ends):
    drops = Drops(agent, "tcp", "no_socket")
    for _ in range(COUNT):
        with peers.tcp_socket(ends[0], net.a, net.b4) as client, \
                pytest.raises(ConnectionRefusedError):
            client.connect((net.b4, PORT))
    drops.settle(COUNT)


@pytest.mark.parametrize("size", [20, 200])
def test_bad_checksum(agent, net, ends, size):
    """Short ones are found out before the socket is looked for, long ones when they are read."""
    drops = Drops(agent, "udp", "udp_csum")
    with peers.slow_reader(PORT, "--pause-us", 100, netns=net.b, cgroup=ends[1]) as reader, \
            live.bad_udp(ends[0], net.b, "127.0.0.1") as bad:
        for _ in range(COUNT):
            bad(PORT, size)
        drops.settle(COUNT)
        assert reader.finish()["datagrams"] == 0


def test_what_is_delivered_is_no_drop(agent, net, ends):
    with lab.receiver(PORT, netns=net.b, cgroup=ends[1]) as receiver, \
            lab.sender(PORT, "--count", 500, "--pps", 2000, to=net.b4, netns=net.a,
                       cgroup=ends[0]) as sender:
        sent = sender.summary()["sent"]
        assert receiver.finish()["datagrams"] == sent
    with peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--connections", 10, "--requests", 50, to=net.b4, netns=net.a,
                             cgroup=ends[0]) as client:
        assert client.summary(30)["broken"] == 0
    metrics = counters.settle(agent, lambda metrics: counters.family(
        metrics, "udp_packets_total", unit=ends[1].relative), sent)
    # In the bridge's namespace all packets are other hosts'.
    for cgroup in ends:
        found = counters.by(metrics, NAME, "reason", unit=cgroup.relative).keys()
        assert found <= {"otherhost", "queue_purge"}


def test_listed(agent, net, ends):
    """/api/v1/drops and `jitterbug drops` say what the metrics say."""
    drops = Drops(agent, "udp", "netfilter_drop")
    with peers.rules(net.a, "output", f"udp dport {PORT} drop"):
        send(net, ends[0])
    drops.settle(COUNT, ends[0])
    expected = {"namespace": "", "pod": "", "container": "", "unit": ends[0].relative,
                "protocol": "udp", "reason": "netfilter_drop", "packets": COUNT}
    (row,) = (row for row in agent.drops() if row["unit"] == ends[0].relative)
    assert expected.items() <= row.items()
    listed = subprocess.run([lab.jitterbug(), "drops", "--agent", agent.url, "--json"], check=True,
                            capture_output=True, text=True).stdout
    assert any(expected.items() <= row.items() for row in json.loads(listed)["drops"])


def test_reasons_are_the_kernels_names(agent, net, ends):
    send(net, ends[0])
    metrics = agent.metrics()
    names = {dict(labels)["reason"] for (name, labels), _ in metrics.items()
             if name == f"jitterbug_{NAME}"}
    assert "no_socket" in names
    assert all(name == name.lower() and not name.startswith("skb_") and not name.isdigit()
               for name in names)
    assert not names & {"consumed", "not_dropped_yet", "max"}
