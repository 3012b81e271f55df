# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pods that send RTP and TCP to each other: figures under their names, equal to what they know."""

import contextlib
import types

import pytest

import callers
from cluster import ADDRESS
from firewall import Loss

PACKETS, PPS, EACH, FIRST = 1000, 200, 20, 7
PORT, HOST_PORT = 5004, 5006
# Loss is final when the stream retires: 30 s after its last packet.
RETIRED_S = 50


@pytest.fixture(scope="module")
def module_stack():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def lossy(cluster, agents, module_stack):
    """A call over a wire on which each 20th packet is lost, but not the last."""
    receiver = module_stack.enter_context(callers.receiver(cluster, PORT))
    with Loss(PORT, EACH, FIRST) as loss:
        sender = module_stack.enter_context(callers.sender(
            cluster, receiver.address, "--pps", PPS, "--count", PACKETS, port=PORT))
        sent = sender.summary()["sent"]
        received = receiver.finish()
        assert (sent, loss.dropped, received["rtp"]) == (
            PACKETS, PACKETS // EACH, PACKETS - PACKETS // EACH)
        return types.SimpleNamespace(sender=sender.labels, receiver=receiver.labels, sent=sent,
                                     lost=loss.dropped, received=received)


def test_rtp_of_the_sender(lossy, agent):
    agent.settle("rtp_packets_total", lossy.sent, direction="egress", **lossy.sender)
    agent.settle("rtp_packets_total", 0, direction="ingress", **lossy.sender)
    assert agent.figure("rtp_source_gap_packets_total", **lossy.sender) == 0


def test_rtp_of_the_receiver(lossy, agent):
    agent.settle("rtp_packets_total", lossy.received["rtp"], direction="ingress",
                 **lossy.receiver)
    agent.settle("rtp_bytes_total", lossy.received["bytes"], direction="ingress",
                 **lossy.receiver)
    assert agent.figure("rtp_gap_packets_total", **lossy.receiver) == lossy.lost
    assert agent.figure("rtp_recovered_packets_total", **lossy.receiver) == 0
    assert agent.figure("rtp_packets_total", direction="egress", **lossy.receiver) == 0


def test_udp(lossy, agent):
    agent.settle("udp_packets_total", lossy.sent, direction="egress", **lossy.sender)
    agent.settle("udp_packets_total", lossy.received["datagrams"], direction="ingress",
                 **lossy.receiver)


@pytest.fixture(scope="module")
def connections(cluster, agents, module_stack):
    server = module_stack.enter_context(callers.tcp_server(cluster))
    client = module_stack.enter_context(callers.tcp_client(
        cluster, server.address, "--connections", 4, "--requests", 50, "--size", 3000,
        "--interval-us", 20000))
    told = client.summary()
    assert (told["connected"], told["broken"]) == (4, 0)
    return types.SimpleNamespace(client=client.labels, server=server.labels, told=told,
                                 served=server.finish())


def test_tcp(connections, agent):
    """Each end's octets, and who opened the connections."""
    told, served = connections.told, connections.served
    assert told["bytes_sent"] == served["bytes_in"] == 4 * 50 * 3000
    for labels, out, back in ((connections.client, told["bytes_sent"], told["bytes_received"]),
                              (connections.server, served["bytes_out"], served["bytes_in"])):
        agent.settle("tcp_bytes_total", out, direction="egress", leg="direct", **labels)
        agent.settle("tcp_bytes_total", back, direction="ingress", leg="direct", **labels)
    agent.settle("tcp_connections_opened_total", 4, role="client", **connections.client)
    agent.settle("tcp_connections_opened_total", 4, role="server", **connections.server)


@pytest.fixture(scope="module")
def served(cluster, agents, module_stack):
    """Octets from a pod to a Service, whose address no pod has."""
    server = module_stack.enter_context(callers.tcp_server(cluster, "--discard", port=8001))
    service = module_stack.enter_context(callers.Service(cluster, server, 8001))
    client = module_stack.enter_context(callers.tcp_client(
        cluster, service.address, "--requests", 0, "--bulk", 4000000, port=8001))
    told = client.summary()
    assert told["bytes_sent"] == server.finish()["bytes_in"] == 4000000
    return types.SimpleNamespace(client=client.labels, server=server.labels, count=4000000)


def test_tcp_by_a_service(served, agent):
    agent.settle("tcp_bytes_total", served.count, direction="egress", leg="direct",
                 **served.client)
    agent.settle("tcp_bytes_total", served.count, direction="ingress", leg="direct",
                 **served.server)


@pytest.fixture(scope="module")
def at_host(cluster, agents, module_stack):
    """A pod in the node's network and one that is not, which send to each other."""
    outside = module_stack.enter_context(callers.receiver(cluster, HOST_PORT, hostNetwork=True))
    inside = module_stack.enter_context(callers.receiver(cluster, PORT))
    senders = [module_stack.enter_context(sender) for sender in (
        callers.sender(cluster, inside.address, "--count", 200, port=PORT, hostNetwork=True,
                    name="host-sender"),
        callers.sender(cluster, ADDRESS, "--count", 300, port=HOST_PORT))]
    sent = [sender.summary()["sent"] for sender in senders]
    assert (inside.finish()["rtp"], outside.finish()["rtp"]) == (200, 300) == tuple(sent)
    return types.SimpleNamespace(receivers=(inside.labels, outside.labels),
                                 senders=[sender.labels for sender in senders], sent=sent)


def test_a_pod_in_the_nodes_network(at_host, agent):
    for direction, ends in (("egress", at_host.senders), ("ingress", at_host.receivers)):
        for labels, count in zip(ends, at_host.sent):
            agent.settle("rtp_packets_total", count, direction=direction, **labels)


@pytest.mark.parametrize("source", ["api", "kubelet"])
@pytest.mark.parametrize("host", [True, False])
def test_where_a_pod_is_told_to_be(cluster, agents, stack, source, host):
    pod = stack.enter_context(callers.Pod(cluster, "sleeper", "/bin/sleep", 1000,
                                          hostNetwork=host))
    agents[source].settle("pod_info", 1, host_network=str(host).lower(), pod_ip=pod.address,
                          uid=pod.uid, **pod.labels)


def test_loss_is_final_when_the_stream_retires(lossy, agent):
    agent.settle("rtp_lost_packets_total", lossy.lost, deadline=RETIRED_S, **lossy.receiver)
    agent.settle("rtp_expected_packets_total", lossy.sent, direction="ingress", **lossy.receiver)
