# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The whole cluster followed at the API server: who has an address, and what policies say."""

import time

import pytest

import lab
import test_kubernetes
from fake_kubernetes import namespace, pod, policy, service
from test_kubernetes import account, authority, server  # noqa: F401 (fixtures)

PODS = 20_000
SERVICES = 500
NODES = 400
FROM_CLIENTS = {"policyTypes": ["Ingress"], "ingress": [
    {"from": [{"podSelector": {"matchLabels": {"role": "client"}}}], "ports": [{"port": "web"}]}]}
TO_B = "destination,calls/b,10.1.0.2,calls/a,10.1.0.1,8080"


class Room(test_kubernetes.Room):
    def __init__(self, server, account, *options):
        quick = [option for option in test_kubernetes.QUICK
                 if option.split("=")[0] in ("connect_ms", "idle_s", "backoff_min_ms",
                                             "backoff_max_ms")]
        self.process = lab.Process(lab.tool("cluster_tool"), *quick, f"api_url={server.url}",
                                   f"service_account={account.path}", "node=here", *options)

    def errors(self):
        """Each error line of any resource, once for each time that it came up."""
        found = []
        before = {}
        for line in self.lines:
            for name, one in line["followed"].items():
                if one["error"] and one["error"] != before.get(name):
                    found.append(one["error"])
                before[name] = one["error"]
        return found


class Alone(Room):
    """Where nobody has told of an API server."""

    def __init__(self, *options):
        self.process = lab.Process(lab.tool("cluster_tool"), *options,
                                   env={"KUBERNETES_SERVICE_HOST": ""})


def at(made, address, host="192.168.0.1", ports=(), **status):
    """The pod with addresses and ports."""
    made["status"].update(podIP=address, podIPs=[{"ip": address}], hostIP=host, **status)
    made["spec"]["containers"][0]["ports"] = list(ports)
    return made


def works(line, *wanted):
    followed = line["followed"]
    return (not wanted or set(followed) == set(wanted)) and all(
        one["works"] and not one["error"] for one in followed.values())


def web_pods(server):
    """a may talk to port web of b, by b's policy; then that one."""
    server.put(namespace("calls"))
    server.put(at(pod("calls", "a", labels={"role": "client"}), "10.1.0.1"))
    server.put(at(pod("calls", "b", labels={"role": "web"}), "10.1.0.2",
                  ports=[{"name": "web", "containerPort": 8080}]))
    return server.put(policy("calls", "clients", **FROM_CLIENTS))


# Peers

def test_who_has_an_address(server, account):
    owner = [{"kind": "ReplicaSet", "name": "sfu-7f9c", "controller": True}]
    first = at(pod("calls", "sfu-7f9c-x", node="there", ownerReferences=owner,
                   labels={"pod-template-hash": "7f9c"}), "10.1.0.1", host="192.168.0.2")
    server.put(first)
    server.put(service("calls", "sfu", "10.96.0.1"))
    asked = ("10.1.0.1/80", "10.96.0.1/443", "192.168.0.2/22", "10.1.0.9/80")
    with Room(server, account, "peers=true", *(f"who={who}" for who in asked)) as it:
        line = it.until(lambda line: works(line, "pods", "services")
                        and line["who"]["10.96.0.1/443"])
        assert line["who"] == {"10.1.0.1/80": ["calls", "sfu-7f9c-x", "sfu"],
                               "10.96.0.1/443": ["calls", "", "sfu"],
                               "192.168.0.2/22": ["", "", "cluster"], "10.1.0.9/80": None}
        second = server.put(at(pod("calls", "late"), "10.1.0.9"))
        it.until(lambda line: line["who"]["10.1.0.9/80"] == ["calls", "late", "late"])
        # Its address is another one's as soon as it has ended.
        server.put(at(first, "10.1.0.1", phase="Succeeded"))
        it.until(lambda line: line["who"]["10.1.0.1/80"] is None)
        server.delete(second)
        line = it.until(lambda line: line["who"]["10.1.0.9/80"] is None)
        assert it.errors() == [] and line["refused"] == 0
        assert server.asked["list", "pods"] == server.asked["list", "services"] == 1
        assert {query.get("fieldSelector") for _, query in server.requests} == {
            None, "status.phase!=Failed,status.phase!=Succeeded"}


# Policies

def test_policies_of_this_nodes_pods(server, account):
    clients = web_pods(server)
    server.put(at(pod("calls", "far", node="there"), "10.1.1.1"))
    other = TO_B.replace("calls/a,10.1.0.1", ",10.1.1.1")
    with Room(server, account, "policies=true", f"judge={TO_B}", f"judge={other}") as it:
        line = it.until(lambda line: works(line, "pods", "namespaces", "networkpolicies")
                        and line["judged"][TO_B] == ["allowed", "calls/clients"])
        assert line["pods"] == 2 and line["judged"][other] == ["unknown", "calls/clients"]
        server.put(policy("calls", "clients", policyTypes=["Ingress"]))
        it.until(lambda line: line["judged"][TO_B] == ["denied", "calls/clients"])
        server.delete(clients)
        it.until(lambda line: line["judged"][TO_B] == ["no_policy", ""])
        assert it.errors() == []
        assert "spec.nodeName=here" in {query.get("fieldSelector") for _, query in server.requests}


def test_policies_of_all_pods(server, account):
    web_pods(server)
    server.put(at(pod("calls", "far", node="there", labels={"role": "client"}), "10.1.1.1"))
    far = TO_B.replace("calls/a,10.1.0.1", ",10.1.1.1")
    with Room(server, account, "policies=true", "peers=true", f"judge={far}") as it:
        it.until(lambda line: works(line, "pods", "services", "namespaces", "networkpolicies")
                 and line["judged"][far] == ["allowed", "calls/clients"])


def test_what_is_forbidden_stops_nothing_else(server, account):
    web_pods(server)
    server.forbidden = {"networkpolicies"}
    with Room(server, account, "policies=true", "peers=true", f"judge={TO_B}",
              "who=10.1.0.1/80") as it:
        line = it.until(lambda line: line["followed"]["networkpolicies"]["error"]
                        and line["who"]["10.1.0.1/80"]
                        and line["followed"]["namespaces"]["works"])
        assert line["followed"]["networkpolicies"]["error"] == (
            f"{server.url}: list of networkpolicies: HTTP status 403: networkpolicies is "
            'forbidden: User "x" cannot list resource "networkpolicies"')
        assert not line["followed"]["networkpolicies"]["works"]
        assert line["judged"][TO_B] == ["unknown", ""]
        lab.wait_until(lambda: server.asked["list", "networkpolicies"] >= 3, 10, "attempts")
        server.forbidden = set()
        it.until(lambda line: works(line) and line["judged"][TO_B][0] == "allowed")
        assert len(it.errors()) == 1


def test_objects_that_are_not_as_they_should_be(server, account):
    web_pods(server)
    server.put(policy("calls", "odd", ingress=7))
    server.put(service("calls", "Odd_Name", "10.96.0.1"))
    with Room(server, account, "policies=true", "peers=true", f"judge={TO_B}") as it:
        line = it.until(lambda line: works(line) and line["refused"] == 2)
        assert "not a name" in line["refused_why"] or "spec.ingress" in line["refused_why"]
        assert line["judged"][TO_B][0] == "unknown"  # it may select and forbid anything
        server.put(policy("calls", "odd", policyTypes=["Ingress"]))
        it.until(lambda line: line["judged"][TO_B][0] == "allowed")


# What goes wrong and heals

@pytest.mark.parametrize("resource", ["pods", "services", "namespaces", "networkpolicies"])
@pytest.mark.parametrize("how, kind", [
    ({"status": 410}, "gone"), ({"gone_event": True}, "gone"), ({"break_after": 50}, "broken"),
    ({"status": 500}, "server"), ({"body": b"{]"}, "malformed")])
def test_a_watch_that_fails(server, account, resource, how, kind):
    clients = web_pods(server)
    server.put(service("calls", "web", "10.96.0.1"))
    server.fault(f"watch {resource}", **how)
    with Room(server, account, "policies=true", "peers=true", f"judge={TO_B}",
              "who=10.96.0.1/80") as it:
        it.until(lambda line: line["who"]["10.96.0.1/80"] and line["judged"][TO_B][0] == "allowed")
        # What changes meanwhile is told by the next watch, or by the list before it.
        server.put(service("calls", "web", "10.96.0.2"))
        server.put(at(pod("calls", "late"), "10.1.0.9"))
        server.put(namespace("late"))
        server.delete(clients)
        line = it.until(lambda line: works(line) and line["judged"][TO_B][0] == "no_policy"
                        and not line["who"]["10.96.0.1/80"] and line["pods"] == 3
                        and line["followed"][resource]["failures"].get(kind))
        failing = [one for one in line["followed"].values() if one["failures"]]
        assert failing == [line["followed"][resource]]
        assert failing[0]["failures"] == {kind: 1}
        # One that is cut after it has worked isn't worth a line; a bookmark may have come before.
        assert len(it.errors()) in {"gone": (0,), "broken": (0, 1)}.get(kind, (1,))


def test_not_in_a_cluster(tmp_path):
    """Each resource tells it for itself, and is named."""
    with Alone("peers=true", "node=here", f"service_account={tmp_path}") as it:
        line = it.until(lambda line: all(one["error"] for one in line["followed"].values()))
        assert {name: one["error"] for name, one in line["followed"].items()} == {
            name: f"{name}: KUBERNETES_SERVICE_HOST is not set: not in a cluster"
            for name in ("pods", "services")}


def test_a_server_that_asks_for_time(server, account):
    server.put(at(pod("calls", "one"), "10.1.0.1"))
    server.fault("list pods", status=429, retry_after=2)
    with Room(server, account, "peers=true", "backoff_max_ms=10000") as it:
        begin = time.monotonic()
        it.until(lambda line: works(line) and line["pods"] == 1)
        assert time.monotonic() - begin > 2


def test_a_list_of_pages_that_breaks(server, account):
    server.page = 10
    for i in range(25):
        server.put(at(pod("calls", f"p{i}"), f"10.1.0.{i}"))
    server.fault("list pods")
    server.fault("list pods", break_after=500)
    with Room(server, account, "peers=true") as it:
        line = it.until(lambda line: works(line) and line["pods"] == 25)
        assert line["followed"]["pods"]["failures"] == {"broken": 1}
        assert server.asked["list", "pods"] == 4


# Its size

def fill(server):
    """As large as pods are: most of it is what nobody here reads."""
    applied = '{\\"a\\":\\"b\\"}' * 250
    for i in range(PODS):
        workload, node = f"workload-{i // 10}", i % NODES
        server.put(at(pod(
            f"team-{i % 40}", f"{workload}-7f9c6d5b4-{i:05x}", node=f"ip-10-0-0-{node}.internal",
            labels={"app": workload, "pod-template-hash": "7f9c6d5b4", "team": f"t{i % 40}"},
            annotations={"applied": applied},
            ownerReferences=[{"kind": "ReplicaSet", "name": f"{workload}-7f9c6d5b4",
                              "controller": True}]),
            f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", host=f"192.168.{node >> 8}.{node & 255}",
            ports=[{"name": "http", "containerPort": 8080}]))
    for i in range(SERVICES):
        server.put(service(f"team-{i % 40}", f"service-{i}", f"10.96.{i >> 8}.{i & 255}"))
    for i in range(40):
        server.put(namespace(f"team-{i}", team=f"t{i}"))
        server.put(policy(f"team-{i}", "default-deny"))


@pytest.fixture(scope="module")
def large(tmp_path_factory, authority):  # noqa: F811
    with test_kubernetes.FakeKubernetes(str(tmp_path_factory.mktemp("large")), authority) as it:
        it.page = 500
        fill(it)
        yield it


@pytest.mark.parametrize("options, limit_kb", [(["peers=true"], 14_000),
                                               (["peers=true", "policies=true"], 26_000)])
def test_twenty_thousand_pods(large, tmp_path, capsys, options, limit_kb):
    large.asked.clear()
    large.put(service("team-0", "service-0", "10.96.0.0"))
    known = test_kubernetes.Account(tmp_path / "account", large)
    with Room(large, known, *options, "idle_s=30", "who=10.0.78.31/1") as it:
        line = it.until(lambda line: works(line) and line["pods"] == PODS
                        and line["services"] == SERVICES, deadline=120)
        first = it.lines[0]
        lists = -(-PODS // 500)
        assert large.asked["list", "pods"] == lists and large.asked["list", "services"] == 1
        assert large.asked["watch", "pods"] == large.asked["watch", "services"] == 1
        assert line["followed"]["pods"]["requests"] == lists + 1
        assert line["who"]["10.0.78.31/1"] == ["team-39", "workload-1999-7f9c6d5b4-04e1f",
                                               "workload-1999"]
        grown = line["rss_kb"] - first["rss_kb"]
        with capsys.disabled():
            print(f"\n{' '.join(options)}: {grown} KiB more than {first['rss_kb']}, at most "
                  f"{line['peak_kb']}; directory {line['directory_bytes'] // PODS} octets a pod, "
                  f"policies {line['policies_bytes'] // PODS}; "
                  f"{line['followed']['pods']['bytes'] >> 20} MiB of pods in {lists + 1} requests, "
                  f"{line['cpu_s']:.1f} s of CPU")
        assert grown < limit_kb and line["peak_kb"] < first["rss_kb"] + limit_kb + 4000
        assert line["directory_bytes"] < 230 * PODS
        large.put(at(pod("team-0", "late", node="ip-10-0-0-1.internal"), "10.200.0.1"))
        line = it.until(lambda line: line["pods"] == PODS + 1)
        large.delete(large.of_node({})[0][-1])
        it.until(lambda line: line["pods"] == PODS)
        assert it.errors() == []
