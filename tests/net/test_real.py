# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real senders: the agent against captures, tshark, the bridge's log, and `jitterbug replay`.

All calls run at the same time through three bridges: one that only forwards, one with jitter (and
loss), one that also duplicates and reorders. The tests then look at what was measured.
"""

import itertools
import json
import os
import shutil
import statistics
import subprocess
from collections import namedtuple

import pytest

import media
import truth
from capture import (Capture, announce, announcements, at_time, rtp_streams, tshark_streams,
                     write)
from lab import Agent, Cgroup, Namespaces, Process, bridge, jitterbug, receiver, total, wait_until

SECONDS = 16
PROGRAMS = ("gst-launch-1.0", "ffmpeg", "baresip", "tcpdump", "tshark")
SSRC = 0x6a627200  # the port is added
COUNTS = ("base_sequence", "highest_sequence", "packets", "bytes", "unique", "unseen", "gap",
          "recovered", "reordered", "late", "duplicates", "restarts", "frames", "payload_type")
MEAN_SAMPLES = 200
LOST_ON_PROBATION = 4  # packets that a gap at the very start may keep out of every count

Sender = namedtuple("Sender", "lab port make pt rtpmap media clock")
CALLS = {
    "opus": Sender("clean", 5100, media.opus, 111, "opus/48000/2", "audio", 48000),
    "opus-srtp": Sender("clean", 5102, media.opus, 111, "opus/48000/2", "audio", 48000),
    "vp8": Sender("clean", 5104, media.vp8, 96, "VP8/90000", "video", 90000),
    "vp8-srtp": Sender("clean", 5106, media.vp8, 96, "VP8/90000", "video", 90000),
    "h264": Sender("clean", 5108, media.h264, 125, "H264/90000", "video", 90000),
    "h264-srtp": Sender("clean", 5110, media.h264, 125, "H264/90000", "video", 90000),
    "pcmu": Sender("clean", 5112, media.pcmu, 0, "PCMU/8000", "audio", 8000),
    "opus-jitter": Sender("jitter", 5120, media.opus, 111, "opus/48000/2", "audio", 48000),
    "pcmu-jitter": Sender("jitter", 5122, media.pcmu, 0, "PCMU/8000", "audio", 8000),
    "opus-bad": Sender("bad", 5130, media.opus, 111, "opus/48000/2", "audio", 48000),
    "vp8-bad": Sender("bad", 5132, media.vp8, 96, "VP8/90000", "video", 90000),
}
BRIDGES = {
    "clean": (),
    # Less than half of 20 ms: no packet overtakes another.
    "jitter": ("--delay-us", 20000, "--jitter-us", 6000, "--loss", 0.02),
    "bad": ("--delay-us", 20000, "--loss", 0.04, "--dup", 0.03, "--reorder", 0.03,
            "--gap-us", 30000),
}
SIP_PORTS = (10000, 10100)  # of the caller and of the one called; to 90 above
SIP = ("sip-out", "sip-back")  # from the caller to the one called, and back
CLEAN = [name for name, call in CALLS.items() if call.lab == "clean"] + list(SIP)
IMPAIRED = [name for name in CALLS if name not in CLEAN]

pytestmark = pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)),
                                reason=f"needs {', '.join(PROGRAMS)}")


class Lab:
    """Two ends, the bridge between them and a capture at b."""

    def __init__(self, name, directory):
        self.net = Namespaces()
        self.log = os.path.join(directory, f"{name}.csv")
        self.bridge = bridge(self.net, *BRIDGES[name], "--spin-us", 100, log=self.log)
        self.capture = Capture(self.net.b, os.path.join(directory, f"{name}.pcap"))
        for call in CALLS.values():
            if call.lab == name:
                announce(self.net, call.media, call.port, call.pt, call.rtpmap)

    def finish(self):
        self.summary = self.bridge.finish()
        self.capture.stop()
        self.captured = rtp_streams(self.capture.path)
        self.bridged = truth.bridge_arrivals(self.log)


class Call:
    """One stream: who sends, who receives, and what each of the oracles has of it."""

    def __init__(self, lab, sending, receiving, media_kind, clock, at_receiver=True):
        self.lab, self.media, self.clock = lab, media_kind, clock
        self.at_receiver = at_receiver  # else the capture was made at the sender
        self.sending, self.receiving = sending.relative, receiving.relative
        self.flow = None

    def find(self, streams, flow):
        """Takes the agent's two views of the stream from its JSON."""
        self.flow = flow
        self.records = self.lab.captured[flow]
        self.ingress = self._one(streams, "ingress", self.receiving)
        self.egress = self._one(streams, "egress", self.sending)
        self.truth = truth.compute([record.arrival for record in self.records],
                                   self.seen["base_sequence"], self.clock)

    @property
    def seen(self):
        """The agent's view where the capture was made, with a sender's gaps as lost."""
        if self.at_receiver:
            return self.ingress
        return {**self.egress, "lost": self.egress["source_gap"]}

    def _one(self, streams, direction, unit):
        found = [stream for stream in streams if stream["direction"] == direction
                 and stream["ssrc"] == self.flow.ssrc and stream["unit"] == unit
                 and stream["destination_port"] == self.flow.dport]
        assert len(found) == 1, f"{direction} of {unit}: {found}"
        return found[0]


class Scene:
    def __init__(self, directory):
        self.directory = directory
        self.labs = {name: Lab(name, directory) for name in BRIDGES}
        self.calls, self.senders = {}, []
        self.agent = Agent()
        for name, sender in CALLS.items():
            self._start(name, sender)
        self._start_sip()
        for process in self.senders:
            assert process.wait(SECONDS + 20) == 0, f"{process}: {process.stderr}"
        for lab in self.labs.values():
            lab.finish()
        self.metrics = self.agent.metrics()
        streams = self.agent.streams()["streams"]
        for name, call in self.calls.items():
            call.find(streams, self._flow(name, call))

    def _start(self, name, sender):
        lab = self.labs[sender.lab]
        sending, receiving = Cgroup(f"{name}-from"), Cgroup(f"{name}-to")
        receiver(sender.port, netns=lab.net.b, cgroup=receiving)
        options = {"srtp": True} if name.endswith("srtp") else {}
        argv = sender.make(lab.net.b4, sender.port, SSRC + sender.port, SECONDS, **options)
        self.senders.append(Process(*argv, netns=lab.net.a, cgroup=sending))
        self.calls[name] = Call(lab, sending, receiving, sender.media, sender.clock)

    def _start_sip(self):
        lab = self.labs["clean"]
        calling, called = Cgroup("sip-caller"), Cgroup("sip-called")
        self._baresip(lab.net.b, called, lab.net.b4, SIP_PORTS[1], SECONDS + 8)
        self._baresip(lab.net.a, calling, lab.net.a4, SIP_PORTS[0], SECONDS, call=lab.net.b4)
        self.calls["sip-out"] = Call(lab, calling, called, "audio", 8000)
        self.calls["sip-back"] = Call(lab, called, calling, "audio", 8000, False)

    def _baresip(self, netns, cgroup, address, port, seconds, call=None):
        directory = os.path.join(self.directory, address)
        os.mkdir(directory)
        argv = media.baresip(directory, address, f"{port}-{port + 90}", seconds, call)
        process = Process(*argv, netns=netns, cgroup=cgroup)
        wait_until(lambda: "baresip is ready" in process.stdout, 10, f"{process} ready")
        self.senders.append(process)

    def _flow(self, name, call):
        """Of the capture: by our SSRC, or by the port range of the SIP agent that receives."""
        if name in SIP:
            first = SIP_PORTS[name == "sip-out"]
            found = [flow for flow in call.lab.captured if first <= flow.dport < first + 100]
        else:
            found = [flow for flow in call.lab.captured if flow.ssrc == SSRC + CALLS[name].port]
        assert len(found) == 1, f"{name}: {found} of {list(call.lab.captured)}"
        return found[0]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    scene = Scene(str(tmp_path_factory.mktemp("real")))
    yield scene
    scene.agent.stop()


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
        if call.clock == 8000:
            assert unknown == 0
        else:
            assert unknown == pytest.approx(unlocked, abs=seen["packets"] / SECONDS)
            assert unknown > 0


@pytest.mark.parametrize("name", [name for name in CLEAN if name not in SIP])
def test_egress_equals_ingress_where_nothing_is_lost(scene, name):
    call = scene.calls[name]
    assert {key: call.egress[key] for key in COUNTS} == {key: call.ingress[key] for key in COUNTS}


@pytest.mark.parametrize("name", list(CALLS))
def test_lost_equals_the_bridges_log(scene, name):
    call = scene.calls[name]
    expected = truth.compute(call.lab.bridged[call.flow.ssrc], call.ingress["base_sequence"],
                             call.clock)
    assert call.lab.summary["kernel_drops"] == call.lab.summary["send_errors"] == 0
    if name in IMPAIRED:
        assert expected.lost - expected.pending > 0
    if call.lab is scene.labs["bad"]:
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
    after the other, and what was before is taken off theirs.
    """
    call = scene.calls[name]
    path = os.path.join(scene.directory, f"{name}.pcap")
    announced = announcements(call.lab.capture.path)
    raws = [record.raw for record in in_order(call.records)]
    ends = range(len(raws), 3, -1 - len(raws) // MEAN_SAMPLES)

    def ours(count):
        write(path, raws[:count])
        return replay(path).get(call.flow.ssrc, {}).get("jitter_seconds")

    def theirs(count):
        write(path, announced + raws[:count])
        return tshark_streams(path)[call.flow].mean_jitter_ms * count

    known = list(itertools.takewhile(lambda jitter: jitter is not None, map(ours, ends)))
    assert len(known) > len(ends) / 3
    begin = ends[len(known)] if len(known) < len(ends) else 0
    return (1000 * statistics.mean(known),
            (theirs(len(raws)) - (theirs(begin) if begin else 0)) / (len(raws) - begin))


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
    assert theirs == pytest.approx(every_packets_jitter_ms(records, call.clock), rel=0.03, abs=0.002)
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
