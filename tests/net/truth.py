# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What really happened to one RTP stream, computed from the list of its arrivals.

Written from the definitions alone and kept apart from the measured code: it remembers every number
that ever came instead of a window of bits.

An epoch is what lies between restarts of the numbering. Within one, the highest number received so
far decides about an arrival. `behind` is how far below it the arrival is:

    0 < behind < WINDOW     a duplicate if it came before; early if before the base; else recovered
    behind >= WINDOW        late; the number stays lost
    behind > MAX_DROPOUT, or ahead by MAX_DROPOUT or more: an outage if the timestamp advanced as
                            the clock did, else a restart if the next arrival continues it

Lost is what never came within the window, from the base to the highest received.
"""

import csv
from collections import namedtuple
from dataclasses import dataclass, field

WINDOW = 256
MAX_DROPOUT = 3000
OUTAGE_TOLERANCE = 0.2
REORDER_NS = 40_000_000
MUTE_S = 5.0
SERIES_NS = 5_000_000_000

Arrival = namedtuple("Arrival", "t_ns seq ts pt padding_only")


@dataclass
class Epoch:
    """One run of the numbering; numbers are unwrapped, base is the 16-bit one."""

    base: int
    highest: int
    seen: set = field(default_factory=set)

    @property
    def expected(self):
        return self.highest - self.base + 1

    @property
    def lost(self):
        return self.expected - len(self.seen)

    @property
    def pending(self):
        """Numbers of the window that have not come, and that the agent can't call lost yet."""
        first = max(self.base, self.highest - WINDOW + 1)
        return sum(number not in self.seen for number in range(first, self.highest + 1))

    @property
    def in_window(self):
        return min(WINDOW, self.expected)


@dataclass
class Truth:
    before_base: int = 0  # arrivals before the base's first; in no other figure
    packets: int = 0  # from then on: all of them
    unique: int = 0
    duplicates: int = 0
    recovered: int = 0  # filled a gap within the window
    reordered: int = 0  # of them within 40 ms of the latest gap
    late_in_window: int = 0  # of them later than that
    late_beyond: int = 0  # came WINDOW or more behind
    early: int = 0  # before the base, within the window
    stray: int = 0  # fitted nowhere and nothing continued it
    padding: int = 0
    gap: int = 0
    expected: int = 0
    lost: int = 0  # after the stream's end
    pending: int = 0  # part of lost that is still in the window at the end
    in_window: int = 0  # part of expected that is still in the window at the end
    restarts: int = 0
    outages: int = 0
    frames: int = 0  # jitter samples
    jitter_s: float = 0.0
    jitter_series: list = field(default_factory=list)  # (t_ns, J) every 5 s after the base
    epochs: list = field(default_factory=list)

    @property
    def late(self):
        return self.late_in_window + self.late_beyond

    @property
    def out_of_order(self):
        """Reordered and late together: the split depends on when the latest gap was seen."""
        return self.reordered + self.late


class _Jitter:
    """RFC 3550 A.8 in seconds, one sample per new timestamp."""

    def __init__(self, rate):
        self.rate = rate
        self.value = 0.0
        self.samples = 0
        self.last = None

    def anchor(self, arrival):
        self.last = arrival

    def take(self, arrival):
        if arrival.padding_only:
            return
        if self.last is None or self.last.pt != arrival.pt:
            self.anchor(arrival)
            return
        advance = (arrival.ts - self.last.ts) % 2**32
        if advance == 0 or advance >= 2**31:
            return
        elapsed = (arrival.t_ns - self.last.t_ns) / 1e9
        deviation = abs(elapsed - advance / self.rate)
        self.anchor(arrival)
        if deviation >= MUTE_S:
            return
        self.samples += 1
        self.value += (deviation - self.value) / 16


class _Judge:
    def __init__(self, first, rate):
        self.truth = Truth()
        self.rate = rate
        self.jitter = _Jitter(rate)
        self.latest_gap_ns = None
        self.held = None
        self.series_ns = first.t_ns + SERIES_NS
        self.begin(first)

    def begin(self, first):
        self.epoch = Epoch(first.seq, first.seq, {first.seq})
        self.truth.epochs.append(self.epoch)
        self.front = first  # the arrival with the highest number
        self.jitter.anchor(None if first.padding_only else first)

    def judge(self, arrival):
        self.tick(arrival.t_ns)
        self.truth.packets += 1
        self.truth.padding += bool(arrival.padding_only)
        ahead = (arrival.seq - self.epoch.highest) % 65536
        behind = 65536 - ahead
        held, self.held = self.held, None
        if ahead == 0:
            self.truth.duplicates += 1
        elif ahead < MAX_DROPOUT:
            self.advance(arrival, ahead)
        elif behind < WINDOW:
            self.fill(arrival, self.epoch.highest - behind)
        elif behind <= MAX_DROPOUT and self.is_older(arrival):
            self.truth.late_beyond += 1
        elif self.is_outage(arrival):
            self.truth.outages += 1
            self.advance(arrival, ahead)
        else:
            self.restart(held, arrival)

    def tick(self, now_ns):
        while now_ns >= self.series_ns:
            self.truth.jitter_series.append((self.series_ns, self.jitter.value))
            self.series_ns += SERIES_NS

    def advance(self, arrival, ahead):
        if ahead > 1:
            self.truth.gap += ahead - 1
            self.latest_gap_ns = arrival.t_ns
        self.epoch.highest += ahead
        self.epoch.seen.add(self.epoch.highest)
        self.front = arrival
        self.jitter.take(arrival)

    def fill(self, arrival, number):
        if number < self.epoch.base:
            self.truth.early += 1
        elif number in self.epoch.seen:
            self.truth.duplicates += 1
        else:
            self.epoch.seen.add(number)
            self.truth.recovered += 1
            if arrival.t_ns - self.latest_gap_ns < REORDER_NS:
                self.truth.reordered += 1
            else:
                self.truth.late_in_window += 1

    def is_older(self, arrival):
        return 0 < (self.front.ts - arrival.ts) % 2**32 < 2**31

    def is_outage(self, arrival):
        advance = (arrival.ts - self.front.ts) % 2**32
        if advance == 0 or advance >= 2**31:
            return False
        elapsed = (arrival.t_ns - self.front.t_ns) / 1e9
        return abs(advance / self.rate - elapsed) <= OUTAGE_TOLERANCE * elapsed

    def restart(self, held, arrival):
        if held is None or arrival.seq != (held.seq + 1) % 65536:
            self.truth.stray += 1
            self.held = arrival
            return
        self.truth.stray -= 1
        self.truth.restarts += 1
        self.begin(held)
        self.advance(arrival, 1)

    def finish(self):
        truth, epochs = self.truth, self.truth.epochs
        truth.unique = sum(len(epoch.seen) for epoch in epochs)
        truth.expected = sum(epoch.expected for epoch in epochs)
        truth.lost = sum(epoch.lost for epoch in epochs)
        truth.pending = epochs[-1].pending
        truth.in_window = epochs[-1].in_window
        truth.frames = self.jitter.samples
        truth.jitter_s = self.jitter.value
        return truth


def compute(arrivals, base, rate, since_ns=0):
    """The truth about one SSRC's arrivals, from the first one that carries `base` (16 bits) on.

    rate is the RTP clock in Hz; a base before since_ns doesn't count (numbers come round).
    Raises ValueError when the base never came.
    """
    arrivals = [Arrival(*arrival) for arrival in arrivals]
    at = next((i for i, a in enumerate(arrivals) if a.seq == base and a.t_ns >= since_ns), None)
    if at is None:
        raise ValueError(f"base {base} is not among {len(arrivals)} arrivals")
    judge = _Judge(arrivals[at], rate)
    judge.truth.before_base = at
    judge.truth.packets = 1
    judge.truth.padding = int(arrivals[at].padding_only)
    for arrival in arrivals[at + 1:]:
        judge.judge(arrival)
    return judge.finish()


def _arrival(row, clock):
    return Arrival(int(row[clock]), int(row["seq"]), int(row["ts"]), int(row["pt"]),
                   row["padding_only"] == "1")


def rows(path):
    """All rows of a tool's CSV as dicts of strings."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def bridge_arrivals(path, direction="ab"):
    """{ssrc: [Arrival]} of a bridge's log, in order of release; what was dropped is not there."""
    streams = {}
    for row in rows(path):
        if row["action"] != "drop" and row["dir"] == direction:
            streams.setdefault(int(row["ssrc"]), []).append(_arrival(row, "t_out_ns"))
    return streams


def log_arrivals(path):
    """{ssrc: [Arrival]} of a sender's or a receiver's log."""
    streams = {}
    for row in rows(path):
        streams.setdefault(int(row["ssrc"]), []).append(_arrival(row, "t_ns"))
    return streams
