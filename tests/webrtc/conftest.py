# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The lab is that of tests/net. Each call is played once for all tests."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "net"))

import measure  # noqa: E402
from scene import Echo, Pair  # noqa: E402

LIMIT_S = 110


def play(make, factory, name):
    with measure.limit(LIMIT_S):
        return make(str(factory.mktemp(name)))


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    return play(Pair, tmp_path_factory, "pair")


@pytest.fixture(scope="session")
def echo(tmp_path_factory):
    return play(Echo, tmp_path_factory, "echo")


@pytest.fixture(params=["pair", "echo"])
def call(request):
    """Each of the calls, for what holds in both."""
    return request.getfixturevalue(request.param)
