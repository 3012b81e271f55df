# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who talks to whom, by the names that a real cluster gives, and what its policies say of it."""

import pytest

import callers
from agent import Agent, manifest

OPTIONS = "--kubernetes", "api", "--peers", "cluster", "--policies"
RESOURCES = "pods", "services", "namespaces", "networkpolicies"
REQUESTS = "--connections", 3, "--requests", 10, "--size", 2000
CONNECTIONS, PAYLOAD = 3, 2 * 3 * 10 * 2000


@pytest.fixture(scope="module")
def agent(cluster):
    """It knows the policy from the start."""
    cluster.api.put_file(manifest("deny.yaml"))
    with Agent(cluster, "agent-edges", *OPTIONS, rbac={"cluster": {}}) as agent:
        for resource in RESOURCES:
            agent.settle("agent_cluster_watching", 1, resource=resource)
        yield agent
    cluster.api.delete("NetworkPolicy", "nobody", callers.NAMESPACE)


def converse(cluster, stack, to, port=8000):
    """A client that has talked to a server, and stays: verdicts are for pods that are there."""
    client = stack.enter_context(callers.tcp_client(cluster, to, *REQUESTS, "--hold", port=port))
    client.await_line("done")
    return client


def assert_edge(agent, client, server):
    """Both ends tell the edge: the client's pod, and the server's pod with that as its workload."""
    told = client.finish()
    assert told["bytes_sent"] + told["bytes_received"] == PAYLOAD
    for reporter, own, side, peer in (("source", client, "dst", server),
                                      ("destination", server, "src", client)):
        labels = {**own.labels, "reporter": reporter, "protocol": "tcp",
                  f"{side}_namespace": peer.namespace, f"{side}_workload": peer.name}
        agent.settle("edge_connections_total", CONNECTIONS, **labels)
        agent.settle("edge_bytes_total", PAYLOAD, **labels)


def test_two_pods(cluster, agent, stack):
    server = stack.enter_context(callers.tcp_server(cluster))
    client = converse(cluster, stack, server.address)
    agent.settle("policy_observed_connections_total", CONNECTIONS, verdict="no_policy",
                 **client.labels)
    assert_edge(agent, client, server)


def test_the_pod_behind_a_service(cluster, agent, stack):
    """The client knows only the Service's address; kube-proxy chooses the pod."""
    server = stack.enter_context(callers.tcp_server(cluster))
    service = stack.enter_context(callers.Service(cluster, server, 8000))
    assert_edge(agent, converse(cluster, stack, service.address), server)


def test_connections_that_a_policy_denies(cluster, agent, stack):
    server = stack.enter_context(callers.tcp_server(cluster, labels={"closed": "yes"}))
    client = converse(cluster, stack, server.address)
    for pod in client, server:
        agent.settle("policy_observed_connections_total", CONNECTIONS, verdict="denied",
                     **pod.labels)


def test_an_rtp_stream(cluster, agent, stack):
    receiver = stack.enter_context(callers.receiver(cluster))
    sender = stack.enter_context(callers.sender(cluster, receiver.address, "--count", 150))
    sender.summary()
    octets = receiver.finish()["bytes"]
    labels = {**sender.labels, "reporter": "source", "protocol": "rtp",
              "dst_namespace": callers.NAMESPACE, "dst_workload": receiver.name}
    agent.settle("edge_connections_total", 1, **labels)
    agent.settle("edge_bytes_total", octets, **labels)


def test_a_deployments_name(cluster, agent, stack):
    """What people call it, and not the pod of the moment."""
    pod = callers.manifest("web", ["/bin/tcp_tool", "serve", "--port", 8000], restart="Always")
    pod["spec"].pop("restartPolicy")
    template = {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]}
    cluster.api.put({"apiVersion": "apps/v1", "kind": "Deployment",
                     "metadata": {"name": "web", "namespace": callers.NAMESPACE},
                     "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
                              "template": template}})
    stack.callback(cluster.api.delete, "Deployment", "web", callers.NAMESPACE)
    client = converse(cluster, stack, callers.await_address(cluster, "web", 8000))
    agent.settle("edge_connections_total", CONNECTIONS, reporter="source", dst_workload="web",
                 dst_namespace=callers.NAMESPACE, **client.labels)
