# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is told of requests and of the network between two proxies: theirs and the kernel's, joined.

Against what the stand-ins for the proxies have counted and measured themselves, and the delays that
were put into them and on the wire.
"""

import contextlib
import statistics
import time

import pytest

import counters
import lab
import mesh as meshes
import peers
from mesh_figures import (DEADLINE, NETWORK, NETWORK_REQUESTS, OPTIONS, PORT, REQUESTS,
                          ROUND_TRIP_S, SECONDS, WIRE_US, answered, by, figure, serve, settle, to)
from mesh_network import PodNetwork
from test_edges import exchange


@pytest.fixture(scope="module")
def net():
    with PodNetwork() as net, peers.delaying_bridge(net, WIRE_US):
        yield net


@pytest.fixture(scope="module")
def mesh(tmp_path_factory, net):
    with meshes.meshed_node(tmp_path_factory.mktemp("mesh"), net, *OPTIONS) as mesh:
        yield mesh


# Requests

def between_proxies(mesh, stack):
    """By a ClusterIP, and to two ports: one connection to 4143 each, one edge."""
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, side="b")
    meshes.HttpApp(stack, server, PORT + 1)
    mesh.service("redis", "10.96.0.5", PORT, server, PORT)
    with client.connect("10.96.0.5", PORT) as one, client.connect(server.address, PORT + 1) as two:
        meshes.ask(one, 7)
        meshes.ask(one, 3, "/500")
        meshes.ask(two, 4)
    assert client.stand_in.truth("outbound")[0] == server.stand_in.truth()[0] == 14
    return answered(to(client, server), 11, 3) | answered(by(server, client), 11, 3)


def without_a_proxy_at_one_end(mesh, stack):
    meshed = serve(stack, mesh)
    plain = serve(stack, mesh, "plain", proxy=False, side="b")
    for one, other in ((meshed, plain), (plain, meshed)):
        with one.connect(other.address, PORT) as connection:
            meshes.ask(connection, 4)
            meshes.ask(connection, 1, "/500")
    return (answered(to(meshed, plain), 4, 1, tls="false") |
            answered(by(meshed, plain), 4, 1, tls="false"))


def from_the_nodes_network(mesh, stack):
    """LiveKit has no proxy; the one of Redis tells of both."""
    livekit = mesh.pod(stack, "livekit", proxy=False, host_network=True)
    redis = serve(stack, mesh, "redis", name=f"redis-{next(mesh.numbers)}", side="b")
    with livekit.connect(redis.address, PORT) as connection:
        meshes.ask(connection, 6)
    return answered(by(redis, livekit), 6, tls="false")


def test_requests(mesh, stack):
    expected = {}
    for play in (between_proxies, without_a_proxy_at_one_end, from_the_nodes_network):
        expected |= play(mesh, stack)
    metrics = settle(mesh, expected)
    for family, labels in expected:
        if family == NETWORK_REQUESTS:
            mean = counters.family(metrics, NETWORK, **dict(labels)) / \
                counters.family(metrics, NETWORK_REQUESTS, **dict(labels))
            assert abs(mean - ROUND_TRIP_S) <= max(0.1 * ROUND_TRIP_S, 0.001), (labels, mean)


def shown(mesh, pod, leg):
    """{peer: (requests, failures)} as the listing has the pod's edges of that leg."""
    return {edge["peer_workload"]: (edge["mesh_requests"], edge["mesh_failures"])
            for edge in mesh.agent.edges()
            if edge["pod"] == pod.labels["pod"] and edge["leg"] == leg}


def test_edges_show_requests(mesh, stack):
    """At both ends, also where one has no proxy: then what the other's tells."""
    livekit = mesh.pod(stack, "livekit", proxy=False, host_network=True)
    plain = serve(stack, mesh, "plain", proxy=False, side="b")
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, "redis", side="b")
    for one, other in ((client, server), (livekit, server), (client, plain)):
        with one.connect(other.address, PORT) as connection:
            meshes.ask(connection, 4)
            meshes.ask(connection, 1, "/500")
    seen = {(client, "mesh_out"): server, (server, "mesh_in"): client,
            (livekit, "direct"): server, (server, "plain_in"): livekit,
            (client, "plain_out"): plain, (plain, "direct"): client}
    lab.wait_until(lambda: all(shown(mesh, pod, leg) == {peer.workload: (5, 1)}
                               for (pod, leg), peer in seen.items()),
                   DEADLINE, "requests at both ends of each edge")
    row, = [edge for edge in mesh.agent.edges()
            if edge["pod"] == client.labels["pod"] and edge["leg"] == "mesh_out"]
    assert abs(row["mesh_network_seconds"] - ROUND_TRIP_S) <= max(0.1 * ROUND_TRIP_S, 0.001)
    assert row["mesh_latency_seconds"] >= row["mesh_network_seconds"] - 0.001
    assert abs(row["mesh_latency_seconds"] - row["mesh_network_seconds"] -
               row["mesh_residence_seconds"]) < 1e-6


# Whose time it is

class Pair:
    """A client and a server whose proxy has that delay; beside each other or beyond the wire."""

    def __init__(self, mesh, stack, delay_ms, count, side):
        self.client, self.server = mesh.pod(stack, f"web-{delay_ms}-{side}"), \
            serve(stack, mesh, f"redis-{delay_ms}-{side}", side=side)
        self.delay, self.count = delay_ms / 1000, count
        self.wire = ROUND_TRIP_S if side == "b" else 0
        self.server.stand_in.set(delay=self.delay)
        self._connection = stack.enter_context(self.client.connect(self.server.address, PORT))
        self._total, self._figures, self.rounds = 0, None, []

    def ask(self, count):
        """What is expected of the edge then."""
        requests, seconds = self.server.stand_in.truth()
        meshes.ask(self._connection, count)
        now, seconds_now = self.server.stand_in.truth()
        assert now - requests == count
        self._true, self._total = (seconds_now - seconds) / count, self._total + count
        return answered(to(self.client, self.server), self._total)

    def note(self, metrics):
        """A round has come whole."""
        now = [counters.family(metrics, name, **to(self.client, self.server))
               for name in (SECONDS, REQUESTS, NETWORK, NETWORK_REQUESTS)]
        if self._figures:
            seconds, requests, network_s, network_requests = (
                new - old for new, old in zip(now, self._figures))
            network = network_s / network_requests
            self.rounds.append((seconds / requests - network, self._true, network))
        self._figures = now

    def check(self):
        """By the median of rounds: a busy machine wakes one of the programs late at times."""
        residence, true, network = zip(*self.rounds)
        error = statistics.median(abs(ours - its) for ours, its in zip(residence, true))
        median = statistics.median(true)
        assert self.delay <= median <= self.delay + 0.005, self.rounds
        assert error <= max(0.05 * median, 0.001), self.rounds
        assert abs(statistics.median(network) - self.wire) <= max(0.1 * self.wire, 0.001), \
            self.rounds


def test_residence_and_network(mesh, stack):
    """What was put into the proxies, and on the wire."""
    pairs = [Pair(mesh, stack, *delay, side) for delay in ((5, 20), (50, 10), (500, 2))
             for side in "ab"]
    for first in (True, False, False, False):
        expected = {}
        for pair in pairs:
            expected |= pair.ask(1 if first else pair.count)
        metrics = settle(mesh, expected)
        for pair in pairs:
            pair.note(metrics)
    for pair in pairs:
        print(pair.client.workload, pair.rounds)
        pair.check()


# Octets

def test_octets_of_both_views(mesh, stack):
    """The app's are exact; of what is opaque the proxy and the kernel count the same."""
    client, server = mesh.pod(stack, "web"), mesh.pod(stack, "redis", side="b")
    with client.pair(server, PORT) as pair:
        exchange(*pair, 2999, 70000)
    expected = {}
    for family in ("mesh_kernel_bytes_total", "mesh_proxy_bytes_total"):
        for pod, leg, ingress, egress in ((client, "app_out", 3000, 70000),
                                          (server, "app_in", 70000, 3000)):
            expected[figure(family, leg=leg, direction="ingress", **pod.labels)] = ingress
            expected[figure(family, leg=leg, direction="egress", **pod.labels)] = egress
    metrics = settle(mesh, expected)
    for pod, leg in ((client, "mesh_out"), (server, "mesh_in")):
        views = [counters.by(metrics, family, "direction", leg=leg, **pod.labels)
                 for family in ("mesh_kernel_bytes_total", "mesh_proxy_bytes_total")]
        assert views[0] == views[1] and sum(views[0].values()) > 73000
        assert counters.family(metrics, "mesh_plaintext_bytes_total", **pod.labels) == 0


# Proxies and pods that begin anew

@contextlib.contextmanager
def never_falling(mesh, *names):
    """A function that scrapes, and asserts that no counter of these pods' mesh_* has fallen."""
    last = {}

    def look():
        now = {key: value for key, value in mesh.agent.metrics().items()
               if key[0].startswith("jitterbug_mesh_") and key[0].endswith("_total") and
               dict(key[1]).get("pod") in names}
        fallen = {key: (value, now.get(key)) for key, value in last.items()
                  if now.get(key, -1) < value}
        assert not fallen
        last.clear()
        last.update(now)
        return now
    look()
    yield look
    look()

def test_proxy_that_restarts(mesh, stack):
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, side="b")
    edges = (to(client, server), by(server, client))
    with never_falling(mesh, client.name, server.name) as look:
        for turn, pod in enumerate((client, server)):
            with client.connect(server.address, PORT) as connection:
                meshes.ask(connection, 5)
            settle(mesh, answered(edges[0], 5 * (turn + 1)) | answered(edges[1], 5 * (turn + 1)))
            look()
            pod.stand_in.restart()
            look()
        with client.connect(server.address, PORT) as connection:
            meshes.ask(connection, 2)
        settle(mesh, answered(edges[0], 12) | answered(edges[1], 12))


def test_pod_that_is_replaced(mesh, stack):
    """By one of the same name, as a StatefulSet does it."""
    client, name = mesh.pod(stack, "web"), f"redis-{next(mesh.numbers)}"
    with never_falling(mesh, client.name, name) as look:
        for turn in (1, 2):
            with contextlib.ExitStack() as life:
                server = serve(life, mesh, name=name, side="b")
                with client.connect(server.address, PORT) as connection:
                    meshes.ask(connection, 5)
                settle(mesh, answered(to(client, server), 5 * turn) |
                       answered(by(server, client), 5 * turn))
                look()
            look()


def test_series_that_the_proxy_forgets(mesh, stack):
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, side="b")
    with never_falling(mesh, client.name) as look, \
            client.connect(server.address, PORT) as connection:
        for turn in (1, 2):
            meshes.ask(connection, 5)
            settle(mesh, answered(to(client, server), 5 * turn))
            client.stand_in.set(forget=turn)
            lab.wait_until(lambda: not lab.total(client.stand_in.page(), "request_total",
                                                 direction="outbound"), DEADLINE, "forgotten")
            end = time.monotonic() + 1.2  # read without them, at least once
            while time.monotonic() < end:
                look()
        meshes.ask(connection, 5)
        settle(mesh, answered(to(client, server), 15))
