# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The page as Prometheus' own programs read it, and what the HTTP server allows to whom."""

import contextlib
import gzip
import http.client
import json
import shutil
import socket
import subprocess
import textwrap
import time
import urllib.parse
import urllib.request

import pytest

import lab

PORT = 22000
SSRC = 0x3EB0_0000
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module")
def cgroup():
    with lab.Cgroup("web") as cgroup:
        yield cgroup


@pytest.fixture(scope="module")
def spoken(agent, cgroup):
    """A call has been counted."""
    with lab.receiver(PORT, cgroup=cgroup) as sink, \
            lab.sender(PORT, "--count", 350, "--pps", 1000, "--ssrc", SSRC, "--pt", 0,
                       cgroup=cgroup) as source:
        assert source.summary()["sent"] == sink.finish()["datagrams"] == 350
    return cgroup


def request(address, path, method="GET", headers=None, body=None, netns=None):
    """(status, headers, body) of one request."""
    def fetch():
        connection = http.client.HTTPConnection(*address, timeout=5)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
    return lab.run_in_netns(netns, fetch) if netns else fetch()


def local(agent, path, **options):
    return request(("127.0.0.1", agent.port), path, **options)


# The page

@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
@pytest.mark.parametrize("mode", ["standard", "full"])
def test_promtool_has_nothing_to_say(mode):
    with lab.Cgroup("promtool") as cgroup, \
            lab.Agent("--metrics", mode, "--cgroup", cgroup.path) as agent:
        with lab.receiver(PORT + 1, cgroup=cgroup), \
                lab.sender(PORT + 1, "--count", 150, "--pps", 1000, "--ssrc", SSRC + 1, "--pt", 0,
                           cgroup=cgroup) as source:
            source.summary()
        status, headers, page = local(agent, "/metrics")
        assert (status, headers["Content-Type"]) == (200, TEXT_TYPE)
        assert b"jitterbug_rtp_jitter_seconds_bucket" in page
        check = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)
        assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")


def openmetrics_family(name, types):
    """The family that a sample belongs to, by the suffixes that its type allows."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    for family, kind in types.items():
        if name in [family + suffix for suffix in suffixes[kind]]:
            return family
    return None


def test_the_openmetrics_page_is_valid(agent, spoken):
    status, headers, page = local(agent, "/metrics", headers={"Accept": OPENMETRICS})
    assert (status, headers["Content-Type"]) == (200, OPENMETRICS)
    text = page.decode()
    assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1
    types, helps, current, done = {}, set(), None, set()
    for line in text.splitlines()[:-1]:
        word = line.split(" ")
        if line.startswith("# TYPE"):
            assert word[2] not in types and not word[2].endswith("_total")
            types[word[2]] = word[3]
        elif line.startswith("# HELP"):
            assert word[2] not in helps
            helps.add(word[2])
        else:
            family = openmetrics_family(line.split("{")[0].split(" ")[0], types)
            assert family and family in helps, line
            assert family not in done, f"{family} is interleaved"
            if family != current:
                done.add(current)
                current = family
    lab.parse_metrics(text)


def test_both_formats_tell_the_same(agent, spoken):
    pages = [lab.parse_metrics(local(agent, "/metrics", headers={"Accept": accept})[2].decode())
             for accept in ("text/plain", OPENMETRICS)]
    mine = [{key: value for key, value in page.items() if ("unit", spoken.relative) in key[1]}
            for page in pages]
    assert mine[0] == mine[1]
    assert len(mine[0]) > 50


# Prometheus itself

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
- job_name: jitterbug
  honor_labels: true
  static_configs: [{{targets: ["127.0.0.1:{agent}"]}}]
  relabel_configs:
  - {{target_label: namespace, replacement: monitoring}}
  - {{target_label: pod, replacement: jitterbug-x7k2p}}
  - {{target_label: container, replacement: agent}}
  - {{target_label: node, replacement: n1}}
"""


def query(port, expression):
    """[(labels, value)] of an instant query."""
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(url, timeout=5) as response:
        answer = json.load(response)
    assert answer["status"] == "success"
    return [(row["metric"], float(row["value"][1])) for row in answer["data"]["result"]]


def answers(port, expression):
    try:
        return query(port, expression)
    except OSError:
        return []


@pytest.fixture(scope="module")
def prometheus(agent, spoken, tmp_path_factory):
    if not shutil.which("prometheus"):
        pytest.skip("no prometheus")
    directory, port = tmp_path_factory.mktemp("prometheus"), lab.free_port()
    config = directory / "prometheus.yml"
    config.write_text(textwrap.dedent(CONFIG.format(agent=agent.port)))
    with lab.Process("prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory}",
                     f"--web.listen-address=127.0.0.1:{port}") as process:
        lab.wait_until(lambda: answers(port, f'up{{job="jitterbug"}} == 1 and on() '
                                             f'scrape_samples_scraped > 100'),
                       30, f"a scrape; {process.stderr[-500:]}")
        yield port
        process.stop()


def test_prometheus_has_the_figures_of_the_page(agent, prometheus, spoken):
    page = lab.parse_metrics(local(agent, "/metrics")[2].decode())
    rows = query(prometheus, f'jitterbug_rtp_packets_total{{unit="{spoken.relative}"}}')
    told = {(labels["direction"], labels["media"]): value for labels, value in rows}
    assert told == {(d, m): 350.0 if m == "audio" else 0.0 for d in ("ingress", "egress")
                    for m in ("audio", "video", "rtx", "unknown")}
    assert sum(told.values()) == lab.total(page, "jitterbug_rtp_packets_total",
                                           unit=spoken.relative)
    every = query(prometheus, f'{{__name__=~"jitterbug_.*",unit="{spoken.relative}"}}')
    assert len(every) == sum(1 for _, labels in page if ("unit", spoken.relative) in labels)


def test_the_job_lends_its_identity_to_nobody(prometheus, spoken):
    """With honor_labels an empty label keeps the target's out, if it is written out."""
    rows = query(prometheus, '{__name__=~"jitterbug_rtp_.*"}')
    assert rows
    for labels, _ in rows:
        assert labels["node"] == "n1"  # relabelling did work
        assert not {"namespace", "container"} & set(labels), labels
        assert labels.get("pod", "~other") == "~other"
    assert query(prometheus, 'count({__name__=~"jitterbug_rtp_.*",pod="jitterbug-x7k2p"})') == []
    build, = query(prometheus, "jitterbug_agent_build_info")
    assert build[0]["pod"] == "jitterbug-x7k2p"


# The page, some seconds later

def test_histograms_are_cumulative_and_end_at_their_count(agent, spoken):
    agent.snapshot_until(lambda m: lab.total(m, "jitterbug_rtp_jitter_seconds_count",
                                             unit=spoken.relative) > 0, 12)
    metrics = agent.metrics()
    rows = {}
    for (name, labels), value in metrics.items():
        if name.endswith("_bucket"):
            rest = frozenset(label for label in labels if label[0] != "le")
            rows.setdefault((name[:-7], rest), []).append((float(dict(labels)["le"]), value))
    assert rows
    for (name, labels), row in rows.items():
        row.sort()
        counts = [count for _, count in row]
        assert counts == sorted(counts), (name, labels)
        assert row[-1] == (float("inf"), metrics[(name + "_count", labels)])


def test_empty_identity_labels_are_written_out(agent, spoken):
    for (name, labels) in agent.metrics():
        if name.startswith("jitterbug_rtp_"):
            has = dict(labels)
            assert {"namespace", "pod", "container"} <= set(has), (name, labels)
            assert has["pod"] or has.get("unit") is not None


# The server

def test_the_small_pages(agent):
    for path in ("/healthz", "/readyz"):
        status, headers, body = local(agent, path)
        assert (status, body) == (200, b"ok\n")
        assert headers["Content-Type"].startswith("text/plain")
    assert local(agent, "/nothing")[0] == 404
    assert local(agent, "/metrics/../api/v1/streams")[0] == 404
    assert local(agent, "/metrics?debug=1")[0] == 200


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/api/v1/streams"])
def test_head_has_the_headers_alone(agent, spoken, path):
    status, headers, body = local(agent, path, method="HEAD")
    whole = local(agent, path)
    assert (status, body) == (200, b"")
    assert headers["Content-Type"] == whole[1]["Content-Type"]
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(agent, method):
    for path in ("/metrics", "/api/v1/streams"):
        status, headers, _ = local(agent, path, method=method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
    assert local(agent, "/metrics")[0] == 200


def test_gzip_when_asked(agent, spoken):
    status, headers, body = local(agent, "/metrics", headers={"Accept-Encoding": "gzip"})
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    lab.parse_metrics(gzip.decompress(body).decode())
    for refusal in ("identity", "gzip;q=0"):
        headers = local(agent, "/metrics", headers={"Accept-Encoding": refusal})[1]
        assert headers["Content-Encoding"] is None


# Who may read the callers' addresses

@pytest.mark.parametrize("host", ["localhost", "localhost:9504", "127.0.0.1:1", "[::1]:9504"])
def test_loopback_may_read_the_streams(agent, host):
    status, headers, body = local(agent, "/api/v1/streams", headers={"Host": host})
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert "streams" in json.loads(body)


@pytest.mark.parametrize("host", ["rebind.example.org", "rebind.example.org:9504", "10.0.0.1",
                                  "localhost.example.org", "127.0.0.1.example.org", "", "[::2]"])
def test_a_rebound_name_may_not(agent, host):
    status, _, body = local(agent, "/api/v1/streams", headers={"Host": host})
    assert status in (400, 403) and b"ssrc" not in body
    if host:
        assert local(agent, "/metrics", headers={"Host": host})[0] == 200


def far(net, path, **options):
    return request((net.a4, PORT + 5), path, netns=net.b, **options)


def started(net, cgroup, *options):
    """An agent for all of namespace a's addresses."""
    process = lab.Process(lab.jitterbug(), "agent", "--listen", f"0.0.0.0:{PORT + 5}", "--cgroup",
                          cgroup.path, *options, netns=net.a)

    def ready():
        try:
            return far(net, "/readyz")[0] == 200
        except OSError:
            return False
    try:
        lab.wait_until(ready, 10, f"ready from afar; {process.stderr}")
    except BaseException:
        process.close()
        raise
    return process


@pytest.mark.usefixtures("forwarded")
def test_without_a_token_nobody_from_afar_reads_the_streams(net, cgroup):
    with started(net, cgroup) as process:
        assert far(net, "/metrics")[0] == far(net, "/healthz")[0] == 200
        for headers in ({}, {"Host": "localhost"}, {"Authorization": "Bearer x"},
                        {"X-Forwarded-For": "127.0.0.1"}):
            status, _, body = far(net, "/api/v1/streams", headers=headers)
            assert status == 403 and b"streams\"" not in body
        # Its own address isn't loopback either.
        assert request((net.a4, PORT + 5), "/api/v1/streams", netns=net.a)[0] == 403
        assert request(("127.0.0.1", PORT + 5), "/api/v1/streams", netns=net.a)[0] == 200
        assert process.stop() == 0


@pytest.mark.usefixtures("forwarded")
def test_with_the_token_one_may_and_it_can_change(net, cgroup, tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    with started(net, cgroup, "--token-file", path) as process:
        for wrong in (None, "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x",
                      f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}"):
            headers = {"Authorization": wrong} if wrong else {}
            status, answer, _ = far(net, "/api/v1/streams", headers=headers)
            assert (status, answer["WWW-Authenticate"]) == (401, 'Bearer realm="jitterbug"'), wrong
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert far(net, "/api/v1/streams", headers=right)[0] == 200
        assert request(("127.0.0.1", PORT + 5), "/api/v1/streams", netns=net.a)[0] == 200
        time.sleep(0.01)
        path.write_text("another\n")
        assert far(net, "/api/v1/streams", headers=right)[0] == 401
        assert far(net, "/api/v1/streams", headers={"Authorization": "Bearer another"})[0] == 200
        assert process.stop() == 0


# Slow clients

def scrape_seconds(agent):
    begin = time.monotonic()
    assert local(agent, "/metrics")[0] == 200
    return time.monotonic() - begin


def assert_prompt(agent):
    times = sorted(scrape_seconds(agent) for _ in range(20))
    assert times[10] < 0.1
    assert times[-1] < 1


HALVES = {"nothing": b"", "a word": b"GE", "half a request": b"GET /metrics HTTP/1.1\r\nHost: loc",
          "a body that never comes": b"POST /metrics HTTP/1.1\r\nHost: localhost\r\n"
                                     b"Content-Length: 1000000\r\n\r\n"}


@pytest.mark.parametrize("half", HALVES)
def test_slow_clients_delay_nobody(agent, stack, half):
    for _ in range(30):
        one = stack.enter_context(socket.create_connection(("127.0.0.1", agent.port), timeout=5))
        one.sendall(HALVES[half])
    assert_prompt(agent)


def test_a_client_that_never_reads_delays_nobody(agent, spoken, stack):
    for _ in range(20):
        one = stack.enter_context(socket.socket())
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        one.connect(("127.0.0.1", agent.port))
        one.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5)
    assert_prompt(agent)


GARBAGE = {
    "zeros": b"\0" * 100,
    "TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    "a long path": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    "HTTP/9.9": b"GET /metrics HTTP/9.9\r\n\r\n",
    "too many headers": b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_ends_its_own_connection_only(agent, garbage):
    with socket.create_connection(("127.0.0.1", agent.port), timeout=12) as one:
        with contextlib.suppress(OSError):
            one.sendall(GARBAGE[garbage])
            one.shutdown(socket.SHUT_WR)
            while one.recv(65536):
                pass
    assert scrape_seconds(agent) < 1
