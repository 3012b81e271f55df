# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kubelet as the source of names: whose certificate it has, and what it wants of who asks."""

import pytest

import callers
from agent import Agent
from cluster import KUBELET_CERTIFICATES

URL, URL_BY_NAME = "https://$(HOST_IP):10250", "https://$(JITTERBUG_NODE):10250"
OWN_CERTIFICATE = f"{KUBELET_CERTIFICATES}/kubelet.crt"
PODS = {"kubelet": {"resource": "nodes/pods"}}
PROXY = {"kubelet": {"resource": "nodes/proxy"}}
FROM_KUBELET = "names come from kubelet"


def run(cluster, *options, url=URL, rbac=None):
    return Agent(cluster, "agent-variant", "--kubernetes", "kubelet", "--kubelet-url", url,
                 *options, rbac=rbac)


def test_the_older_right_is_enough(cluster):
    with run(cluster, "--kubelet-insecure", rbac=PROXY) as agent:
        agent.await_log(FROM_KUBELET, 30)


def test_without_a_right_it_says_so(cluster):
    with run(cluster, "--kubelet-insecure") as agent:
        agent.await_log("403", 30)
        assert FROM_KUBELET not in agent.log()


def test_a_certificate_that_it_has_signed_itself_is_refused(cluster):
    with run(cluster, rbac=PODS) as agent:
        agent.await_log("pods: kubelet: ", 30)
        assert "certificate" in agent.log()
        assert FROM_KUBELET not in agent.log()


def test_a_certificate_that_it_has_signed_itself_is_accepted_where_it_is_known(cluster):
    with run(cluster, "--kubelet-ca", OWN_CERTIFICATE, url=URL_BY_NAME, rbac=PODS) as agent:
        agent.await_log(FROM_KUBELET, 30)


def test_such_a_certificate_is_for_the_nodes_name_alone(cluster):
    with run(cluster, "--kubelet-ca", OWN_CERTIFICATE, rbac=PODS) as agent:
        agent.await_log("pods: kubelet: ", 30)
        assert "certificate" in agent.log()
        assert FROM_KUBELET not in agent.log()


@pytest.fixture
def signed(cluster):
    """The kubelet with a certificate of the cluster's authority meanwhile."""
    cluster.restart_kubelet(signed=True)
    yield
    cluster.restart_kubelet(signed=False)


def test_a_certificate_of_the_clusters_authority(cluster, signed, stack):
    receiver = stack.enter_context(callers.receiver(cluster))
    with run(cluster, rbac=PODS) as agent:
        agent.await_log(FROM_KUBELET, 30)
        sender = stack.enter_context(callers.sender(cluster, receiver.address, "--count", 90))
        agent.settle("rtp_packets_total", 90, deadline=30, direction="egress", **sender.labels)
