#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A short life of the agent with traffic, for builds with sanitizers: start, measure a lossy call,
be asked for everything there is, also for nonsense, end in order. JITTERBUG and JB_TOOLS name what
is run, as for tests/net; a sanitizer's report makes the agent end with an error.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
import lab

PORT = 5004
PACKETS = 1000
NONSENSE = ("/", "/nothing", "/metrics?x=%00", "/api/v1/streams/" + "x" * 5000, "/..%2f")
ACCEPTS = ({"Accept": "application/openmetrics-text"}, {"Accept": ";;q=,"}, {"Host": "evil.test"},
           {"Authorization": "Bearer " + "x" * 3000})


def call(net, sender_group, receiver_group):
    """One way of a call, with loss, repetition and new order on it."""
    with lab.bridge(net, "--loss", 0.05, "--dup", 0.02, "--reorder", 0.02), \
            lab.receiver(PORT, netns=net.b, cgroup=receiver_group), \
            lab.sender(PORT, "--pps", 500, "--count", PACKETS, to=net.b4, netns=net.a,
                       cgroup=sender_group) as sender:
        assert sender.summary(30)["sent"] == PACKETS


def ask(agent):
    """Every page; nothing may break it."""
    for path in NONSENSE:
        agent.get(path)
    for headers in ACCEPTS:
        agent.get("/metrics", headers)
    agent.streams()
    shown = subprocess.run([lab.jitterbug(), "streams", "--agent", agent.url],
                           capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr


def main():
    with lab.Namespaces() as net, lab.Cgroup("sender") as sender_group, \
            lab.Cgroup("receiver") as receiver_group, \
            lab.Agent("--metrics", "full") as agent:
        call(net, sender_group, receiver_group)
        ask(agent)
        metrics = agent.metrics()
        sent = lab.total(metrics, "jitterbug_rtp_packets_total", direction="egress")
        got = lab.total(metrics, "jitterbug_rtp_packets_total", direction="ingress")
        lost = lab.total(metrics, "jitterbug_rtp_lost_packets_total")
        agent.stop()
    print(f"live: sent {sent:.0f}, received {got:.0f}, lost {lost:.0f}")
    assert sent >= PACKETS and got > 0 and lost > 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
