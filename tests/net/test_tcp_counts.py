# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Octets and segments of TCP where counting goes astray easily: each octet once, and none of before."""

import contextlib
import errno
import select
import socket

import pytest

import counters
import lab
import live
import peers

PORT = 7250
BYTES, OPENED = "tcp_bytes_total", "tcp_connections_opened_total"
FAILURES = "tcp_connect_failures_total"
MSG_FASTOPEN, TCP_FASTOPEN = 0x20000000, 23
FASTOPEN_BOTH = "1027"  # client and server, without a cookie


@pytest.fixture(autouse=True)
def path(forwarded):
    """A bridge, in all tests of this file."""


def tcp_bytes(agent, cgroup, **expected):
    counters.settle_counts(agent, BYTES, "direction", expected, 10, unit=cgroup.relative)


def send_all(sender, receiver, octets):
    """In portions that no buffer is too small for."""
    while octets:
        left = min(octets, 20_000)
        octets -= left
        sender.sendall(b"x" * left)
        while left:
            left -= len(receiver.recv(left))


def test_octets_that_the_node_itself_refuses(agent, net, ends):
    """The kernel's bytes_sent counts them each time they are tried."""
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as (client, server), \
            peers.rules(net.a, "output", f"tcp dport {PORT} numgen inc mod 5 == 0 drop"):
        send_all(client, server, 300_000)
    tcp_bytes(agent, ends[0], egress=300_000)
    tcp_bytes(agent, ends[1], ingress=300_000)


def test_what_was_before_the_agent(net, ends):
    """Of a connection that has lost much before: only what it loses from now on."""
    loss = f"tcp dport {PORT} numgen inc mod 11 == 0 drop"
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as (client, server), \
            peers.rules(net.b, "input", loss):
        before = counters.Everywhere()
        send_all(client, server, 300_000)
        assert before.moved("TcpRetransSegs") > 5
        since = counters.Everywhere()
        with lab.Agent() as agent:
            client.sendall(b"x")  # shows it to the agent
            server.recv(1)
            server.sendall(b"y")
            client.recv(1)
            lab.wait_until(lambda: len(live.unit_connections(agent, ends[0])) == 1 and
                           len(live.unit_connections(agent, ends[1])) == 1, 10, "both ends")
            send_all(client, server, 200_000)
            lost = since.moved("TcpRetransSegs")
            assert lost > 5
            counters.settle(agent, lambda metrics: counters.family(
                metrics, "tcp_retransmitted_segments_total", unit=ends[0].relative), lost)
            # The one octet that showed it may be counted, or not.
            counters.settle(agent, lambda metrics: counters.family(
                metrics, BYTES, direction="egress", unit=ends[0].relative) in
                (200_000, 200_001), True, 10)


@pytest.mark.parametrize("closed", ["client", "server"])
def test_half_closed_before_the_agent(net, ends, closed):
    """CLOSE_WAIT and FIN_WAIT2 may stand for days."""
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as (client, server):
        one, other = (client, server) if closed == "client" else (server, client)
        mine, its = (ends[0], ends[1]) if closed == "client" else (ends[1], ends[0])
        one.shutdown(socket.SHUT_WR)
        assert other.recv(1) == b""
        with lab.Agent() as agent:
            send_all(other, one, 10_000)
            send_all(other, one, 5_000)
            rows = [lab.wait_until(lambda end=end: live.unit_connections(agent, end), 10, "a row")
                    for end in (mine, its)]
            assert [row["state"].upper() for (row,) in rows] == ["FIN_WAIT2", "CLOSE_WAIT"]
            counters.settle(agent, lambda metrics: counters.by(
                metrics, BYTES, "direction", unit=mine.relative), {"ingress": 15_000}, 10)


def test_data_in_the_syn(agent, net, ends):
    def allow():
        with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
            file.write(FASTOPEN_BOTH)

    for netns in (net.a, net.b):
        lab.run_in_netns(netns, allow)
    with peers.listener(ends[1], net.b, net.b4, PORT) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 10)
        for _ in range(5):
            with peers.tcp_socket(ends[0], net.a, net.b4) as client:
                client.setblocking(True)
                assert client.sendto(b"hello world", MSG_FASTOPEN, (net.b4, PORT)) == 11
                server, _ = listening.accept()
                with server:
                    assert server.recv(100) == b"hello world"
                    server.sendall(b"ok")
                assert client.recv(100) == b"ok"
    tcp_bytes(agent, ends[0], egress=55, ingress=10)
    tcp_bytes(agent, ends[1], egress=10, ingress=55)
    counters.settle_counts(agent, OPENED, "role", {"client": 5}, unit=ends[0].relative)


@pytest.mark.parametrize("family, answer", [("b4", "icmp type port-unreachable"),
                                            ("b6", "icmpv6 type port-unreachable")])
def test_refused_while_the_application_polls(agent, net, ends, family, answer):
    """It fetches the error as soon as the ICMP has come; the kernel ends the connect later."""
    address = getattr(net, family)
    with peers.rules(net.b, "input", f"tcp dport {PORT} reject with {answer}"), \
            contextlib.ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(peers.tcp_socket(ends[0], net.a, address))
            client.setblocking(False)
            assert client.connect_ex((address, PORT)) == errno.EINPROGRESS
            poll = select.poll()
            poll.register(client, select.POLLOUT)
            assert poll.poll(peers.WAIT_S * 1000)
            assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
            client.close()
    counters.settle_counts(agent, FAILURES, "reason", {"refused": 4}, unit=ends[0].relative)
