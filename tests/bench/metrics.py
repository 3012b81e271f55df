#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What reading the agent costs it while 10,000 streams are live, against the budgets.

Prints a Markdown table; exits with 1 if a budget is exceeded. CPU time is the agent's own, user
and system, by /proc/PID/schedstat; each figure is a median. JITTERBUG and JB_TOOLS as for the
live tests.
"""

import argparse
import os
import socket
import statistics
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))

import lab  # noqa: E402
import live  # noqa: E402

PORT = 24000
SSRC = 0x0BE0_0000
STREAMS = 10_000
WARM_PACKETS = 5  # one more than probation takes
KEEP_ALIVE_S = 5
BUDGET_MS = {"/metrics": 20, "/api/v1/streams": 150}
MEMORY_MIB = 96


class Traffic(threading.Thread):
    """These SSRCs from one socket to another: a stream each at egress and at ingress."""

    def __init__(self, cgroup, ssrcs):
        super().__init__(daemon=True)
        self.sink = live.udp_sink(cgroup, "127.0.0.1", PORT)
        self.source = live.make_socket(cgroup)
        self.source.connect(self.sink.getsockname())
        self.ssrcs = ssrcs
        self.rounds = 0
        self._ended = threading.Event()

    def begin(self):
        """Each in one go, past probation; a few of so many at once meet in one set and fail."""
        for ssrc in range(self.ssrcs):
            for seq in range(WARM_PACKETS):
                self.source.send(live.rtp(SSRC + ssrc, seq, bytes(160), pt=0, ts=seq * 160))
        self.rounds = WARM_PACKETS

    def round(self):
        head = struct.pack("!BBHI", 0x80, 0, self.rounds & 0xffff, self.rounds * 160)
        for ssrc in range(self.ssrcs):
            self.source.send(head + struct.pack("!I", SSRC + ssrc) + bytes(160))
        self.rounds += 1

    def run(self):
        while not self._ended.wait(KEEP_ALIVE_S):
            self.round()

    def stop(self):
        self._ended.set()
        self.join()
        self.source.close()
        self.sink.close()


def cpu_ns(pid):
    """Time on a CPU, of all threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total


def memory_bytes(pid, name):
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith(name))
    return int(line.split()[1]) * 1024


def measure(agent, path, requests, headers=None):
    """(median CPU ms, median ms of the clock, octets) of one request."""
    pid, cpu, clock, size = agent.process.pid, [], [], 0
    for _ in range(requests):
        begin, used = time.monotonic_ns(), cpu_ns(pid)
        connection = socket.create_connection(("127.0.0.1", agent.port), timeout=10)
        with connection:
            connection.sendall(request(path, headers))
            size = drain(connection)
        clock.append(time.monotonic_ns() - begin)
        # The agent closes its end after the client has seen the last octet.
        time.sleep(0.005)
        cpu.append(cpu_ns(pid) - used)
    return statistics.median(cpu) / 1e6, statistics.median(clock) / 1e6, size


def request(path, headers):
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *(headers or ())]
    return "\r\n".join(lines + ["", ""]).encode()


def drain(connection):
    size = 0
    while data := connection.recv(1 << 20):
        if not size and b" 200 " not in data[:32]:
            raise lab.LabError(f"the agent said {data[:80]!r}")
        size += len(data)
    return size


def fill(agent, traffic, streams):
    traffic.begin()
    lab.wait_until(lambda: lab.total(agent.metrics(), "jitterbug_agent_map_entries",
                                     map="jb_streams") >= streams, 20, f"{streams} streams")
    traffic.start()
    time.sleep(6)  # one pass of the agent's own over all of them


def report(agent, options):
    """Prints the table; the paths over budget."""
    over = []
    print(f"| {options.streams:,} live streams | CPU ms | clock ms | KiB | budget, CPU ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for path, headers in (("/metrics", ()), ("/metrics", ("Accept-Encoding: gzip",)),
                          ("/api/v1/streams", ())):
        cpu, clock, size = measure(agent, path, options.requests, headers)
        name = path + (", gzip" if headers else "")
        print(f"| {name} | {cpu:.1f} | {clock:.1f} | {size / 1024:.0f} | {BUDGET_MS[path]} |")
        if cpu > BUDGET_MS[path]:
            over.append(name)
    return over + report_memory(agent)


def report_memory(agent):
    pid = agent.process.pid
    maps = lab.total(agent.metrics(), "jitterbug_agent_map_bytes")
    resident, peak = memory_bytes(pid, "VmRSS"), memory_bytes(pid, "VmHWM")
    print("\n| memory | MiB |\n| --- | ---: |")
    for name, octets in (("resident", resident), ("resident, peak", peak), ("BPF maps", maps),
                         ("resident + maps (budget 96)", resident + maps)):
        print(f"| {name} | {octets / (1 << 20):.1f} |")
    return ["memory"] if resident + maps > MEMORY_MIB << 20 else []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--requests", type=int, default=30)
    options = parser.parse_args()
    with lab.Cgroup("bench") as cgroup, lab.Agent("--cgroup", cgroup.path) as agent:
        traffic = Traffic(cgroup, options.streams // 2 + options.streams // 100)
        fill(agent, traffic, options.streams)
        try:
            over = report(agent, options)
        finally:
            traffic.stop()
    if over:
        print(f"over budget: {', '.join(over)}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
