# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""/api/v1/connections: every connection of every namespace, with its workload and figures."""

import json
import subprocess
import time

import pytest

import lab
import live
import peers

PORT = 7500
KEYS = {"namespace", "pod", "container", "unit", "peer_namespace",
        "peer_pod", "peer_unit", "local_address", "local_port", "remote_address",
        "remote_port", "state", "leg", "role", "srtt_seconds", "rttvar_seconds", "min_rtt_seconds",
        "cwnd", "retransmits", "bytes_sent", "bytes_received", "age_seconds"}

pytestmark = pytest.mark.usefixtures("forwarded")


def one_row(agent, cgroup):
    return lab.wait_until(lambda: live.unit_connections(agent, cgroup), 5,
                          f"a row of {cgroup.relative}")[0]


@pytest.mark.parametrize("family", ["4", "6"])
def test_both_ends_of_one(agent, net, ends, family):
    here, there = getattr(net, f"a{family}"), getattr(net, f"b{family}")
    begin = time.monotonic()
    with peers.pair((ends[0], net.a), (ends[1], net.b, there), PORT) as (client, server):
        client.sendall(b"x" * 3000)
        server.sendall(b"y" * 500)
        lab.wait_until(lambda: len(server.recv(4000)) and client.recv(500), 5, "bytes")
        at_client, at_server = one_row(agent, ends[0]), one_row(agent, ends[1])
        lasted = time.monotonic() - begin
        port = client.getsockname()[1]
    assert set(at_client) == set(at_server) == KEYS
    for row in (at_client, at_server):
        assert (row["namespace"], row["pod"], row["container"]) == ("", "", "")
        assert row["state"].upper() == "ESTABLISHED"
        assert (row["leg"], row["retransmits"]) == ("direct", 0)
        assert 0 < row["min_rtt_seconds"] <= row["srtt_seconds"] < 0.1
        assert row["rttvar_seconds"] >= 0 and row["cwnd"] >= 2
        assert 0 <= row["age_seconds"] <= lasted
    assert (at_client["role"], at_server["role"]) == ("client", "server")
    assert (at_client["peer_unit"], at_server["peer_unit"]) == (ends[1].relative, ends[0].relative)
    assert (at_client["local_address"], at_client["local_port"]) == (here, port)
    assert (at_client["remote_address"], at_client["remote_port"]) == (there, PORT)
    assert (at_server["local_address"], at_server["local_port"]) == (there, PORT)
    assert (at_server["remote_address"], at_server["remote_port"]) == (here, port)
    assert (at_client["bytes_sent"], at_client["bytes_received"]) == (3000, 500)
    assert (at_server["bytes_sent"], at_server["bytes_received"]) == (500, 3000)


def test_ipv4_on_a_socket_of_both_families(agent, net, ends):
    """Addresses of IPv4 are written as such."""
    with peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--hold", to=net.b4, netns=net.a, cgroup=ends[0]) as client:
        peers.wait_said(client, "done")
        row = one_row(agent, ends[1])
        assert (row["local_address"], row["remote_address"]) == (net.b4, net.a4)
        client.finish()


def test_listed_until_the_end(agent, net, ends):
    with peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--connections", 50, "--hold", to=net.b4, netns=net.a,
                             cgroup=ends[0]) as client:
        peers.wait_said(client, "done")
        for cgroup in ends:
            listed = live.unit_connections(agent, cgroup)
            assert len({(row["local_port"], row["remote_port"]) for row in listed}) == 50
            assert {row["bytes_sent"] for row in listed} == {100}
        client.finish()
        lab.wait_until(lambda: not any(live.unit_connections(agent, cgroup) for cgroup in ends), 5,
                       "none")


def test_older_than_the_agent(net, ends):
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as (client, server):
        client.sendall(b"x" * 100)
        assert server.recv(100)
        with lab.Agent() as late:
            client.sendall(b"x")
            assert server.recv(1)
            for cgroup, role in zip(ends, ("client", "server")):
                row = one_row(late, cgroup)
                assert row["role"] in (role, "unknown") and row["state"].upper() == "ESTABLISHED"


def test_a_half_closed_one(agent, net, ends):
    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as (client, server):
        client.shutdown(1)
        assert server.recv(1) == b""
        lab.wait_until(lambda: one_row(agent, ends[1])["state"].upper() == "CLOSE_WAIT", 5,
                       "CLOSE_WAIT")
        lab.wait_until(lambda: one_row(agent, ends[0])["state"].upper() == "FIN_WAIT2", 5,
                       "FIN_WAIT2")


def test_command(agent, net, ends):
    def run(*options):
        return subprocess.run([lab.jitterbug(), "connections", "--agent", agent.url, *options],
                              check=True, capture_output=True, text=True).stdout

    with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as (client, server):
        client.sendall(b"x")
        assert server.recv(1)
        one_row(agent, ends[0])
        (row,) = (row for row in json.loads(run("--json"))["connections"]
                  if row["unit"] == ends[0].relative)
        assert (row["remote_address"], row["remote_port"]) == (net.b4, PORT)
        assert any(f"{net.b4}:{PORT}" in line for line in run().splitlines())
