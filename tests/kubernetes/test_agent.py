# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The agent as a pod: with what rights it runs, whom it may ask, what it says of itself."""

import json

import pytest

import cluster as cluster_module
from agent import NAMESPACE
from conftest import SOURCES

NET_ADMIN, PERFMON, BPF = 12, 38, 39
RESOURCES = ("pods", "secrets", "configmaps", "nodes", "nodes/proxy", "nodes/pods", "services")
VERBS = ("get", "list", "watch", "create", "delete")
RIGHTS = {"api": {(verb, "pods") for verb in ("get", "list", "watch")},
          "kubelet": {("get", "nodes/pods")},
          "files": set()}


def process_status(cluster, pod):
    """Of the container's first process, as the kernel tells it: {"CapEff": "00...", ...}."""
    number = pod["status"]["containerStatuses"][0]["containerID"].removeprefix("containerd://")
    for line in cluster.ctr("task", "ls").splitlines():
        if line.startswith(number):
            with open(f"/proc/{line.split()[1]}/status") as file:
                return dict(line.rstrip("\n").split(":\t", 1) for line in file)
    raise AssertionError(f"no task {number}")


def test_three_capabilities_are_enough(cluster, agent):
    status = process_status(cluster, agent.pod)
    wanted = 1 << NET_ADMIN | 1 << PERFMON | 1 << BPF
    for kind in ("CapEff", "CapPrm", "CapBnd"):
        assert int(status[kind], 16) == wanted, kind
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert agent.pod["status"]["containerStatuses"][0]["restartCount"] == 0
    assert agent.figure("agent_feature_available", feature="media") in (0, 1)


def may(cluster, account, verb, resource):
    """What the API server answers to whether the service account may."""
    name, _, below = resource.partition("/")
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
        "user": f"system:serviceaccount:{NAMESPACE}:{account}",
        "groups": ["system:serviceaccounts", "system:authenticated"],
        "resourceAttributes": {"verb": verb, "resource": name, "subresource": below}}}
    answer = cluster.api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews",
                                 json.dumps(review))
    return json.loads(answer)["status"]["allowed"]


@pytest.mark.parametrize("source", SOURCES)
def test_no_more_rights_than_needed(cluster, agents, source):
    rights = {(verb, resource) for verb in VERBS for resource in RESOURCES
              if may(cluster, agents[source].name, verb, resource)}
    assert rights == RIGHTS[source]


def test_names_come_without_a_complaint(agents, agent):
    """But for auto, nothing is tried that could fail."""
    assert "pods: names come from" in agent.log()
    assert "WARN" not in agent.log().upper(), agent.log()


@pytest.mark.parametrize("source", ["api", "kubelet"])
def test_what_a_pod_is(cluster, agents, source):
    """pod_info of an agent's own pod, as the API server has it."""
    agent = agents[source]
    pod = agent.pod
    agent.settle("pod_info", 1, namespace=NAMESPACE, pod=pod["metadata"]["name"],
                 uid=pod["metadata"]["uid"], node=cluster_module.NODE,
                 pod_ip=pod["status"]["podIP"], host_network="false",
                 created_by_kind="DaemonSet", created_by_name=agent.name, meshed="false")


def test_all_pods_of_the_node_are_known(cluster, agent):
    names = {(pod["metadata"]["namespace"], pod["metadata"]["name"])
             for pod in cluster.api.list("Pod")}
    assert len(names) >= len(SOURCES)
    agent.settle("pod_info", len(names))
    assert {(s["namespace"], s["pod"]) for s in agent.series("pod_info")} == names
