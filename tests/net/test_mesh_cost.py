# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What reading the pages of proxies costs: of many at once, and of one that is huge.

As a program it is the server of those pages: all proxies in one process, each at an address of its
own. Pages are made before, packed; what they count grows from each read of a proxy to its next.
"""

import collections
import gzip
import http.client
import os
import selectors
import socket
import sys
import time

import counters
import lab

PROXIES, LINES = 100, 5000
HUGE_LINES = 130_000
INTERVAL_S, WARM_S, INTERVALS = 10, 6, 2
CPU_SHARE, NOISE = 0.02, 2  # of a core
GROWTH_MB, HUGE_GROWTH_MB = 60, 16
TIMEOUT_S = 5  # of a page
VERSIONS = 8  # of a page

BUCKETS = [n * scale for scale in (1, 10, 100, 1000, 10000) for n in range(1, 6)] + ["+Inf"]
ROUTE_BUCKETS = (0.025, 0.05, 0.1, 0.5, 10.0, "+Inf")
LINES_EACH = 72  # of a destination: 52 buckets of latency, 9 lines that are wanted
WORKLOADS = 10
ANSWERS = (("200", "success"), ("503", "failure"))


# The pages

def labels_of(n):
    """(of HTTP, of TCP) Those of destination n."""
    ip, name = f"10.{42 + n // 65536}.{n // 256 % 256}.{n % 256}", f"server-{n % WORKLOADS}"
    target = (f'target_addr="{ip}:8080",target_ip="{ip}",target_port="8080",tls="true",'
              f'server_id="{name}.shop.serviceaccount.identity.linkerd.cluster.local",'
              f'dst_control_plane_ns="linkerd",dst_deployment="{name}",dst_namespace="shop",'
              f'dst_pod="{name}-8469756977-{n:05d}",dst_pod_template_hash="8469756977",'
              f'dst_service="{name}",dst_serviceaccount="{name}"')
    authority = f'authority="{name}.shop.svc.cluster.local:8080",'
    return (f'direction="outbound",{authority}{target}',
            f'direction="outbound",peer="dst",{authority}{target}')


def route_of(n):
    """Of the newer families, which the agent doesn't read."""
    name = f"server-{n % WORKLOADS}"
    return (f'parent_group="core",parent_kind="Service",parent_namespace="shop",'
            f'parent_name="{name}",parent_port="8080",parent_section_name="",route_group="",'
            f'route_kind="default",route_namespace="",route_name="http-{n}",hostname=""')


def family(name, kind, lines):
    yield f"# HELP {name} What is counted.\n# TYPE {name} {kind}\n"
    yield from lines


def histogram(name, labels, buckets, count):
    for i, bucket in enumerate(buckets):
        yield f'{name}_bucket{{{labels},le="{bucket}"}} {count * (i + 1) // len(buckets)}\n'
    yield f"{name}_count{{{labels}}} {count}\n{name}_sum{{{labels}}} {17 * count}\n"


def latency_lines(labels, counts):
    for http, count in zip(labels, counts):
        for status, _ in ANSWERS:
            yield from histogram("response_latency_ms", f'{http},status_code="{status}"', BUCKETS,
                                 count)


def response_lines(labels, counts):
    for http, count in zip(labels, counts):
        for status, classification in ANSWERS:
            yield (f'response_total{{{http},status_code="{status}",classification='
                   f'"{classification}",grpc_status="",error=""}} {count}\n')


def route_lines(name, counts):
    for n, count in enumerate(counts):
        yield from histogram(name, route_of(n), ROUTE_BUCKETS, count)


def page_lines(counts):
    """By each destination so many requests were answered well, and as many not."""
    http, tcp = zip(*(labels_of(n) for n in range(len(counts))))
    yield from family("request_total", "counter", (
        f"request_total{{{labels}}} {2 * count}\n" for labels, count in zip(http, counts)))
    yield from family("response_latency_ms", "histogram", latency_lines(http, counts))
    yield from family("response_total", "counter", response_lines(http, counts))
    for name in ("tcp_open_total", "tcp_open_connections", "tcp_read_bytes_total",
                 "tcp_write_bytes_total", "tcp_close_total"):
        yield from family(name, "counter", (
            f"{name}{{{labels}}} {123 * count}\n" for labels, count in zip(tcp, counts)))
    name = "outbound_http_route_request_duration_seconds"
    yield from family(name, "histogram", route_lines(name, counts))
    yield "process_start_time_seconds 1741548766.25\n# EOF\n"


def counts_of(lines, version):
    """What each destination of such a page has answered by then."""
    return [(n * 7919 % 1009 + 1) * (100 + version) for n in range(lines // LINES_EACH)]


def page(lines, version):
    return "".join(page_lines(counts_of(lines, version))).encode()


# The server, a process of its own

class Server:
    """Serves this many proxies at 127.0.1.1, 127.0.1.2, ...; GET /reads tells how many reads."""

    def __init__(self, port, proxies, pages):
        self._pages = pages  # packed; the last one stays
        self._reads = collections.Counter()
        self._selector = selectors.DefaultSelector()
        for n in range(1, proxies + 1):
            listening = socket.create_server((f"127.0.1.{n}", port))
            self._selector.register(listening, selectors.EVENT_READ, (self._accept, n))

    def run(self):
        while True:
            for key, _ in self._selector.select():
                function, n = key.data
                function(key.fileobj, n)

    def _accept(self, listening, n):
        connection, _ = listening.accept()
        connection.settimeout(10)
        self._selector.register(connection, selectors.EVENT_READ, (self._answer, n))

    def _answer(self, connection, n):
        """A request comes in one piece."""
        try:
            request = connection.recv(65536)
            if request:
                connection.sendall(self._response(request, n))
                return
        except OSError:
            pass
        self._selector.unregister(connection)
        connection.close()

    def _response(self, request, n):
        if request.startswith(b"GET /reads "):
            return self._head(str(self._reads.total()).encode())
        body = self._pages[min(self._reads[n], len(self._pages) - 1)]
        self._reads[n] += 1
        if b"gzip" in request:
            return self._head(body, "Content-Encoding: gzip\r\n")
        return self._head(gzip.decompress(body))

    @staticmethod
    def _head(body, more=""):
        return (f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{more}"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def main():
    port, proxies, lines, versions = map(int, sys.argv[1:])
    pages = [gzip.compress(page(lines, version), 6) for version in range(versions)]
    server = Server(port, proxies, pages)
    print("ready", flush=True)
    server.run()


class Proxies:
    """That process, and where its proxies are."""

    def __init__(self, count, lines, versions=VERSIONS):
        self._port, self._count = lab.free_port(), count
        self._process = lab.Process(sys.executable, "-B", os.path.abspath(__file__), self._port,
                                    count, lines, versions, ready=True, deadline=30)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.close()
        if not exception[0] and self._process.stderr:
            raise lab.LabError(f"the proxies: {self._process.stderr}")

    @property
    def options(self):
        """An agent's that reads them."""
        options = []
        for n in range(1, self._count + 1):
            target = f"shop/web-{n}=http://127.0.1.{n}:{self._port}/metrics"
            options += ["--linkerd-target", target]
        return options

    def reads(self):
        connection = http.client.HTTPConnection("127.0.1.1", self._port, timeout=5)
        try:
            connection.request("GET", "/reads")
            return int(connection.getresponse().read())
        finally:
            connection.close()


# What it costs

def cpu_s(agent):
    """User and system time of all threads."""
    with open(f"/proc/{agent.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(agent, name="VmRSS"):
    with open(f"/proc/{agent.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024


def start(stack, *options, interval_s=INTERVAL_S):
    common = ("--kubernetes", "off", "--linkerd-interval", f"{interval_s}s")
    cgroup = stack.enter_context(lab.Cgroup("cost"))
    return stack.enter_context(lab.Agent("--cgroup", cgroup.path, *common, *options))


def successes(agent):
    return counters.family(agent.metrics(), "mesh_scrape_success")


def test_many_proxies(stack):
    """Each is read once per interval; what an agent without any takes is not counted."""
    proxies = stack.enter_context(Proxies(PROXIES, LINES))
    agents = [start(stack), start(stack, *proxies.options)]
    lab.wait_until(lambda: successes(agents[1]) == PROXIES, 10, "all proxies are read")
    time.sleep(WARM_S)  # from now on each is read at its own time within the interval
    reads, before = proxies.reads(), [cpu_s(agent) for agent in agents]
    time.sleep(INTERVALS * INTERVAL_S)
    alone, reading = (cpu_s(agent) - then for agent, then in zip(agents, before))
    reads = proxies.reads() - reads
    share = (reading - alone) / (INTERVALS * INTERVAL_S)
    growth = memory_mb(agents[1]) - memory_mb(agents[0])
    print(f"\n{PROXIES} proxies of {LINES} lines every {INTERVAL_S} s: {100 * share:.2f}% of a "
          f"core, {1000 * (reading - alone) / reads:.2f} ms a read of {reads}, "
          f"{growth:.1f} MiB more than without ({memory_mb(agents[0]):.1f})")
    assert abs(reads - INTERVALS * PROXIES) <= PROXIES / 10
    assert successes(agents[1]) == PROXIES
    assert share < NOISE * CPU_SHARE
    assert growth < GROWTH_MB


def test_huge_page(stack):
    """Read in time and to the last line, and not kept."""
    proxies = stack.enter_context(Proxies(1, HUGE_LINES, versions=3))
    alone, agent = start(stack), start(stack, *proxies.options, interval_s=1)
    first, last = counts_of(HUGE_LINES, 0), page(HUGE_LINES, 2)
    lab.wait_until(lambda: proxies.reads() >= 4, 20, "pages are read")
    growth = sum(counts_of(HUGE_LINES, 2)) - sum(first)
    metrics = counters.settle_counts(agent, "mesh_edge_requests_total", "classification",
                                     {"success": growth, "failure": growth}, pod="web-1")
    seconds = counters.family(metrics, "mesh_scrape_seconds")
    more, most = (memory_mb(agent, name) - memory_mb(alone) for name in ("VmRSS", "VmHWM"))
    print(f"\na page of {last.count(10)} lines, {len(last) / 1e6:.1f} MB: read in {seconds:.3f} s, "
          f"{more:.1f} MiB more than without, {most:.1f} at most")
    assert counters.family(metrics, "mesh_scrape_success") == 1
    assert counters.family(metrics, "mesh_scrape_bytes") == len(last)
    assert counters.by(metrics, "mesh_scrape_failures_total", "reason") == {}
    assert counters.family(metrics, "agent_mesh_skipped_total") == 0
    assert seconds < TIMEOUT_S
    assert most < HUGE_GROWTH_MB


if __name__ == "__main__":
    main()
