# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What many files of tests begin with: namespaces, a bridge in them, an agent, two workloads."""

import contextlib

import pytest

import lab
import peers


@pytest.fixture(scope="module")
def net():
    """Nothing passes between the ends without a bridge: of the fixtures below or of the test."""
    with lab.Namespaces() as net:
        yield net


@pytest.fixture(scope="module")
def forwarded(net):
    with lab.bridge(net):
        yield


@pytest.fixture(scope="module")
def delayed(net):
    """By peers.DELAY_US each way."""
    with peers.delaying_bridge(net):
        yield


@pytest.fixture(scope="module")
def agent(request):
    """With the options that the module has as AGENT_OPTIONS, if any."""
    with lab.Agent(*getattr(request.module, "AGENT_OPTIONS", ())) as agent:
        yield agent


@pytest.fixture
def ends():
    """(sender's or client's, receiver's or server's cgroup)"""
    with lab.Cgroup("source") as source, lab.Cgroup("sink") as sink:
        yield source, sink


@pytest.fixture
def stack():
    """For what goes at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield stack
