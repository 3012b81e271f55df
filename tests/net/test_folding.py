# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--max-series: the first workload that is folded into ~other is told, once."""

import lab
import live

MAX_SERIES = 1000
FURTHER = 5  # workloads after the first that is folded
LINE = f" warning: --max-series {MAX_SERIES} is reached: what is new is folded into ~other\n"


def folded(agent):
    return lab.total(agent.metrics(), "jitterbug_agent_series_folded_total")


def add_workload(number, parent, sink):
    """A cgroup whose socket has sent a datagram."""
    with live.make_socket(lab.Cgroup(f"w{number}", parent=parent)) as source:
        source.sendto(b"no media", sink.getsockname())


def test_the_first_folding_is_logged():
    with lab.Cgroup("fold") as top, live.udp_sink(top, "127.0.0.1") as sink, \
            lab.Agent("--cgroup", top.path, "--max-series", MAX_SERIES) as agent:
        number = 0
        while not folded(agent):
            assert number < MAX_SERIES
            add_workload(number, top, sink)
            number += 1
        lab.wait_until(lambda: LINE in agent.process.stderr, 15, "the warning")
        before = folded(agent)
        for further in range(number, number + FURTHER):
            add_workload(further, top, sink)
        agent.snapshot_until(lambda metrics: lab.total(
            metrics, "jitterbug_agent_series_folded_total") >= before + FURTHER)
        assert agent.process.stderr.count(LINE) == 1
