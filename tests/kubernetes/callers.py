# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pods that run the tools of tests/net, and what these tell as truth."""

import glob
import itertools
import json
import os
import signal

import images
from cluster import accepts
from lab_process import LabError, wait_until

LOGS = "/var/log/pods"
NAMESPACE = "calls"
START_S, END_S = 60, 60

_numbers = itertools.count()


def is_ready(pod):
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in pod["status"].get("conditions", ()))


def log(pod, container, run=None):
    """What the container wrote, in its latest run or that one; without the runtime's prefixes."""
    metadata = pod["metadata"]
    directory = os.path.join(
        LOGS, f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}", container)
    files = glob.glob(f"{directory}/*.log" if run is None else f"{directory}/{run}.log")
    if not files:
        return ""
    newest = max(files, key=lambda path: int(os.path.basename(path).split(".")[0]))
    with open(newest) as file:
        return "".join(line.split(" ", 3)[3] for line in file if line.count(" ") >= 3)


def manifest(name, command, namespace=NAMESPACE, restart="Never", labels=None, **spec):
    """A pod with one container named app, and its name as label `app`; `spec` adds to its spec."""
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace,
                         "labels": {"app": name, **(labels or {})}},
            "spec": {"restartPolicy": restart, "terminationGracePeriodSeconds": 2,
                     "automountServiceAccountToken": False,
                     "containers": [{"name": "app", "image": images.TOOLS,
                                     "imagePullPolicy": "Never",
                                     "command": [str(word) for word in command]}],
                     **spec}}


class Pod:
    """A pod that has started; a context manager that deletes it. Its name gets a number."""

    def __init__(self, cluster, name, *command, **more):
        self.cluster, self.name = cluster, f"{name}-{next(_numbers)}"
        thing = manifest(self.name, command, **more)
        self.namespace = thing["metadata"]["namespace"]
        self.labels = {"namespace": self.namespace, "pod": self.name}
        self.object = cluster.api.put(thing)
        wait_until(lambda: self._has_started(), START_S,
                   f"{self.name} started: {self.object['status']}")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.cluster.api.delete("Pod", self.name, self.namespace)

    @property
    def uid(self):
        return self.object["metadata"]["uid"]

    @property
    def address(self):
        return self.object["status"]["podIP"]

    def refresh(self):
        self.object = self.cluster.api.get("Pod", self.name, self.namespace)

    @property
    def container(self):
        """Its status, as the API has it."""
        self.refresh()
        return self.object["status"]["containerStatuses"][0]

    def _has_started(self):
        self.refresh()
        statuses = self.object["status"].get("containerStatuses")
        return statuses and "waiting" not in statuses[0]["state"] and \
            "podIP" in self.object["status"]

    def log(self, run=None):
        return log(self.object, "app", run)

    def await_line(self, text):
        wait_until(lambda: text in self.log(), START_S, f"{text} of {self.name}: {self.log()}")

    def container_id(self):
        return self.container["containerID"].removeprefix("containerd://")

    def signal(self, number):
        """To the container's first process, by the runtime and not by the kubelet."""
        self.cluster.ctr("task", "kill", "--signal", signal.Signals(number).name,
                         self.container_id())

    def summary(self, deadline=END_S):
        """Waits for the end with 0, of a later run if need be; the JSON of its last line."""
        def ended():
            state = self.container["state"].get("terminated")
            again = self.object["spec"]["restartPolicy"] != "Never"
            return None if state and state["exitCode"] and again else state
        state = wait_until(ended, deadline, f"end of {self.name}")
        if state["exitCode"]:
            raise LabError(f"{self.name} ended with {state['exitCode']}: {self.log()}")
        return json.loads(self.log().splitlines()[-1])

    def finish(self):
        """SIGTERM, then summary(); for what runs until it is told to end."""
        self.signal(signal.SIGTERM)
        return self.summary()

    def delete(self):
        """And waits until the kubelet has taken it away."""
        self.cluster.api.delete("Pod", self.name, self.namespace)
        wait_until(lambda: self.cluster.api.is_gone("Pod", self.name, self.namespace), END_S,
                   f"{self.name} gone")


def receiver(cluster, port=5004, **more):
    """A pod that counts what it gets on that UDP port; ready."""
    pod = Pod(cluster, "receiver", "/bin/receiver", "--port", port, **more)
    pod.await_line("ready")
    return pod


def sender(cluster, to, *options, port=5004, name="sender", **more):
    """A pod that sends RTP to the address."""
    return Pod(cluster, name, "/bin/sender", "--to", to, "--port", port, *options, **more)


def tcp_server(cluster, *options, port=8000, **more):
    """A pod that answers with what it got; ready."""
    pod = Pod(cluster, "server", "/bin/tcp_tool", "serve", "--port", port, *options, **more)
    pod.await_line("ready")
    return pod


def tcp_client(cluster, to, *options, port=8000, **more):
    return Pod(cluster, "client", "/bin/tcp_tool", "connect", "--address", to, "--port", port,
               *options, **more)


def await_address(cluster, app, port):
    """The address of a pod with that label, once it takes connections on the TCP port."""
    def look():
        addresses = [pod["status"].get("podIP") for pod in cluster.api.list(
            "Pod", NAMESPACE, labelSelector=f"app={app}")]
        return next((each for each in addresses if each and accepts(each, port)), None)
    return wait_until(look, START_S, f"a pod of {app}")


class Service:
    """A Service of one pod's TCP port that takes connections; a context manager."""

    def __init__(self, cluster, pod, port):
        self.cluster, self.name, self.namespace = cluster, f"{pod.name}-service", pod.namespace
        service = cluster.api.put({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {"selector": {"app": pod.name},
                     "ports": [{"name": "port", "port": port, "targetPort": port}]}})
        self.address = service["spec"]["clusterIP"]
        wait_until(lambda: accepts(self.address, port), START_S, f"{self.name} reachable")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.cluster.api.delete("Service", self.name, self.namespace)
