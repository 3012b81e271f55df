# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who the pods are: the API server, the kubelet and the log directories, and all that goes wrong."""

import json
import os
import shutil
import socket
import time

import pytest

import lab
from fake_kubernetes import FakeKubernetes, certificates, pod, status

QUICK = ("connect_ms=1000", "idle_s=1", "backoff_min_ms=300", "backoff_max_ms=600",
         "patience_ms=600", "retry_ms=500", "kubelet_ms=200", "files_ms=100")
NODE = "node=here"


class Room:
    """The tool; `lines` is all that it has said."""

    def __init__(self, *options, env=None):
        self.process = lab.Process(lab.tool("pods_tool"), *QUICK, *options, env=env)

    @property
    def lines(self):
        return [json.loads(line) for line in self.process.stdout.splitlines(True)
                if line.endswith("\n")]

    def until(self, predicate, deadline=10):
        def look():
            lines = self.lines
            return lines[-1] if lines and predicate(lines[-1]) else None
        try:
            return lab.wait_until(look, deadline, "what was expected of pods_tool")
        except lab.LabError as error:
            last = [{k: v for k, v in line.items() if k != "pods"} for line in self.lines[-3:]]
            raise lab.LabError(f"{error}: {last} {self.process.stderr}") from None

    def errors(self):
        """Each error line, once for each time that it came up."""
        lines = [line["error"] for line in self.lines]
        return [b for a, b in zip(["", *lines], lines) if b and b != a]

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        begin = time.monotonic()
        try:
            if not kind:
                assert self.process.stop() == 0, self.process.stderr
                assert time.monotonic() - begin < 2
        finally:
            self.process.close()


def names(line):
    return {p["name"] for p in line["pods"]}


def has(*wanted, source="api"):
    return lambda line: (names(line) == set(wanted) and line["source"] == source
                         and line["works"] and not line["error"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificates(str(tmp_path_factory.mktemp("authority")))


@pytest.fixture
def server(tmp_path, authority):
    with FakeKubernetes(str(tmp_path), authority) as server:
        yield server


class Account:
    """A service account's directory."""

    def __init__(self, path, server):
        self.path = path
        path.mkdir()
        shutil.copy(server.ca, path / "ca.crt")
        self.write(server.token)

    def write(self, token):
        (self.path / "new").write_text(token + "\n")
        os.replace(self.path / "new", self.path / "token")


@pytest.fixture
def account(tmp_path, server):
    return Account(tmp_path / "account", server)


@pytest.fixture
def logs(tmp_path):
    """/var/log with one pod of whom the others know nothing."""
    add_logs(tmp_path / "log", "calls", "by-files", "11111111-aaaa", "app", "f" * 64)
    return tmp_path / "log"


def add_logs(path, namespace, name, uid, container, number):
    directory = path / "pods" / f"{namespace}_{name}_{uid}" / container
    directory.mkdir(parents=True)
    (path / "containers").mkdir(exist_ok=True)
    link = path / "containers" / f"{name}_{namespace}_{container}-{number}.log"
    link.symlink_to(f"/var/log/pods/{namespace}_{name}_{uid}/{container}/0.log")


def room(server, account, *options, **more):
    return Room(NODE, f"api_url={server.url}", f"service_account={account.path}", "mode=api",
                *options, **more)


# The API as it should be

def test_lists_and_watches(server, account):
    first = pod("calls", "sfu-0", labels={"app": "sfu", "pod-template-hash": "7f9c"},
                ownerReferences=[{"kind": "ReplicaSet", "name": "sfu-7f9c", "controller": True}],
                containers=("sfu", "linkerd-proxy"))
    server.put(first)
    for i in range(5000):
        server.put(pod("others", f"far-{i}", node=f"n{i % 50}"))
    with room(server, account) as it:
        line = it.until(has("sfu-0"))
        found = line["pods"][0]
        assert (found["workload"], found["kind"], found["owner"]) == (
            "sfu", "ReplicaSet", "sfu-7f9c")
        assert found["meshed"] and found["labels"]["app"] == "sfu"
        assert found["ip"] == "10.1.2.3" and not found["host_network"]
        assert line["bytes"] < 100_000
        second = server.put(pod("calls", "late"))
        it.until(has("sfu-0", "late"))
        second["status"]["containerStatuses"] = [status("app", "ab" * 32)]
        server.put(second)
        it.until(lambda line: ["app", "ab" * 32] in
                 next(p for p in line["pods"] if p["name"] == "late")["containers"])
        server.delete(first)
        line = it.until(has("late"))
        assert (line["gone"], line["failures"], it.errors()) == (1, {}, [])
        queries = [query for _, query in server.requests]
        assert all(q["fieldSelector"] == "spec.nodeName=here" for q in queries)
        assert (queries[0]["limit"], queries[1]["allowWatchBookmarks"]) == ("500", "true")


@pytest.mark.parametrize("end, answer", [("deleted", "calls/one/app"), ("forgotten", "unknown")])
def test_names_of_those_that_have_gone(server, account, end, answer):
    number = "ab" * 32
    one = pod("calls", "one", uid="u-1")
    one["status"]["containerStatuses"] = [status("app", number)]
    server.put(one)
    grace = "grace=5m" if end == "deleted" else "grace=100ms"
    with room(server, account, grace, f"lookup=u-1/{number}") as it:
        assert it.until(has("one"))["lookup"] == "calls/one/app"
        one["status"]["containerStatuses"] = [status("app", "cd" * 32)]
        server.put(one)
        it.until(lambda line: line["pods"][0]["containers"] == [["app", "cd" * 32]])
        assert it.lines[-1]["lookup"] == "calls/one/app"
        server.delete(one)
        it.until(has())
        time.sleep(0.2)
        server.put(pod("calls", "two"))
        assert it.until(has("two"))["lookup"] == answer


def test_a_static_pod_is_found_by_its_hash(server, account):
    server.put(pod("kube-system", "proxy-here",
                   annotations={"kubernetes.io/config.mirror": "0123abcd"},
                   ownerReferences=[{"kind": "Node", "name": "here", "controller": True}]))
    with room(server, account, "lookup=0123abcd") as it:
        line = it.until(has("proxy-here"))
        assert line["lookup"] == "kube-system/proxy-here/"
        assert line["pods"][0]["workload"] == "proxy"


def test_many_that_come_and_go(server, account):
    """Ten rounds of 300 pods: none is missed, and memory doesn't grow."""
    memory = []
    with room(server, account, "grace=100ms", "list=false") as it:
        for number in range(10):
            pods = [server.put(pod("calls", f"p{number}-{i}")) for i in range(300)]
            it.until(lambda line: line["present"] == 300)
            for each in pods:
                server.delete(each)
            memory.append(it.until(lambda line: line["present"] == 0)["memory_kb"])
            time.sleep(0.1)
        assert it.errors() == []
        assert memory[-1] - memory[1] <= 1024


def test_reads_page_by_page(server, account):
    server.page = 7
    wanted = {server.put(pod("calls", f"p{i}"))["metadata"]["name"] for i in range(30)}
    with room(server, account) as it:
        it.until(has(*wanted))
        assert server.count("list") == 5


def test_a_page_that_has_expired_begins_the_list_anew(server, account):
    server.page = 10
    wanted = {server.put(pod("calls", f"p{i}"))["metadata"]["name"] for i in range(15)}
    server.fault("list")
    server.fault("list", status=410)
    with room(server, account) as it:
        line = it.until(has(*wanted))
        assert (line["failures"], it.errors(), server.count("list")) == ({"gone": 1}, [], 4)


def test_a_watch_that_ends_goes_on(server, account):
    server.put(pod("calls", "one"))
    with room(server, account, "watch_s=1") as it:
        it.until(has("one"))
        lab.wait_until(lambda: server.count("watch") >= 3, 10, "three watches")
        server.put(pod("calls", "two"))
        line = it.until(has("one", "two"))
        assert line["watch_restarts"] >= 2
        assert (line["failures"], it.errors(), server.count("list")) == ({}, [], 1)


def test_ignores_proxies(server, account):
    server.put(pod("calls", "one"))
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"),
                            "http://127.0.0.1:1")
    with room(server, account, env=proxies) as it:
        it.until(has("one"))


def test_takes_its_address_from_the_environment(server, account):
    server.put(pod("calls", "one"))
    environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
                   "KUBERNETES_SERVICE_PORT": str(server.port)}
    with Room(NODE, f"service_account={account.path}", env=environment) as it:
        it.until(has("one"))


# What goes wrong and heals

def test_a_watch_that_breaks_within_an_object(server, account):
    server.put(pod("calls", "one"))
    server.fault("watch", break_after=200)
    with room(server, account) as it:
        it.until(has("one"))
        server.put(pod("calls", "two"))
        line = it.until(has("one", "two"))
        assert (line["failures"], server.count("list")) == ({"broken": 1}, 1)
        assert len(it.errors()) <= 1  # none, if a bookmark came before
        assert all("one" in names(line) for line in it.lines if line["source"] == "api")


def test_a_list_that_breaks_within_an_object(server, account):
    server.put(pod("calls", "one"))
    server.fault("list", break_after=300)
    with room(server, account) as it:
        line = it.until(has("one"))
        assert line["failures"] == {"broken": 1} and len(it.errors()) == 1


@pytest.mark.parametrize("by", ["status", "event", "compaction"])
def test_410_lists_again_and_loses_nothing(server, account, by):
    gone = server.put(pod("calls", "gone"))
    server.put(pod("calls", "one"))
    with room(server, account, "watch_s=1") as it:
        it.until(has("gone", "one"))
        if by == "compaction":
            server.stop()
            server.forget()
            server.start()
        else:
            server.fault("watch", **{"status": 410} if by == "status" else {"gone_event": True})
            lab.wait_until(lambda: server.count("list") == 2, 10, "another list")
        server.delete(gone)
        line = it.until(lambda line: has("one")(line) and line["failures"].get("gone"))
        assert line["failures"]["gone"] == 1
        assert not [error for error in it.errors() if "too old" in error]
        assert all("one" in names(line) for line in it.lines if line["source"] == "api")
        assert [query.get("resourceVersion") for verb, query in server.requests
                if verb == "list"] == ["0", None]


def test_401_until_the_token_is_rotated(server, account):
    server.put(pod("calls", "one"))
    server.token = "second"
    with room(server, account) as it:
        it.until(lambda line: "status 401" in line["error"])
        lab.wait_until(lambda: server.count("list") >= 3, 10, "three attempts")
        account.write("second")
        it.until(has("one"))
        assert it.errors() == [f"api: {server.url}: list of pods: HTTP status 401: Unauthorized"]
        server.token = "third"
        server.disconnect()
        it.until(lambda line: "status 401" in line["error"] and "one" in names(line))
        account.write("third")
        it.until(has("one"))


@pytest.mark.parametrize("code, kind", [(500, "server"), (503, "server"), (429, "busy"),
                                        (404, "status")])
def test_statuses_that_pass(server, account, code, kind):
    server.put(pod("calls", "one"))
    server.fault("list", times=3, status=code)
    with room(server, account) as it:
        line = it.until(has("one"))
        assert line["failures"] == {kind: 3}
        assert it.errors() == [f"api: {server.url}: list of pods: HTTP status {code}: as told"]


def test_a_redirect_is_not_followed(server, account):
    server.fault("list", times=99, status=302, location=server.url + "/api/v1/pods")
    with room(server, account) as it:
        it.until(lambda line: "HTTP status 302" in line["error"])


def test_a_list_that_is_too_slow(server, account):
    server.put(pod("calls", "one"))
    server.fault("list", slow=0.02)
    with room(server, account) as it:
        line = it.until(has("one"))
        assert line["failures"] == {"timeout": 1}
        assert it.errors() == [f"api: {server.url}: list of pods: too slow, given up"]


def test_slow_bytes_of_a_watch_are_fine(server, account):
    server.put(pod("calls", "one"))
    with room(server, account) as it:
        it.until(has("one"))
        for i in range(5):
            server.put(pod("calls", f"p{i}"))
            time.sleep(0.3)
        line = it.until(has("one", *(f"p{i}" for i in range(5))))
        assert (line["failures"], it.errors()) == ({}, [])


def test_the_wrong_ca(server, account, tmp_path):
    server.put(pod("calls", "one"))
    certificates(str(tmp_path / "foreign"))
    shutil.copy(tmp_path / "foreign/ca.crt", account.path / "ca.crt")
    with room(server, account) as it:
        line = it.until(lambda line: line["error"])
        assert f"certificate not accepted with CA {account.path}/ca.crt: SSL" in line["error"]
        assert set(line["failures"]) == {"tls"} and server.requests == []
        shutil.copy(server.ca, account.path / "ca.crt")
        it.until(has("one"))
        assert len(it.errors()) == 1


def test_the_wrong_name(server, account):
    url = server.url.replace("127.0.0.1", "localhost")
    with Room(NODE, "mode=api", f"api_url={url}", f"service_account={account.path}") as it:
        line = it.until(lambda line: line["error"])
        assert "no alternative certificate subject name matches" in line["error"]
    assert server.requests == []


def test_a_list_of_20_mb_is_never_in_memory(server, account):
    for i in range(200):
        big = pod("calls", f"p{i}")
        big["metadata"]["annotations"] = {"big": "x" * 100_000}
        server.put(big)
    with room(server, account, "idle_s=10") as it:
        line = it.until(has(*(f"p{i}" for i in range(200))), deadline=30)
        assert line["bytes"] > 20_000_000
        assert line["memory_kb"] < 40_000


def test_an_object_beyond_the_bound(server, account):
    server.put(pod("calls", "one"))
    server.fault("watch", body=b'{"type":"ADDED","object":{"x":"' + b"y" * (5 << 20))
    with room(server, account) as it:
        it.until(lambda line: line["failures"] == {"too_large": 1})
        it.until(has("one"))
        assert it.errors() == [
            f"api: {server.url}: watch of pods: an object of more than 4 MiB"]


@pytest.mark.parametrize("body, why", [
    (b"<html>", "not a whole list in JSON"), (b"{}", "not a PodList"),
    (b'{"kind":"PodList","items":[', "not a whole list"),
    (b'{"kind":"Status"}', "kind 'Status'"), (b'{"kind":"PodList","items":[{]}', "not JSON")])
def test_what_is_no_list(server, account, body, why):
    server.put(pod("calls", "one"))
    server.fault("list", body=body)
    with room(server, account) as it:
        line = it.until(has("one"))
        assert line["failures"] == {"malformed": 1}
        assert len(it.errors()) == 1 and why in it.errors()[0]


def test_objects_with_missing_fields(server, account):
    bare = {"metadata": {"namespace": "calls", "name": "bare", "uid": "u-1"},
            "spec": {"nodeName": "here"}}
    server.put(bare)
    broken = pod("calls", "broken")
    del broken["metadata"]["uid"]
    server.put(broken)
    with room(server, account) as it:
        line = it.until(has("bare"))
        assert line["refused"] == 1
        assert line["refused_why"] == "pod calls/broken: metadata.uid '': not a UID"
        wrong = pod("calls", "wrong")
        wrong["status"]["podIP"] = "10.1.2.3.4"
        server.put(wrong)
        line = it.until(lambda line: line["refused"] == 2)
        assert line["refused_why"] == "pod calls/wrong: status.podIP '10.1.2.3.4': not an address"
        assert has("bare")(line)


def test_a_server_that_goes_away(server, account):
    server.put(pod("calls", "one"))
    with room(server, account) as it:
        it.until(has("one"))
        server.stop()
        it.until(lambda line: "Connection refused" in line["error"] and "one" in names(line))
        server.start()
        server.put(pod("calls", "two"))
        it.until(has("one", "two"))


def test_a_good_watch_that_is_cut_again_and_again(server, account):
    server.put(pod("calls", "one"))
    with room(server, account) as it:
        it.until(has("one"))
        for number in range(1, 4):
            time.sleep(0.7)  # bookmarks have come
            server.disconnect()
            it.until(lambda line: line["failures"] == {"broken": number})
            lab.wait_until(lambda: server.count("watch") == number + 1, 10, "the next watch")
        assert (it.errors(), server.count("list")) == ([], 1)
        assert all(line["works"] for line in it.lines if line["source"] == "api")
        # If what comes then fails, too, that is told.
        time.sleep(0.7)
        server.fault("watch", status=500)
        server.disconnect()
        it.until(lambda line: line["failures"] == {"broken": 4, "server": 1})
        it.until(has("one"))
        assert it.errors() == [f"api: {server.url}: watch of pods: HTTP status 500: as told"]


def test_a_watch_that_falls_silent(server, account):
    server.put(pod("calls", "one"))
    with room(server, account, "silence_s=2") as it:
        it.until(has("one"))
        time.sleep(4)  # with bookmarks, which are not silence
        assert server.count("watch") == 1
        server.mute()
        server.put(pod("calls", "late"))
        line = it.until(has("one", "late"))
        assert (line["failures"], it.errors(), server.count("list")) == ({"timeout": 1}, [], 1)


# Who asks for somebody unknown

def test_a_watch_that_stands_and_tells_nothing(server, account):
    server.put(pod("calls", "one"))
    with room(server, account, "lookup=u-late", "doubt_ms=500") as it:
        it.until(has("one"))
        time.sleep(0.5)
        server.mute()
        server.put(pod("calls", "late", uid="u-late"))
        line = it.until(lambda line: line["lookup"] == "calls/late/")
        assert (line["failures"], it.errors(), server.count("list")) == ({}, [], 2)


def test_a_server_that_hangs_is_passed_over(server, account, logs):
    server.put(pod("calls", "one"))
    with auto(server, account, logs, "lookup=u-late", "doubt_ms=500", "patience_ms=1000",
              "retry_ms=4000") as it:
        it.until(has("one"))
        server.silent = {"list", "watch"}
        server.mute()
        server.put(pod("calls", "late", uid="u-late"))
        line = it.until(lambda line: line["lookup"] == "calls/late/"
                        and line["source"] == "kubelet")
        assert set(line["failures"]) == {"unreachable"}
        assert server.count("list") == 2
        assert line["error"] == f"api: {server.url}: list of pods: no answer in time"
        server.silent = set()
        it.until(has("one", "late"))


def test_nobody_ever_names_them(server, account):
    server.put(pod("calls", "one"))
    with room(server, account, "lookup=u-imitated", "doubt_ms=200", "doubt_again_ms=1000") as it:
        it.until(has("one"))
        lab.wait_until(lambda: server.count("list") == 4, 10, "lists for one who is unknown")
        times = server.times["list"]
        # The first may come at once; after it each has to wait.
        assert times[2] - times[1] > 0.95 and times[3] - times[2] > 0.95
        assert (it.lines[-1]["failures"], it.errors()) == ({}, [])


def test_a_watch_that_tells_of_others_is_not_doubted(server, account):
    server.put(pod("calls", "one"))
    with room(server, account, "lookup=u-imitated", "doubt_ms=1000") as it:
        it.until(has("one"))
        for i in range(12):
            server.put(pod("calls", f"p{i}"))
            time.sleep(0.2)
        assert server.count("list") == 1
        lab.wait_until(lambda: server.count("list") == 2, 10, "a list when nobody comes")


def test_the_kubelet_is_asked_at_once_for_who_is_unknown(server, account):
    server.put(pod("calls", "one"))
    with Room("mode=kubelet", f"kubelet_url={server.url}", f"service_account={account.path}",
              "kubelet_ms=60000", "look_ms=500", "lookup=u-late") as it:
        it.until(has("one", source="kubelet"))
        lab.wait_until(lambda: server.count("kubelet") == 3, 10, "lists for one who is unknown")
        late = server.put(pod("calls", "late", uid="u-late"))
        line = it.until(lambda line: line["lookup"] == "calls/late/")
        count = server.count("kubelet")
        assert all(b - a > 0.45 for a, b in zip(server.times["kubelet"],
                                                server.times["kubelet"][1:]))
        server.delete(late)
        time.sleep(1.2)
        assert (server.count("kubelet"), line["failures"]) == (count, {})


def test_a_kubelet_that_fails_is_not_hurried(server, account):
    server.fault("kubelet", times=99, status=500)
    with Room("mode=kubelet", f"kubelet_url={server.url}", f"service_account={account.path}",
              "kubelet_ms=60000", "look_ms=100", "lookup=u-late") as it:
        it.until(lambda line: line["failures"] == {"server": 1})
        time.sleep(0.7)
        assert server.count("kubelet") == 1


# Which source is used

def auto(server, account, logs, *options):
    return Room(NODE, f"api_url={server.url}", f"kubelet_url={server.url}",
                f"service_account={account.path}", f"log_directory={logs}", *options)


def test_falls_back_to_the_kubelet_when_forbidden(server, account, logs):
    server.put(pod("calls", "one"))
    server.forbidden = {"list"}
    with auto(server, account, logs) as it:
        line = it.until(lambda line: line["source"] == "kubelet" and names(line) == {"one"})
        assert line["error"] == (f"api: {server.url}: list of pods: HTTP status 403: pods is "
                                 'forbidden: User "x" cannot list resource "pods"')
        lab.wait_until(lambda: server.count("list") >= 3, 10, "three attempts")
        server.put(pod("calls", "two"))
        it.until(lambda line: line["source"] == "kubelet" and "two" in names(line))
        server.forbidden = {"watch"}
        it.until(lambda line: "cannot watch" in line["error"] and line["source"] == "kubelet")
        server.forbidden = set()
        it.until(has("one", "two"))
        assert len(it.errors()) == 2


def test_falls_back_when_the_patience_is_over(server, account, logs):
    """Not at the next attempt, which is long after."""
    server.put(pod("calls", "one"))
    server.fault("list", times=99, status=500)
    with auto(server, account, logs, "backoff_min_ms=60000", "backoff_max_ms=60000",
              "patience_ms=1000", "retry_ms=60000") as it:
        it.until(lambda line: line["source"] == "kubelet" and names(line) == {"one"})
        waited = server.times["kubelet"][0] - server.times["list"][0]
        assert 0.9 < waited < 3 and server.count("list") == 1


def test_a_source_that_is_passed_over_is_left_alone_as_it_asks(server, account, logs):
    server.put(pod("calls", "one"))
    server.fault("list", status=429, retry_after=4)
    with auto(server, account, logs, "backoff_max_ms=10000") as it:
        it.until(lambda line: line["source"] == "kubelet")
        assert server.count("list") == 1
        it.until(has("one"))
        first, second = server.times["list"]
        assert second - first >= 4


def test_a_source_that_is_tried_again_has_one_attempt(server, account, logs):
    server.put(pod("calls", "one"))
    server.fault("list", times=4, status=500)
    with auto(server, account, logs, "retry_ms=1500", "patience_ms=200") as it:
        it.until(lambda line: line["source"] == "kubelet")
        it.until(has("one"), deadline=20)
        times = server.times["list"]
        assert len(times) == 5 and all(b - a > 1.4 for a, b in zip(times, times[1:]))


def test_falls_back_to_files_without_a_token(server, account, logs):
    server.put(pod("calls", "one"))
    (account.path / "token").unlink()
    with auto(server, account, logs) as it:
        line = it.until(lambda line: line["source"] == "files" and line["pods"])
        assert names(line) == {"by-files"}
        token = f"token {account.path}/token: No such file or directory"
        assert line["error"] == (f"api: {server.url}: list of pods: {token}; "
                                 f"kubelet: {server.url}/pods: {token}")
        account.write(server.token)
        line = it.until(has("one"))
        assert line["gone"] == 1


def test_falls_back_when_nobody_answers(server, account, logs):
    server.put(pod("calls", "one"))
    server.stop()
    with auto(server, account, logs) as it:
        line = it.until(lambda line: line["source"] == "files")
        assert line["error"] == (f"api: {server.url}: list of pods: Connection refused; "
                                 f"kubelet: {server.url}/pods: Connection refused")
        server.start()
        it.until(has("one"))


def test_not_in_a_cluster(logs):
    with Room(NODE, f"log_directory={logs}", "kubelet_url=https://127.0.0.1:1",
              f"service_account={logs}", env={"KUBERNETES_SERVICE_HOST": ""}) as it:
        line = it.until(lambda line: line["source"] == "files")
        assert line["error"].startswith(
            "api: KUBERNETES_SERVICE_HOST is not set: not in a cluster; kubelet: ")


def test_the_node_must_be_named(server, account):
    with Room("node=My_Host", "mode=api", f"api_url={server.url}",
              f"service_account={account.path}") as it:
        it.until(lambda line: line["error"] == "api: node 'My_Host': not a node's name")
    assert server.requests == []


def test_kubelet(server, account):
    static = pod("kube-system", "proxy-here", annotations={"kubernetes.io/config.source": "file"})
    server.put(static)
    server.put(pod("calls", "far", node="there"))
    options = ("mode=kubelet", f"kubelet_url={server.url}", f"service_account={account.path}")
    with Room(*options) as it:
        it.until(has("proxy-here", source="kubelet"))
        server.delete(static)
        server.put(pod("calls", "two"))
        it.until(has("two", source="kubelet"))
        server.fault("kubelet", break_after=100)
        it.until(lambda line: line["failures"] == {"broken": 1})
        it.until(has("two", source="kubelet"))


def test_a_kubelet_that_signs_itself(server, account, tmp_path):
    server.put(pod("calls", "one"))
    shutil.copy(certificates(str(tmp_path / "foreign")) + "/ca.crt", account.path / "ca.crt")
    options = ("mode=kubelet", f"kubelet_url={server.url}", f"service_account={account.path}")
    with Room(*options) as it:
        it.until(lambda line: "certificate not accepted" in line["error"])
    with Room(*options, "kubelet_insecure=true") as it:
        it.until(has("one", source="kubelet"))
    with Room(*options, f"kubelet_ca={server.ca}") as it:
        it.until(has("one", source="kubelet"))


def test_files(logs):
    (logs / "pods" / "not-a-pod").mkdir()
    (logs / "containers" / "odd.log").symlink_to("/nowhere")
    lookup = "lookup=11111111-aaaa/" + "f" * 64
    with Room("mode=files", f"log_directory={logs}", lookup) as it:
        line = it.until(has("by-files", source="files"))
        assert line["lookup"] == "calls/by-files/app"
        add_logs(logs, "calls", "two", "22222222-bbbb", "app", "e" * 64)
        it.until(has("by-files", "two", source="files"))
        shutil.rmtree(logs / "pods" / "calls_by-files_11111111-aaaa")
        line = it.until(has("two", source="files"))
        assert (line["gone"], it.errors()) == (1, [])
        shutil.rmtree(logs / "pods")
        line = it.until(lambda line: line["error"])
        assert line["error"] == f"files: {logs}/pods: No such file or directory"
        assert names(line) == {"two"}


def test_off():
    with Room("mode=off") as it:
        time.sleep(0.2)
        assert it.lines == []


# Ends at once whatever it waits for: Room checks it

def test_ends_while_it_connects(account):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with Room(NODE, "mode=api", f"api_url={url}", f"service_account={account.path}",
                  "connect_ms=60000"):
            silent.accept()


def test_ends_within_a_slow_list(server, account):
    server.put(pod("calls", "one"))
    server.fault("list", slow=0.5)
    with room(server, account, "idle_s=60"):
        lab.wait_until(lambda: server.count("list"), 10, "a request")


def test_ends_between_attempts(server, account):
    server.fault("list", times=9, status=500)
    with room(server, account, "backoff_min_ms=60000", "backoff_max_ms=60000") as it:
        it.until(lambda line: line["error"])
