# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the network did to calls against what the agent says of their receivers.

All calls run at once: their media time is the time of this file.
"""

import contextlib
from collections import namedtuple

import pytest

import lab
import measure

SECONDS = 12
MIXED = ("--loss", 0.02, "--dup", 0.02, "--reorder", 0.02, "--delay-us", 5000, "--gap-us", 15000)
# 100 and 1,000 late. So many, for one is reordered and not late if a gap happens to be recent.
HELD = [word for at in range(500, 2700, 200)
        for word in ("--hold", f"{at}:{1000 if at % 1000 == 700 else 100}")]

# name: pps, what the sender does, what the bridge does, further arguments of Call
CALLS = {
    "ipv4": (400, ("--seq", 64000), (*MIXED, *HELD), {}),
    "ipv6": (400, ("--seq", 64000), (*MIXED, *HELD, "--seed", 2), {"family": 6}),
    "jitter": (50, (), ("--loss", 0.02, "--dup", 0.02, "--delay-us", 9000, "--jitter-us", 9000),
               {}),
    "video": (100, ("--frame", 4, "--ts-step", 3600), (*MIXED, "--jitter-us", 4000),
              {"pt": 96, "rate": 90000}),
    "g711": (50, ("--ts-step", 160), (*MIXED, "--gap-us", 30000), {"pt": 0, "rate": 8000}),
    "outage": (1000, ("--seq", 60000), (*MIXED, "--loss", 0.01, "--reorder", 0.01, *HELD,
                                        "--drop", "5000:4000"), {}),
    "restart": (200, ("--restart-at", 1200), MIXED, {"restarts": 1}),
    "ssrc": (200, ("--ssrc-at", f"1200:{0x4a420f00}"), MIXED, {"streams": 2}),
    "pt": (200, ("--pt-at", "1200:112"), MIXED, {"pt_changes": 1}),
    "middle": (200, ("--seq", 65300), MIXED, {}),
    # Four of five are media, at 160 a second.
    "padding": (200, ("--padding-every", 5, "--ts-step", 300), MIXED, {}),
}
Lab = namedtuple("Lab", "calls watch snapshot")


def make(directory, number, name):
    pps, send, impair, further = CALLS[name]
    step = () if "--ts-step" in send else ("--ts-step", 48000 // pps)
    return measure.Call(directory, name, pps, pps * SECONDS, (*send, *step), impair,
                        ssrc=0x4a420000 + number, **further)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    directory = tmp_path_factory.mktemp("ingress")
    with measure.limit(60), contextlib.ExitStack() as stack:
        calls = {}
        for number, name in enumerate(CALLS):
            calls[name] = stack.enter_context(contextlib.closing(make(directory, number, name)))
        calls["middle"].start()
        lab.wait_until(calls["middle"].bridge_log.stat, 10, "the log")
        lab.wait_until(lambda: calls["middle"].bridge_log.stat().st_size > 8192, 10, "media")
        agent = stack.enter_context(lab.Agent())
        units = [call.sink.relative for call in calls.values()]
        watch = measure.Watch(agent, units + [call.source.relative for call in calls.values()])
        snapshot = measure.run(calls.values(), watch, SECONDS + 20)
        yield Lab(calls, watch, snapshot)


def judged(ran, name):
    side = ran.calls[name].ingress()
    if name != "middle":
        return side.judge()
    return side.judge({ssrc: ran.watch.bases[side.unit, ssrc] for ssrc in side.streams})


@pytest.mark.parametrize("name", CALLS)
def test_every_figure_is_exact(ran, name):
    call, side = ran.calls[name], judged(ran, name)
    assert len(side.truth) == call.streams
    for result in side.truth.values():
        assert min(result.lost, result.duplicates) > 0
        assert result.restarts == call.restarts
        if name != "jitter":
            assert min(result.recovered, result.out_of_order) > 0
    side.check(ran.snapshot, "video" if call.rate == 90000 else "audio")


@pytest.mark.parametrize("name", CALLS)
def test_what_was_sent_is_whole(ran, name):
    """At the senders' side nothing is missing and nothing is double, whatever the network does."""
    side = ran.calls[name].egress()
    bases = {ssrc: ran.watch.bases[side.unit, ssrc] for ssrc in side.streams}
    side.judge(bases if name == "middle" else None)
    assert all(t.lost + t.duplicates + t.out_of_order == 0 for t in side.truth.values())
    for ssrc in side.streams:
        assert (side.measured_stream(ssrc, ran.snapshot.streams) == side.expected_stream(ssrc))
    assert side.measured_totals(ran.snapshot.metrics) == side.expected_totals()


@pytest.mark.parametrize("name", ["ipv4", "ipv6"])
def test_every_class_across_the_wrap(ran, name):
    (result,) = judged(ran, name).truth.values()
    assert min(result.lost, result.duplicates, result.reordered, result.late_in_window,
               result.late_beyond, result.recovered, result.gap) > 0
    assert result.epochs[0].highest > 65536
    assert result.restarts == 0


def test_outage_is_loss_and_no_restart(ran):
    (result,) = judged(ran, "outage").truth.values()
    assert (result.outages, result.restarts) == (1, 0)
    assert result.lost > 4000
    assert min(result.late_in_window, result.late_beyond) > 0


def test_jitter_of_a_call_that_has_some(ran):
    (result,) = judged(ran, "jitter").truth.values()
    assert 0.004 < result.jitter_s < 0.012
    unit = ran.calls["jitter"].sink.relative
    samples = lab.total(ran.snapshot.metrics, "jitterbug_rtp_jitter_seconds_count", unit=unit)
    assert SECONDS // 5 - 1 <= samples <= SECONDS // 5 + 1


def test_middle_of_a_stream(ran):
    side = judged(ran, "middle")
    (at,) = side.at.values()
    (stream,) = side.streams.values()
    assert 20 < at < len(stream.arrivals) - 600  # 3 s: the clock is known


def test_padding_is_counted(ran):
    (result,) = judged(ran, "padding").truth.values()
    assert result.padding > 100


def test_invariant_at_every_snapshot(ran):
    assert ran.watch.looks > SECONDS * 2
    assert not ran.watch.broken
