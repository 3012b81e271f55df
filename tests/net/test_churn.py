# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pods by the hundred that come and go: each has its own figures, and nothing of them stays.

Two rounds see those go that had no media: the others go 30 s after their last packet. With more
(`make soak`: JB_ROUNDS=10) all of a round go before the next, and memory is measured in between.
"""

import json
import os
import sys
import time

import pytest

import counters
import lab
from churn import Hotel
from churn_truth import Inspector, descriptors, resident_bytes, slope
from pods import kubernetes_node

ROUNDS = int(os.environ.get("JB_ROUNDS", "2"))
SOAKS = ROUNDS > 2
PODS, SPAN_S, LONGEST_S = (300, 30, 8) if SOAKS else (100, 4, 6)
GRACE_S = 3
# Rows enough for a round and for the machine's other TCP, and few enough to be used several times.
OPTIONS = ("--grace", f"{GRACE_S}s", "--max-workloads", 600, "--max-series", 400000)
WARMING = 5  # rounds in which memory may grow: of a pod that has gone the name is kept for 300 s
GROWTH = 1 << 20  # in ten rounds
SHOWN = 16  # peers of a workload, beside ~other
# What the machine does beside is not ours, nor told; but rows are for everybody's TCP.
BESIDE = 200
NOT_OURS = {"drops_full", "probation_failed"}  # the latter: see churn_truth.py


@pytest.fixture(scope="module", autouse=True)
def path(forwarded):
    """A bridge, in all tests of this file."""


@pytest.fixture
def inspector(tmp_path, net, stack):
    top = stack.enter_context(lab.Cgroup("churn"))
    node = stack.enter_context(kubernetes_node(tmp_path / "node", *OPTIONS, "--cgroup", top.path))
    return Inspector(Hotel(node, net, top, stack), top.relative, GRACE_S)


def entries(inspector, name):
    return int(counters.family(inspector.page.metrics, "agent_map_entries", map=name))


def say(**figures):
    print(json.dumps(figures), file=sys.stderr)


def turn(inspector):
    """A round of guests; with SOAKS until they have gone. Returns what must not grow."""
    began = time.monotonic()
    inspector.hotel.round(PODS, SPAN_S, LONGEST_S, inspector.look)
    lasted = time.monotonic() - began
    inspector.settle()
    if SOAKS:
        inspector.await_gone()
        inspector.forget()
    pid = inspector.agent.process.pid
    measured = {"resident": resident_bytes(pid), "descriptors": descriptors(pid),
                "rows": entries(inspector, "jb_rows"), "streams": entries(inspector, "jb_streams")}
    say(lasted=round(lasted, 1), **measured)
    return measured


def assert_steady(rounds):
    """Of what is there while no guest is."""
    rest = rounds[WARMING:]
    resident = [measured["resident"] for measured in rest]
    say(growth=round(10 * slope(resident)))
    assert 10 * slope(resident) <= GROWTH, resident
    assert len({measured["descriptors"] for measured in rest}) == 1, rest
    assert {measured["streams"] for measured in rounds} == {0}
    assert max(m["rows"] for m in rounds) < rounds[0]["rows"] + BESIDE, rounds


def test_pods_that_come_and_go(inspector):
    rounds = [turn(inspector) for _ in range(ROUNDS)]
    if SOAKS:
        assert_steady(rounds)
    else:
        inspector.await_gone(lambda guest: not guest.has_media)
    inspector.forget()
    say(told_after=round(max(inspector.told_after), 1),
        gone_after=[round(fn(inspector.gone_after), 1) for fn in (min, max)])
    assert inspector.faults == {}
    assert len(inspector.gone_after) >= ROUNDS * PODS // 4
    assert_bounds(inspector)


def assert_bounds(inspector):
    """There was room for all but the stayer's peers."""
    metrics = inspector.page.metrics
    assert inspector.lost().keys() <= NOT_OURS, inspector.lost()
    assert counters.family(metrics, "agent_edges_lost_total") == 0
    assert counters.family(metrics, "agent_series_folded_total") == 0
    peers = counters.by(metrics, "edge_connections_total", "src_workload",
                        pod=inspector.hotel.stayer.name, protocol="tcp")
    assert len(peers) == SHOWN + 1 and peers["~other"] > 0
