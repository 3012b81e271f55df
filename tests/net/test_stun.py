# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""STUN between two workloads, 20 ms each way: round trips, requests, and those never answered."""

import os
import selectors
import threading
import time

import pytest

import counters
import lab
import live
import peers
import wire

PORT = 3478
COUNT = 20
TIMEOUT_S = 60  # by which the agent has given a request up

pytestmark = pytest.mark.usefixtures("delayed")


class Server(threading.Thread):
    """Answers each request; what it answers is chosen by the test, None: nothing."""

    def __init__(self, cgroup, net, address, answer):
        super().__init__(daemon=True)
        self._socket = live.udp_sink(cgroup, address, PORT, net.b)
        self.answer = answer
        self._ended = threading.Event()
        self.seen = 0

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self._socket, selectors.EVENT_READ)
        while not self._ended.is_set():
            if not selector.select(0.05):
                continue
            message, peer = self._socket.recvfrom(2048)
            self.seen += 1
            answer = self.answer(message)
            if answer:
                self._socket.sendto(answer, peer)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self._ended.set()
        self.join()
        self._socket.close()


def success(message):
    return wire.stun(wire.SUCCESS, wire.stun_transaction(message), wire.attribute(0x20, bytes(8)))


def error(message):
    return wire.stun(wire.ERROR, wire.stun_transaction(message), wire.attribute(9, bytes(4)))


class Ends:
    """A client's socket, both cgroups, and the server."""

    def __init__(self, stack, net, answer, family="4"):
        self.source, self.sink = (stack.enter_context(lab.Cgroup(name))
                                  for name in ("stun-client", "stun-server"))
        self.to = (getattr(net, f"b{family}"), PORT)
        here = getattr(net, f"a{family}")
        self.client = stack.enter_context(live.udp_sink(self.source, here, 0, net.a))
        self.client.settimeout(2)
        self.server = stack.enter_context(Server(self.sink, net, self.to[0], answer))

    def ask(self, repeats=1, answers=True):
        """One transaction; returns its round trip since the last repetition."""
        request = wire.stun(wire.BINDING, os.urandom(12), wire.attribute(6, b"a:b"))
        for _ in range(repeats):
            begin = time.monotonic()
            self.client.sendto(request, self.to)
        for _ in range(repeats if answers else 0):
            got = self.client.recv(2048)
            assert wire.stun_transaction(got) == wire.stun_transaction(request)
        return time.monotonic() - begin

    def requests(self, metrics):
        """(sent by the client, received by the server), of all directions."""
        return tuple(counters.by(metrics, "stun_requests_total", "direction", unit=cgroup.relative)
                     for cgroup in (self.source, self.sink))

    def timeouts(self, metrics):
        return tuple(counters.by(metrics, "stun_timeouts_total", "direction", unit=cgroup.relative)
                     for cgroup in (self.source, self.sink))

    def round_trips(self, metrics):
        return counters.mean(metrics, "stun_round_trip_seconds", unit=self.source.relative)


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("answer", [success, error])
def test_round_trip(agent, net, stack, family, answer):
    ends = Ends(stack, net, answer, family)
    true = sum(ends.ask() for _ in range(COUNT)) / COUNT
    metrics = counters.settle(agent, ends.requests, ({"egress": COUNT}, {"ingress": COUNT}))
    mean, samples = ends.round_trips(metrics)
    assert samples == COUNT
    assert mean == pytest.approx(peers.ROUND_TRIP_S, rel=0.05)
    assert peers.ROUND_TRIP_S <= mean <= true
    bucket = counters.at_most(metrics, "stun_round_trip_seconds", "0.025",
                              unit=ends.source.relative)
    assert bucket == 0
    assert ends.timeouts(metrics) == ({}, {})


def test_unanswered_requests(agent, net, stack):
    """Every fourth is never answered."""
    def mostly(message):
        mostly.count += 1
        return success(message) if mostly.count % 4 else None

    mostly.count = 0
    ends = Ends(stack, net, mostly)
    before = live.faults(agent.metrics())["stun_evicted"]
    for n in range(COUNT):
        ends.ask(answers=(n + 1) % 4)
        lab.wait_until(lambda: ends.server.seen > n, 2, "the request")
    silent = COUNT // 4

    def given_up(metrics):
        """At both ends, but for those whose place in the agent's table another took."""
        evicted = live.faults(metrics)["stun_evicted"] - before
        timeouts = ends.timeouts(metrics)
        assert all(counts.keys() <= {direction} for counts, direction in
                   zip(timeouts, ("egress", "ingress")))
        assert all(sum(counts.values()) <= silent for counts in timeouts)
        return sum(sum(counts.values()) for counts in timeouts) + evicted

    metrics = counters.settle(agent, given_up, 2 * silent, TIMEOUT_S)
    assert ends.requests(metrics) == ({"egress": COUNT}, {"ingress": COUNT})
    assert COUNT - silent - 2 <= ends.round_trips(metrics)[1] <= COUNT - silent


def test_repeated_requests_are_one_transaction(agent, net, stack):
    """Which of them is answered can't be known: no round trip, but nothing unanswered."""
    ends = Ends(stack, net, success)
    for _ in range(10):
        ends.ask(repeats=3)
    metrics = counters.settle(agent, ends.requests, ({"egress": 10}, {"ingress": 10}))
    assert ends.round_trips(metrics)[1] == 0
    assert ends.timeouts(metrics) == ({}, {})


def test_answers_nobody_asked_for(agent, net, stack):
    """And indications, and what has STUN's first octets but not its cookie or length."""
    ends = Ends(stack, net, lambda message: None)
    nonsense = [wire.stun(kind, os.urandom(12)) for kind in (wire.SUCCESS, wire.INDICATION)]
    request = wire.stun(wire.BINDING, os.urandom(12))
    nonsense += [request[:4] + b"\0\0\0\0" + request[8:], request[:19], request[:2] + b"\0\7" +
                 request[4:]]
    for message in nonsense * 5:
        ends.client.sendto(message, ends.to)
    lab.wait_until(lambda: ends.server.seen == 5 * len(nonsense), 5, "arrival")
    ends.server.answer = success
    ends.ask()
    metrics = counters.settle(agent, ends.requests, ({"egress": 1}, {"ingress": 1}))
    assert ends.round_trips(metrics)[1] == 1
    assert ends.timeouts(metrics) == ({}, {})
