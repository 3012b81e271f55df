# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What each page must tell of pods that come and go (churn.py), and where it does not.

A page is judged by what was true while it was made: nothing else is done meanwhile. A pod's figures
may come late, but never exceed the truth; once they are complete they stay so, until they vanish
together, after the grace and for good.
"""

import collections
import os
import re
import time

import lab
import live
from churn import BYTES, CONNECTIONS, LARGEST, OPENED, RTP_BYTES, RTP_PACKETS, STAYS

# Names come with the event; edges with a pass of 5 s; a busy machine is late with both.
TOLD_S = 20
INFO_S = 8
IDLE_S, PASS_S, AGAIN_S = 30, 5, 0.5
ENDED_S = IDLE_S + 2 * PASS_S
MANY = 50
NOBODY = {"unknown", "~other"}
# From the end of a pod and of its streams to that of its series: a pass that misses it, the grace,
# another pass, the rows' 4 s until the next, and a busy machine.
GOING_S = 3 * PASS_S + 15

_PREFIX = "jitterbug_"
_COUNTERS = {RTP_PACKETS: "direction", RTP_BYTES: "direction", OPENED: "role"}
_EDGES = (CONNECTIONS, BYTES)
_STREAMS, _INFO, _AGENT = "rtp_streams", "pod_info", "agent_"
_NAMES = tuple(_PREFIX + name for name in (*_COUNTERS, *_EDGES, _STREAMS + "{", _INFO, _AGENT))
_POD = re.compile(r'[{,]pod="([^"~]+)"')
_UNIT = re.compile(r'[{,]unit="([^"]+)"')


class Page:
    """A scrape: when it was asked for and had come, and what it tells of each pod."""

    def __init__(self, agent):
        self.asked = time.monotonic()
        code, text = agent.get("/metrics", timeout=20)
        self.came = time.monotonic()
        assert code == 200, text[:200]
        lines = text.splitlines()
        self.named = set(_POD.findall("\n".join(
            line for line in lines if not line.startswith(_PREFIX + _INFO))))
        self.units = set(_UNIT.findall(text))
        self.metrics = lab.parse_metrics("\n".join(
            line for line in lines if line.startswith(_NAMES)))
        self.counts = collections.defaultdict(collections.Counter)
        self.streams, self.gauges, self.info = collections.Counter(), set(), set()
        for (name, labels), value in self.metrics.items():
            self._take(name.removeprefix(_PREFIX), dict(labels), int(value))

    def _take(self, name, labels, value):
        pod = labels.get("pod") or labels.get("unit")
        if name == _INFO:
            self.info.add(pod)
        elif name == _STREAMS:
            self.streams[pod] += value
            self.gauges.add(pod)
        elif value and name in _COUNTERS:
            self.counts[pod][name, labels[_COUNTERS[name]]] += value
        elif value and name in _EDGES:
            side = "dst_" if labels["reporter"] == "source" else "src_"
            self.counts[pod][name, labels["reporter"], labels["protocol"],
                             labels[side + "namespace"], labels[side + "workload"]] += value


def is_ours(key):
    """Media, for none but the guests' is measured, and what was said to the pod that stays. Other
    TCP is the machine's: tracepoints know no --cgroup."""
    return key[0] in (RTP_PACKETS, RTP_BYTES) or key[-1] == STAYS


class Verdict:
    """What is known of one pod's figures so far."""

    def __init__(self, guest, grace):
        self.guest, self._grace = guest, grace
        self.complete = self.vanished = False
        self._truth = None
        self.told_after = self.gone_after = None  # s

    def judge(self, page):
        """Yields what is wrong."""
        guest, told = self.guest, page.counts.get(self.guest.name, {})
        if self._truth != guest.truth:
            self._truth, self.complete = dict(guest.truth), False
        more = {key: value for key, value in told.items() if value > guest.truth.get(key, 0)}
        if more:
            yield f"more than there was: {more}, truly {dict(guest.truth)}"
        if self.vanished:
            if guest.name in page.named:
                yield "has come back"
        elif told == guest.truth and guest.truth:
            self._note_complete(page)
        else:
            yield from self._judge_less(page, told)
        yield from self._judge_gauges(page)
        yield from self._judge_end(page)

    def _note_complete(self, page):
        if not self.complete:
            self.told_after = page.came - max(self.guest.traffic_at, self.guest.put_at)
        self.complete = True

    def _judge_less(self, page, told):
        guest = self.guest
        if guest.traffic_at is None:
            return
        if self.complete and guest.name not in page.named and guest.removed_at:
            self.vanished = True
            self.gone_after = page.came - guest.removed_at
        elif self.complete:
            yield f"less than before: {dict(told)}, truly {self._truth}"
        elif guest.put_at and page.asked > max(guest.put_at, guest.traffic_at) + TOLD_S:
            yield f"not told in {TOLD_S} s: {dict(told)}, truly {self._truth}"

    def _judge_gauges(self, page):
        guest, streams = self.guest, page.streams[self.guest.name]
        least = sum(page.came < at + IDLE_S for at in guest.streams_at) if self.complete else 0
        most = sum(page.asked < at + ENDED_S for at in guest.streams_at)
        if not least <= streams <= most:
            yield f"{streams} streams, not {least} to {most}"
        if guest.removed_at and page.asked > guest.removed_at + 2 * PASS_S and not most and \
                guest.name in page.gauges:
            yield "rtp_streams of a pod that has gone"
        if guest.deleted_at and page.asked > guest.deleted_at + INFO_S and guest.name in page.info:
            yield "pod_info of a deleted pod"
        if guest.put_at and not guest.deleted_at and page.asked > guest.put_at + INFO_S and \
                guest.name not in page.info:
            yield "no pod_info"

    def _judge_end(self, page):
        guest = self.guest
        if not guest.removed_at:
            return
        ended = max(guest.removed_at, *(at + IDLE_S for at in guest.streams_at[-1:]), 0)
        if self.vanished and self.gone_after < self._grace:
            yield f"gone {self.gone_after:.1f} s after its cgroup"
        if not self.vanished and page.asked > ended + self._grace + GOING_S:
            yield "still there"


class Inspector:
    """Looks at pages, and keeps what is wrong with them."""

    def __init__(self, hotel, prefix, grace):
        self.hotel, self._prefix, self._grace = hotel, prefix, grace
        self.verdicts, self.faults = {}, {}  # by pod; by what is wrong: pages
        self.told_after, self.gone_after = [], []  # of those that were forgotten
        self._stayers, self._before = {}, None
        self._before = live.faults(self.look().metrics)

    @property
    def agent(self):
        return self.hotel.node.agent

    def look(self):
        self.hotel.stayer.receive()
        self.page = page = Page(self.agent)
        for guest in self.hotel.guests[len(self.verdicts):]:
            self.verdicts[guest.name] = Verdict(guest, self._grace)
        for what in (*self._judge_guests(page), *self._judge_others(page),
                     *self._judge_stayer(page)):
            self.faults[what] = self.faults.get(what, 0) + 1
        assert len(self.faults) < MANY, (self.faults, self.lost())
        return page

    def lost(self):
        """What the agent says that it could not count."""
        return live.fault_moves(self._before, live.faults(self.page.metrics))

    def _judge_guests(self, page):
        for name, verdict in self.verdicts.items():
            yield from (f"{name}: {what}" for what in verdict.judge(page))

    def _judge_others(self, page):
        strange = page.named - self.verdicts.keys() - {self.hotel.stayer.name}
        strange |= {unit for unit in page.units if unit.startswith(self._prefix)}
        if strange:
            yield f"told, but nobody's: {strange}"
        for nobody in NOBODY & page.counts.keys():
            ours = {key: value for key, value in page.counts[nobody].items() if is_ours(key)}
            if ours:
                yield f"{nobody}: {ours}"

    def _judge_stayer(self, page):
        """Its counters only grow."""
        told, name = page.counts[self.hotel.stayer.name], self.hotel.stayer.name
        fallen = {key: (value, told[key]) for key, value in self._stayers.items()
                  if told[key] < value}
        if fallen:
            yield f"{name} fell: {fallen}"
        self._stayers = dict(told)

    def stayer_differs(self):
        """{figure: (told, truth)} of the pod that stays; ~other is all who have no place."""
        told, truth = self.page.counts[self.hotel.stayer.name], collections.Counter()
        for key, value in self.hotel.stayer.truth.items():
            truth[key if key in told else (*key[:3], "", "~other")] += value
        return {key: (told[key], truth[key]) for key in told.keys() | truth.keys()
                if not self._explains(key, truth[key] - told[key])}

    def _explains(self, key, missing):
        """On a busy machine the bridge's packets change places, and those on probation make no
        stream then, which is counted; so does nothing at egress."""
        failed = self.lost().get("probation_failed", 0)
        if key == (RTP_PACKETS, "ingress"):
            return missing == failed
        if key == (RTP_BYTES, "ingress") or (key[0] == BYTES and key[2] == "rtp"):
            return 0 <= missing <= failed * LARGEST
        return not missing

    def _await_none(self, missing, deadline):
        """Looks until missing() is empty."""
        end = time.monotonic() + deadline
        while missing():
            assert time.monotonic() < end, (missing(), self.faults, self.lost())
            time.sleep(AGAIN_S)
            self.look()

    def settle(self):
        """Each guest has been told completely, and the pod that stays has the sum of all."""
        self.look()
        self._await_none(lambda: [v.guest.name for v in self.verdicts.values() if not v.complete],
                         TOLD_S)
        self._await_none(self.stayer_differs, TOLD_S)

    def await_gone(self, guests=lambda guest: True):
        """The series of these have vanished."""
        self._await_none(lambda: [v.guest.name for v in self.verdicts.values()
                                  if guests(v.guest) and not v.vanished],
                         IDLE_S + self._grace + GOING_S + 5)

    def forget(self):
        """They have gone: nobody is to be told from now on."""
        self.told_after += (v.told_after for v in self.verdicts.values())
        self.gone_after += (v.gone_after for v in self.verdicts.values() if v.vanished)
        self.verdicts.clear()
        self.hotel.guests.clear()


# What must not grow

def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def slope(values):
    """By least squares: how much more each next one is."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    across = sum((n - middle) ** 2 for n in range(len(values)))
    return sum((n - middle) * (value - mean) for n, value in enumerate(values)) / across
