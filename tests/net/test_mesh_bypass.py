# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a mesh's proxies don't see, and the kernel does: failures, losses, what goes past them."""

import contextlib

import pytest

import counters
import mesh as meshes
import peers
from mesh_figures import DEADLINE, OPTIONS, PORT, SKIPPED_PORT, WIRE_US, figure, settle, to
from mesh_network import PROXY_UID, PodNetwork
from test_edges import exchange
from test_tcp_counts import send_all


@pytest.fixture(scope="module")
def net():
    with PodNetwork() as net, peers.delaying_bridge(net, WIRE_US):
        yield net


@pytest.fixture(scope="module")
def mesh(tmp_path_factory, net):
    with meshes.meshed_node(tmp_path_factory.mktemp("mesh"), net, *OPTIONS) as mesh:
        yield mesh


def test_connects_that_fail(mesh, stack):
    client = mesh.pod(stack, "web")
    plain = mesh.pod(stack, "plain", side="b", proxy=False)
    for _ in range(3):
        with client.connect(plain.address, PORT) as connection:
            connection.sendall(b"?")
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
    counters.settle_counts(mesh.agent, "mesh_edge_connect_failures_total", "reason",
                           {"refused": 3}, DEADLINE, **to(client, plain))


def test_retransmissions(mesh, stack, net):
    client = mesh.pod(stack, "web")
    server = mesh.pod(stack, "redis", side="b")
    loss = "tcp dport 4143 numgen inc mod 11 == 10 drop"
    with peers.rules(server.netns, "input", loss), client.pair(server, PORT) as pair:
        before = counters.read(client.netns)["TcpRetransSegs"]
        send_all(*pair, 300_000)
        lost = counters.read(client.netns)["TcpRetransSegs"] - before
    assert lost > 5
    settle(mesh, {figure("mesh_edge_retransmitted_segments_total", **to(client, server)): lost})


def by_ports(mesh, stack):
    client = mesh.pod(stack, "web", skip_outbound=[SKIPPED_PORT])
    server = mesh.pod(stack, "redis", side="b", skip_inbound=[SKIPPED_PORT])
    for _ in range(2):
        with client.pair(server, SKIPPED_PORT):
            pass
    return {client: {"skipped_port_client": 2}, server: {"skipped_port_server": 2}}


def by_user(mesh, stack):
    client, plain = mesh.pod(stack, "web"), mesh.pod(stack, "plain", side="b", proxy=False)
    with client.pair(plain, PORT):  # by its proxy, which so is known by its user
        pass
    with client.pair(plain, PORT, uid=PROXY_UID):
        pass
    return {client: {"proxy_uid_client": 1}}


def without_rules(mesh, stack):
    """Its proxy runs, and nothing is led to it."""
    client = mesh.pod(stack, "web", rules=False)
    plain = mesh.pod(stack, "plain", side="b", proxy=False)
    for one, other in ((client, plain), (plain, client)):
        with one.pair(other, PORT):
            pass
    return {client: {"no_rules_client": 1, "no_rules_server": 1}}


def in_the_nodes_network(mesh, stack):
    """It asks for a proxy, and gets none."""
    pod = mesh.pod(stack, "livekit", told=False, proxy=False, host_network=True)
    pod.object["metadata"]["annotations"] = {"linkerd.io/inject": "enabled"}
    mesh.tell(stack, pod)
    redis = mesh.pod(stack, "redis", side="b")
    with pod.pair(redis, PORT):
        pass
    return {pod: {"host_network_client": 1}}


def bypasses(metrics, pod):
    """{"REASON_ROLE": connections}"""
    return {f"{reason}_{role}": count for role in ("client", "server") for reason, count in
            counters.by(metrics, "mesh_bypass_connections_total", "reason", role=role,
                        **pod.labels).items()}


def test_past_the_proxy(mesh, stack):
    expected = {}
    for play in (by_ports, by_user, without_rules, in_the_nodes_network):
        expected |= play(mesh, stack)

    def otherwise(metrics):
        told = {pod: bypasses(metrics, pod) for pod in expected}
        return {pod.name: (told[pod], f"not {expected[pod]}") for pod in expected
                if told[pod] != expected[pod]}
    counters.settle(mesh.agent, otherwise, {}, DEADLINE)


def test_plaintext(mesh, stack):
    """To and from whom has no proxy, and past the own one."""
    meshed = mesh.pod(stack, "web", skip_outbound=[SKIPPED_PORT])
    plain = mesh.pod(stack, "plain", side="b", proxy=False)
    for client, server, port in ((meshed, plain, PORT), (plain, meshed, PORT),
                                 (meshed, plain, SKIPPED_PORT)):
        with client.pair(server, port) as pair:
            exchange(*pair, 999, 500)
    counters.settle_counts(mesh.agent, "mesh_plaintext_bytes_total", "leg",
                           {"plain_out": 1500, "plain_in": 1500, "bypass": 1500}, DEADLINE,
                           **meshed.labels)
