# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Both CPUs send one stream at once, over loopback, so that both also receive it.

In which order the packets pass is not knowable. What is: how many numbers were sent, which not, and
how often each.
"""

import contextlib
import os

import pytest

import lab
import measure

FROM_PORT = 6100
SSRC = 0x4a450001
PRELUDE = 20  # by one alone, so that the base is known
STEP = 24


@pytest.fixture
def place():
    """(namespaces, sender's cgroup, receiver's cgroup, watch)"""
    assert os.cpu_count() > 1
    with measure.limit(60), contextlib.ExitStack() as stack:
        net = stack.enter_context(lab.Namespaces())
        source, sink = (stack.enter_context(lab.Cgroup(name)) for name in ("tx2", "rx2"))
        agent = stack.enter_context(lab.Agent())
        stack.enter_context(lab.receiver(measure.PORT, netns=net.a, cgroup=sink))
        watch = measure.Watch(agent, [source.relative, sink.relative])
        yield net, source, sink, watch


def send(place, first, count, pps, *options):
    net, source, _, _ = place
    return measure.realtime_sender(
        "--from-port", FROM_PORT, "--ssrc", SSRC, "--seq", first % 65536, "--ts", first * STEP,
        "--ts-step", STEP, "--count", count, "--pps", pps, *options, netns=net.a, cgroup=source)


def end(watch, senders):
    watch.until(lambda: all(sender.returncode is not None for sender in senders), 20)
    for sender in senders:
        assert sender.summary()["errors"] == 0


def figures(place):
    """Of both directions: {direction: (stream's row, its lost numbers, workload's counters)}."""
    _, source, sink, watch = place
    snapshot = watch.look()
    result = {}
    for direction, unit in (("egress", source.relative), ("ingress", sink.relative)):
        (row,) = (r for r in snapshot.streams if r["unit"] == unit)
        lost = row["lost"] if direction == "ingress" else row["source_gap"]
        packets = lab.total(snapshot.metrics, "jitterbug_rtp_packets_total", unit=unit)
        assert (row["direction"], row["ssrc"], row["packets"]) == (direction, SSRC, packets)
        assert row["restarts"] == 0
        for name, value in (("duplicate", row["duplicates"]), ("reordered", row["reordered"]),
                            ("late", row["late"])):
            counter = f"jitterbug_rtp_{name}_packets_total"
            assert lab.total(snapshot.metrics, counter, unit=unit) == value
        name = "lost" if direction == "ingress" else "source_gap"
        counter = lab.total(snapshot.metrics, f"jitterbug_rtp_{name}_packets_total", unit=unit)
        assert counter == lost
        result[direction] = (row, lost + row["unseen"])
    assert not watch.broken
    return result


@pytest.mark.parametrize("share", ["port", "socket"])
def test_each_number_twice_and_some_never(place, share):
    """Four rounds; in each, two programs with two threads each send the same numbers at once."""
    rounds, count, missing = 4, 400, 30
    end(place[3], [send(place, 0, PRELUDE, 1000)])
    for number in range(rounds):
        first = PRELUDE + missing + number * (count + missing)
        end(place[3], [send(place, first, count, 400, "--threads", 2, "--share", share)
                       for _ in range(2)])
    for row, lost in figures(place).values():
        assert row["packets"] == PRELUDE + rounds * count * 2
        assert row["unique"] == PRELUDE + rounds * count
        assert row["duplicates"] == rounds * count
        assert lost == rounds * missing
        assert (row["base_sequence"], row["highest_sequence"]) == (0, first + count - 1)


@pytest.mark.parametrize("share", ["port", "socket"])
def test_as_fast_as_they_can(place, share):
    """Here one CPU may fall behind the other by more than the window; that is late and lost."""
    count = 40000
    end(place[3], [send(place, 65000, PRELUDE, 1000)])
    end(place[3], [send(place, 65000 + PRELUDE, count, 40000, "--threads", 2, "--share", share)])
    for row, lost in figures(place).values():
        beyond = row["reordered"] + row["late"] - row["recovered"]
        assert row["packets"] == PRELUDE + count
        assert row["duplicates"] == 0
        assert row["reordered"] + row["late"] > 0
        assert row["unique"] == PRELUDE + count - beyond
        assert lost == beyond
        assert row["gap"] == row["recovered"] + lost
