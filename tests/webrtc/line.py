# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two ends with two bridges between them, one to impair each way: a - upper - lower - b.

Each bridge's log tells what left the end beside it and what reached it.
"""

import contextlib
import os

import truth
from capture import Capture
from lab import Namespaces, Process, tool


def _arrival(row, clock):
    return truth.Arrival(int(row[clock]), int(row["seq"]), int(row["ts"]), int(row["pt"]),
                         row["padding_only"] == "1")


class End:
    """One end: its namespace and address, the bridge beside it, a capture."""

    def __init__(self, name, netns, address, ports, options, directory, middle):
        self.name, self.netns, self.address = name, netns, address
        self._log = os.path.join(directory, f"{name}.csv")
        self._bridge = Process(tool("bridge"), *ports, "--rt", *options, "--log", self._log,
                               netns=middle, ready=True)
        self._capture = Capture(netns, os.path.join(directory, f"{name}.pcap"))
        self.pcap = self._capture.path

    def cut(self):
        """Nothing passes any more. The bridge has lost nothing that it didn't log."""
        summary = self._bridge.finish()
        for fault in ("kernel_drops", "send_errors", "queue_full"):
            assert summary[fault] == 0, (self.name, summary)

    def finish(self):
        self._capture.stop()
        self._rows = truth.rows(self._log)

    def close(self):
        self._bridge.close()

    def _streams(self, rows, clock):
        streams = {}
        for row in rows:
            streams.setdefault(int(row["ssrc"]), []).append(_arrival(row, clock))
        return {ssrc: sorted(arrivals, key=lambda arrival: arrival.t_ns)
                for ssrc, arrivals in streams.items()}

    def sent(self):
        """{ssrc: [Arrival]} of what left this end, dropped by the bridge or not."""
        return self._streams((row for row in self._rows if row["dir"] == "ab"), "t_in_ns")

    def received(self):
        """{ssrc: [Arrival]} of what reached this end."""
        return self._streams((row for row in self._rows if row["dir"] == "ba"), "t_out_ns")


class Line:
    """The network; a context manager. The options of an end are for what leaves it."""

    def __init__(self, directory, from_a=(), from_b=()):
        self._directory, self._options = directory, (from_a, from_b)

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            net = stack.enter_context(Namespaces())
            net.ip(net.m, "link", "add", "upper", "type", "veth", "peer", "name", "lower")
            for device in ("upper", "lower"):
                net.ip(net.m, "link", "set", device, "txqueuelen", "10000", "up")
            ends = (("a", net.a, net.a4, (net.ma, "upper")), ("b", net.b, net.b4,
                                                              (net.mb, "lower")))
            self.a, self.b = (
                stack.enter_context(contextlib.closing(End(*end, options, self._directory, net.m)))
                for end, options in zip(ends, self._options))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def cut(self):
        for end in (self.a, self.b):
            end.cut()

    def finish(self):
        for end in (self.a, self.b):
            end.finish()
