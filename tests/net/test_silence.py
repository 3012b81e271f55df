# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""25 s of silence are a pause of one stream; 40 s end it, and what was missing is lost then.

Both calls wait at the same time.
"""

import contextlib
import time

import lab
import measure

PPS = 50
HALF = 4 * PPS  # packets before and after the pause: all of them are in one window
IMPAIR = ("--loss", 0.05, "--dup", 0.05, "--reorder", 0.05, "--delay-us", 5000, "--gap-us", 45000)
RETIRED_S = 30
PASS_S = 7  # the agent looks for streams to end every 5 s


def make(directory, number, pause_ms, **further):
    options = ("--ts-step", 960, "--seq", 65400, "--pause-at", f"{HALF}:{pause_ms}")
    return measure.Call(directory, f"silence{number}", PPS, 2 * HALF, options, IMPAIR,
                        ssrc=0x4a460000 + number, **further)


def lives(side):
    """The same side with the stream's lives as streams of their own: (first, second)."""
    ((ssrc, stream),) = side.streams.items()
    times = [arrival.t_ns for arrival in stream.arrivals]
    cut = next(i for i in range(1, len(times)) if times[i] - times[i - 1] > RETIRED_S * 10**9)
    parts = (slice(0, cut), slice(cut, None))
    return [measure.Side(side.call, side.direction, side.cgroup,
                         {ssrc: measure.Stream(stream.arrivals[part], stream.bytes[part])}).judge()
            for part in parts]


def both(first, second):
    """Counters of two lives: nothing of the first is in a window any more."""
    one, two = first.expected_totals(retired=True), second.expected_totals()
    return {name: one[name] + two[name] for name in one}


def check_first_life(watch, call):
    """While the call is silent: its stream goes, and the numbers that never came are lost."""
    time.sleep(HALF / PPS)
    lab.wait_until(lambda: is_idle(watch, call), 10, "silence")
    side = call.ingress().judge()  # the bridge's log ends here for now
    (result,) = side.truth.values()
    assert min(result.lost, result.duplicates, result.recovered) > 0
    assert result.pending == result.lost
    metrics = watch.look().metrics
    assert side.measured_totals(metrics) == side.expected_totals()
    assert side.total(metrics, "lost_packets") == 0
    measure.wait_retired(watch, side, RETIRED_S + PASS_S)


def is_idle(watch, call):
    rows = call.ingress().rows(watch.look().streams)
    return any(row["idle_seconds"] > 1 for row in rows.values())


def check_one_stream(watch, call, snapshot):
    side = call.ingress().judge()
    (result,) = side.truth.values()
    assert min(result.lost, result.duplicates, result.recovered, result.pending) > 0
    assert result.restarts == 0
    side.check(snapshot)
    return side


def check_two_lives(call, snapshot):
    first, second = lives(call.ingress())
    (ssrc,) = second.streams
    (result,) = second.truth.values()
    assert min(result.lost, result.duplicates, result.recovered) > 0
    assert second.measured_stream(ssrc, snapshot.streams) == second.expected_stream(ssrc)
    second.check_jitter(ssrc, snapshot.streams)
    assert first.measured_totals(snapshot.metrics) == both(first, second)


def test_silence(tmp_path):
    with measure.limit(120), contextlib.ExitStack() as stack:
        agent = stack.enter_context(lab.Agent())
        short, long = (stack.enter_context(contextlib.closing(make(tmp_path, *arguments)))
                       for arguments in ((1, 25000), (2, 40000)))
        watch = measure.Watch(agent, [short.sink.relative, long.sink.relative])
        short.start()
        long.start()
        check_first_life(watch, long)
        watch.until(lambda: not short.is_sending(), 10)
        short.finish()
        side = check_one_stream(watch, short, watch.look())
        watch.until(lambda: not long.is_sending(), 30)
        long.finish()
        check_two_lives(long, watch.look())

        measure.wait_retired(watch, side, RETIRED_S + PASS_S)
        snapshot = watch.look()
        assert not side.rows(snapshot.streams)
        assert lab.total(snapshot.metrics, "jitterbug_rtp_streams", unit=side.unit) == 0
        assert not watch.broken
