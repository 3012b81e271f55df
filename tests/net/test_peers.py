# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tools for TCP and slow reading, proved against the kernel's counters, without the agent."""

import signal
import time

import pytest

import counters
import lab
import live
import peers

PORT = 7100
DELAY_US = 10000


@pytest.mark.parametrize("end", ["b4", "b6"])
def test_echo_through_a_delay(net, end):
    with peers.delaying_bridge(net, DELAY_US), peers.tcp_server(PORT, netns=net.b) as server:
        with peers.tcp_client(PORT, "--connections", 3, "--requests", 20, "--size", 1000,
                              to=getattr(net, end), netns=net.a) as client:
            result = client.summary(30)
        served = server.finish()
    assert (result["connected"], result["requests"], result["broken"]) == (3, 60, 0)
    assert result["bytes_sent"] == result["bytes_received"] == 60000
    assert (served["accepted"], served["bytes_in"], served["bytes_out"]) == (3, 60000, 60000)
    assert (served["eofs"], served["resets"], served["errors"]) == (3, 0, 0)
    for seconds in (result["connect_seconds"] / 3, result["answer_seconds"] / 60,
                    result["srtt_seconds"], result["min_rtt_seconds"]):
        assert 0.02 <= seconds < 0.022, result


def test_loss_shows_as_the_kernels_retransmissions(net):
    before = counters.read(net.a)
    with lab.bridge(net, "--all-frames", "--both-ways", "--loss", 0.05) as bridge, \
            peers.tcp_server(PORT, "--discard", netns=net.b) as server:
        with peers.tcp_client(PORT, "--requests", 0, "--bulk", 1000000, "--hold", to=net.b4,
                              netns=net.a) as client:
            peers.wait_said(client, "done")
            result = client.finish()
        served = server.finish()
        dropped = bridge.finish()["other_drop"]
    moved = counters.read(net.a)["TcpRetransSegs"] - before["TcpRetransSegs"]
    assert served["bytes_in"] == result["bytes_sent"] == 1000000
    assert dropped > 10
    assert moved >= result["retransmits"] > 0


def test_connects_fail_as_told(net):
    with lab.bridge(net), peers.rules(net.b, "input", f"tcp dport {PORT + 1} drop"):
        for port, reason in ((PORT, "refused"), (PORT + 1, "timeouts")):
            with peers.tcp_client(port, "--timeout-ms", 300, to=net.b4, netns=net.a) as client:
                result = client.summary()
            assert (result["connected"], result[reason]) == (0, 1)


def test_reset_reaches_the_server(net):
    with peers.tcp_server(PORT, netns=net.a) as server:
        with peers.tcp_client(PORT, "--reset", netns=net.a) as client:
            client.summary()
        served = server.finish()
    assert (served["accepted"], served["eofs"], served["resets"]) == (1, 0, 1)


def test_full_backlog(net):
    before = counters.read(net.a)
    with peers.tcp_server(PORT, "--no-accept", "--backlog", 1, netns=net.a), \
            peers.tcp_client(PORT, "--connections", 4, "--requests", 0, "--timeout-ms", 200,
                             netns=net.a) as client:
        result = client.summary()
    assert (result["connected"], result["timeouts"]) == (2, 2)
    name = "TcpExtListenOverflows"
    assert counters.read(net.a)[name] - before[name] >= 2


# Slow reader

def send(net, count, *options, to="127.0.0.1"):
    with lab.sender(PORT, "--count", count, *options, to=to, netns=net.a) as sender:
        return sender.summary(30)["sent"]


@pytest.mark.parametrize("to", ["127.0.0.1", "::1"])
def test_reader_overflows_as_the_kernel_counts(net, to):
    before = counters.read(net.a)
    with peers.slow_reader(PORT, "--hold", "--rcvbuf", 8192, netns=net.a) as reader:
        send(net, 500, "--pps", 0, to=to)
        result = reader.finish()
    name = "Udp6RcvbufErrors" if ":" in to else "UdpRcvbufErrors"
    dropped = counters.read(net.a)[name] - before[name]
    assert dropped > 300
    assert result["datagrams"] + dropped == 500


def test_reader_measures_the_hold(net):
    """What waited 200 ms, by our own clock, waited 200 ms."""
    with peers.slow_reader(PORT, "--hold", "--pause-us", 0, netns=net.a) as reader:
        begin = time.monotonic()
        assert send(net, 100, "--pps", 0) == 100
        sent_by = time.monotonic()
        time.sleep(0.2)
        released = time.monotonic()
        reader.send_signal(signal.SIGUSR1)
        time.sleep(0.3)
        result = reader.finish()
    mean = result["delay_seconds"] / result["datagrams"]
    assert result["datagrams"] == 100
    assert released - sent_by <= mean <= released - begin + 0.11  # polls each 100 ms


@pytest.mark.parametrize("mode", ["plain", "peek", "errqueue", "multiple"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_reader_modes_read_all(net, mode, address):
    with peers.slow_reader(PORT, "--mode", mode, "--bind", address, "--pause-us", 500,
                           netns=net.a) as reader:
        assert send(net, 200, "--pps", 0, to=address) == 200
        time.sleep(0.05)
        result = reader.finish()
    assert result["datagrams"] == 200
    assert result["delay_seconds"] > 0
    assert (result["peeked"] > 10) == (mode == "peek")
    assert (result["errors"] > 10) == (mode == "errqueue")


def test_bad_checksums_are_the_kernels_to_drop(net):
    before = counters.read(net.a)
    with peers.slow_reader(PORT, "--pause-us", 100, netns=net.a) as reader:
        with live.bad_udp(None, net.a, "127.0.0.1") as bad:
            for _ in range(20):
                bad(PORT, 200)
                send(net, 1)
        result = reader.finish()
    after = counters.read(net.a)
    assert result["datagrams"] == 20
    assert after["UdpInCsumErrors"] - before["UdpInCsumErrors"] == 20


@pytest.mark.parametrize("argv, message", [
    (("slow_reader",), "usage"),
    (("slow_reader", "--port", "1", "--mode", "x"), "'x'"),
    (("tcp_tool",), "usage"),
    (("tcp_tool", "swim", "--port", "1"), "'swim'"),
    (("tcp_tool", "connect", "--port", "1", "--connections", "0"), "--connections: '0'"),
])
def test_usage(argv, message):
    with lab.Process(lab.tool(argv[0]), *argv[1:]) as process:
        assert process.wait() == 2
        assert message in process.stderr
