# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--audit: a line for each connection and stream that begins or ends, with who is at both ends."""

import collections
import json
import os

import pytest

import counters
import lab
import live
import peers
from test_edges import PORT, exchange, talk

DEADLINE = 20
IDLE_S = 30


@pytest.fixture(scope="module", autouse=True)
def path(forwarded):
    """A bridge, in all tests of this file."""


@pytest.fixture
def log(tmp_path):
    return tmp_path / "audit.jsonl"


def lines(log, **wanted):
    """The records whose end here (`reporter`) has these values."""
    if not log.exists():
        return []
    records = [json.loads(line) for line in log.read_text().splitlines()]
    return [r for r in records if all(r.get(name) == value for name, value in wanted.items())]


def of_unit(log, reporter, unit, **wanted):
    return [r for r in lines(log, reporter=reporter, **wanted) if r[reporter]["unit"] == unit]


def events(records):
    return collections.Counter(record["event"] for record in records)


def test_connections(log, net, ends):
    source, sink = (end.relative for end in ends)
    with lab.Agent("--audit", log, "--node", "here") as agent:
        talk(ends, net, 5)
        for reporter, unit in (("source", source), ("destination", sink)):
            lab.wait_until(lambda: events(of_unit(log, reporter, unit)) ==
                           {"connection_opened": 5, "connection_closed": 5}, DEADLINE, reporter)
            for record in of_unit(log, reporter, unit):
                assert record["source"]["unit"] == source
                assert record["destination"]["unit"] == sink
                assert record["source"]["address"] == net.a4
                assert (record["destination"]["address"], record["destination"]["port"]) == \
                    (net.b4, PORT)
                assert (record["node"], record["protocol"]) == ("here", "tcp")
        closed = of_unit(log, "source", source, event="connection_closed")
        assert {(r["bytes_sent"], r["bytes_received"], r["reason"]) for r in closed} == \
            {(300, 700, "orderly")}
        opened = of_unit(log, "source", source, event="connection_opened")
        assert sorted(r["time"] for r in opened) == sorted(r["started"] for r in closed)
        assert all(r["started"] <= r["time"] for r in closed)
        ports = [r["source"]["port"] for r in of_unit(log, "destination", sink)]
        assert set(collections.Counter(ports).values()) == {2}
        metrics = agent.metrics()
        assert counters.family(metrics, "agent_audit_records_total") >= 20
        assert counters.by(metrics, "agent_audit_lost_total", "reason") == {}
    assert os.stat(log).st_mode & 0o777 == 0o600


def test_one_that_stands(log, net, ends):
    """Told within a pass, with the time at which it was opened; what stands at the end is not
    closed."""
    source = ends[0].relative
    with lab.Agent("--audit", log):
        with peers.pair((ends[0], net.a), (ends[1], net.b, net.b4), PORT) as pair:
            exchange(*pair, 10, 10)
            lab.wait_until(lambda: events(of_unit(log, "source", source)) ==
                           {"connection_opened": 1}, DEADLINE, "it opened")
        lab.wait_until(lambda: events(of_unit(log, "source", source)) ==
                       {"connection_opened": 1, "connection_closed": 1}, DEADLINE, "it closed")


def test_what_fails(log, net, ends):
    with lab.Agent("--audit", log):
        with peers.tcp_socket(ends[0], net.a, net.b4) as client, \
                pytest.raises(ConnectionRefusedError):
            client.connect((net.b4, PORT))
        (failed,) = lab.wait_until(lambda: of_unit(log, "source", ends[0].relative), DEADLINE,
                                   "the failure")
    assert (failed["event"], failed["reason"]) == ("connection_failed", "refused")
    assert failed["destination"]["workload"] == "external"


def test_the_last_ones_are_written(log, net, ends):
    """What was told until SIGTERM is in the file when the agent has ended."""
    with lab.Agent("--audit", log) as agent:
        talk(ends, net, 3)
        lab.wait_until(lambda: not any(live.unit_connections(agent, end) for end in ends),
                       DEADLINE, "their ends")
    assert events(of_unit(log, "source", ends[0].relative)) == \
        {"connection_opened": 3, "connection_closed": 3}


def test_a_stream(log, net, ends):
    source, sink = (end.relative for end in ends)
    with lab.Agent("--audit", log), live.udp_sink(ends[1], net.b4, PORT, net.b) as there, \
            live.make_socket(ends[0], net.a) as here:
        sent = live.rtp_row(0x9911, 50)
        for packet in sent:
            here.sendto(packet, (net.b4, PORT))
        live.drain(there, most=50)
        for reporter, unit in (("source", source), ("destination", sink)):
            (started,) = lab.wait_until(lambda: of_unit(log, reporter, unit), DEADLINE, reporter)
            assert (started["event"], started["protocol"]) == ("stream_started", "rtp")
            assert (started["source"]["unit"], started["destination"]["unit"]) == (source, sink)
            assert started["ssrc"] == 0x9911
        (ended,) = lab.wait_until(lambda: of_unit(log, "destination", sink, event="stream_ended"),
                                  IDLE_S + DEADLINE, "its end")
    assert (ended["packets"], ended["bytes"], ended["lost"]) == (50, sum(map(len, sent)), 0)
    assert ended["reason"] == "silence"


def test_a_file_that_is_moved_away(log, net, ends):
    """As logrotate does it; no line is in neither."""
    moved = log.with_suffix(".1")
    with lab.Agent("--audit", log):
        talk(ends, net, 2)
        lab.wait_until(lambda: len(of_unit(log, "source", ends[0].relative)) == 4, DEADLINE,
                       "two connections")
        log.rename(moved)
        lab.wait_until(log.exists, DEADLINE, "a new file")
        talk(ends, net, 2)
        lab.wait_until(lambda: len(of_unit(log, "source", ends[0].relative)) == 4, DEADLINE,
                       "two more")
    assert len(of_unit(moved, "source", ends[0].relative)) == 4


def test_standard_output(net, ends):
    with lab.Agent("--audit", "-") as agent:
        talk(ends, net, 1)

        def told():
            records = [json.loads(line) for line in agent.process.stdout.splitlines()]
            return [r for r in records if r["reporter"] != "unknown" and
                    r["source"]["unit"] == ends[0].relative]
        lab.wait_until(lambda: len(told()) >= 4, DEADLINE, "both ends' lines")


def test_where_it_cannot_write(tmp_path):
    process = lab.Process(lab.jitterbug(), "agent", "--listen", f"127.0.0.1:{lab.free_port()}",
                          "--audit", tmp_path / "none" / "file")
    assert process.wait() == 1
    assert str(tmp_path / "none" / "file") in process.stderr and "No such file" in process.stderr
