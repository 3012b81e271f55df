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
ETH_P_IP, IP_HEADER, UDP_HEADER, RTP_HEADER = 0x0800, 20, 8, 12

BOLD, DIM, GOOD, BAD, PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"
HOME_AND_CLEAR, HIDE_CURSOR, SHOW_CURSOR = "\033[H\033[J", "\033[?25l", "\033[?25h"

Kind = namedtuple("Kind", "title harm make port clock impairment")
KINDS = {
    "voice": Kind("VOICE  Opus by GStreamer", "3% lost, 1% twice, 1% overtaken, 20 +- 5 ms late",
                  media.opus, 5004, 48000, (*SHARES, "--delay-us", 20000, "--jitter-us", 5000)),
    "video": Kind("VIDEO  VP8 by GStreamer", "3% lost, 1% twice, 1% overtaken, 20 ms late",
                  media.vp8, 5006, 90000, (*SHARES, "--delay-us", 20000)),
}
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
        tap.bind(("eth0", ETH_P_IP))
        return tap

    def _read(self):
        while True:
            packet, address = self._socket.recvfrom(2048)
            now_ns = time.monotonic_ns()
            rtp = packet[IP_HEADER + UDP_HEADER:]
            if packet[9] != socket.IPPROTO_UDP or len(rtp) < RTP_HEADER or rtp[0] >> 6 != 2:
                continue
            payload_type, seq, ts, ssrc = struct.unpack_from("!xBHII", rtp)
            if ssrc == self._ssrc and address[2] != socket.PACKET_OUTGOING:
                self.arrivals.append(truth.Arrival(now_ns, seq, ts, payload_type & 127, False))


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
        self.sender = Process(*argv, netns=self.net.a)
        self.measured = self.true = None

    def measure(self, agent):
        """Reads the agent, and truth as it was at that moment."""
        earliest = len(self.tap.arrivals)
        found = [stream for stream in agent.streams()["streams"] if stream["ssrc"] == self.ssrc
                 and stream["direction"] == "ingress" and stream["unit"] == self.cgroup.relative]
        if not found:
            return
        latest = len(self.tap.arrivals)
        self.measured = _measured(found[0])
        for count in range(latest, earliest - 1, -1):
            self.true = _true(self.tap.arrivals[:count], found[0], self.kind.clock)
            if self.true.packets == self.measured.packets:
                return

    def conclude(self, agent):
        """Once the sender has ended: truth from the bridge's log."""
        if self.sender.wait():
            raise LabError(f"{self.sender}: {self.sender.stderr}")
        self.bridge.finish()
        self.measure(agent)
        if not self.measured:
            raise LabError(f"the agent saw no stream at {self.cgroup.relative}")
        base = {"base_sequence": self.base(agent)}
        arrivals = truth.bridge_arrivals(self.log).get(self.ssrc, [])
        self.true = _true(arrivals, base, self.kind.clock)

    def base(self, agent):
        return next(stream["base_sequence"] for stream in agent.streams()["streams"]
                    if stream["ssrc"] == self.ssrc and stream["direction"] == "ingress")

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


def _row(name, figures):
    cells = [f"{value:>11}" for value in figures[:-1]]
    jitter = "-" if figures[-1] is None else f"{figures[-1]:.2f}"
    return f"  {name:<12}" + "".join(cells) + f"{jitter:>9}"


def _difference(true, measured):
    jitter = None if measured[-1] is None else measured[-1] - true[-1]
    return Figures(*(ours - theirs for ours, theirs in zip(measured[:-1], true[:-1])), jitter)
