# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A sender that itself skips, repeats and swaps: source gaps, duplicates and reorders are exact.

Its network is perfect, so the receiver's side must say the same, and call it loss. The calls with
`gso` hand the kernel several datagrams at once, the last one shorter; the bridge loses, doubles and
reorders these as one. All calls run at once.
"""

import contextlib
from collections import namedtuple

import pytest

import lab
import measure
import truth

SECONDS = 5
ODD = ("--skip", 0.03, "--repeat", 0.03, "--swap", 0.03)
WHOLE = ("--loss", 0.05, "--dup", 0.05, "--reorder", 0.05, "--delay-us", 5000, "--gap-us", 45000)
GSO = ("--gso", 7, "--gso-short", 60)

# name: pps, what the sender does, what the bridge does, further arguments of Call
CALLS = {
    "ipv4": (200, ("--seq", 65000), (), {}),
    "ipv6": (200, ("--seq", 65000), (), {"family": 6}),
    # both behind the 2 s in which the clock is found
    "dropout": (200, ("--skip-at", "450:256", "--skip-at", "750:100"), (), {}),
    "restart": (200, ("--restart-at", 500), (), {"restarts": 1}),
    "video": (100, ("--frame", 4, "--ts-step", 3600), (), {"pt": 96, "rate": 90000}),
    "gso4": (300, ("--seq", 65000, *GSO), WHOLE, {"offloads": True, "sink": ("--gro",)}),
    "gso6": (300, GSO, WHOLE, {"offloads": True, "sink": ("--gro",), "family": 6}),
    "gso4-split": (300, GSO, WHOLE, {"offloads": True}),
    "gso6-split": (300, GSO, WHOLE, {"offloads": True, "family": 6}),
}
Lab = namedtuple("Lab", "calls watch snapshot")


def make(directory, number, name):
    pps, send, impair, further = CALLS[name]
    step = () if "--ts-step" in send else ("--ts-step", 48000 // pps)
    return measure.Call(directory, name, pps, pps * SECONDS, (*ODD, *send, *step), impair,
                        ssrc=0x4a430000 + number, **further)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    directory = tmp_path_factory.mktemp("egress")
    with measure.limit(50), contextlib.ExitStack() as stack:
        agent = stack.enter_context(lab.Agent())
        calls = {}
        for number, name in enumerate(CALLS):
            calls[name] = stack.enter_context(contextlib.closing(make(directory, number, name)))
        watch = measure.Watch(agent, [cgroup.relative for call in calls.values()
                                      for cgroup in (call.source, call.sink)])
        yield Lab(calls, watch, measure.run(calls.values(), watch, SECONDS + 20))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("side", ["egress", "ingress"])
def test_every_figure_is_exact(ran, name, side):
    call = ran.calls[name]
    side = getattr(call, side)().judge()
    (result,) = side.truth.values()
    assert min(result.lost, result.duplicates, result.recovered, result.out_of_order) > 0
    assert result.restarts == call.restarts
    side.check(ran.snapshot, "video" if call.rate == 90000 else "audio")


@pytest.mark.parametrize("name", ["gso4", "gso6"])
def test_segments_came_in_one_and_the_last_was_short(ran, name):
    rows = truth.rows(ran.calls[name].bridge_log)
    frames = {}
    for row in rows:
        frames.setdefault((row["id"], row["action"]), []).append(int(row["size"]))
    assert max(map(len, frames.values())) == 7
    assert all(sizes[-1] == sizes[0] - 60 for sizes in frames.values() if len(sizes) > 1)


def test_dropout_is_beyond_the_window(ran):
    (result,) = ran.calls["dropout"].egress().judge().truth.values()
    assert result.lost - result.pending > 256


def test_invariant_at_every_snapshot(ran):
    assert ran.watch.looks > SECONDS * 2
    assert not ran.watch.broken


def test_candidates_that_failed_are_counted_apart(tmp_path):
    """Packets before there were four in a row are no stream's; the agent measures this one only."""
    log, ssrc = tmp_path / "sent.csv", 0x4a437001
    options = ("--count", 300, "--pps", 300, "--skip", 0.5, "--repeat", 0.1, "--seed", 6,
               "--ssrc", ssrc)
    with measure.limit(20), lab.Cgroup("apart") as parent, lab.Cgroup("tx", parent) as cgroup, \
            lab.Namespaces() as net, lab.Agent("--cgroup", parent.path) as agent:
        with lab.sender(measure.PORT, *options, netns=net.a, cgroup=cgroup, log=log) as sender:
            assert sender.summary()["errors"] == 0
        (row,), metrics = agent.streams()["streams"], agent.metrics()
    arrivals = truth.log_arrivals(log)[ssrc]
    at = measure.admitted_at(arrivals)
    assert at > 4
    assert row["base_sequence"] == arrivals[at].seq
    assert row["packets"] == len(arrivals) - at
    assert lab.total(metrics, "jitterbug_agent_faults_total", fault="probation_failed") == at
