# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Calls over impaired networks, and what an agent must say of them.

A Call has namespaces, a bridge and two cgroups of its own: the unit label tells its counters from
all else on the machine. Truth is truth.py's, replayed from the log of the bridge or of the sender.
"""

import contextlib
import signal
import time
from collections import namedtuple

import lab
import truth

PORT = 5004
PROBATION = 4  # packets in a row that make a stream
PREFIX = "jitterbug_rtp_"
LOCK_NS = 2_200_000_000  # the clock is known after 2 s, and then a little
JITTER_S = 0.0001
JITTER_SHARE = 0.03
SNAPSHOT_S = 0.1

Stream = namedtuple("Stream", "arrivals bytes")


@contextlib.contextmanager
def limit(seconds):
    """A test that hangs ends with an error; main thread only."""
    def expire(*_):
        raise lab.LabError(f"not within {seconds} s")
    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def realtime_sender(*options, to="127.0.0.1", netns, cgroup):
    """Keeps its pace on a busy machine, as the bridge does with --rt."""
    return lab.Process("chrt", "--fifo", 5, lab.tool("sender"), "--to", to, "--port", PORT,
                       *options, netns=netns, cgroup=cgroup)


def streams_of(path, clock, **wanted):
    """{ssrc: Stream} of the rows of a tool's log that were sent and have these values."""
    streams = {}
    for row in truth.rows(path):
        if row.get("action") == "drop" or any(row[k] != v for k, v in wanted.items()):
            continue
        stream = streams.setdefault(int(row["ssrc"]), Stream([], []))
        stream.arrivals.append(truth.Arrival(int(row[clock]), int(row["seq"]), int(row["ts"]),
                                             int(row["pt"]), row["padding_only"] == "1"))
        stream.bytes.append(int(row["size"]))
    return streams


def admitted_at(arrivals):
    """Index of the first of those four in a row that make the stream; repeats don't matter."""
    first, run = 0, 1
    for i in range(1, len(arrivals)):
        step = (arrivals[i].seq - arrivals[i - 1].seq) % 65536
        if step > 1 or arrivals[i].pt != arrivals[first].pt:
            first, run = i, 1
        else:
            run += step
        if run == PROBATION:
            return first
    raise lab.LabError(f"{len(arrivals)} arrivals, never {PROBATION} in a row")


class Call:
    """Sender in a, impairing bridge in m, receiver in b; both ends in cgroups of their own."""

    def __init__(self, directory, name, pps, count, send=(), impair=(), family=4, rate=48000,
                 pt=111, ssrc=None, offloads=False, sink=(), restarts=0, pt_changes=0, streams=1):
        self.name, self.pps, self.count, self.rate, self.pt = name, pps, count, rate, pt
        self.ssrc = ssrc
        self.restarts, self.pt_changes, self.streams = restarts, pt_changes, streams
        self._options = send
        self.bridge_log = directory / f"{name}-bridge.csv"
        self.sender_log = directory / f"{name}-sender.csv"
        self.net = lab.Namespaces(offloads=offloads)
        self.source, self.sink = lab.Cgroup(f"tx-{name}"), lab.Cgroup(f"rx-{name}")
        self._bridge = lab.bridge(self.net, "--rt", *impair, log=self.bridge_log)
        self._receiver = lab.receiver(PORT, *sink, netns=self.net.b, cgroup=self.sink)
        self._to = self.net.b6 if family == 6 else self.net.b4
        self.sender = None

    def start(self):
        self.sender = realtime_sender(
            "--pps", self.pps, "--count", self.count, "--ssrc", self.ssrc, "--pt", self.pt,
            "--log", self.sender_log, *self._options, to=self._to, netns=self.net.a,
            cgroup=self.source)

    def is_sending(self):
        return self.sender.returncode is None

    def finish(self):
        """Everything has arrived afterwards; the network has lost nothing that it didn't log."""
        sent = self.sender.summary()
        bridge = self._bridge.finish()
        received = self._receiver.finish()
        assert (sent["errors"], received["overflows"]) == (0, 0), self.name
        assert (bridge["kernel_drops"], bridge["send_errors"], bridge["queue_full"]) == (0, 0, 0)
        assert bridge["rtp_in"] == sent["sent"]
        assert bridge["rtp_out"] == received["datagrams"]

    def close(self):
        for part in (self.sender, self._receiver, self._bridge, self.sink, self.source, self.net):
            if part:
                part.close()

    def ingress(self):
        return Side(self, "ingress", self.sink, streams_of(self.bridge_log, "t_out_ns", dir="ab"))

    def egress(self):
        return Side(self, "egress", self.source, streams_of(self.sender_log, "t_ns"))


class Side:
    """One direction of a call: truth, and what the agent says, in the same words."""

    def __init__(self, call, direction, cgroup, streams):
        self.call, self.direction = call, direction
        self.cgroup, self.unit = cgroup, cgroup.relative
        self.streams = streams
        self.at = {}
        self.truth = {}

    def judge(self, bases=None):
        """Replays each stream from its base: the given one, else the one that probation makes."""
        for ssrc, stream in self.streams.items():
            arrivals = stream.arrivals
            if bases:
                at = next(i for i, a in enumerate(arrivals) if a.seq == bases[ssrc])
            else:
                at = admitted_at(arrivals)
            self.at[ssrc] = at
            self.truth[ssrc] = truth.compute(arrivals[at:], arrivals[at].seq, self.call.rate)
        return self

    def lost_name(self):
        return "lost" if self.direction == "ingress" else "source_gap"

    def frames(self, ssrc):
        """Samples of jitter, and what each begins at: a stream, a payload type."""
        return self.truth[ssrc].frames + 1 + self.call.pt_changes

    def expected_stream(self, ssrc):
        t, stream = self.truth[ssrc], self.streams[ssrc]
        last = t.epochs[-1]
        return {"packets": t.packets, "bytes": sum(stream.bytes[self.at[ssrc]:]),
                "base_sequence": last.base, "highest_sequence": last.highest % 65536,
                "unique": len(last.seen), "unseen": last.pending,
                self.lost_name(): last.lost - last.pending, "gap": t.gap,
                "recovered": t.recovered, "out_of_order": t.out_of_order,
                "duplicates": t.duplicates, "restarts": t.restarts, "frames": self.frames(ssrc)}

    def rows(self, streams):
        return {row["ssrc"]: row for row in streams
                if row["unit"] == self.unit and row["direction"] == self.direction}

    def measured_stream(self, ssrc, streams):
        row = dict(self.rows(streams)[ssrc])
        row["out_of_order"] = row["reordered"] + row["late"]
        return {key: row[key] for key in self.expected_stream(ssrc)}

    def expected_totals(self, retired=False):
        """Over all streams; retired: nothing is in a window any more."""
        ts = self.truth.values()
        in_window = 0 if retired else sum(t.in_window for t in ts)
        pending = 0 if retired else sum(t.pending for t in ts)
        totals = {
            "packets": sum(t.packets for t in ts),
            "bytes": sum(sum(s.bytes[self.at[ssrc]:]) for ssrc, s in self.streams.items()),
            "expected_packets": sum(t.expected for t in ts) - in_window,
            "duplicate_packets": sum(t.duplicates for t in ts),
            "out_of_order": sum(t.out_of_order for t in ts),
            "padding_packets": sum(t.padding for t in ts),
            "restarts": sum(t.restarts for t in ts),
            "frames": sum(self.frames(ssrc) for ssrc in self.truth),
            "streams_started": len(self.truth),
            f"{self.lost_name()}_packets": sum(t.lost for t in ts) - pending,
        }
        if self.direction == "ingress":
            totals["gap_packets"] = sum(t.gap for t in ts)
            totals["recovered_packets"] = sum(t.recovered for t in ts)
        return totals

    def total(self, metrics, name, **labels):
        one_way = ("lost_packets", "source_gap_packets", "gap_packets", "recovered_packets")
        if name not in one_way:
            labels["direction"] = self.direction
        return lab.total(metrics, f"{PREFIX}{name}_total", unit=self.unit, **labels)

    def measured_totals(self, metrics):
        totals = {name: self.total(metrics, name) for name in self.expected_totals()
                  if name != "out_of_order"}
        totals["out_of_order"] = (self.total(metrics, "reordered_packets") +
                                  self.total(metrics, "late_packets"))
        return totals

    def unknown_max(self):
        """Packets before the clock is known: of each stream, each restart, each payload type."""
        most = 0
        for ssrc, stream in self.streams.items():
            arrivals = stream.arrivals[self.at[ssrc]:]
            begins = [arrivals[0].t_ns]
            begins += [b.t_ns for a, b in zip(arrivals, arrivals[1:])
                       if a.pt != b.pt or (b.seq - a.seq) % 65536 in range(10000, 55536)]
            most += len(begins)  # the first packet after those 2 s tells
            most += sum(any(0 <= a.t_ns - b < LOCK_NS for b in begins) for a in arrivals)
        return most

    def check(self, snapshot, media="audio"):
        """Equality of every figure, per stream and per workload; jitter within its bounds."""
        for ssrc in self.streams:
            assert self.measured_stream(ssrc, snapshot.streams) == self.expected_stream(ssrc)
            self.check_jitter(ssrc, snapshot.streams)
        assert self.measured_totals(snapshot.metrics) == self.expected_totals()
        self.check_media(snapshot.metrics, media)

    def check_jitter(self, ssrc, streams):
        measured, true = self.rows(streams)[ssrc]["jitter_seconds"], self.truth[ssrc].jitter_s
        assert abs(measured - true) <= max(JITTER_S, JITTER_SHARE * true), (measured, true)

    def check_media(self, metrics, media):
        by_media = {name: self.total(metrics, "packets", media=name)
                    for name in ("audio", "video", "rtx", "unknown")}
        assert by_media[media] > 0
        assert sum(by_media.values()) == by_media[media] + by_media["unknown"]
        most = self.unknown_max() if self.call.pt >= 96 else 0
        assert bool(most) == bool(by_media["unknown"])
        assert by_media["unknown"] <= most


Snapshot = namedtuple("Snapshot", "streams metrics")


class Watch:
    """Looks at an agent time and again; keeps what it said that can't be."""

    def __init__(self, agent, units):
        self.agent, self.units = agent, set(units)
        self.looks = 0
        self.broken = []
        self.bases = {}  # (unit, ssrc): base that the agent reported first
        self._counters = {}

    def look(self):
        streams, metrics = self.agent.streams()["streams"], self.agent.metrics()
        self.looks += 1
        for row in streams:
            if row["unit"] in self.units:
                self.bases.setdefault((row["unit"], row["ssrc"]), row["base_sequence"])
                self._check_stream(row)
        self._check_counters(metrics)
        return Snapshot(streams, metrics)

    def _check_stream(self, row):
        lost = row["lost"] if row["direction"] == "ingress" else row["source_gap"]
        span = row["highest_sequence"] - row["base_sequence"] + 1
        if (span - row["unique"] - lost - row["unseen"]) % 65536 or row["unseen"] > truth.WINDOW:
            self.broken.append(row)

    def _check_counters(self, metrics):
        for key, value in metrics.items():
            name, labels = key
            if name.endswith("_total") and dict(labels).get("unit") in self.units:
                if value < self._counters.get(key, 0):
                    self.broken.append((key, self._counters[key], value))
                self._counters[key] = value

    def until(self, predicate, deadline):
        """Looks until the predicate is true, and once more: the last snapshot."""
        end = time.monotonic() + deadline
        while not predicate():
            if time.monotonic() > end:
                raise lab.LabError(f"not within {deadline} s: end of the calls")
            self.look()
            time.sleep(SNAPSHOT_S)
        return self.look()


def wait_retired(watch, side, deadline):
    """Until the workload's counters are those of streams that have ended."""
    expected = side.expected_totals(retired=True)
    end = time.monotonic() + deadline
    while side.measured_totals(watch.look().metrics) != expected and time.monotonic() < end:
        time.sleep(SNAPSHOT_S)
    assert side.measured_totals(watch.look().metrics) == expected


def run(calls, watch, deadline):
    """Sends all calls at once, watches until they are over, and returns the last snapshot."""
    for call in calls:
        if not call.sender:
            call.start()
    watch.until(lambda: not any(call.is_sending() for call in calls), deadline)
    for call in calls:
        call.finish()
    return watch.look()
