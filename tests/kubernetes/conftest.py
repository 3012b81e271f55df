# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One cluster for all tests, and in it an agent for each source of names.

Pods are never units to those who ask the API server or look at the files, and no counter falls,
whatever a test does: that is looked at all the time.
"""

import contextlib
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "net"))

from agent import Agent, manifest  # noqa: E402
from cluster import Cluster  # noqa: E402
from sampler import Sampler  # noqa: E402

KUBELET = "--kubelet-url", "https://$(HOST_IP):10250"
# source: (options, roles)
SOURCES = {
    "api": (("--kubernetes", "auto"), {"api": {}}),
    "kubelet": (("--kubernetes", "kubelet", *KUBELET, "--kubelet-insecure"),
                {"kubelet": {"resource": "nodes/pods"}}),
    "files": (("--kubernetes", "files"), {}),
}


@pytest.fixture(scope="session")
def cluster():
    with Cluster() as cluster:
        cluster.api.put_file(manifest("namespaces.yaml"))
        yield cluster


@pytest.fixture(scope="session")
def agents(cluster):
    """{source: agent}, all ready; by `auto` the API server is asked."""
    with contextlib.ExitStack() as stack:
        agents = {source: Agent(cluster, f"agent-{source}", *options, rbac=roles)
                  for source, (options, roles) in SOURCES.items()}
        for agent in agents.values():
            stack.enter_context(agent)
        for source, agent in agents.items():
            agent.await_log(f"names come from {source}", deadline=30)
        yield agents


@pytest.fixture(params=SOURCES)
def agent(request, agents):
    """Each of them in turn."""
    return agents[request.param]


@pytest.fixture(scope="session")
def sampler(cluster, agents):
    # The kubelet is asked every 10 s: who is there for less may never be known. Nor does it answer
    # without an API server, which it asks who it is that asks.
    with Sampler(cluster, agents.values(), blind=[agents["kubelet"]]) as sampler:
        yield sampler


@pytest.fixture(autouse=True)
def never_units(sampler):
    yield
    assert sampler.units() == set()
    assert sampler.errors() == []


@pytest.fixture
def stack():
    """For what goes at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield stack
