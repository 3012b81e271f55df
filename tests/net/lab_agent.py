# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The agent under test: start, readiness, what it exports, orderly end."""

import http.client
import json
import re
import socket
import time

from lab_process import LabError, Process, jitterbug, run_in_netns, wait_until

SCRAPE_S = 0.1
STOP_S = 2

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


def _labels(text):
    labels, at = {}, 0
    while at < len(text):
        match = _LABEL.match(text, at)
        if not match:
            raise LabError(f"no label at {text[at:]!r}")
        value = re.sub(r"\\.", lambda m: _ESCAPES.get(m.group(), m.group()), match.group(2))
        if match.group(1) in labels:
            raise LabError(f"label {match.group(1)} twice in {text!r}")
        labels[match.group(1)] = value
        at = match.end()
        if at < len(text) and text[at] == ",":
            at += 1
    return frozenset(labels.items())


_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)')


def parse_metrics(text):
    """{(name, frozenset of (label, value))): float} of Prometheus' text; refuses double series."""
    metrics = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _SAMPLE.match(line)
        if not match:
            raise LabError(f"no sample: {line!r}")
        key = (match.group(1), _labels(match.group(2) or ""))
        if key in metrics:
            raise LabError(f"series twice: {line!r}")
        metrics[key] = float(match.group(3))
    return metrics


def total(metrics, name, **labels):
    """Sum over the series of that name whose labels include these."""
    wanted = set(labels.items())
    return sum(value for (series, has), value in metrics.items()
               if series == name and wanted <= has)


def free_port():
    """Of TCP, that nobody has by now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Agent:
    """`jitterbug agent` with these further options, ready; a context manager.

    `before` is a command that runs it. Leaving it without an error demands the orderly end of stop(); with one it just kills.
    """

    def __init__(self, *options, netns=None, cgroup=None, env=None, before=(), deadline=15):
        self.netns = netns
        self.port = self._inside(free_port)
        self.process = Process(*before, jitterbug(), "agent", "--listen", f"127.0.0.1:{self.port}", *options,
                               netns=netns, cgroup=cgroup, env=env)
        self._stopped = False
        try:
            wait_until(self._is_ready, deadline, f"{self.process} ready: {self.process.stderr}")
        except BaseException:
            self.process.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        try:
            if kind is None and not self._stopped:
                self.stop()
        finally:
            self.process.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _inside(self, function):
        return run_in_netns(self.netns, function) if self.netns else function()

    def _is_ready(self):
        if self.process.returncode is not None:
            raise LabError(f"{self.process} ended with {self.process.returncode}: "
                           f"{self.process.stderr}")
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path, headers=None, timeout=5):
        """(status, body as text) of a GET."""
        def fetch():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
            try:
                connection.request("GET", path, headers=headers or {})
                response = connection.getresponse()
                return response.status, response.read().decode()
            finally:
                connection.close()
        return self._inside(fetch)

    def _get_ok(self, path):
        status, body = self.get(path)
        if status != 200:
            raise LabError(f"GET {path}: {status} {body[:200]!r}")
        return body

    def metrics(self):
        """See parse_metrics()."""
        return parse_metrics(self._get_ok("/metrics"))

    def streams(self):
        """The JSON of /api/v1/streams."""
        return json.loads(self._get_ok("/api/v1/streams"))

    def connections(self):
        """The rows of /api/v1/connections."""
        return json.loads(self._get_ok("/api/v1/connections"))["connections"]

    def drops(self):
        """The rows of /api/v1/drops."""
        return json.loads(self._get_ok("/api/v1/drops"))["drops"]

    def edges(self):
        """The rows of /api/v1/edges."""
        return json.loads(self._get_ok("/api/v1/edges"))["edges"]

    def workloads(self):
        """The rows of /api/v1/workloads."""
        return json.loads(self._get_ok("/api/v1/workloads"))["workloads"]

    def snapshot_until(self, predicate, deadline=10):
        """Scrapes until predicate(metrics) is true and returns those metrics."""
        end = time.monotonic() + deadline
        while True:
            metrics = self.metrics()
            if predicate(metrics):
                return metrics
            if time.monotonic() > end:
                raise LabError(f"metrics didn't come to what was awaited within {deadline} s")
            time.sleep(SCRAPE_S)

    def stop(self):
        """SIGTERM; it must end with 0 within 2 s."""
        self._stopped = True
        status = self.process.stop(deadline=STOP_S)
        if status:
            raise LabError(f"{self.process} ended with {status}: {self.process.stderr}")
