# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An agent on a node of Kubernetes, pods of the API with cgroups, and what is told of them."""

import contextlib
import os
import shutil
import urllib.parse
import uuid

import lab
import live
from fake_kubernetes import FakeKubernetes, certificates, pod

ACCOUNT = "/run/secrets/kubernetes.io"
# A service account where every pod has it, in a mount namespace of the agent's own.
IN_A_POD = (f"mount -t tmpfs none /run && mkdir -p {ACCOUNT} && "
            f'ln -s "$0" {ACCOUNT}/serviceaccount && exec "$@"')
SSRC = 0x70000


class Node:
    """An API server and an agent that asks it."""

    def __init__(self, server, agent):
        self.server, self.agent = server, agent
        self._ssrc = SSRC

    def send(self, cgroup, packets):
        """One stream of that many packets by that cgroup."""
        self._ssrc += 1
        with live.make_socket(cgroup) as one:
            for seq in range(packets):
                one.sendto(live.rtp(self._ssrc, seq, ts=seq), ("127.0.0.1", 9))

    def packets(self, **labels):
        return lab.total(self.agent.metrics(), "jitterbug_rtp_packets_total", direction="egress",
                         **labels)

    def await_packets(self, count, **labels):
        lab.wait_until(lambda: self.packets(**labels) == count, 10, f"{count} of {labels}")

    def units(self, prefix):
        return live.unit_names(self.agent.metrics(), prefix)


class Pod:
    """A pod of the API and its cgroup, as the cgroupfs driver makes it below some --cgroup-root."""

    def __init__(self, top, name):
        self.uid, self.top = str(uuid.uuid4()), top
        self.object = pod("calls", name)
        self.object["metadata"]["uid"] = self.uid
        self.labels = {"namespace": "calls", "pod": name, "container": ""}

    def container(self, stack):
        """(its id, its cgroup)"""
        number = uuid.uuid4().hex * 2
        path = f"kubepods/burstable/pod{self.uid}/{number}"
        return number, stack.enter_context(lab.Cgroup(path, parent=self.top))


def make_account(directory, server, ca=None):
    """A service account for that server: a directory with its token and CA."""
    os.makedirs(directory)
    shutil.copy(ca or server.ca, os.path.join(directory, "ca.crt"))
    with open(os.path.join(directory, "token"), "w") as file:
        file.write(server.token)
    return directory


def agent_of(server, account, *options, netns=None):
    """An agent that finds this service account and that API server as in a pod."""
    url = urllib.parse.urlsplit(server.url)
    env = {"KUBERNETES_SERVICE_HOST": url.hostname, "KUBERNETES_SERVICE_PORT": str(url.port),
           "JITTERBUG_NODE": "here"}
    return lab.Agent(*options, env=env, netns=netns,
                     before=("unshare", "-m", "sh", "-c", IN_A_POD, str(account)))


@contextlib.contextmanager
def kubernetes_node(directory, *options, netns=None):
    """A Node, its agent with these options; its files are in that new directory."""
    certificate = certificates(os.path.join(directory, "authority"))

    def serve():
        return FakeKubernetes(str(directory), certificate)
    with lab.run_in_netns(netns, serve) if netns else serve() as server:
        account = make_account(os.path.join(directory, "account"), server)
        with agent_of(server, account, *options, netns=netns) as agent:
            yield Node(server, agent)
