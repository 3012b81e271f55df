# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The calls that the tests look at: from the start of the browsers to all that was seen of them.

A call is played once: media until enough has passed, then silence, then the line is cut, so that
nothing arrives any more while browsers, agent and logs are asked.
"""

import contextlib
import re
import time
from collections import namedtuple

import truth
from browser import Browser
from capture import datagrams
from janus import Janus
from lab import Agent, Cgroup, wait_until
from line import Line

LOSS, LOSS_BACK = 0.05, 0.03
DELAY_S = 0.020
LATENCY = ("--all-frames", "--both-ways", "--delay-us", int(DELAY_S * 1e6))
MEDIA_S = 20
RTX_PACKETS = 60  # the rule looks at every 16th, after 10 s
QUIET_S = 0.5
LOOK_S = 0.1
CONNECT_S, MEDIA_DEADLINE_S, SILENCE_S = 20, 60, 10

Codec = namedtuple("Codec", "name clock")
Stream = namedtuple("Stream", "kind ssrc")  # kind: audio, video or rtx


def only_ipv4(description):
    """Without candidates of IPv6, so that no call changes its path: that begins new streams."""
    lines = [line for line in description["sdp"].splitlines(True)
             if not line.startswith("a=candidate") or ":" not in line.split()[4]]
    return {**description, "sdp": "".join(lines)}


def codecs(description):
    """{payload type: Codec} of a session description."""
    found = re.findall(r"^a=rtpmap:(\d+) ([^/\s]+)/(\d+)", description["sdp"], re.MULTILINE)
    return {int(number): Codec(name.lower(), int(clock)) for number, name, clock in found}


class Party:
    """One end of the call, and what is known of it once the line is cut."""

    def __init__(self, end, unit):
        self.end, self.unit = end, unit
        self.stats = []

    def ask(self, browser):
        self.stats = browser.call("stats")

    def of_type(self, name, **wanted):
        """The browser's statistics of that type."""
        return [one for one in self.stats if one["type"] == name
                and all(one.get(key) == value for key, value in wanted.items())]

    def streams(self, direction):
        """What the browser says it sent (egress) or received (ingress)."""
        kind = "outbound-rtp" if direction == "egress" else "inbound-rtp"
        found = []
        for one in self.of_type(kind):
            found.append(Stream(one["kind"], one["ssrc"]))
            if "rtxSsrc" in one:
                found.append(Stream("rtx", one["rtxSsrc"]))
        return found

    def arrivals(self, direction):
        return self.end.sent() if direction == "egress" else self.end.received()


class Scene:
    """A call, played when it is made, and what was seen of it. A subclass says who calls whom."""

    def __init__(self, directory):
        with contextlib.ExitStack() as stack:
            self._play(stack, directory)

    def _play(self, stack, directory):
        self.line = stack.enter_context(self.make_line(directory))
        self.agent = stack.enter_context(Agent("--metrics", "full"))
        groups = [stack.enter_context(Cgroup(f"webrtc-{name}")) for name in "ab"]
        self.parties = self.a, self.b = [Party(end, group.relative) for end, group
                                         in zip((self.line.a, self.line.b), groups)]
        self.connect(stack, groups)
        self._await(self._is_enough, MEDIA_DEADLINE_S, "media")
        self.silence()
        self._await(self._is_silent, SILENCE_S, "silence")
        self.line.cut()
        self._look()
        self.ask()
        self.line.finish()
        self.captured = [list(datagrams(party.end.pcap)) for party in self.parties]

    def _ours(self):
        units = {party.unit for party in self.parties}
        return [row for row in self.agent.streams()["streams"] if row["unit"] in units]

    def _await(self, predicate, deadline, what):
        """Looks at the streams now and then: the browsers need the CPU."""
        def look():
            time.sleep(LOOK_S)
            return predicate(self._ours())
        wait_until(look, deadline, what)

    def _is_enough(self, rows):
        """Whether audio, video and retransmissions have reached b for long enough."""
        came = [row["packets"] for row in rows if row["unit"] == self.b.unit
                and row["direction"] == "ingress" and row["age_seconds"] > MEDIA_S]
        return sum(packets > RTX_PACKETS for packets in came) == 3

    @staticmethod
    def _is_silent(rows):
        return all(row["idle_seconds"] > QUIET_S for row in rows)

    def _look(self):
        """The agent's figures; what they count happened by between_ns[1], some by [0]."""
        begin = time.time_ns()
        self.metrics = self.agent.metrics()
        self.between_ns = (begin, time.time_ns())
        self.rows = self._ours()

    def rows_of(self, party, direction):
        return [row for row in self.rows
                if (row["unit"], row["direction"]) == (party.unit, direction)]

    def row(self, party, direction, ssrc):
        found = [row for row in self.rows_of(party, direction) if row["ssrc"] == ssrc]
        assert len(found) == 1, f"{direction} of {party.unit}, {ssrc}: {found}"
        return found[0]

    def row_of_kind(self, party, direction, kind):
        (ssrc,) = [one.ssrc for one in party.streams(direction) if one.kind == kind]
        return self.row(party, direction, ssrc)

    def judge(self, party, direction, ssrc, base=None):
        """The truth about a stream, from that base on, else from the first packet."""
        arrivals = party.arrivals(direction)[ssrc]
        kind = next(one.kind for one in party.streams(direction) if one.ssrc == ssrc)
        return truth.compute(arrivals, arrivals[0].seq if base is None else base,
                             48000 if kind == "audio" else 90000)


class Pair(Scene):
    """Two browsers. a sends Opus and loses some on the way, b sends RED; 20 ms each way."""

    @staticmethod
    def make_line(directory):
        return Line(directory, from_a=("--loss", LOSS), from_b=LATENCY)

    def connect(self, stack, groups):
        self._browsers = [stack.enter_context(Browser(end.netns, group)) for end, group
                          in zip((self.line.a, self.line.b), groups)]
        for browser in self._browsers:
            browser.wait_ready()
            browser.call("capture")
        a, b = self._browsers
        offer = only_ipv4(a.call("offer", "audio/red"))
        answer = only_ipv4(b.call("answer", offer, "audio/opus"))
        self.codecs = codecs(answer)
        a.call("accept", answer)
        wait_until(lambda: all(browser.call("state") == "connected" for browser in self._browsers),
                   CONNECT_S, "a connection")

    def silence(self):
        for browser in self._browsers:
            browser.call("quiet")

    def ask(self):
        for party, browser in zip(self.parties, self._browsers):
            party.ask(browser)


class Echo(Scene):
    """A browser (a) and Janus (b), which sends back what it gets; loss on both ways."""

    @staticmethod
    def make_line(directory):
        return Line(directory, from_a=("--loss", LOSS), from_b=("--loss", LOSS_BACK, "--seed", 7))

    def connect(self, stack, groups):
        self._browser = stack.enter_context(Browser(self.line.a.netns, groups[0]))
        self._janus = stack.enter_context(Janus(self.line.b.netns, groups[1]))
        self._janus.wait_ready()
        self._browser.wait_ready()
        self._browser.call("capture")
        answer = self._janus.echo(only_ipv4(self._browser.call("offer", "audio/opus")))
        self.codecs = codecs(answer)
        self._browser.call("accept", only_ipv4(answer))
        wait_until(lambda: self._browser.call("state") == "connected", CONNECT_S, "a connection")

    def silence(self):
        # Asks the browser for a key frame, in the middle of the media.
        self._janus.video(False)
        self._janus.video(True)
        wait_until(self._was_asked, CONNECT_S, "a PLI")
        self._browser.call("quiet")

    def _was_asked(self):
        return any(one.get("pliCount") for one in self._browser.call("stats")
                   if one["type"] == "outbound-rtp")

    def ask(self):
        self.a.ask(self._browser)
        # The server has no statistics of this kind; what it got is what the browser sent.
        names = {"inbound-rtp": "outbound-rtp", "outbound-rtp": "inbound-rtp"}
        self.b.stats = [{**one, "type": names[one["type"]]} for one in self.a.stats
                        if one["type"] in names]
