# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who talks to whom on a node of Kubernetes: by namespace and workload, on both ends."""

import contextlib
import uuid

import pytest

import counters
import lab
import live
import peers
from fake_kubernetes import namespace, policy, service
from pods import Pod, kubernetes_node
from test_edges import CONNECTIONS, DEADLINE, PORT, exchange

REPLICA_SET = {"kind": "ReplicaSet", "controller": True, "apiVersion": "apps/v1", "uid": "r"}
PUBLIC, ELSEWHERE, SERVICE = "203.0.113.7", "10.77.0.9", "10.96.3.4"


@pytest.fixture(scope="module", autouse=True)
def path(forwarded):
    """A bridge, in all tests of this file."""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with kubernetes_node(tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest.fixture
def top():
    with lab.Cgroup("kubelet") as top:
        yield top


class Workload:
    """A pod of a Deployment that has one, its container's cgroup, and its address."""

    def __init__(self, top, stack, name, address, host_network=False, **labels):
        self.pod = Pod(top, f"{name}-5d4f8c7b9d-{uuid.uuid4().hex[:5]}")
        self.name, self.labels = name, self.pod.labels
        metadata, spec = self.pod.object["metadata"], self.pod.object["spec"]
        metadata["labels"] = {"pod-template-hash": "5d4f8c7b9d", **labels}
        metadata["ownerReferences"] = [{"name": f"{name}-5d4f8c7b9d", **REPLICA_SET}]
        self.pod.object["status"]["podIP"] = address
        spec["hostNetwork"] = host_network
        _, self.cgroup = self.pod.container(stack)


def edges_of(agent, workload):
    """{(reporter, peer_namespace, peer_workload, peer_pod, port): (connections, sent, received)}"""
    labels = {name: value for name, value in workload.labels.items() if value}
    return {tuple(edge[name] for name in ("reporter", "peer_namespace", "peer_workload",
                                          "peer_pod", "port")):
            (edge["connections"], edge["bytes_sent"], edge["bytes_received"])
            for edge in agent.edges() if labels.items() <= edge.items()}


def await_edges(agent, workload, expected, deadline=DEADLINE):
    with contextlib.suppress(lab.LabError):
        lab.wait_until(lambda: edges_of(agent, workload) == expected, deadline, "edges")
    assert edges_of(agent, workload) == expected


def two(node, top, stack, net, **more):
    """(client, server): each a pod with its own address, or both with the node's."""
    hosts = more.get("host_network")
    pair = (Workload(top, stack, "agents", net.a4, **more),
            Workload(top, stack, "sfu", net.a4 if hosts else net.b4, **more))
    for workload in pair:
        node.server.put(workload.pod.object)
    return pair


def ask(net, client, server, netns=None, to=None, sent=100, received=900):
    with peers.pair((client.cgroup, net.a), (server.cgroup, netns or net.b, to or net.b4),
                    PORT) as pair:
        exchange(*pair, sent, received)


def test_two_pods(node, top, stack, net):
    client, server = two(node, top, stack, net)
    ask(net, client, server)
    await_edges(node.agent, client, {("source", "calls", "sfu", server.pod.labels["pod"], PORT):
                                     (1, 100, 900)})
    await_edges(node.agent, server, {("destination", "calls", "agents",
                                      client.pod.labels["pod"], PORT): (1, 900, 100)})
    metrics = node.agent.metrics()
    assert counters.family(metrics, CONNECTIONS, reporter="source", dst_namespace="calls",
                           dst_workload="sfu", protocol="tcp", **client.labels) == 1
    assert counters.family(metrics, CONNECTIONS, reporter="destination", src_namespace="calls",
                           src_workload="agents", protocol="tcp", **server.labels) == 1
    assert node.units(top.relative) == set()


def test_two_pods_in_the_network_of_the_node(node, top, stack, net):
    """One address for both, and for the node: told by the sockets, each as itself."""
    client, server = two(node, top, stack, net, host_network=True)
    ask(net, client, server, net.a, "127.0.0.1")
    ask(net, client, server, net.a, net.a4)
    await_edges(node.agent, client, {("source", "calls", "sfu", server.pod.labels["pod"], PORT):
                                     (2, 200, 1800)})
    await_edges(node.agent, server, {("destination", "calls", "agents",
                                      client.pod.labels["pod"], PORT): (2, 1800, 200)})


def test_media_of_the_node_itself(node, top, stack, net):
    """A sender in the node's network is not the pod it sends to, nor is that the sender."""
    server = Workload(top, stack, "sfu", net.b4)
    node.server.put(server.pod.object)
    host = stack.enter_context(lab.Cgroup("host.service"))
    unit = host.relative.lstrip("/")
    with live.udp_sink(server.cgroup, net.b4, PORT, net.b) as sink, \
            live.make_socket(host, net.a) as source:
        sent = 0
        for packet in live.rtp_row(0x5151, 60):
            source.sendto(packet, (net.b4, PORT))
            sent += len(packet)
        live.drain(sink, most=60)
    await_edges(node.agent, server, {("destination", "", unit, "", None): (1, 0, sent)})
    metrics = node.agent.metrics()
    for labels, direction in ((server.labels, "ingress"), ({"unit": unit}, "egress")):
        assert counters.by(metrics, "rtp_packets_total", "direction", **labels) == {direction: 60}


def test_names_that_come_late(node, top, stack, net):
    """Nothing is told under another name before, and nothing is lost."""
    client, server = (Workload(top, stack, name, address)
                      for name, address in (("agents", net.a4), ("sfu", net.b4)))
    ask(net, client, server)
    seen = node.agent.metrics()
    assert counters.family(seen, CONNECTIONS, **client.labels) == 0
    node.server.put(client.pod.object)
    ask(net, client, server)
    node.server.put(server.pod.object)
    await_edges(node.agent, client, {("source", "calls", "sfu", server.pod.labels["pod"], PORT):
                                     (2, 200, 1800)})
    await_edges(node.agent, server, {("destination", "calls", "agents",
                                      client.pod.labels["pod"], PORT): (2, 1800, 200)})
    assert node.units(top.relative) == set()


@contextlib.contextmanager
def refusing(net, *addresses):
    """Whoever has these addresses refuses all connections, with an answer of its own."""
    lines = [f"ip daddr {address} reject with tcp reset" for address in addresses]
    for address in addresses:
        net.ip(net.a, "route", "add", address, "dev", "eth0")
    try:
        with peers.rules(net.a, "output", *lines):
            yield
    finally:
        for address in addresses:
            net.ip(net.a, "route", "del", address)


def refused(net, workload, address, port=PORT):
    with peers.tcp_socket(workload.cgroup, net.a, address) as client, \
            pytest.raises(ConnectionRefusedError):
        client.connect((address, port))


def failures_of(agent, workload):
    labels = {name: value for name, value in workload.labels.items() if value}
    return {(edge["peer_namespace"], edge["peer_workload"]): edge["failures"]
            for edge in agent.edges() if labels.items() <= edge.items()}


def await_failures(agent, workload, expected, deadline=DEADLINE):
    with contextlib.suppress(lab.LabError):
        lab.wait_until(lambda: failures_of(agent, workload) == expected, deadline, "failures")
    assert failures_of(agent, workload) == expected


def test_elsewhere(node, top, stack, net):
    """Of others nothing is known but whether the internet has such addresses."""
    client = Workload(top, stack, "agents", net.a4)
    node.server.put(client.pod.object)
    with refusing(net, PUBLIC, ELSEWHERE):
        refused(net, client, PUBLIC)
        refused(net, client, ELSEWHERE)
        refused(net, client, ELSEWHERE)
    await_failures(node.agent, client, {("", "external"): 1, ("", "cluster"): 2})


def test_by_the_address_of_a_pod(tmp_path, top, stack, net):
    """Of a connection that is older than the agent the other end is known by its address."""
    client, server = (Workload(top, stack, name, address)
                      for name, address in (("agents", net.a4), ("sfu", net.b4)))
    with peers.pair((client.cgroup, net.a), (server.cgroup, net.b, net.b4), PORT) as pair:
        with kubernetes_node(tmp_path / "node") as late:
            for workload in (client, server):
                late.server.put(workload.pod.object)
            exchange(*pair, 1, 1)
            name = ("unknown", "calls", "sfu", server.pod.labels["pod"], None)

            def told():
                exchange(*pair, 50, 50)
                return edges_of(late.agent, client).get(name, (0, 0, 0))[1] >= 50
            lab.wait_until(told, DEADLINE, "an edge")
            assert set(edges_of(late.agent, client)) == {name}


def test_of_the_whole_cluster(tmp_path, top, stack, net):
    client = Workload(top, stack, "agents", net.a4)
    far = Workload(top, stack, "redis", ELSEWHERE)
    far.pod.object["spec"]["nodeName"] = "there"
    with kubernetes_node(tmp_path / "node", "--peers", "cluster") as node:
        for obj in (client.pod.object, far.pod.object, service("calls", "web", SERVICE)):
            node.server.put(obj)
        with refusing(net, PUBLIC, ELSEWHERE, SERVICE):
            for address in (PUBLIC, ELSEWHERE, SERVICE):
                refused(net, client, address)
        await_failures(node.agent, client, {("", "external"): 1, ("calls", "redis"): 1,
                                            ("calls", "web"): 1})


VERDICTS = "policy_observed_connections_total"


def allow(name, to, source, port=PORT):
    return policy("calls", name, podSelector={"matchLabels": to},
                  ingress=[{"from": [{"podSelector": {"matchLabels": source}}],
                            "ports": [{"port": port}]}], policyTypes=["Ingress"])


def test_policies(tmp_path, top, stack, net):
    """What is observed is judged: the CNI here lets everything pass."""
    friend = Workload(top, stack, "agents", net.a4, app="agents")
    stranger = Workload(top, stack, "batch", net.a4, app="batch")
    server = Workload(top, stack, "sfu", net.b4, app="sfu")
    with kubernetes_node(tmp_path / "node", "--policies") as node:
        node.server.put(namespace("calls"))
        node.server.put(allow("to-sfu", {"app": "sfu"}, {"app": "agents"}))
        for workload in (friend, stranger, server):
            node.server.put(workload.pod.object)
        lab.wait_until(lambda: node.server.asked["watch", "networkpolicies"], 10, "policies")
        for _ in range(3):
            ask(net, friend, server)
        for _ in range(2):
            ask(net, stranger, server)
        counters.settle_counts(node.agent, VERDICTS, "verdict", {"allowed": 3, "denied": 2},
                               DEADLINE, **server.labels)
        counters.settle_counts(node.agent, VERDICTS, "verdict", {"denied": 2}, DEADLINE,
                               **stranger.labels)
        (offence,) = [edge for edge in node.agent.edges() if edge["verdict"] == "denied" and
                      edge["reporter"] == "destination"]
        assert (offence["pod"], offence["peer_workload"], offence["port"]) == \
            (server.labels["pod"], "batch", PORT)
        assert "to-sfu" in offence["policies"]
