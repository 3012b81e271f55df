# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections that fail, break, end or are never accepted, each on its reason."""

import contextlib
import errno
import socket
import struct
import time

import pytest

import counters
import lab
import live
import peers

PORT = 7400
OPENED, CLOSED = "tcp_connections_opened_total", "tcp_connections_closed_total"
FAILURES = "tcp_connect_failures_total"
RESET_LINGER = struct.pack("ii", 1, 0)
TIMEOUT_MS = 1500

pytestmark = pytest.mark.usefixtures("forwarded")


def reasons(metrics, cgroup, name=CLOSED):
    return counters.by(metrics, name, "reason", unit=cgroup.relative)


def settle(agent, client, server):
    """Waits for what was closed at both ends: ({reason: count}, {reason: count})."""
    counters.settle(agent, lambda metrics: (reasons(metrics, client[0]),
                                            reasons(metrics, server[0])), (client[1], server[1]))


# How connections end

def close_client_first(client, server):
    client.close()
    assert server.recv(1) == b""


def close_server_first(client, server):
    server.close()
    assert client.recv(1) == b""


def close_both_at_once(client, server):
    client.shutdown(socket.SHUT_WR)
    server.shutdown(socket.SHUT_WR)
    assert client.recv(1) == server.recv(1) == b""


def linger_0(client, server):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_LINGER)
    client.close()
    with pytest.raises(ConnectionResetError):
        server.recv(1)


def close_unread(client, server):
    client.sendall(b"never read")
    assert server.recv(1, socket.MSG_PEEK)
    server.close()
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def send_to_closed(client, server):
    """The peer's kernel answers for a socket that is gone."""
    server.close()
    assert client.recv(1) == b""
    client.sendall(b"too late")
    lab.wait_until(lambda: client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 5, "the reset")


ENDS = {
    close_client_first: ("orderly", "orderly"),
    close_server_first: ("orderly", "orderly"),
    close_both_at_once: ("orderly", "orderly"),
    linger_0: ("reset_local", "reset_remote"),
    close_unread: ("reset_remote", "reset_local"),
    send_to_closed: ("reset_remote", "orderly"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("family", ["b4", "b6"])
def test_ends(agent, net, ends, end, family):
    address = getattr(net, family)
    for _ in range(3):
        with peers.pair((ends[0], net.a), (ends[1], net.b, address), PORT) as (client, server):
            client.sendall(b"hello")
            assert server.recv(5) == b"hello"
            end(client, server)
    client, server = ENDS[end]
    settle(agent, (ends[0], {client: 3}), (ends[1], {server: 3}))
    metrics = agent.metrics()
    for cgroup, role in zip(ends, ("client", "server")):
        opened = counters.by(metrics, OPENED, "role", unit=cgroup.relative)
        assert opened == {role: 3}
        assert reasons(metrics, cgroup, FAILURES) == {}


def test_a_peer_that_vanishes(agent, net, ends):
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as (client, _):
        client.setsockopt(socket.IPPROTO_TCP, peers.TCP_USER_TIMEOUT, TIMEOUT_MS)
        with peers.rules(net.b, "input", f"tcp dport {PORT} drop"):
            client.sendall(b"into the void")
            with pytest.raises(TimeoutError) as error:
                client.recv(1)
            assert error.value.errno == errno.ETIMEDOUT
            settle(agent, (ends[0], {"timeout": 1}), (ends[1], {}))


# Connects that fail

def fail(cgroup, net, address, port, expected, repeats=1):
    """A connect that must fail so; after so many repeated SYNs the kernel gives up."""
    with peers.tcp_socket(cgroup, net.a, address) as client:
        client.setsockopt(socket.IPPROTO_TCP, peers.TCP_SYNCNT, repeats)
        with pytest.raises(OSError) as error:
            client.connect((address, port))
        assert error.value.errno == expected


def assert_failed(agent, cgroup, **expected):
    metrics = counters.settle_counts(agent, FAILURES, "reason", expected, unit=cgroup.relative)
    assert reasons(metrics, cgroup) == {}
    assert counters.by(metrics, OPENED, "role", unit=cgroup.relative) == {}
    assert counters.mean(metrics, "tcp_connect_seconds", unit=cgroup.relative)[1] == 0


@pytest.mark.parametrize("family", ["b4", "b6"])
def test_closed_port(agent, net, ends, family):
    for _ in range(3):
        fail(ends[0], net, getattr(net, family), PORT, errno.ECONNREFUSED)
    assert_failed(agent, ends[0], refused=3)


@pytest.mark.parametrize("family", ["b4", "b6"])
def test_silent_port(agent, net, ends, family):
    with peers.rules(net.b, "input", f"tcp dport {PORT} drop"):
        fail(ends[0], net, getattr(net, family), PORT, errno.ETIMEDOUT)
    assert_failed(agent, ends[0], timeout=1)


def test_an_application_that_gives_up(agent, net, ends):
    """Before the kernel does."""
    with peers.rules(net.b, "input", f"tcp dport {PORT} drop"), \
            peers.tcp_socket(ends[0], net.a, net.b4) as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.connect((net.b4, PORT))
    assert_failed(agent, ends[0], timeout=1)


@pytest.mark.parametrize("answer, family", [
    ("icmp type host-unreachable", "b4"), ("icmpv6 type addr-unreachable", "b6")])
def test_router_that_says_unreachable(agent, net, ends, answer, family):
    with peers.rules(net.b, "input", f"tcp dport {PORT} reject with {answer}"):
        fail(ends[0], net, getattr(net, family), PORT, errno.EHOSTUNREACH)
    assert_failed(agent, ends[0], unreachable=1)


def test_no_such_neighbour(agent, net, ends):
    fail(ends[0], net, net.b4.rsplit(".", 1)[0] + ".99", PORT, errno.EHOSTUNREACH, 5)
    assert_failed(agent, ends[0], unreachable=1)


def test_no_local_port_is_free(agent, net, ends):
    """Two connects to one place from a range of one port."""
    def one_port():
        with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
            file.write("40000 40000")

    with lab.Namespaces() as own, lab.Cgroup("ports") as cgroup, \
            lab.bridge(own), peers.listener(ends[1], own.b, own.b4, PORT), \
            peers.tcp_socket(cgroup, own.a, own.b4) as first:
        lab.run_in_netns(own.a, one_port)
        first.connect((own.b4, PORT))
        fail(cgroup, own, own.b4, PORT, errno.EADDRNOTAVAIL)
        counters.settle_counts(agent, FAILURES, "reason", {"local": 1}, unit=cgroup.relative)
        opened = counters.by(agent.metrics(), OPENED, "role", unit=cgroup.relative)
        assert opened == {"client": 1}


# Listening

def test_listen_overflow(agent, net, ends):
    kernel = counters.Everywhere()
    clients = []
    with peers.listener(ends[1], net.b, net.b4, PORT, backlog=2), contextlib.ExitStack() as stack:
        for _ in range(8):
            client = stack.enter_context(peers.tcp_socket(ends[0], net.a, net.b4))
            client.setblocking(False)
            assert client.connect_ex((net.b4, PORT)) == errno.EINPROGRESS
            clients.append(client)
        lab.wait_until(lambda: kernel.moved("TcpExtListenOverflows") >= 10, 10, "overflows")
    # Closed: nothing sends SYNs any more.
    unit = ends[1].relative
    counters.settle(agent, lambda metrics: counters.family(
        metrics, "tcp_listen_overflows_total", unit=unit), kernel.moved("TcpExtListenOverflows"))


# A flood

FLOOD = 20000
FLOODS_S = 20


def syn(source, destination, sport, dport, seq):
    """An IPv4 packet with a SYN; the kernel fills in IP's length and checksum."""
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, 0, 5 << 4, 2, 65535, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", 6, 20)
    check = live.checksum(pseudo + tcp)
    return live.ipv4(tcp[:16] + struct.pack("!H", check) + tcp[18:], source, destination,
                     protocol=socket.IPPROTO_TCP)


def flood(net, cgroup):
    """From addresses that nobody has: what is answered goes nowhere."""
    raw = live.make_socket(cgroup, net.a, kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW)
    with raw:
        for n in range(FLOOD):
            source = f"198.18.{n >> 8 & 255}.{n & 255}"
            raw.sendto(syn(source, net.b4, 1024 + n % 60000, PORT, n), (net.b4, 0))


def test_syn_flood_is_bounded(agent, net, ends):
    net.ip(net.b, "route", "add", "198.18.0.0/15", "via", net.a4)
    before, told = agent.metrics(), counters.read(net.b)
    with peers.listener(ends[1], net.b, net.b4, PORT):
        begin = time.monotonic()
        flood(net, ends[0])
        assert time.monotonic() - begin < FLOODS_S
        after = agent.metrics()
        rows = live.unit_connections(agent, ends[1])
    arrived = counters.read(net.b)["TcpInSegs"] - told["TcpInSegs"]
    assert arrived > FLOOD / 4
    live.assert_bounded(before, after)
    entries = {labels: value for (name, labels), value in after.items()
               if name == "jitterbug_agent_map_entries"}
    for labels, value in entries.items():
        assert value <= after[("jitterbug_agent_map_capacity", labels)]
    assert len(rows) <= 1  # a half-open connection is no row
    assert counters.by(after, OPENED, "role", unit=ends[1].relative) == {}
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT + 1) as (client, server):
        client.sendall(b"hello")
        assert server.recv(5) == b"hello"
        counters.settle_counts(agent, OPENED, "role", {"server": 1}, unit=ends[1].relative)
