#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two real calls through bad networks, the agent beside them, and a screen that compares the two.

Truth comes from outside the agent: while the calls run from a raw socket at the receiver's
interface, at the end from the logs of the bridges that did the damage.
"""

import argparse
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from collections import namedtuple

import media
import truth
from lab import (Agent, Cgroup, LabError, Namespaces, Process, bridge, jitterbug, receiver,
                 run_in_netns, tool, total)

SSRC = 0x6a62de00  # the port is added
SHARES = ("--loss", 0.03, "--dup", 0.01, "--reorder", 0.01, "--gap-us", 30000)
DRAIN_S = 20
SO_TIMESTAMPNS = 35  # as socket.py has not
ETH_P_IP, IP_HEADER, UDP_HEADER, RTP_HEADER = 0x0800, 20, 8, 12

BOLD, DIM, GOOD, BAD, PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"
HOME_AND_CLEAR, HIDE_CURSOR, SHOW_CURSOR = "\033[H\033[J", "\033[?25l", "\033[?25h"

Kind = namedtuple("Kind", "title harm make port clock impairment")
KINDS = {
    "voice": Kind("VOICE Opus, GStreamer", "3% lost, 1% twice, 1% overtaken, 20 +- 5 ms late",
                  media.opus, 5004, 48000, (*SHARES, "--delay-us", 20000, "--jitter-us", 5000)),
    "video": Kind("VIDEO VP8, GStreamer", "3% lost, 1% twice, 1% overtaken, 20 ms late",
                  media.vp8, 5006, 90000, (*SHARES, "--delay-us", 20000)),
}
LOST = "jitterbug_rtp_lost_packets_total"
COLUMNS = ("packets", "lost", "in window", "twice", "overtaken", "jitter")
Figures = namedtuple("Figures", "packets lost window twice overtaken jitter_ms")

LEGEND = """\
truth      {source}
jitterbug  /api/v1/streams of the agent: BPF programs at the receiver's cgroup
lost       did not come before the 256 next numbers; in window: not come so far
overtaken  came behind a later one, which is not lost; jitter: RFC 3550, in ms"""


class Tap:
    """Arrivals of one SSRC at eth0 of a namespace, counted on from now."""

    def __init__(self, netns, ssrc):
        self.arrivals = []
        self._ssrc = ssrc
        self._socket = run_in_netns(netns, self._open)
        threading.Thread(target=self._read, daemon=True).start()

    @staticmethod
    def _open():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        tap.bind(("eth0", ETH_P_IP))
        return tap

    def _read(self):
        while True:
            packet, control, _, address = self._socket.recvmsg(2048, 64)
            rtp = packet[IP_HEADER + UDP_HEADER:]
            if packet[9] != socket.IPPROTO_UDP or len(rtp) < RTP_HEADER or rtp[0] >> 6 != 2:
                continue
            payload_type, seq, ts, ssrc = struct.unpack_from("!xBHII", rtp)
            if ssrc == self._ssrc and address[2] != socket.PACKET_OUTGOING:
                seconds, ns = struct.unpack("qq", control[0][2])
                self.arrivals.append(truth.Arrival(seconds * 10**9 + ns, seq, ts,
                                                   payload_type & 127, False))


class Call:
    """GStreamer -> bridge -> receiver, in namespaces and cgroups of their own."""

    def __init__(self, name, kind, seconds, directory):
        self.kind = kind
        self.ssrc = SSRC + kind.port
        self.net = Namespaces()
        self.log = os.path.join(directory, f"{name}.csv")
        self.bridge = bridge(self.net, *kind.impairment, log=self.log)
        self.cgroup = Cgroup(name)
        receiver(kind.port, netns=self.net.b, cgroup=self.cgroup)
        self.tap = Tap(self.net.b, self.ssrc)
        argv = kind.make(self.net.b4, kind.port, self.ssrc, seconds)
        self.sender = Process(*media.smooth(argv), netns=self.net.a)
        self.measured = self.true = None
        self.metric = 0.0

    def _stream(self, agent):
        """The agent's view at the receiver; None before it has one."""
        return next((stream for stream in agent.streams()["streams"]
                     if (stream["direction"], stream["ssrc"], stream["unit"]) ==
                     ("ingress", self.ssrc, self.cgroup.relative)), None)

    def _take(self, stream, agent):
        self.measured = _measured(stream)
        self.metric = total(agent.metrics(), LOST, unit=self.cgroup.relative)

    def measure(self, agent):
        """Reads the agent, and truth as it was at that moment."""
        earliest = len(self.tap.arrivals)
        stream = self._stream(agent)
        if not stream:
            return
        self._take(stream, agent)
        for count in range(len(self.tap.arrivals), earliest - 1, -1):
            self.true = _true(self.tap.arrivals[:count], stream, self.kind.clock)
            if self.true.packets == self.measured.packets:
                return

    def conclude(self, agent):
        """Waits for the sender's end; then truth is the bridge's log."""
        if self.sender.wait(DRAIN_S):
            raise LabError(f"{self.sender}: {self.sender.stderr}")
        self.bridge.finish()
        stream = self._stream(agent)
        if not stream:
            raise LabError(f"the agent saw no stream at {self.cgroup.relative}")
        self._take(stream, agent)
        self.true = _true(truth.bridge_arrivals(self.log)[self.ssrc], stream, self.kind.clock)

    def agrees(self):
        """But for jitter, which has no exact truth, all figures are equal."""
        return self.true[:-1] == self.measured[:-1]


def _measured(stream):
    jitter_s = stream["jitter_seconds"]
    return Figures(stream["packets"], stream["lost"], stream["unseen"], stream["duplicates"],
                   stream["reordered"] + stream["late"],
                   None if jitter_s is None else 1000 * jitter_s)


def _true(arrivals, stream, clock):
    result = truth.compute(arrivals, stream["base_sequence"], clock)
    return Figures(result.packets, result.lost - result.pending, result.pending,
                   result.duplicates, result.out_of_order, 1000 * result.jitter_s)


def _row(name, figures, sign="-"):
    cells = "".join(f"{value:{sign}11d}" for value in figures[:-1])
    jitter = "-" if figures[-1] is None else f"{figures[-1]:{sign}.2f}"
    return f"  {name:<11}{cells}{jitter:>9}"


def _difference(true, measured):
    jitter = None if measured[-1] is None else measured[-1] - true[-1]
    return Figures(*(ours - theirs for ours, theirs in zip(measured[:-1], true[:-1])), jitter)


class Screen:
    """What the viewer sees: 80 columns, 24 lines, colours on a terminal only."""

    def __init__(self, calls, agent, seconds):
        self.calls, self.agent, self.seconds = calls, agent, seconds
        self.terminal = sys.stdout.isatty()

    def _style(self, style, text):
        return f"{style}{text}{PLAIN}" if self.terminal else text

    def _call(self, call):
        yield ""
        yield self._style(BOLD, f"{call.kind.title:<23}") + f"through: {call.kind.harm}"
        yield self._style(DIM, f"{'':13}" + "".join(f"{name:>11}" for name in COLUMNS[:-1]) +
                          f"{COLUMNS[-1]:>9}")
        if not call.measured:
            yield "  the call begins ..."
            yield from ("", "")  # as long as with figures
            return
        yield _row("truth", call.true)
        yield _row("jitterbug", call.measured)
        difference = _row("difference", _difference(call.true, call.measured), "+")
        yield self._style(GOOD if call.agrees() else BAD, difference)

    def lines(self, elapsed, ended):
        source = "the log of the bridge that did it" if ended else \
            "a raw socket at the receiver, beside the agent"
        clock = f"{min(elapsed, self.seconds):.0f} of {self.seconds} s; Ctrl-C ends it"
        title = "jitterbug: two real calls, truth and measurement"
        yield self._style(BOLD, f"{title:<50}") + f"{'ended' if ended else clock:>30}"
        for call in self.calls:
            yield from self._call(call)
        yield ""
        yield from LEGEND.format(source=source).splitlines()
        yield ""
        yield "/metrics says (lost is added up by workload, here a cgroup):"
        yield from (f'  {LOST}{{unit="{call.cgroup.relative}"}} {call.metric:.0f}'
                    for call in self.calls)
        if not ended:
            yield f"Look yourself: curl -s {self.agent.url}/metrics | grep rtp_"

    def show(self, elapsed, ended=False):
        text = "\n".join(self.lines(elapsed, ended))
        print((HOME_AND_CLEAR if self.terminal else "") + text, flush=True)


def run(seconds, directory):
    """Whether the agent agreed with the bridges."""
    with Agent() as agent:
        calls = [Call(name, kind, seconds, directory) for name, kind in KINDS.items()]
        screen = Screen(calls, agent, seconds)
        start = time.monotonic()
        while any(call.sender.returncode is None for call in calls):
            for call in calls:
                call.measure(agent)
            elapsed = time.monotonic() - start
            if screen.terminal:
                screen.show(elapsed)
            if elapsed > seconds + DRAIN_S:
                raise LabError(f"the calls go on after {elapsed:.0f} s")
            time.sleep(1 - elapsed % 1)
        for call in calls:
            call.conclude(agent)
        screen.show(seconds, ended=True)
        return all(call.agrees() for call in calls)


def missing():
    """What stands in the way of the demo, or None."""
    if os.geteuid():
        return "namespaces and BPF need root"
    for path in (jitterbug(), tool("bridge"), tool("receiver"), "gst-launch-1.0", "ip"):
        if not shutil.which(path):
            return f"{path} is not there"
    return None


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=30, metavar="N",
                        help="how long the calls last: 10 to 600, by default %(default)s")
    seconds = parser.parse_args().seconds
    if not 10 <= seconds <= 600:
        parser.error(f"--seconds {seconds}: must be 10 to 600")
    return seconds


def main():
    seconds = parse_options()
    problem = missing()
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    terminal = sys.stdout.isatty()
    print(HIDE_CURSOR if terminal else "", end="")
    try:
        with tempfile.TemporaryDirectory(prefix="jbt-demo-") as directory:
            agreed = run(seconds, directory)
    except KeyboardInterrupt:
        print("\ndemo: ended early, takes all away")
        return 130
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the rest is cleaning up
        print(SHOW_CURSOR if terminal else "", end="", flush=True)
    print("All counts agree." if agreed else "demo: the counts differ")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
