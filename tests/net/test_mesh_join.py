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

def test_requests_of_both_proxies(mesh, stack):
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, side="b")
    mesh.service("redis", "10.96.0.5", PORT, server, PORT)
    with client.connect("10.96.0.5", PORT) as connection:
        meshes.ask(connection, 7)
        meshes.ask(connection, 3, "/500")
    settle(mesh, answered(to(client, server), 7, 3) | answered(by(server, client), 7, 3))
    assert client.stand_in.truth("outbound")[0] == server.stand_in.truth()[0] == 10


def test_requests_without_a_proxy_at_one_end(mesh, stack):
    meshed = serve(stack, mesh)
    plain = serve(stack, mesh, "plain", proxy=False, side="b")
    for one, other in ((meshed, plain), (plain, meshed)):
        with one.connect(other.address, PORT) as connection:
            meshes.ask(connection, 4)
            meshes.ask(connection, 1, "/500")
    settle(mesh, answered(to(meshed, plain), 4, 1, tls="false") |
           answered(by(meshed, plain), 4, 1, tls="false"))


def test_two_ports_of_one_pod(mesh, stack):
    """One connection to 4143 each, which the kernel can't tell apart: one edge."""
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, side="b")
    meshes.HttpApp(stack, server, PORT + 1)
    for port, count in ((PORT, 3), (PORT + 1, 4)):
        with client.connect(server.address, port) as connection:
            meshes.ask(connection, count)
    settle(mesh, answered(to(client, server), 7) | answered(by(server, client), 7))


def test_a_pod_of_the_nodes_network(mesh, stack):
    """LiveKit has no proxy; the one of Redis tells of both."""
    livekit = mesh.pod(stack, "livekit", proxy=False, host_network=True)
    redis = serve(stack, mesh, "redis", name=f"redis-{next(mesh.numbers)}", side="b")
    with livekit.connect(redis.address, PORT) as connection:
        meshes.ask(connection, 6)
    metrics = settle(mesh, answered(by(redis, livekit), 6, tls="false"))
    assert counters.family(metrics, "mesh_plaintext_bytes_total", leg="plain_in",
                           **redis.labels) > 0
    assert_network(metrics, by(redis, livekit), ROUND_TRIP_S)


# Whose time it is

def mean_of(metrics, before, total, count, labels):
    """Of what has come since, or None."""
    moved = [counters.family(metrics, name, **labels) - counters.family(before, name, **labels)
             for name in (total, count)]
    return moved[0] / moved[1] if moved[1] else None


def assert_network(metrics, labels, true):
    mean = mean_of(metrics, {}, NETWORK, NETWORK_REQUESTS, labels)
    assert mean is not None and abs(mean - true) <= max(0.1 * true, 0.001), (labels, mean)


class Round:
    """So many requests on a connection, and how long they took by us and by the stand-in."""

    def __init__(self, mesh, connection, client, server, count):
        labels, before = to(client, server), mesh.agent.metrics()
        requests, seconds = server.stand_in.truth()
        meshes.ask(connection, count)
        expected = counters.family(before, NETWORK_REQUESTS, **labels) + count
        metrics = settle(mesh, {figure(NETWORK_REQUESTS, **labels): expected,
                                figure(REQUESTS, **labels): expected})
        requests_now, seconds_now = server.stand_in.truth()
        assert requests_now - requests == count
        self.true = (seconds_now - seconds) / count
        self.network = mean_of(metrics, before, NETWORK, NETWORK_REQUESTS, labels)
        self.residence = mean_of(metrics, before, SECONDS, REQUESTS, labels) - self.network
        self.error = self.residence - self.true

    def __repr__(self):
        return (f"residence {self.residence * 1e3:.3f} ms, true {self.true * 1e3:.3f} ms, "
                f"network {self.network * 1e3:.3f} ms")


@pytest.mark.parametrize("side", ["a", "b"])  # beside the client, or beyond the wire
@pytest.mark.parametrize("delay_ms, count", [(5, 40), (50, 20), (500, 3)])
def test_residence_and_network(mesh, stack, side, delay_ms, count):
    """The median of rounds, for a busy machine wakes one of the programs late at times."""
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, side=side)
    server.stand_in.set(delay=delay_ms / 1000)
    with client.connect(server.address, PORT) as connection:
        meshes.ask(connection)
        settle(mesh, answered(to(client, server), 1))
        rounds = [Round(mesh, connection, client, server, count) for _ in range(3)]
    print(rounds)
    true = statistics.median(round.true for round in rounds)
    assert delay_ms / 1000 <= true <= delay_ms / 1000 + 0.005, rounds
    error = statistics.median(abs(round.error) for round in rounds)
    assert error <= max(0.05 * true, 0.001), rounds
    network = statistics.median(round.network for round in rounds)
    wire = ROUND_TRIP_S if side == "b" else 0
    assert abs(network - wire) <= max(0.1 * wire, 0.001), rounds


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
        for turn, pod in enumerate((client, server, server)):
            with client.connect(server.address, PORT) as connection:
                meshes.ask(connection, 5)
            settle(mesh, answered(edges[0], 5 * (turn + 1)) | answered(edges[1], 5 * (turn + 1)))
            look()
            pod.stand_in.restart()
            look()
        with client.connect(server.address, PORT) as connection:
            meshes.ask(connection, 2)
        settle(mesh, answered(edges[0], 17) | answered(edges[1], 17))


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
        for turn in (1, 2, 3):
            meshes.ask(connection, 5)
            settle(mesh, answered(to(client, server), 5 * turn))
            client.stand_in.set(forget=turn)
            lab.wait_until(lambda: not lab.total(client.stand_in.page(), "request_total",
                                                 direction="outbound"), DEADLINE, "forgotten")
            end = time.monotonic() + 1.2  # read without them, at least once
            while time.monotonic() < end:
                look()
        settle(mesh, answered(to(client, server), 15))
