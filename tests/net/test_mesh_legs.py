# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Which socket of a meshed pod is which leg, by a stand-in for the proxy and the real rules.

What is told of a pod is of its app and its proxy together, so what passes between these two counts
at both of its ends.
"""

import ctypes
import socket
import struct

import pytest

import counters
import live
import mesh as meshes
import peers
from linkerd_proxy import transport_header
from mesh_network import PROXY_UID, PodNetwork
from pods import kubernetes_node
from test_edges import exchange

PORT, SKIPPED_PORT = 6379, 9999
DELAY_US = 5000
ROUND_TRIP_S = 2 * DELAY_US / 1e6
CLUSTER_IP = {"4": "10.96.0.5", "6": "fd00:96::5"}
SENT, RECEIVED = 3000, 70000
BYTES, ROUND_TRIPS = "tcp_bytes_total", "tcp_round_trip_seconds"
DEADLINE = 20
OPTIONS = ("--linkerd", "off")  # so that nobody but the tests talks to these pods
LOCAL = {"loopback", "app_out", "app_in"}


@pytest.fixture(scope="module")
def net():
    with PodNetwork() as net, peers.delaying_bridge(net, DELAY_US):
        yield net


@pytest.fixture(scope="module")
def mesh(tmp_path_factory, net):
    with meshes.meshed_node(tmp_path_factory.mktemp("mesh"), net, *OPTIONS) as mesh:
        yield mesh


def legs_of(metrics, pod):
    """{leg: (sent, received)} of the pod."""
    sums = {}
    for direction, at in (("egress", 0), ("ingress", 1)):
        for leg, octets in counters.by(metrics, BYTES, "leg", direction=direction,
                                       **pod.labels).items():
            sums.setdefault(leg, [0, 0])[at] += octets
    return {leg: tuple(octets) for leg, octets in sums.items()}


def settle(mesh, expected):
    """Waits until exactly these legs are told: {pod: {leg: (sent, received)}}."""
    def seen(metrics):
        return {pod.name: legs_of(metrics, pod) for pod in expected}
    metrics = counters.settle(mesh.agent, seen, {pod.name: legs for pod, legs in expected.items()},
                              DEADLINE)
    for pod in expected:
        assert_legs_of_round_trips(metrics, pod)
    return metrics


def assert_legs_of_round_trips(metrics, pod):
    """Of what never leaves the pod no bucket tells how long it took."""
    bounds = {}
    for (name, labels), _ in metrics.items():
        if name == f"jitterbug_{ROUND_TRIPS}_bucket" and set(pod.labels.items()) <= labels:
            bounds.setdefault(dict(labels)["leg"], set()).add(dict(labels)["le"])
    # The server's first sample comes before it is told to which port the client had connected.
    count = counters.mean(metrics, ROUND_TRIPS, leg="unknown", **pod.labels)[1]
    opened = counters.by(metrics, "tcp_connections_opened_total", "role", **pod.labels)
    assert count <= opened.get("server", 0)
    assert set(bounds) <= {*legs_of(metrics, pod), *LOCAL, "unknown"}
    for leg, of_leg in bounds.items():
        assert of_leg == {"+Inf"} if leg in LOCAL else len(of_leg) > 5, (leg, of_leg)


def both(sent, received):
    """Of a connection of which both ends are in the pod."""
    return sent + received, sent + received


def header_of(client):
    return len(transport_header(PORT, client.identity))


def talk(pair):
    """SENT by the client and RECEIVED by it, with the octet of pair()."""
    exchange(*pair, SENT - 1, RECEIVED)


def near_the_wire(metrics, pod, leg):
    mean, count = counters.mean(metrics, ROUND_TRIPS, leg=leg, **pod.labels)
    assert count and abs(mean - ROUND_TRIP_S) <= max(0.1 * ROUND_TRIP_S, 0.001), (leg, mean, count)


@pytest.mark.parametrize("family", ["4", "6"])
def test_meshed_to_meshed(mesh, stack, family):
    """By a ClusterIP, over the transport header."""
    client, server = mesh.pod(stack, "web"), mesh.pod(stack, "redis", side="b")
    mesh.service("redis", CLUSTER_IP[family], PORT, server, PORT)
    with client.pair(server, PORT, (CLUSTER_IP[family], PORT)) as pair:
        talk(pair)
    header = header_of(client)
    settle(mesh, {
        client: {"app_out": both(SENT, RECEIVED), "mesh_out": (SENT + header, RECEIVED)},
        server: {"mesh_in": (RECEIVED, SENT + header), "app_in": both(SENT, RECEIVED)}})


def test_round_trips_between_proxies(mesh, stack):
    """The wire's, where each end sends at once what it has; the app's are of its own proxy."""
    client, server = mesh.pod(stack, "web"), mesh.pod(stack, "redis", side="b")
    for pod in (client, server):
        pod.acknowledge_at_once()
    with client.pair(server, PORT) as pair:
        for _ in range(50):
            exchange(*pair, 200, 200)
    sent, header = 50 * 200 + 1, header_of(client)
    metrics = settle(mesh, {
        client: {"app_out": both(sent, 10000), "mesh_out": (sent + header, 10000)},
        server: {"mesh_in": (10000, sent + header), "app_in": both(sent, 10000)}})
    near_the_wire(metrics, client, "mesh_out")
    near_the_wire(metrics, server, "mesh_in")
    assert counters.mean(metrics, ROUND_TRIPS, leg="app_out", **client.labels)[1] > 20


def test_meshed_to_unmeshed(mesh, stack):
    client, server = mesh.pod(stack, "web"), mesh.pod(stack, "plain", side="b", proxy=False)
    with client.pair(server, PORT) as pair:
        talk(pair)
    settle(mesh, {
        client: {"app_out": both(SENT, RECEIVED), "plain_out": (SENT, RECEIVED)},
        server: {"direct": (RECEIVED, SENT)}})


def test_unmeshed_to_meshed(mesh, stack):
    client, server = mesh.pod(stack, "plain", proxy=False), mesh.pod(stack, "redis", side="b")
    with client.pair(server, PORT) as pair:
        talk(pair)
    settle(mesh, {
        client: {"direct": (SENT, RECEIVED)},
        server: {"plain_in": (RECEIVED, SENT), "app_in": both(SENT, RECEIVED)}})


def test_app_of_the_proxys_user(mesh, stack):
    """It goes past its proxy, and the other's proxy knows no better than that it has none."""
    client, server = mesh.pod(stack, "web"), mesh.pod(stack, "redis", side="b")
    with client.pair(server, PORT, uid=PROXY_UID) as pair:
        talk(pair)
    metrics = settle(mesh, {
        client: {"bypass": (SENT, RECEIVED)},
        server: {"plain_in": (RECEIVED, SENT), "app_in": both(SENT, RECEIVED)}})
    assert counters.mean(metrics, ROUND_TRIPS, leg="bypass", **client.labels)[1] > 0


def test_skipped_ports(mesh, stack):
    """Of the client's outbound rules and the server's inbound ones."""
    client = mesh.pod(stack, "web", skip_outbound=[SKIPPED_PORT])
    server = mesh.pod(stack, "redis", side="b", skip_inbound=[SKIPPED_PORT])
    with client.pair(server, SKIPPED_PORT) as pair:
        talk(pair)
    settle(mesh, {client: {"bypass": (SENT, RECEIVED)}, server: {"bypass": (RECEIVED, SENT)}})


def test_within_a_pod(mesh, stack):
    """By its loopback; and by its own address, which no rule leads to the proxy either."""
    pod = mesh.pod(stack, "web")
    with pod.pair(pod, PORT, ("127.0.0.1", PORT)) as pair:
        talk(pair)
    settle(mesh, {pod: {"loopback": both(SENT, RECEIVED)}})
    with pod.pair(pod, PORT) as pair:
        talk(pair)
    settle(mesh, {pod: {"loopback": both(SENT, RECEIVED), "app_in": both(SENT, RECEIVED)}})


def test_all_legs_of_one_pod(mesh, stack):
    """At once, on connections that stand."""
    middle = mesh.pod(stack, "api", skip_outbound=[SKIPPED_PORT])
    behind = mesh.pod(stack, "redis", side="b")
    plain = mesh.pod(stack, "plain", side="b", proxy=False)
    before = mesh.pod(stack, "web", side="b")
    for client, server, port in ((middle, behind, PORT), (middle, plain, PORT + 1),
                                 (middle, plain, SKIPPED_PORT), (before, middle, PORT + 2),
                                 (plain, middle, PORT + 3)):
        talk(stack.enter_context(client.pair(server, port)))
    header = header_of(middle)
    twice = 2 * (SENT + RECEIVED)
    settle(mesh, {middle: {
        "app_out": (twice, twice), "mesh_out": (SENT + header, RECEIVED),
        "plain_out": (SENT, RECEIVED), "bypass": (SENT, RECEIVED),
        "mesh_in": (RECEIVED, SENT + header_of(before)), "plain_in": (RECEIVED, SENT),
        "app_in": (twice, twice)}})


def disconnect(one):
    """Makes it one that can connect again: connect() to AF_UNSPEC."""
    address = struct.pack("=H14x", socket.AF_UNSPEC)
    assert ctypes.CDLL(None).connect(one.fileno(), address, len(address)) == 0


def test_a_socket_that_connects_again(mesh, stack):
    """First over the loopback, then to another pod: nothing of the first way is left."""
    client = mesh.pod(stack, "plain", proxy=False)
    server = mesh.pod(stack, "redis", proxy=False, side="b")
    with client.listen(PORT) as near, server.listen(PORT) as far, \
            client.connect("127.0.0.1", PORT) as one:
        with near.accept()[0] as other:
            exchange(one, other, 10, 10)
        disconnect(one)
        one.connect((server.address, PORT))
        with far.accept()[0] as other:
            exchange(one, other, SENT, RECEIVED)
            settle(mesh, {client: {"direct": (SENT, RECEIVED), "loopback": (20, 20)}})


@pytest.mark.parametrize("stage", ["pod", "containers"])
def test_before_the_api_tells_of_it(mesh, stack, stage):
    """No leg is guessed, whether the whole pod is unknown yet or just its containers."""
    client = mesh.pod(stack, "web", told=False)
    server = mesh.pod(stack, "redis", side="b")
    known = {key: client.object["status"][key]
             for key in ("containerStatuses", "initContainerStatuses")}
    if stage == "containers":
        client.object["status"] |= dict.fromkeys(known, [])
        mesh.tell(stack, client)
    with client.pair(server, PORT) as pair:
        talk(pair)
        header = header_of(client)
        settle(mesh, {server: {"mesh_in": (RECEIVED, SENT + header),
                               "app_in": both(SENT, RECEIVED)}})
        metrics = mesh.agent.metrics()
        assert legs_of(metrics, client) == {}
        assert not live.unit_names(metrics, client.top.relative)
        client.object["status"] |= known
        mesh.server.put(client.object)
        if stage == "pod":
            stack.callback(mesh.server.delete, client.object)
        talk(pair)
    twice = 2 * (SENT + RECEIVED) - 1
    settle(mesh, {client: {"app_out": (twice, twice),
                           "mesh_out": (2 * SENT - 1 + header, 2 * RECEIVED)}})
    assert not live.unit_names(mesh.agent.metrics(), client.top.relative)


# (whether the client has a proxy, and the server): their legs
LEGS = {(True, True): ({"app_out", "mesh_out"}, {"mesh_in", "app_in"}),
        (True, False): ({"app_out", "plain_out"}, {"direct"}),
        (False, True): ({"direct"}, {"plain_in", "app_in"})}


def test_older_than_the_agent(mesh, net, stack, tmp_path):
    """Each leg as if the agent had seen it begin; nothing on another one meanwhile."""
    pods, pairs = {}, []
    for (one, other), legs in LEGS.items():
        client, server = mesh.pod(stack, "web", proxy=one), \
            mesh.pod(stack, "redis", side="b", proxy=other)
        pairs.append(stack.enter_context(client.pair(server, PORT)))
        pods |= {client: legs[0], server: legs[1]}
    for pair in pairs:
        exchange(*pair, 5000, 5000)
    with kubernetes_node(tmp_path / "node", *OPTIONS, netns=net.a) as late:
        for pod in pods:
            late.server.put(pod.object)

        def otherwise(metrics):
            for pair in pairs:
                exchange(*pair, 50, 50)
            told = {pod: set(legs_of(metrics, pod)) for pod in pods}
            return {pod.name: (told[pod], pods[pod]) for pod in pods if told[pod] != pods[pod]}
        counters.settle(late.agent, otherwise, {}, DEADLINE)
