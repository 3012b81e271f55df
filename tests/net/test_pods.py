# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The agent on a node of Kubernetes: whose the figures are, while pods come and go."""

import threading

import pytest

import lab
from fake_kubernetes import FakeKubernetes, certificates, pod, status
from pods import Pod, agent_of, kubernetes_node, make_account


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with kubernetes_node(tmp_path_factory.mktemp("node")) as node:
        yield node


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


# The kubelet, and what the agent says of its requests

KUBERNETES = "jitterbug_agent_kubernetes_"


def told(agent, family, **labels):
    return lab.total(agent.metrics(), KUBERNETES + family, **labels)


def await_source(agent, source):
    lab.wait_until(lambda: told(agent, "source", source=source) == 1, 15, f"names from {source}")
    assert told(agent, "source") == 1


@pytest.fixture
def foreign(tmp_path):
    """(server, account): what serves there is signed by another CA than the cluster's."""
    with FakeKubernetes(str(tmp_path), certificates(str(tmp_path / "authority"))) as server:
        other = certificates(str(tmp_path / "other")) + "/ca.crt"
        yield server, make_account(tmp_path / "account", server, ca=other)


@pytest.mark.parametrize("how", ["--kubelet-ca", "--kubelet-insecure"])
def test_a_kubelet_that_signs_itself(foreign, how):
    server, account = foreign
    server.put(pod("calls", "sfu-0"))
    trust = (how, server.ca) if how == "--kubelet-ca" else (how,)
    with agent_of(server, account, "--kubernetes", "kubelet", "--kubelet-url", server.url,
                  *trust) as agent:
        await_source(agent, "kubelet")
        assert lab.total(agent.metrics(), "jitterbug_pod_info", pod="sfu-0") == 1
        assert told(agent, "requests_total", source="kubelet") == server.count("kubelet")
        assert (told(agent, "failures_total"), told(agent, "pods")) == (0, 1)


def test_a_kubelet_that_is_not_trusted(foreign):
    server, account = foreign
    with agent_of(server, account, "--kubernetes", "kubelet", "--kubelet-url",
                  server.url) as agent:
        lab.wait_until(lambda: told(agent, "failures_total", failure="tls"), 10, "a failure")
        assert told(agent, "source") == 0
        assert "certificate not accepted" in agent.process.stderr
    assert server.requests == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:10250"])
def test_what_is_no_url(url):
    process = lab.Process(lab.jitterbug(), "agent", f"--kubelet-url={url}")
    assert process.wait() == 2
    assert f"--kubelet-url: '{url}' is not an http or https URL" in process.stderr
    process.close()


def test_requests_are_counted(node):
    before = told(node.agent, "watch_restarts_total")
    node.server.disconnect()
    lab.wait_until(lambda: told(node.agent, "watch_restarts_total") == before + 1, 10, "a watch")
    lab.wait_until(lambda: told(node.agent, "requests_total", source="api")
                   == node.server.count("list") + node.server.count("watch"), 10, "its count")
    assert told(node.agent, "requests_total", source="kubelet") == 0
    assert told(node.agent, "source", source="api") == 1
    assert told(node.agent, "pods") == len(node.server.select("pods", {})[0])


def test_what_is_no_pod_is_refused(node):
    before = told(node.agent, "refused_total")
    nobody = pod("calls", "nobody")
    del nobody["metadata"]["uid"]
    node.server.put(nobody)
    lab.wait_until(lambda: told(node.agent, "refused_total") == before + 1, 10, "it refused")
    node.server.delete(nobody)


@pytest.fixture
def server(tmp_path):
    with FakeKubernetes(str(tmp_path), certificates(str(tmp_path / "authority"))) as server:
        yield server


def test_failures_by_their_kind(server, tmp_path):
    server.put(pod("calls", "sfu-0"))
    server.fault("list", times=2, status=500)
    server.fault("list", status=429)
    with agent_of(server, make_account(tmp_path / "account", server)) as agent:
        await_source(agent, "api")
        assert told(agent, "failures_total", failure="server") == 2
        assert told(agent, "failures_total", failure="busy") == 1
        assert told(agent, "failures_total") == 3


def test_another_source_takes_over(server, tmp_path):
    server.put(pod("calls", "sfu-0"))
    server.forbidden = {"list"}
    account = make_account(tmp_path / "account", server)
    with agent_of(server, account, "--kubelet-url", server.url) as agent:
        await_source(agent, "kubelet")
        assert told(agent, "failures_total", failure="forbidden") == server.count("list") == 1
        assert told(agent, "failures_total") == 1
        assert told(agent, "pods") == 1


def test_a_scrape_takes_no_news(server, tmp_path):
    """The log says where names come from, however often the page is asked for meanwhile."""
    server.stop()
    ended = threading.Event()
    with agent_of(server, make_account(tmp_path / "account", server), "--kubernetes",
                  "api") as agent:
        def scrape():
            while not ended.is_set():
                agent.metrics()
        scraper = threading.Thread(target=scrape)
        scraper.start()
        try:
            server.start()
            lab.wait_until(lambda: "pods: names come from api" in agent.process.stderr, 15,
                           "the news")
        finally:
            ended.set()
            scraper.join()
