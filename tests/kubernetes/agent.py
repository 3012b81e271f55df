# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The agent as a DaemonSet: its pod, its pages, what it logs."""

import http.client
import json
import os
import time

import callers
import images
from cluster import ADDRESS, NODE
from lab_agent import SCRAPE_S, LabError, parse_metrics, total
from lab_process import wait_until

NAMESPACE, PORT = "jitterbug", 9504
READY_S, END_S = 60, 120
MANIFESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "manifests")


def manifest(name):
    return os.path.join(MANIFESTS, name)


class Agent:
    """A context manager; leaving it removes the DaemonSet. rbac: {"api": {}} puts rbac-api.yaml."""

    def __init__(self, cluster, name, *options, rbac=None):
        self.cluster, self.name = cluster, name
        self._rbac = rbac or {}
        self._arguments = ["agent", "--listen", f"0.0.0.0:{PORT}", *options]

    def __enter__(self):
        self.allow()
        self.cluster.api.put_file(manifest("agent.yaml"), name=self.name, image=images.AGENT,
                                  arguments=json.dumps(self._arguments), node=NODE,
                                  address=ADDRESS)
        try:
            wait_until(self._is_ready, READY_S, f"{self.name} ready")
        except LabError as error:
            raise LabError(f"{error}: {self.why()}") from None
        self.pod = self._pods()[0]
        self.address = self.pod["status"]["podIP"]
        return self

    def __exit__(self, *exception):
        self.cluster.api.delete("DaemonSet", self.name, NAMESPACE)
        self.forbid()
        # A later one may have the name.
        wait_until(lambda: not self._pods(), END_S, f"pods of {self.name} gone")

    def allow(self):
        """Gives its service account the roles, again if need be."""
        for name, words in self._rbac.items():
            self.cluster.api.put_file(manifest(f"rbac-{name}.yaml"), name=self.name, **words)

    def forbid(self):
        """Takes the roles from it."""
        self.cluster.api.delete("ClusterRoleBinding", self.name)

    def _pods(self):
        return [pod for pod in self.cluster.api.list("Pod", NAMESPACE,
                                                     labelSelector=f"app={self.name}")
                if "deletionTimestamp" not in pod["metadata"]]

    def _is_ready(self):
        return any(callers.is_ready(pod) for pod in self._pods())

    def why(self):
        """What is known of a pod that doesn't become ready."""
        return "; ".join(f"{pod['status']} {self.log(pod)}" for pod in self._pods()) or "no pod"

    def log(self, pod=None):
        """All that it has logged."""
        return callers.log(pod or self.pod, "agent")

    def await_log(self, text, deadline=10, after=0):
        """Until the text is in the log behind that many characters; how long the log is then."""
        wait_until(lambda: text in self.log()[after:], deadline,
                   f"{text!r} in the log of {self.name}, which has {self.log()[after:]!r}")
        return len(self.log())

    def get(self, path):
        """(status, body) of a GET."""
        connection = http.client.HTTPConnection(self.address, PORT, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def metrics(self):
        """See lab_agent.parse_metrics()."""
        status, body = self.get("/metrics")
        if status != 200:
            raise LabError(f"GET /metrics: {status} {body[:200]!r}")
        return parse_metrics(body)

    def figure(self, family, **labels):
        """Sum of the series of jitterbug_FAMILY with these labels."""
        return total(self.metrics(), f"jitterbug_{family}", **labels)

    def settle(self, family, expected, deadline=15, **labels):
        """Scrapes until figure() is that, and asserts it."""
        end = time.monotonic() + deadline
        while (seen := self.figure(family, **labels)) != expected and time.monotonic() < end:
            time.sleep(SCRAPE_S)
        assert seen == expected, (f"{family}{labels}: {seen}, not {expected}; there is "
                                  f"{self.like(family, **labels)}")

    def series(self, family, **labels):
        """The label sets of the series of jitterbug_FAMILY that have these labels."""
        wanted = set(labels.items())
        return [dict(has) for name, has in self.metrics()
                if name == f"jitterbug_{family}" and wanted <= has]

    def like(self, family, namespace=None, pod=None, **_):
        """What there is of the family, of that pod if one is named; for messages."""
        wanted = {"namespace": namespace, "pod": pod} if pod else {}
        return [(has, self.figure(family, **has)) for has in self.series(family, **wanted)]
