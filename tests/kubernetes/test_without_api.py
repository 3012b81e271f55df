# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Without the API server, or without the right to ask it: measuring goes on under right names."""

import json
import os

import pytest

import cluster as cluster_module
import callers
from agent import Agent
from lab_process import wait_until

# auto passes over a source that has failed for 10 s, at its next attempt: they come after 1, 2, 4,
# 8 and 16 s. It tries it again after a minute.
FALLS_BACK_S, RECOVERS_S = 60, 100
FROM_API, FROM_FILES = "names come from api", "names come from files"


@pytest.fixture
def agent(cluster):
    """One of its own, for its log's sake: asks the API server, and falls back to the files."""
    with Agent(cluster, "agent-outages", "--kubernetes", "auto", rbac={"api": {}}) as agent:
        agent.await_log(FROM_API, 30)
        yield agent


@pytest.fixture
def call(cluster, stack):
    """A call that lasts; its sender."""
    receiver = stack.enter_context(callers.receiver(cluster))
    return stack.enter_context(callers.sender(cluster, receiver.address, "--pps", 50, "--count",
                                           1000000))


def await_growth(agent, labels):
    """The figure under these labels goes up."""
    before = agent.figure("rtp_packets_total", **labels)
    wait_until(lambda: agent.figure("rtp_packets_total", **labels) > before + 50, 10,
               f"more of {labels}")


@pytest.fixture
def without_api(cluster):
    cluster.stop_api()
    yield
    if not cluster.api.is_ready():
        cluster.start_api()


def static_pod(name, to, count):
    """Has the kubelet run a sender that the API server knows nothing of yet."""
    command = ["/bin/sh", "-c", f"/bin/sender --to {to} --port 5004 --pps 50 --count {count}; "
               "exec sleep 2000000"]
    path = os.path.join(cluster_module.STATIC_PODS, f"{name}.json")
    # The kubelet takes any file in there but hidden ones.
    hidden = os.path.join(cluster_module.STATIC_PODS, f".{name}")
    with open(hidden, "w") as file:
        json.dump(callers.manifest(name, command, restart="Always"), file)
    os.rename(hidden, path)
    return path


def test_the_api_server_stops(cluster, agent, call, without_api, stack):
    """A pod that starts meanwhile gets its name from the files, and keeps it."""
    end = agent.await_log(FROM_FILES, FALLS_BACK_S)
    assert "pods: api: " in agent.log()
    await_growth(agent, call.labels)
    stack.callback(os.unlink, static_pod("static", call.address, 120))
    labels = {"namespace": callers.NAMESPACE, "pod": f"static-{cluster_module.NODE}"}
    agent.settle("rtp_packets_total", 120, deadline=60, direction="egress", **labels)
    cluster.start_api()
    agent.await_log(FROM_API, RECOVERS_S, after=end)
    agent.settle("rtp_packets_total", 120, direction="egress", **labels)
    await_growth(agent, call.labels)


def test_the_right_to_ask_is_taken(cluster, agent, call, stack):
    """A watch that stands goes on; the next one is refused."""
    agent.forbid()
    cluster.stop_api()
    cluster.start_api()
    end = agent.await_log(FROM_FILES, FALLS_BACK_S)
    assert "403" in agent.log(), agent.log()
    await_growth(agent, call.labels)
    late = stack.enter_context(callers.sender(cluster, call.address, "--count", 80))
    agent.settle("rtp_packets_total", 80, deadline=30, direction="egress", **late.labels)
    agent.allow()
    agent.await_log(FROM_API, RECOVERS_S, after=end)
    agent.settle("rtp_packets_total", 80, direction="egress", **late.labels)
    await_growth(agent, call.labels)
