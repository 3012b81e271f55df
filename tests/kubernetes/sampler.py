# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Looks at the agents' pages twice a second: what must hold at any time, not just at the end."""

import http.client
import threading

PERIOD_S = 0.5
# They never fall while their series are there.
COUNTERS = ("jitterbug_rtp_packets_total", "jitterbug_udp_packets_total",
            "jitterbug_tcp_bytes_total")


class Sampler:
    """A context manager; what it has found since the last question."""

    def __init__(self, cluster, agents, blind):
        """blind: those of the agents to whom a pod may be a unit."""
        self._agents, self._blind = list(agents), list(blind)
        self._pods = f"/{cluster.cgroup}/kubepods"
        self._units, self._errors, self._last = set(), [], {}
        self._lock, self._end = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._end.set()
        self._thread.join()

    def units(self):
        """Names of units that are pods in truth."""
        with self._lock:
            units, self._units = self._units, set()
            return units

    def errors(self):
        """Pages that did not come, and series that fell."""
        with self._lock:
            errors, self._errors = self._errors, []
            return errors

    def _run(self):
        while not self._end.wait(PERIOD_S):
            for agent in self._agents:
                self._look(agent)

    def _look(self, agent):
        try:
            metrics = agent.metrics()
        except (OSError, AssertionError, http.client.HTTPException) as error:
            with self._lock:
                self._errors.append(f"{agent.name}: {error}")
            return
        last, self._last[agent] = self._last.get(agent, {}), metrics
        with self._lock:
            for (name, labels), value in metrics.items():
                unit = dict(labels).get("unit", "")
                if unit.startswith(self._pods) and agent not in self._blind:
                    self._units.add((agent.name, unit))
                if name in COUNTERS and last.get((name, labels), 0) > value:
                    self._errors.append(f"{agent.name}: {name}{dict(labels)} fell to {value} "
                                        f"from {last[name, labels]}")
