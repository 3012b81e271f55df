# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Containers that are killed and pods that are deleted, during a call."""

import signal
import time

import pytest

import callers
from agent import Agent
from lab_process import wait_until

# A stream keeps its workload until it retires; the rest is the agent's next passes.
RETIRE_S, SLACK_S = 30, 20
GRACE_S = 20


def egress(agent, labels):
    return agent.figure("rtp_packets_total", direction="egress", **labels)


def test_a_killed_container_goes_on_counting(cluster, agents, stack):
    """A new container, another cgroup and stream: the same pod, and one series of it."""
    receiver = stack.enter_context(callers.receiver(cluster))
    sender = stack.enter_context(callers.sender(cluster, receiver.address, "--pps", 100, "--count",
                                             500, restart="OnFailure"))
    first = sender.container_id()
    wait_until(lambda: egress(agents["api"], sender.labels) >= 150, 30, "the call's begin")
    sender.signal(signal.SIGKILL)
    assert sender.summary()["sent"] == 500
    assert sender.container["restartCount"] == 1 and sender.container_id() != first
    received = receiver.finish()["rtp"]
    assert 650 <= received < 1000
    for agent in agents.values():
        agent.settle("rtp_packets_total", received, direction="egress", **sender.labels)
        agent.settle("rtp_packets_total", received, direction="ingress", **receiver.labels)
        series = agent.series("udp_packets_total", direction="egress", **sender.labels)
        assert len(series) == 1 and "unit" not in series[0], series


@pytest.fixture
def forgetful(cluster):
    """An agent that soon forgets who has gone."""
    with Agent(cluster, "agent-forgetful", "--grace", f"{GRACE_S}s", rbac={"api": {}}) as agent:
        agent.await_log("names come from api", 30)
        yield agent


def test_a_deleted_pod_stays_for_the_grace(cluster, agents, forgetful, stack):
    receiver = stack.enter_context(callers.receiver(cluster))
    sender = callers.sender(cluster, receiver.address, "--pps", 100, "--count", 100000)
    everybody = [forgetful, *agents.values()]
    for agent in everybody:
        wait_until(lambda: egress(agent, sender.labels) >= 200, 30, f"a call at {agent.name}")
    sender.delete()
    gone = time.monotonic()
    received = receiver.finish()["rtp"]
    for agent in everybody:
        agent.settle("rtp_packets_total", received, direction="egress", **sender.labels)
    while time.monotonic() < gone + GRACE_S - 5:
        assert egress(forgetful, sender.labels) == received
        time.sleep(0.5)
    wait_until(lambda: not forgetful.series("udp_packets_total", **sender.labels),
               5 + RETIRE_S + SLACK_S, "the series gone")
    assert not forgetful.series("pod_info", uid=sender.uid)
    for agent in agents.values():
        assert egress(agent, sender.labels) == received


def test_a_pod_that_is_deleted_at_once(cluster, stack, agent):
    """It lives for a second or two; its name is the last chance to tell what it was."""
    receiver = stack.enter_context(callers.receiver(cluster))
    sender = callers.sender(cluster, receiver.address, "--pps", 200, "--count", 100000)
    time.sleep(1)
    sender.delete()
    received = receiver.finish()["rtp"]
    agent.settle("rtp_packets_total", received, deadline=40, direction="egress",
                 **sender.labels)
