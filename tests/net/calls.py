# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real calls, all at the same time, and what the agent, captures and bridges have of each.

Three bridges: one that only forwards, one with jitter (and loss), one that also duplicates and
reorders.
"""

import contextlib
import os
from collections import namedtuple

import media
import truth
from capture import Capture, announce, rtp_streams
from lab import Agent, Cgroup, Namespaces, Process, bridge, receiver, wait_until

SECONDS = 12
SSRC = 0x6a627200  # the port is added

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


class Lab:
    """Two ends, the bridge between them and a capture at b."""

    def __init__(self, name, directory, stack):
        self.net = stack.enter_context(Namespaces())
        self.log = os.path.join(directory, f"{name}.csv")
        self.bridge = stack.enter_context(
            bridge(self.net, *BRIDGES[name], "--spin-us", 100, log=self.log))
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
    """All calls, from the first packet to the last; a context manager."""

    def __init__(self, directory):
        self.directory = directory
        self.calls, self.senders = {}, []

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._stack = stack
            self._play()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def _play(self):
        labs = {name: Lab(name, self.directory, self._stack) for name in BRIDGES}
        self.agent = self._stack.enter_context(Agent())
        for name, sender in CALLS.items():
            self._start(name, sender, labs[sender.lab])
        self._start_sip(labs["clean"])
        for process in self.senders:
            assert process.wait(SECONDS + 20) == 0, f"{process}: {process.stderr}"
        for lab in labs.values():
            lab.finish()
        self.metrics = self.agent.metrics()
        streams = self.agent.streams()["streams"]
        for name, call in self.calls.items():
            call.find(streams, self._flow(name, call))

    def _cgroups(self, name):
        return [self._stack.enter_context(Cgroup(f"{name}-{end}")) for end in ("from", "to")]

    def _start(self, name, sender, lab):
        sending, receiving = self._cgroups(name)
        self._stack.enter_context(receiver(sender.port, netns=lab.net.b, cgroup=receiving))
        options = {"srtp": True} if name.endswith("srtp") else {}
        argv = sender.make(lab.net.b4, sender.port, SSRC + sender.port, SECONDS, **options)
        self._send(argv, lab.net.a, sending)
        self.calls[name] = Call(lab, sending, receiving, sender.media, sender.clock)

    def _send(self, argv, netns, cgroup):
        process = self._stack.enter_context(
            Process(*media.smooth(argv), netns=netns, cgroup=cgroup))
        self.senders.append(process)
        return process

    def _start_sip(self, lab):
        calling, called = self._cgroups("sip")
        self._baresip(lab.net.b, called, lab.net.b4, SIP_PORTS[1], SECONDS + 8)
        self._baresip(lab.net.a, calling, lab.net.a4, SIP_PORTS[0], SECONDS, call=lab.net.b4)
        self.calls["sip-out"] = Call(lab, calling, called, "audio", 8000)
        self.calls["sip-back"] = Call(lab, called, calling, "audio", 8000, False)

    def _baresip(self, netns, cgroup, address, port, seconds, call=None):
        directory = os.path.join(self.directory, address)
        os.mkdir(directory)
        argv = media.baresip(directory, address, f"{port}-{port + 90}", seconds, call)
        process = self._send(argv, netns, cgroup)
        wait_until(lambda: "baresip is ready" in process.stdout, 10, f"{process} ready")

    def _flow(self, name, call):
        """Of the capture: by our SSRC, or by the port range of the SIP agent that receives."""
        if name in SIP:
            first = SIP_PORTS[name == "sip-out"]
            found = [flow for flow in call.lab.captured if first <= flow.dport < first + 100]
        else:
            found = [flow for flow in call.lab.captured if flow.ssrc == SSRC + CALLS[name].port]
        assert len(found) == 1, f"{name}: {found} of {list(call.lab.captured)}"
        return found[0]
