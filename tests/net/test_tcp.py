# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP of two workloads over paths with a known delay: round trips, connect times, bytes, segments.

Requests follow each other at once, so that every acknowledgement rides on an answer.
"""

import pytest

import counters
import lab
import live
import peers

PORT = 7200
DELAY_US = 10000
REQUESTS, SIZE = 100, 700
ROUND_TRIP_S = 2 * DELAY_US / 1e6
SHARE, LEAST_S = 0.05, 0.0002
AGENT_OPTIONS = ("--metrics", "full")


def near(measured, true):
    """Within 5% or 0.2 ms."""
    return measured is not None and abs(measured - true) <= max(SHARE * true, LEAST_S)


@pytest.fixture
def units(ends):
    """(client's, server's)"""
    return [cgroup.relative for cgroup in ends]


@pytest.mark.parametrize("family", ["b4", "b6"])
@pytest.mark.parametrize("delay_us", [0, DELAY_US])
def test_round_trips_of_a_known_path(agent, net, ends, units, family, delay_us):
    """Means and srtt against what the client measures itself; the median by its bucket."""
    with peers.delaying_bridge(net, delay_us), \
            peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--requests", REQUESTS, "--size", SIZE, "--hold",
                             to=getattr(net, family), netns=net.a, cgroup=ends[0]) as client:
        peers.wait_said(client, "done")
        metrics = agent.metrics()
        rows = [live.unit_connections(agent, cgroup) for cgroup in ends]
        true = client.finish()
    for unit in units:
        mean, count = counters.mean(metrics, "tcp_round_trip_seconds", unit=unit, leg="direct")
        assert REQUESTS / 2 <= count <= 2 * REQUESTS
        assert near(mean, true["answer_seconds"] / REQUESTS), (unit, mean, true)
        if delay_us:
            below = counters.at_most(metrics, "tcp_round_trip_seconds", "0.01", unit=unit)
            within = counters.at_most(metrics, "tcp_round_trip_seconds", "0.025", unit=unit)
            assert below == 0 and within >= 0.95 * count
            assert near(mean, ROUND_TRIP_S)
    for (row,) in rows:
        assert near(row["srtt_seconds"], true["srtt_seconds"]), (row, true)
        assert near(row["min_rtt_seconds"], true["min_rtt_seconds"]), (row, true)


def test_connect_time(agent, net, ends, units):
    count = 20
    with peers.delaying_bridge(net, DELAY_US), \
            peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--connections", count, to=net.b4, netns=net.a,
                             cgroup=ends[0]) as client:
        true = client.summary(30)
    metrics = counters.settle_counts(agent, "tcp_connections_opened_total", "role",
                                     {"client": count}, unit=units[0])
    mean, samples = counters.mean(metrics, "tcp_connect_seconds", unit=units[0])
    assert samples == count
    assert near(mean, true["connect_seconds"] / count)
    assert near(mean, ROUND_TRIP_S)
    assert counters.by(metrics, "tcp_connections_opened_total", "role",
                       unit=units[1]) == {"server": count}
    assert counters.mean(metrics, "tcp_connect_seconds", unit=units[1]) == (None, 0)


def test_slow_port_is_a_long_connect_and_no_failure(agent, net, ends, units):
    """Its first SYN is lost, so the connect takes a second."""
    loses = f"tcp dport {PORT} tcp flags & (syn|ack) == syn numgen inc mod 2 == 0 drop"
    with peers.delaying_bridge(net, DELAY_US), peers.rules(net.b, "input", loses), \
            peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, to=net.b4, netns=net.a, cgroup=ends[0]) as client:
        true = client.summary(30)
    assert true["connect_seconds"] > 1
    unit = units[0]
    metrics = counters.settle_counts(agent, "tcp_connections_opened_total", "role", {"client": 1},
                                     unit=unit)
    mean, samples = counters.mean(metrics, "tcp_connect_seconds", unit=unit)
    assert samples == 1 and near(mean, true["connect_seconds"])
    assert counters.at_most(metrics, "tcp_connect_seconds", "1", unit=unit) == 0
    assert counters.by(metrics, "tcp_connect_failures_total", "reason", unit=unit) == {}
    counters.settle(agent, lambda metrics: counters.family(
        metrics, "tcp_retransmitted_segments_total", unit=unit), 1)


def test_loopback_has_a_leg_of_its_own(agent, net, ends, units):
    with peers.tcp_server(PORT, netns=net.a, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--requests", REQUESTS, "--size", SIZE, netns=net.a,
                             cgroup=ends[0]) as client:
        true = client.summary(30)
    metrics = counters.settle_counts(agent, "tcp_bytes_total", "direction",
                                     {"egress": REQUESTS * SIZE, "ingress": REQUESTS * SIZE},
                                     unit=units[0])
    for unit in units:
        families = ("tcp_round_trip_seconds_count", "tcp_bytes_total")
        for name in families:
            assert counters.by(metrics, name, "leg", unit=unit).keys() == {"loopback"}
        buckets = {dict(labels)["le"] for (name, labels), _ in metrics.items()
                   if name == "jitterbug_tcp_round_trip_seconds_bucket"
                   and ("unit", unit) in labels}
        assert buckets == {"+Inf"}
    mean, _ = counters.mean(metrics, "tcp_round_trip_seconds", unit=units[0])
    assert near(mean, true["srtt_seconds"])


@pytest.mark.parametrize("loss", [0, 0.03])
@pytest.mark.parametrize("family", ["b4", "b6"])
def test_bytes_each_way_are_the_applications(agent, net, ends, units, family, loss):
    """What is sent again counts once."""
    with peers.delaying_bridge(net, 1000, "--loss", loss), \
            peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]) as server, \
            peers.tcp_client(PORT, "--connections", 5, "--requests", 20, "--size", 3001,
                             to=getattr(net, family), netns=net.a, cgroup=ends[0]) as client:
        sent = client.summary(50)
        served = server.finish()
    assert sent["broken"] == served["errors"] == 0
    assert sent["bytes_sent"] == served["bytes_in"] == sent["bytes_received"] == 5 * 20 * 3001
    both = {"egress": sent["bytes_sent"], "ingress": sent["bytes_received"]}
    for unit in units:
        counters.settle_counts(agent, "tcp_bytes_total", "direction", both, unit=unit)


def test_bulk_bytes_of_super_packets(agent, ends, units):
    size = 20_000_000
    with lab.Namespaces(offloads=True) as net, lab.bridge(net), \
            peers.tcp_server(PORT, "--discard", netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--requests", 0, "--bulk", size, to=net.b4, netns=net.a,
                             cgroup=ends[0]) as client:
        client.summary(30)
        for unit, direction in zip(units, ("egress", "ingress")):
            counters.settle_counts(agent, "tcp_bytes_total", "direction", {direction: size},
                                   unit=unit)


def test_a_socket_older_than_the_agent_is_measured(net, ends):
    with peers.delaying_bridge(net, DELAY_US), \
            peers.tcp_server(PORT, netns=net.b, cgroup=ends[1]), \
            peers.tcp_client(PORT, "--requests", 100000, "--size", SIZE, to=net.b4, netns=net.a,
                             cgroup=ends[0]) as client:
        peers.wait_said(client, "ready")
        with lab.Agent() as late:
            for cgroup in ends:
                unit = cgroup.relative
                metrics = late.snapshot_until(lambda metrics: counters.mean(
                    metrics, "tcp_round_trip_seconds", unit=unit)[1] > 20)
                mean, _ = counters.mean(metrics, "tcp_round_trip_seconds", unit=unit)
                assert near(mean, ROUND_TRIP_S), unit
                (row,) = live.unit_connections(late, cgroup)
                assert near(row["srtt_seconds"], ROUND_TRIP_S)
                assert row["bytes_sent"] > 0 and row["bytes_received"] > 0
                assert counters.by(metrics, "tcp_connections_opened_total", "role", unit=unit) == {}
        client.finish()
