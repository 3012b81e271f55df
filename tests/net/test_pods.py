# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The agent on a node of Kubernetes: whose the figures are, while pods come and go."""

import shutil
import urllib.parse
import uuid

import pytest

import lab
import live
from fake_kubernetes import FakeKubernetes, certificates, pod, status

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


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    account = tmp_path_factory.mktemp("account")
    with FakeKubernetes(str(tmp_path_factory.mktemp("api")),
                        certificates(str(tmp_path_factory.mktemp("authority")))) as server:
        shutil.copy(server.ca, account / "ca.crt")
        (account / "token").write_text(server.token)
        url = urllib.parse.urlsplit(server.url)
        env = {"KUBERNETES_SERVICE_HOST": url.hostname, "KUBERNETES_SERVICE_PORT": str(url.port),
               "JITTERBUG_NODE": "here"}
        with lab.Agent(env=env, before=("unshare", "-m", "sh", "-c", IN_A_POD, str(account))) \
                as agent:
            yield Node(server, agent)


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


@pytest.fixture
def top():
    with lab.Cgroup("kubelet") as top:
        yield top


def test_a_pod_is_told_by_its_name(node, top, stack):
    sfu = Pod(top, "sfu-0")
    number, cgroup = sfu.container(stack)
    sfu.object["status"]["containerStatuses"] = [status("app", number)]
    node.server.put(sfu.object)
    node.send(cgroup, 37)
    node.await_packets(37, **sfu.labels)
    assert node.units(top.relative) == set()


def test_what_a_pod_is(node, top):
    sfu = Pod(top, "info-0")
    sfu.object["spec"]["hostNetwork"] = True
    node.server.put(sfu.object)
    lab.wait_until(lambda: lab.total(node.agent.metrics(), "jitterbug_pod_info", uid=sfu.uid,
                                     node="here", pod_ip="10.1.2.3", host_network="true",
                                     meshed="false", **sfu.labels) == 1, 10, "pod_info")
    node.server.delete(sfu.object)
    lab.wait_until(lambda: lab.total(node.agent.metrics(), "jitterbug_pod_info",
                                     uid=sfu.uid) == 0, 10, "it gone")


def test_a_name_that_comes_late(node, top, stack):
    """Nothing is told before, nothing is lost, and nothing is under two names."""
    late = Pod(top, "late-0")
    _, cgroup = late.container(stack)
    node.send(cgroup, 41)
    lab.wait_until(lambda: lab.total(node.agent.metrics(), "jitterbug_agent_map_entries",
                                     map="jb_rows") > 0, 10, "a row")
    before = node.packets()
    assert node.packets(**late.labels) == 0
    node.server.put(late.object)
    node.await_packets(41, **late.labels)
    assert node.packets() == before + 41
    assert node.units(top.relative) == set()


def test_a_restarted_container_goes_on_counting(node, top, stack):
    again = Pod(top, "again-0")
    node.server.put(again.object)
    for packets, so_far in ((20, 20), (30, 50)):
        number, cgroup = again.container(stack)
        again.object["status"]["containerStatuses"] = [status("app", number)]
        node.server.put(again.object)
        node.send(cgroup, packets)
        node.await_packets(so_far, **again.labels)


def test_a_deleted_pod_keeps_its_name(node, top, stack):
    """A stateful set's next pod has the same name, and another UID."""
    first, second = Pod(top, "db-0"), Pod(top, "db-0")
    node.server.put(first.object)
    _, cgroup = first.container(stack)
    node.send(cgroup, 10)
    node.await_packets(10, **first.labels)
    node.server.delete(first.object)
    node.server.put(second.object)
    node.send(cgroup, 5)
    _, cgroup = second.container(stack)
    node.send(cgroup, 7)
    node.await_packets(22, **second.labels)


def test_it_says_where_names_come_from(node):
    assert "pods: names come from api" in node.agent.process.stderr
