# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernel's own counters of network namespaces, and comparisons of an agent's with them."""

import contextlib
import os
import time

import lab
from lab_agent import SCRAPE_S

NETNS = "/run/netns"


def _pairs(text):
    """Counters of snmp and netstat: a line of names above each line of values."""
    lines = text.splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        prefix, *names = names.split()
        for name, value in zip(names, values.split()[1:]):
            yield prefix[:-1] + name, int(value)


def _read_here():
    counters = {}
    for name in ("snmp", "netstat"):
        with open(f"/proc/thread-self/net/{name}") as file:
            counters.update(_pairs(file.read()))
    with open("/proc/thread-self/net/snmp6") as file:
        counters.update((name, int(value)) for name, value in map(str.split, file))
    return counters


def read(netns=None):
    """{"UdpRcvbufErrors": 3, "Udp6RcvbufErrors": 0, "TcpExtListenOverflows": 0, ...}"""
    return lab.run_in_netns(netns, _read_here) if netns else _read_here()


def _read_all():
    """{namespace: counters}; None is the machine's own, others may go at any time."""
    read_all = {None: read()}
    for name in os.listdir(NETNS) if os.path.isdir(NETNS) else ():
        with contextlib.suppress(OSError):
            read_all[name] = read(name)
    return read_all


class Everywhere:
    """Sums over the machine's own namespace and all named ones, since this was made."""

    def __init__(self):
        self._before = _read_all()

    def moved(self, *counters):
        """By how much the sum of these counters grew."""
        return sum(now.get(counter, 0) - self._before.get(name, {}).get(counter, 0)
                   for name, now in _read_all().items() for counter in counters)


# An agent's counters

def family(metrics, name, **labels):
    return lab.total(metrics, f"jitterbug_{name}", **labels)


def by(metrics, name, label, **labels):
    """{value of that label: sum}, of the series that are not 0."""
    wanted, sums = set(labels.items()), {}
    for (series, has), value in metrics.items():
        if series == f"jitterbug_{name}" and wanted <= has and value:
            key = dict(has).get(label)
            sums[key] = sums.get(key, 0) + int(value)
    return sums


def mean(metrics, name, **labels):
    """(mean, count) of a histogram; the mean is None without samples."""
    count = family(metrics, f"{name}_count", **labels)
    total = family(metrics, f"{name}_sum", **labels)
    return (total / count if count else None), int(count)


def at_most(metrics, name, bound, **labels):
    """How many samples of a histogram are at most `bound` (as written in le)."""
    return int(family(metrics, f"{name}_bucket", le=bound, **labels))


def settle(agent, figure, expected, deadline=15):
    """Scrapes until figure(metrics) is what is expected, asserts it, and returns the metrics."""
    end = time.monotonic() + deadline
    metrics = agent.metrics()
    while figure(metrics) != expected and time.monotonic() < end:
        time.sleep(SCRAPE_S)
        metrics = agent.metrics()
    seen = figure(metrics)
    missed = by(metrics, "agent_program_misses_total", "program")
    assert seen == expected, f"{seen}, not {expected}; missed {missed}"
    return metrics


def settle_counts(agent, name, label, expected, deadline=5, **labels):
    """settle() for by()."""
    return settle(agent, lambda metrics: by(metrics, name, label, **labels), expected, deadline)
