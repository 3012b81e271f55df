# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How long datagrams wait in their socket, against the measurement of the reader itself."""

import contextlib
import os
import signal
import struct
import time

import pytest

import counters
import lab
import live
import peers

PORT = 5800
NAME = "udp_receive_queue_seconds"
SHARE = 0.02
STEP_S = 0.00002  # the kernel's stamp is made that much before the hook, at most
BIG_BUFFER = 5 << 20
AGENT_OPTIONS = ("--metrics", "full")


@pytest.fixture
def sink():
    with lab.Cgroup("queue") as cgroup:
        yield cgroup


def reader(net, sink, *options):
    return peers.slow_reader(PORT, *options, netns=net.a, cgroup=sink)


def sender(net, *options, cpu=None, to="127.0.0.1"):
    pinned = ("taskset", "-c", cpu) if cpu is not None else ()
    return lab.Process(*pinned, lab.tool("sender"), "--to", to, "--port", PORT, *options,
                       netns=net.a)


def send_four_flows(net, count, pps):
    """Each with so many, on two CPUs."""
    senders = [sender(net, "--count", count, "--pps", pps, "--from-port", 6200 + n, "--ssrc", 1 + n,
                      cpu=n % 2) for n in range(4)]
    for source in senders:
        source.summary(30)


def check(agent, sink, true, least_s):
    """The mean of the agent's samples is that of the reader's; returns the metrics.

    Of a long queue only some datagrams are sampled, and each counts for several.
    """
    unit = sink.relative
    true_mean = true["delay_seconds"] / true["datagrams"]
    metrics = agent.snapshot_until(lambda metrics: counters.mean(metrics, NAME, unit=unit)[1])
    mean, samples = counters.mean(metrics, NAME, unit=unit)
    print(f"{sink.relative}: {samples} samples of {true['datagrams']}, {mean * 1e3:.3f} ms, "
          f"truth {true_mean * 1e3:.3f} ms")
    assert true_mean > least_s
    assert abs(mean - true_mean) <= max(SHARE * true_mean, STEP_S)
    assert abs(samples - true["datagrams"]) <= max(10, 0.01 * true["datagrams"])
    return metrics


def counted(agent, sink, direction="ingress"):
    return counters.family(agent.metrics(), "udp_packets_total", unit=sink.relative,
                           direction=direction)


@pytest.mark.parametrize("to", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("mode", ["plain", "peek", "multiple", "errqueue"])
def test_slow_reader(agent, net, sink, mode, to):
    """It falls behind more and more, then reads the rest at once."""
    options = ("--mode", mode, "--bind", to, "--pause-us", 4000, "--rcvbuf", BIG_BUFFER)
    with reader(net, sink, *options) as process:
        with sender(net, "--count", 800, "--pps", 700, to=to) as source:
            source.summary(20)
        true = process.finish()
    assert true["datagrams"] == 800
    assert (true["peeked"] > 100) == (mode == "peek")
    assert (true["errors"] > 100) == (mode == "errqueue")
    check(agent, sink, true, 0.1 if mode != "multiple" else 0.0001)


def test_reader_that_keeps_up(agent, net, sink):
    """Here a sample is some microseconds."""
    with reader(net, sink, "--pause-us", 0) as process:
        with sender(net, "--count", 1500, "--pps", 1000) as source:
            source.summary(20)
        true = process.finish()
    metrics = check(agent, sink, true, 0)
    quick = counters.at_most(metrics, NAME, "0.005", unit=sink.relative)
    assert quick >= 0.9 * counters.mean(metrics, NAME, unit=sink.relative)[1]


def test_full_buffer_of_5_mb(agent, net, sink):
    """Thousands wait, more were dropped; then all are read, while others come."""
    lost = counters.Everywhere()
    with reader(net, sink, "--hold", "--rcvbuf", BIG_BUFFER, "--pause-us", 50) as process:
        with sender(net, "--count", 30000, "--pps", 0) as source:
            source.summary(20)
        assert lost.moved("UdpRcvbufErrors") > 1000
        process.send_signal(signal.SIGUSR1)
        with sender(net, "--count", 2000, "--pps", 2000) as source:
            source.summary(20)
        true = process.finish(20)
    assert true["datagrams"] > 5000
    check(agent, sink, true, 0.05)


def test_four_flows_on_two_cpus(agent, net, sink):
    assert os.cpu_count() > 1
    with reader(net, sink, "--pause-us", 300, "--rcvbuf", BIG_BUFFER) as process:
        send_four_flows(net, 2000, 1500)
        true = process.finish(20)
    assert true["datagrams"] == 8000
    check(agent, sink, true, 0.05)


@pytest.mark.parametrize("full", [False, True])
def test_four_flows_as_fast_as_they_can(agent, net, sink, full):
    """With a small buffer, most are dropped while others are read."""
    size = 60000 if full else 64 << 20
    with reader(net, sink, "--pause-us", 20, "--rcvbuf", size) as process:
        send_four_flows(net, 10000, 10000)
        true = process.finish(30)
    assert (true["datagrams"] < 40000) == full
    check(agent, sink, true, 0.0005)


def test_bad_checksums_between(agent, net, sink):
    """228 octets: queued as the others, found out by the read."""
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(reader(net, sink, "--pause-us", 3000, "--rcvbuf", BIG_BUFFER))
        bad = stack.enter_context(live.bad_udp(None, net.a, "127.0.0.1"))
        source = stack.enter_context(sender(net, "--count", 600, "--pps", 500))
        errors = counters.read(net.a)["UdpInCsumErrors"]
        sent = 0
        while source.returncode is None:
            bad(PORT, 200)
            sent += 1
            time.sleep(0.01)
        true = process.finish()
    assert true["datagrams"] == 600
    assert counters.read(net.a)["UdpInCsumErrors"] - errors == sent > 10
    check(agent, sink, true, 0.1)


def test_a_filter_of_the_sockets_own(agent, net, sink):
    """Half of what the hook saw never waits: what is said is right, or nothing is."""
    delays = []
    with live.udp_sink(sink, "127.0.0.1", PORT, net.a) as target, \
            live.make_socket(sink, net.a) as source:
        live.drop_odd(target)
        for n in range(400):
            source.sendto(bytes([n % 2]) + struct.pack("d", time.monotonic()) + bytes(50),
                          ("127.0.0.1", PORT))
            time.sleep(0.001)
        for _ in range(200):
            sent = struct.unpack("d", target.recv(100)[1:9])[0]
            delays.append(time.monotonic() - sent)
        with pytest.raises(BlockingIOError):
            target.recv(100)
    metrics = counters.settle(agent, lambda metrics: counters.family(
        metrics, "udp_packets_total", unit=sink.relative, direction="ingress"), 400)
    mean, _ = counters.mean(metrics, NAME, unit=sink.relative)
    assert mean is None or mean == pytest.approx(sum(delays) / len(delays), rel=SHARE)


def test_a_stopped_receiver(agent, net, sink):
    """The pause is in the queue; the stream itself came in time."""
    with reader(net, sink, "--pause-us", 0) as process:
        with sender(net, "--count", 400, "--pps", 100, "--ts-step", 480) as source:
            lab.wait_until(lambda: counted(agent, sink) > 100, 10, "media")
            process.send_signal(signal.SIGSTOP)
            held = counted(agent, sink)
            lab.wait_until(lambda: counted(agent, sink) > held + 120, 10, "media")
            process.send_signal(signal.SIGCONT)
            source.summary(20)
        true = process.finish()
        (stream,) = live.unit_streams(agent, sink)
    assert true["datagrams"] == 400
    assert true["longest_seconds"] > 1
    metrics = check(agent, sink, true, 0.1)
    unit = sink.relative
    late = (counters.mean(metrics, NAME, unit=unit)[1] -
            counters.at_most(metrics, NAME, "0.5", unit=unit))
    assert late > 0
    assert stream["jitter_seconds"] < 0.005
    assert counters.at_most(metrics, "rtp_jitter_seconds", "0.02", unit=unit) == \
        counters.mean(metrics, "rtp_jitter_seconds", unit=unit)[1]


def test_standard_metrics_have_it_for_media_only(net, sink):
    with lab.Agent() as standard, lab.Cgroup("noise") as other:
        for cgroup, options in ((sink, ()), (other, ("--mode", "noise"))):
            with reader(net, cgroup, "--pause-us", 0) as process:
                with sender(net, "--count", 300, "--pps", 1000, *options) as source:
                    source.summary()
                process.finish()
        metrics = counters.settle(standard, lambda metrics: counters.family(
            metrics, "udp_packets_total", unit=other.relative), 300)
        assert counters.mean(metrics, NAME, unit=sink.relative)[1] > 0
        assert not any(name.startswith(f"jitterbug_{NAME}") and ("unit", other.relative) in labels
                       for name, labels in metrics)
