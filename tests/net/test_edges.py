# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who talks to whom: connections and octets of both ends, whatever NAT lies between them."""

import contextlib
import signal
import subprocess

import pytest

import counters
import lab
import live
import peers

PORT, SERVICE_PORT, SERVICE = 7400, 80, "10.96.0.10"
TELLS = ("connections", "failures", "bytes_sent", "bytes_received")
CONNECTIONS, BYTES = "edge_connections_total", "edge_bytes_total"
DEADLINE = 20
MSG_FASTOPEN = 0x20000000


@pytest.fixture(autouse=True)
def path(forwarded):
    """A bridge, in all tests of this file."""


def edges_of(agent, cgroup, **wanted):
    """{(reporter, peer_workload, port): figures} of the unit."""
    return {(edge["reporter"], edge["peer_workload"], edge["port"]):
            tuple(edge[name] for name in TELLS)
            for edge in agent.edges() if edge["unit"] == cgroup.relative and
            wanted.items() <= edge.items()}


def await_edges(agent, cgroup, expected, **wanted):
    seen = {}

    def there():
        seen.clear()
        seen.update(edges_of(agent, cgroup, **wanted))
        return seen == expected
    with contextlib.suppress(lab.LabError):
        lab.wait_until(there, DEADLINE, "edges")
    assert seen == expected


def exchange(client, server, sent, received):
    for one, other, octets in ((client, server, sent), (server, client, received)):
        one.sendall(b"x" * octets)
        while octets:
            octets -= len(other.recv(octets))


def talk(ends, net, count, to="b4", sent=300, received=700):
    """So many connections one after the other."""
    for _ in range(count):
        with peers.pair((ends[0], net.a), (ends[1], net.b, getattr(net, to)), PORT) as pair:
            exchange(*pair, sent, received)


@pytest.mark.parametrize("to", ["b4", "b6"])
def test_both_ends(agent, net, ends, to):
    talk(ends, net, 7, to)
    source, sink = (end.relative for end in ends)
    await_edges(agent, ends[0], {("source", sink, PORT): (7, 0, 7 * 300, 7 * 700)})
    await_edges(agent, ends[1], {("destination", source, PORT): (7, 0, 7 * 700, 7 * 300)})
    metrics = agent.metrics()
    for unit, reporter, peer in ((source, "source", {"dst_workload": sink}),
                                 (sink, "destination", {"src_workload": source})):
        labels = {"unit": unit, "reporter": reporter, "protocol": "tcp", **peer}
        assert counters.family(metrics, CONNECTIONS, **labels) == 7
        assert counters.family(metrics, BYTES, **labels) == 7000
        assert counters.family(metrics, CONNECTIONS, unit=unit) == 7


def test_within_one_network_namespace(agent, net, ends):
    """As pods with hostNetwork do it, and whoever talks to a proxy by the loopback address."""
    with peers.pair((ends[0], net.a), (ends[1], net.a, "127.0.0.1"), PORT) as pair:
        exchange(*pair, 1000, 10)
        for end, other in (ends, ends[::-1]):
            (row,) = live.unit_connections(agent, end)
            assert row["peer_unit"] == other.relative
    source, sink = (end.relative for end in ends)
    await_edges(agent, ends[0], {("source", sink, PORT): (1, 0, 1000, 10)})
    await_edges(agent, ends[1], {("destination", source, PORT): (1, 0, 10, 1000)})


@contextlib.contextmanager
def service(net):
    """A ClusterIP as kube-proxy makes it: the client doesn't know where it really goes."""
    peers.nft(net.a, f"""add table ip jbt_nat
add chain ip jbt_nat it {{ type nat hook output priority -100; }}
add rule ip jbt_nat it ip daddr {SERVICE} tcp dport {SERVICE_PORT} dnat to {net.b4}:{PORT}
""")
    net.ip(net.a, "route", "add", SERVICE, "dev", "eth0")
    try:
        yield
    finally:
        net.ip(net.a, "route", "del", SERVICE)
        peers.nft(net.a, "delete table ip jbt_nat")


def test_behind_a_service_address(agent, net, ends):
    with service(net), peers.listener(ends[1], net.b, net.b4, PORT) as listening, \
            peers.tcp_socket(ends[0], net.a, SERVICE) as client:
        client.connect((SERVICE, SERVICE_PORT))
        server, _ = listening.accept()
        with server:
            exchange(client, server, 100, 200)
    await_edges(agent, ends[0], {("source", ends[1].relative, SERVICE_PORT): (1, 0, 100, 200)})
    await_edges(agent, ends[1], {("destination", ends[0].relative, PORT): (1, 0, 200, 100)})


def test_a_connection_that_lasts(agent, net, ends):
    """Told while it stands, and nothing twice at its end."""
    source, sink = (end.relative for end in ends)
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as pair:
        await_edges(agent, ends[0], {("source", sink, PORT): (1, 0, 0, 0)})
        for turn in (1, 2, 3):
            exchange(*pair, 5000, 3000)
            await_edges(agent, ends[0], {("source", sink, PORT):
                                         (1, 0, turn * 5000, turn * 3000)})
        exchange(*pair, 11, 22)
    await_edges(agent, ends[0], {("source", sink, PORT): (1, 0, 15011, 9022)})
    await_edges(agent, ends[1], {("destination", source, PORT): (1, 0, 9022, 15011)})


def test_what_fails(agent, net, ends):
    for _ in range(3):
        with peers.tcp_socket(ends[0], net.a, net.b4) as client, \
                pytest.raises(ConnectionRefusedError):
            client.connect((net.b4, PORT))
    await_edges(agent, ends[0], {("source", "external", PORT): (0, 3, 0, 0)})
    assert counters.family(agent.metrics(), CONNECTIONS, unit=ends[0].relative) == 0


def test_older_than_the_agent(net, ends):
    """Who opened it is not known then, nor that it was opened."""
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as pair:
        exchange(*pair, 1000, 1000)
        with lab.Agent() as late:
            exchange(*pair, 1, 1)  # shows it
            lab.wait_until(lambda: all(live.unit_connections(late, end) for end in ends), 10,
                           "both ends")
            exchange(*pair, 400, 600)

            def figures():
                return list(edges_of(late, ends[0]).items())
            lab.wait_until(lambda: figures() and figures()[0][1][3] >= 600, DEADLINE, "an edge")
            ((name, (connections, failures, sent, received)),) = figures()
    assert name == ("unknown", "external", None)
    assert (connections, failures) == (0, 0)
    assert sent in (400, 401) and received in (600, 601)


def test_many_short_ones(agent, net, ends):
    """Each once, and each octet: while the census runs beside."""
    before = live.faults(agent.metrics())
    count = 3000
    with peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]):
        for _ in range(3):
            with peers.tcp_client(PORT, "--connections", count // 3, "--requests", 1, "--size",
                                  100, to=net.b4, netns=net.a, cgroup=ends[0]) as client:
                peers.wait_said(client, "done")
                client.finish()
    source, sink = (end.relative for end in ends)
    await_edges(agent, ends[0], {("source", sink, PORT): (count, 0, count * 100, count * 100)})
    await_edges(agent, ends[1], {("destination", source, PORT):
                                 (count, 0, count * 100, count * 100)})
    moved = live.fault_moves(before, live.faults(agent.metrics()))
    assert moved.get("contacts_lost", 0) == 0


def test_a_stream(agent, net, ends):
    """Media of two workloads of the node: named by the other end's, to the octet."""
    sent = 0
    with live.udp_sink(ends[1], net.b4, PORT, net.b) as sink, \
            live.make_socket(ends[0], net.a) as source:
        for packet in live.rtp_row(0x4711, 200):
            source.sendto(packet, (net.b4, PORT))
            sent += len(packet)
        live.drain(sink, most=200)
        unit, peer = (end.relative for end in ends)
        await_edges(agent, ends[0], {("source", peer, None): (1, 0, sent, 0)}, protocol="rtp")
        await_edges(agent, ends[1], {("destination", unit, None): (1, 0, 0, sent)},
                    protocol="rtp")


def test_more_peers_than_have_series(agent, net, stack):
    """The first come have their own, for good; all others are one."""
    source = stack.enter_context(lab.Cgroup("many"))
    sinks = [stack.enter_context(lab.Cgroup(f"sink{n}")) for n in range(20)]
    for _ in range(2):
        for sink in sinks:
            talk((source, sink), net, 1)
            await_edges(agent, sink, edges_of(agent, sink))  # a scrape between
    def named():
        return counters.by(agent.metrics(), CONNECTIONS, "dst_workload", unit=source.relative)
    lab.wait_until(lambda: sum(named().values()) == 40, DEADLINE, "all of them")
    told = named()
    assert told["~other"] == 8 and len(told) == 17
    assert {value for name, value in told.items() if name != "~other"} == {2}


def test_word_is_not_left_behind(agent, net, ends):
    """What the two ends have found each other by is taken away: there is room for the next."""
    with peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]):
        for _ in range(3):
            with peers.tcp_client(PORT, "--connections", 1000, "--requests", 1, "--size", 10,
                                  to=net.b4, netns=net.a, cgroup=ends[0]) as client:
                peers.wait_said(client, "done")
                client.finish()
    def left():
        return counters.family(agent.metrics(), "agent_map_entries", map="jb_meetings")
    lab.wait_until(lambda: left() < 1000, DEADLINE, "they have gone")


def test_data_with_a_syn_that_is_refused(agent, net, ends):
    """What the totals count, edges tell (RFC 7413)."""
    def allow():
        with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
            file.write("1027")  # client and server, without a cookie
    lab.run_in_netns(net.a, allow)
    for _ in range(4):
        with peers.tcp_socket(ends[0], net.a, net.b4) as client:
            client.setblocking(True)
            with contextlib.suppress(ConnectionRefusedError):
                client.sendto(b"x" * 500, MSG_FASTOPEN, (net.b4, PORT))
                client.recv(1)
    lab.wait_until(lambda: sum(row[1] for row in edges_of(agent, ends[0]).values()) == 4,
                   DEADLINE, "four failures")
    metrics = agent.metrics()
    assert counters.family(metrics, BYTES, unit=ends[0].relative) == \
        counters.family(metrics, "tcp_bytes_total", unit=ends[0].relative)


def test_a_listener_that_is_killed(agent, net, ends):
    """It was no connection: neither counted nor told."""
    with peers.listener(ends[1], net.b, net.b4, PORT):
        with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT + 1) as pair:
            exchange(*pair, 10, 10)
        killed = subprocess.run(["ip", "netns", "exec", net.b, "ss", "-K", "-t", "-l", "sport", "=",
                                 f":{PORT}"], capture_output=True, text=True, check=True)
        assert str(PORT) in killed.stdout
    await_edges(agent, ends[1], {("destination", ends[0].relative, PORT + 1): (1, 0, 10, 10)})
    assert counters.family(agent.metrics(), "tcp_connections_closed_total",
                           unit=ends[1].relative) == 1


def test_what_the_ring_has_no_room_for(net, ends):
    """A busy agent loses records; it says so, and tells no more than there was."""
    with lab.Agent() as agent, peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]):
        agent.process.send_signal(signal.SIGSTOP)
        try:
            for _ in range(8):
                with peers.tcp_client(PORT, "--connections", 1000, "--requests", 1, "--size", 10,
                                      to=net.b4, netns=net.a, cgroup=ends[0]) as client:
                    peers.wait_said(client, "done")
                    client.finish()
        finally:
            agent.process.send_signal(signal.SIGCONT)

        def told():
            metrics = agent.metrics()
            return (live.faults(metrics)["contacts_lost"],
                    sum(counters.family(metrics, CONNECTIONS, unit=end.relative) for end in ends))
        lab.wait_until(lambda: sum(told()) >= 16000, DEADLINE, "all told or lost")
        lost, there = told()
    assert lost > 0 and 0 < there < 16000  # others of this machine may have lost some, too
