# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Super-packets from a tun device (USO, as virtual machines send): gso_segs is 0 there.

Nothing of what tun_uso writes is lost, so what to write is the truth: five runs of one stream, with
a gap, a repetition and a late run.
"""

import pytest

import lab
import measure
import truth

SEGMENTS = 7
SIZE, SHORT = 172, 61
STEP = 960
FIRST = 65300
SSRC = 0x4a440001
# (first number, super-packets): 20 missing; 14 again; 7 of the missing; on, out of the window
RUNS = ((0, 30), (230, 30), (230, 2), (210, 1), (440, 60))


def numbers():
    return [first + i for first, supers in RUNS for i in range(supers * SEGMENTS)]


def write(net, first, supers):
    with lab.Process(lab.tool("tun_uso"), "--port", measure.PORT, "--count", supers, "--segments",
                     SEGMENTS, "--size", SIZE, "--short", SHORT, "--ssrc", SSRC, "--ts-step", STEP,
                     "--seq", (FIRST + first) % 65536, "--ts", first * STEP, "--interval-us", 1000,
                     netns=net.b) as tun:
        assert tun.summary()["segments"] == supers * SEGMENTS


@pytest.mark.parametrize("sink", [(), ("--gro",)], ids=["split", "gro"])
def test_tun(sink):
    arrivals = [truth.Arrival(i * 1000000, (FIRST + n) % 65536, n * STEP, 111, False)
                for i, n in enumerate(numbers())]
    result = truth.compute(arrivals, FIRST, 48000)
    assert (result.lost, result.recovered, result.duplicates) == (13, 7, 14)

    with measure.limit(30), lab.Agent() as agent, lab.Namespaces() as net, \
            lab.Cgroup("uso") as cgroup:
        watch = measure.Watch(agent, [cgroup.relative])
        with lab.receiver(measure.PORT, *sink, netns=net.b, cgroup=cgroup) as receiver:
            for first, supers in RUNS:
                write(net, first, supers)
                watch.look()
            received = receiver.finish()
        assert received["datagrams"] == len(arrivals)
        assert (received["messages"] < received["datagrams"]) == bool(sink)
        snapshot = watch.look()

    call = type("Call", (), {"pt_changes": 0})
    short = sum(supers for _, supers in RUNS)
    sizes = [SIZE] * (len(arrivals) - short) + [SHORT] * short
    side = measure.Side(call, "ingress", cgroup, {SSRC: measure.Stream(arrivals, sizes)})
    side.at, side.truth = {SSRC: 0}, {SSRC: result}
    assert side.measured_stream(SSRC, snapshot.streams) == side.expected_stream(SSRC)
    assert side.measured_totals(snapshot.metrics) == side.expected_totals()
    assert not watch.broken
