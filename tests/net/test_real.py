# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real senders: the agent against captures, tshark, the bridge's log, and `jitterbug replay`.

calls.py makes them all at the same time; the tests then look at what was measured.
"""

import itertools
import json
import os
import shutil
import statistics
import subprocess

import pytest

import truth
from calls import CALLS, CLEAN, IMPAIRED, SECONDS, SIP, Scene
from capture import announcements, at_time, tshark_streams, write
from lab import jitterbug, total

PROGRAMS = ("gst-launch-1.0", "ffmpeg", "baresip", "tcpdump", "tshark")
COUNTS = ("base_sequence", "highest_sequence", "packets", "bytes", "unique", "unseen", "gap",
          "recovered", "reordered", "late", "duplicates", "restarts", "frames", "payload_type")
MEAN_SAMPLES = 200
SETTLED = 100  # packets after which J has forgotten a stream's first ones
LOST_ON_PROBATION = 32  # packets that gaps at the very start may keep out of every count

pytestmark = pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)),
                                reason=f"needs {', '.join(PROGRAMS)}")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with Scene(str(tmp_path_factory.mktemp("real"))) as scene:
        yield scene


def report(path):
    """The JSON of `jitterbug replay`."""
    return json.loads(subprocess.run([jitterbug(), "replay", "--json", path], check=True,
                                     capture_output=True, text=True).stdout)


def replay(path):
    """{ssrc: stream} of it."""
    return {stream["ssrc"]: stream for stream in report(path)["streams"]}


def close(ours_s, theirs_s):
    """Within 0.1 ms or 3%."""
    return abs(ours_s - theirs_s) <= max(0.0001, 0.03 * theirs_s)


@pytest.mark.parametrize("name", [*CALLS, *SIP])
def test_counts_equal_the_capture(scene, name):
    call = scene.calls[name]
    seen, expected = call.seen, call.truth
    assert expected.restarts == 0
    assert expected.before_base <= (LOST_ON_PROBATION if name in IMPAIRED else 0)
    assert seen["packets"] == expected.packets == len(call.records) - expected.before_base
    assert seen["bytes"] == sum(record.size for record in call.records[expected.before_base:])
    assert seen["unique"] == expected.unique
    assert (seen["lost"], seen["unseen"]) == (expected.lost - expected.pending, expected.pending)
    assert (seen["gap"], seen["recovered"]) == (expected.gap, expected.recovered)
    assert seen["duplicates"] == expected.duplicates
    assert seen["reordered"] + seen["late"] == expected.out_of_order
    assert seen["restarts"] == 0
    assert seen["frames"] == expected.frames + 1  # the first one is no sample
    assert close(seen["jitter_seconds"], expected.jitter_s)


@pytest.mark.parametrize("name", [*CALLS, *SIP])
def test_tshark_counts_the_same_packets(scene, name):
    call = scene.calls[name]
    theirs = tshark_streams(call.lab.capture.path)[call.flow]
    assert theirs.packets == len(call.records)
    if name in CLEAN:
        assert theirs.lost == call.seen["lost"] == call.seen["unseen"] == 0


@pytest.mark.parametrize("name", [*CALLS, *SIP])
def test_clock_media_and_workloads(scene, name):
    call = scene.calls[name]
    for seen in (call.ingress, call.egress):
        assert (seen["clock_rate"], seen["media"]) == (call.clock, call.media)
        assert seen["source_address"] == call.flow.source
        assert seen["destination_address"] == call.flow.destination
        assert (seen["source_port"], seen["namespace"], seen["pod"]) == (call.flow.sport, "", "")
    assert call.ingress["source_gap"] is None and call.egress["lost"] is None
    assert call.egress["source_gap"] == call.egress["gap"] == call.egress["duplicates"] == 0


@pytest.mark.parametrize("name", [*CALLS, *SIP])
def test_metrics_add_up(scene, name):
    """Sums over media; static payload types are audio at once, others once their clock is known:

    after 2 s, or more where a sender begins with a burst. When is asked of the replay.
    """
    call = scene.calls[name]
    path = os.path.join(scene.directory, f"{name}-alone.pcap")
    write(path, [record.raw for record in call.records])
    unlocked = report(path)["summary"]["totals"]["unknown"]["packets"]

    for unit, seen in ((call.sending, call.egress), (call.receiving, call.ingress)):
        def metric(what, **labels):
            return total(scene.metrics, f"jitterbug_rtp_{what}_total", unit=unit,
                         direction=seen["direction"], **labels)

        assert metric("packets") == seen["packets"]
        assert metric("bytes") == seen["bytes"]
        assert metric("duplicate_packets") == seen["duplicates"]
        unknown = metric("packets", media="unknown")
        assert metric("packets", media=call.media) == seen["packets"] - unknown
        assert (unknown == 0) == (call.clock == 8000)
        if seen["direction"] == call.seen["direction"]:
            assert unknown == pytest.approx(unlocked, abs=seen["packets"] / SECONDS)


@pytest.mark.parametrize("name", [name for name in CLEAN if name not in SIP])
def test_egress_equals_ingress_where_nothing_is_lost(scene, name):
    """But for the order: a sender that changes its CPU overtakes itself between the ends."""
    call = scene.calls[name]
    for key in ("base_sequence", "highest_sequence", "packets", "bytes", "unique", "unseen",
                "duplicates", "restarts", "payload_type"):
        assert call.egress[key] == call.ingress[key], key
    assert call.ingress["gap"] == call.ingress["recovered"]


@pytest.mark.parametrize("name", list(CALLS))
def test_lost_equals_the_bridges_log(scene, name):
    call = scene.calls[name]
    expected = truth.compute(call.lab.bridged[call.flow.ssrc], call.ingress["base_sequence"],
                             call.clock)
    assert call.lab.summary["kernel_drops"] == call.lab.summary["send_errors"] == 0
    if name in IMPAIRED:
        assert expected.lost - expected.pending > 0
    if CALLS[name].lab == "bad":
        assert expected.duplicates > 0 and expected.out_of_order > 0
    seen = call.ingress
    assert seen["lost"] + seen["unseen"] == expected.lost
    assert seen["lost"] == expected.lost - expected.pending
    assert seen["packets"] == expected.packets
    assert seen["duplicates"] == expected.duplicates
    assert seen["reordered"] + seen["late"] == expected.out_of_order


@pytest.mark.parametrize("name", [*CALLS, *SIP])
def test_replay_says_what_the_agent_said(scene, name):
    call = scene.calls[name]
    again = replay(call.lab.capture.path)[call.flow.ssrc]
    for key in (*COUNTS, "lost", "media", "clock_rate"):
        assert again[key] == call.seen[key], key
    assert close(again["jitter_seconds"], call.seen["jitter_seconds"])


def in_order(records):
    """The longest stretch in which no packet is late or repeated."""
    stretch, longest = [], []
    for record in records:
        if stretch and not 0 < (record.arrival.seq - stretch[-1].arrival.seq) % 65536 < 32768:
            stretch = []
        stretch.append(record)
        longest = max(longest, stretch, key=len)
    return longest


def mean_jitter_ms(scene, name):
    """(ours, tshark's): the mean of J over the packets after the clock is known.

    We tell J as it is, tshark its mean since the beginning. So ours is replayed up to one packet
    after the other, and what was before is taken off theirs. Ours begins with the fourth packet.
    """
    call = scene.calls[name]
    path = os.path.join(scene.directory, f"{name}.pcap")
    announced = announcements(call.lab.capture.path)
    raws = [record.raw for record in in_order(call.records)]
    ends = range(len(raws), SETTLED, -1 - len(raws) // MEAN_SAMPLES)

    def ours(count):
        write(path, raws[:count])
        return replay(path).get(call.flow.ssrc, {}).get("jitter_seconds")

    def theirs(count):
        write(path, announced + raws[:count])
        return tshark_streams(path)[call.flow].mean_jitter_ms * count

    known = list(itertools.takewhile(lambda jitter: jitter is not None, map(ours, ends)))
    assert len(known) > len(ends) / 3
    begin = ends[len(known)] if len(known) < len(ends) else SETTLED
    return (1000 * statistics.mean(known),
            (theirs(len(raws)) - theirs(begin)) / (len(raws) - begin))


def perfect(records, clock, pause_ns):
    """The same packets, each frame exactly when its timestamp says."""
    first, frame, moved = records[0].arrival, None, []
    for record in records:
        t_ns = first.t_ns + (record.arrival.ts - first.ts) % 2**32 * 10**9 // clock
        if record.arrival.ts == frame:
            t_ns = moved[-1].arrival.t_ns + pause_ns
        frame = record.arrival.ts
        moved.append(at_time(record, t_ns))
    return moved


def every_packets_jitter_ms(records, clock):
    """The mean of RFC 3550's J if each packet is a sample."""
    jitter, means = 0.0, [0.0]
    for before, after in itertools.pairwise(record.arrival for record in records):
        elapsed = (after.t_ns - before.t_ns) / 1e6
        jitter += (abs(elapsed - 1000 * ((after.ts - before.ts) % 2**32) / clock) - jitter) / 16
        means.append(jitter)
    return statistics.mean(means)


@pytest.mark.parametrize("name", ["opus-jitter", "pcmu-jitter"])
def test_jitter_is_tsharks_where_a_packet_is_a_frame(scene, name):
    ours, theirs = mean_jitter_ms(scene, name)
    print(f"{name}: jitter {ours:.3f} ms, tshark {theirs:.3f} ms")
    assert theirs > 2
    assert ours == pytest.approx(theirs, rel=0.03)


@pytest.mark.parametrize("pause_us", [500, 1000])
def test_jitter_of_perfect_video_differs_from_tsharks(scene, pause_us):
    """Packets of a frame share a timestamp: tshark takes each as a sample, we a frame's first.

    A real stream's packets, at the times at which a perfect sender and network deliver them: each
    frame on time, its packets pause_us apart. That is no jitter, but tshark shows the pauses.
    """
    call = scene.calls["vp8"]
    path = os.path.join(scene.directory, "perfect.pcap")
    records = perfect(call.records, call.clock, 1000 * pause_us)
    write(path, announcements(call.lab.capture.path) + [record.raw for record in records])
    ours = 1000 * replay(path)[call.flow.ssrc]["jitter_seconds"]
    theirs = tshark_streams(path)[call.flow].mean_jitter_ms
    print(f"{len(records)} packets, {pause_us} us apart: jitter {ours:.3f} ms, tshark {theirs} ms")
    assert ours < 0.001
    every_packets = every_packets_jitter_ms(records, call.clock)
    assert theirs == pytest.approx(every_packets, rel=0.03, abs=0.002)
    assert theirs > 1.2 * pause_us / 1000


@pytest.mark.parametrize("name", IMPAIRED)
def test_totals_once_the_streams_have_ended(scene, name):
    """What was in the window is decided when a stream has had no packet for 30 s."""
    call = scene.calls[name]
    expected = truth.compute(call.lab.bridged[call.flow.ssrc], call.ingress["base_sequence"],
                             call.clock)

    def metric(metrics, what):
        return total(metrics, f"jitterbug_rtp_{what}_total", unit=call.receiving)

    metrics = scene.agent.snapshot_until(
        lambda metrics: metric(metrics, "expected_packets") >= expected.expected, 50)
    assert metric(metrics, "expected_packets") == expected.expected
    assert metric(metrics, "lost_packets") == expected.lost > 0
    assert metric(metrics, "packets") == expected.packets
    assert metric(metrics, "duplicate_packets") == expected.duplicates
    assert metric(metrics, "streams_started") == 1
