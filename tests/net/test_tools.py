# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tools of the live tests proved against each other, without the agent."""

import os
import socket
import subprocess
import sys
import textwrap
from collections import Counter

import pytest

import lab
import truth

PORT = 5004
IMPAIRED = ("--loss", 0.05, "--dup", 0.03, "--reorder", 0.04, "--delay-us", 6000, "--gap-us", 5000)


@pytest.fixture
def here(net, tmp_path):
    """Sends over the loopback of a namespace; returns (summaries, sent rows, received rows)."""
    def run(*options, to="127.0.0.1", sink=(), received=None):
        sent, got = tmp_path / "sent.csv", tmp_path / "got.csv"
        with lab.receiver(PORT, *sink, netns=net.a, log=got) as receiver:
            with lab.sender(PORT, *options, to=to, netns=net.a, log=sent) as sender:
                summary = sender.summary(30)
            result = receiver.finish()
        assert summary["errors"] == 0, summary
        assert result["overflows"] == 0
        assert result["datagrams"] == summary["sent"]
        return {**result, **summary}, truth.rows(sent), truth.rows(got)
    return run


def column(rows, name):
    return [int(row[name]) for row in rows]


def content(rows):
    """Rows without their times."""
    names = ("seq", "ts", "pt", "ssrc", "size", "marker", "padding_only")
    return [tuple(row[name] for name in names) for row in rows]


def across(net, tmp_path, options, bridge_options, to=None):
    """a -> bridge -> b; returns (bridge's summary, its rows, receiver's rows)."""
    log, got = tmp_path / "bridge.csv", tmp_path / "got.csv"
    with lab.bridge(net, *bridge_options, log=log) as bridge, \
            lab.receiver(PORT, netns=net.b, log=got) as receiver:
        with lab.sender(PORT, *options, to=to or net.b4, netns=net.a) as sender:
            sent = sender.summary(30)
        summary = bridge.finish()
        result = receiver.finish()
    assert sent["errors"] == 0
    assert (summary["kernel_drops"], summary["send_errors"], summary["queue_full"]) == (0, 0, 0)
    assert summary["rtp_in"] == sent["sent"]
    assert summary["rtp_out"] == result["datagrams"]
    return summary, truth.rows(log), truth.rows(got)


# Bridge

@pytest.mark.parametrize("family", ["b4", "b6"])
def test_bridge_log_is_what_the_receiver_got(net, tmp_path, family):
    options = ("--pps", 1000, "--count", 1500, "--seq", 65000)
    summary, log, got = across(net, tmp_path, options, IMPAIRED, getattr(net, family))
    actions = Counter(row["action"] for row in log)
    assert min(actions[name] for name in ("fwd", "dup", "reorder", "drop")) > 10
    assert all(summary[name] == actions[name] for name in actions)
    assert actions["fwd"] + actions["reorder"] + actions["drop"] == 1500
    released = [row for row in log if row["action"] != "drop"]
    assert content(released) == content(got)

    times = column(released, "t_out_ns")
    assert times == sorted(times)
    lags = [g - t for g, t in zip(column(got, "t_ns"), times)]
    assert all(-1_000_000 < lag for lag in lags)  # one clock: nothing comes before it left
    assert sorted(lags)[len(lags) // 2] < 5_000_000

    arrivals = truth.bridge_arrivals(log_path(tmp_path))[0x1111]
    result = truth.compute(arrivals, arrivals[0].seq, 960 * 1000)
    lost = [row for row in log if row["action"] == "drop"]
    assert result.unique == 1500 - len(lost)
    assert result.duplicates == actions["dup"]
    assert result.out_of_order > 0


def log_path(tmp_path):
    return tmp_path / "bridge.csv"


def test_bridge_fate_depends_on_the_seed_alone(net, tmp_path):
    options = ("--pps", 2000, "--count", 600)
    fates = []
    for seed in (5, 5, 6):
        _, log, _ = across(net, tmp_path, options, (*IMPAIRED, "--seed", seed))
        fates.append(sorted((row["seq"], row["action"]) for row in log))
    assert fates[0] == fates[1]
    assert fates[0] != fates[2]


def test_bridge_scripted_outage_and_holds(net, tmp_path):
    options = ("--pps", 4000, "--count", 6000, "--seq", 100)
    script = ("--drop", "1000:4000", "--hold", "10:100", "--hold", "500:300", "--hold", "5990:50")
    summary, log, got = across(net, tmp_path, options, script)
    assert (summary["drop"], summary["hold"]) == (4000, 3)
    dropped = column((row for row in log if row["action"] == "drop"), "seq")
    assert dropped == list(range(1100, 5100))

    held = (10, 500, 5990)
    expected = [n for n in range(6000) if n not in held and not 1000 <= n < 5000]
    expected.insert(expected.index(110) + 1, 10)
    expected.insert(expected.index(800) + 1, 500)
    expected.append(5990)  # still held at the end: flushed
    assert [seq - 100 for seq in column(got, "seq")] == expected
    assert {row["seq"] for row in log if row["action"] == "hold"} == {"110", "600", "6090"}


def test_bridge_ends_in_the_middle_of_traffic(net, tmp_path):
    """What it took in goes out before it ends, and nothing else."""
    log, got = log_path(tmp_path), tmp_path / "got.csv"
    with lab.bridge(net, "--delay-us", 100000, log=log) as bridge, \
            lab.receiver(PORT, netns=net.b, log=got) as receiver, \
            lab.sender(PORT, "--pps", 10000, "--seconds", 60, to=net.b4, netns=net.a) as sender:
        lab.wait_until(lambda: os.path.getsize(log) > 10000, 10, "rows in the log")
        summary = bridge.finish()
        assert sender.finish()["errors"] == 0
        result = receiver.finish()
    assert summary["rtp_in"] == summary["rtp_out"] == result["datagrams"] > 0
    assert content(truth.rows(log)) == content(truth.rows(got))


def test_bridge_delay_and_jitter_are_within_their_range(net, tmp_path):
    options = ("--pps", 500, "--count", 500)
    _, log, _ = across(net, tmp_path, options, ("--delay-us", 20000, "--jitter-us", 8000))
    lags = [int(row["due_ns"]) - int(row["t_in_ns"]) for row in log]
    assert 12_000_000 <= min(lags) < 13_000_000
    assert 27_000_000 < max(lags) <= 28_000_000
    assert all(int(row["t_out_ns"]) >= int(row["due_ns"]) for row in log)


def test_bridge_impairs_only_rtp_and_only_the_chosen(net, tmp_path):
    def run(*extra):
        with lab.bridge(net, "--loss", 1, *extra) as bridge, \
                lab.receiver(PORT, netns=net.b) as receiver:
            lab.run_in_netns(net.a, send)
            summary = bridge.finish()
            return summary, receiver.finish()

    def send():
        rtp = b"\x80\x6f\0\1\0\0\0\0\0\0\0\7payload"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for datagram in (rtp, b"\x80\xc8" + rtp[2:], b"\x00" + rtp[1:], rtp[:11], b""):
                out.sendto(datagram, (net.b4, PORT))

    summary, result = run()
    assert (summary["rtp_in"], summary["drop"], result["datagrams"]) == (1, 1, 4)
    summary, result = run("--ssrc", 8)
    assert (summary["rtp_in"], summary["drop"], result["datagrams"]) == (1, 0, 5)


def test_bridge_takes_super_packets_apart_in_its_log(tmp_path):
    with lab.Namespaces(offloads=True) as net:
        options = ("--count", 70, "--gso", 7, "--gso-short", 60, "--pps", 2000)
        _, log, got = across(net, tmp_path, options, ("--drop", "7:7"))
    assert len({row["id"] for row in log}) == 10
    assert [row["size"] for row in log[:7]] == ["172"] * 6 + ["112"]
    assert content(row for row in log if row["action"] == "fwd") == content(got)
    assert column(got, "seq") == [n for n in range(70) if not 7 <= n < 14]


# Sender

def test_sender_plain(here):
    summary, sent, got = here("--count", 300, "--pps", 3000, "--seq", 65500, "--ts", 4294967000,
                              "--ssrc", 77, "--pt", 0, "--ts-step", 160, "--size", 160)
    assert summary["bytes"] == 300 * 172
    assert content(sent) == content(got)
    assert column(sent, "seq") == [(65500 + i) % 65536 for i in range(300)]
    assert column(sent, "ts") == [(4294967000 + 160 * i) % 2**32 for i in range(300)]
    assert {(row["ssrc"], row["pt"], row["marker"]) for row in sent} == {("77", "0", "0")}


def test_sender_keeps_its_rate(here):
    _, sent, _ = here("--count", 200, "--pps", 400)
    times = column(sent, "t_ns")
    assert times[-1] - times[0] == pytest.approx(199 / 400 * 1e9, rel=0.05)


def test_sender_skips_repeats_and_swaps_by_seed(here):
    options = ("--count", 2000, "--pps", 8000, "--skip", 0.03, "--repeat", 0.04, "--swap", 0.05)
    summary, sent, got = here(*options)
    assert content(sent) == content(got)
    assert min(summary["skipped"], summary["repeated"], summary["swapped"]) > 20
    numbers = column(sent, "seq")
    assert 2000 - len(set(numbers)) == summary["skipped"]
    assert sum(a == b for a, b in zip(numbers, numbers[1:])) == summary["repeated"]
    assert sum(a > b for a, b in zip(numbers, numbers[1:])) == summary["swapped"]
    assert content(here(*options)[1]) == content(sent)
    assert content(here(*options, "--seed", 2)[1]) != content(sent)


def test_sender_events(here):
    summary, sent, _ = here("--count", 500, "--pps", 5000, "--skip-at", "50:20", "--restart-at",
                            100, "--ssrc-at", "200:99", "--pt-at", "300:0", "--pause-at",
                            "400:150", "--marker", "talk")
    assert (summary["skipped"], summary["restarts"], summary["sent"]) == (20, 1, 480)
    rows = dict(zip([n for n in range(500) if not 50 <= n < 70], sent))
    seq = {n: int(row["seq"]) for n, row in rows.items()}
    assert (seq[49], seq[70], seq[99]) == (49, 70, 99)
    jump = (seq[100] - seq[99]) % 65536
    assert 10000 <= jump <= 65536 - 10000
    assert (seq[499] - seq[100]) % 65536 == 399
    assert (rows[199]["ssrc"], rows[200]["ssrc"]) == (str(0x1111), "99")
    assert (rows[299]["pt"], rows[300]["pt"]) == ("111", "0")
    assert int(rows[400]["t_ns"]) - int(rows[399]["t_ns"]) >= 150_000_000
    passed = (int(rows[400]["ts"]) - int(rows[399]["ts"])) % 2**32
    assert passed == 960 + 960 * 5000 * 150 // 1000
    assert [n for n, row in rows.items() if row["marker"] == "1"] == [0, 400]


def test_sender_video_frames_and_padding(here):
    _, sent, got = here("--count", 400, "--pps", 4000, "--frame", 4, "--ts-step", 3600, "--pt", 96,
                        "--padding-every", 10, "--size", "100:1100", "--csrc", 2, "--extension", 3)
    assert content(sent) == content(got)
    padding = [n for n, row in enumerate(got) if row["padding_only"] == "1"]
    assert padding == list(range(9, 400, 10))
    assert all(got[n]["ts"] == got[n - 1]["ts"] for n in padding)
    media = [row for n, row in enumerate(got) if n not in padding]
    assert column(media, "ts") == [n // 4 * 3600 for n in range(360)]
    assert column(media, "marker") == [0, 0, 0, 1] * 90
    sizes = column(media, "size")
    assert 12 + 8 + 16 + 100 <= min(sizes) < max(sizes) <= 12 + 8 + 16 + 1100
    assert len(set(sizes)) > 100


@pytest.mark.parametrize("to", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("sink", [(), ("--gro",)])
def test_sender_gso(here, to, sink):
    summary, sent, got = here("--count", 145, "--pps", 5000, "--gso", 12, "--gso-short", 100,
                              to=to, sink=sink)
    assert content(sent) == content(got)
    assert column(got, "seq") == list(range(145))
    assert column(got, "size") == ([172] * 11 + [72]) * 12 + [172]
    assert summary["messages"] == (13 if sink else 145)


@pytest.mark.parametrize("share", ["port", "socket"])
def test_sender_threads_send_one_stream(here, share):
    summary, sent, got = here("--count", 20000, "--pps", 40000, "--threads", 2, "--share", share,
                              "--from-port", 6000, "--seq", 60000)
    assert summary["sent"] == 20000
    assert sorted(content(sent)) == sorted(content(got))
    assert sorted((seq - 60000) % 65536 for seq in column(got, "seq")) == list(range(20000))


def test_sender_flood_and_noise(here):
    summary, sent, got = here("--mode", "flood", "--pps", 5000, "--seconds", 1)
    assert summary["sent"] == 5000
    assert content(sent) == content(got)
    assert len({row["ssrc"] for row in got}) > 4990
    summary, sent, _ = here("--mode", "noise", "--pps", 5000, "--count", 1000, "--size", "0:300")
    assert (summary["sent"], sent) == (1000, [])
    assert 0 < summary["rtp"] < 500


def test_sender_nobody_listens(net):
    """Without a listener every datagram still goes out: a connected socket would skip some."""
    with lab.sender(PORT, "--count", 200, "--pps", 2000, netns=net.a) as sender:
        summary = sender.summary()
    assert (summary["sent"], summary["errors"]) == (200, 0)


def test_sender_counts_errors(net):
    with lab.sender(PORT, "--count", 20, "--pps", 2000, to="203.0.113.1", netns=net.a) as sender:
        summary = sender.summary()
    assert (summary["sent"], summary["errors"]) == (0, 20)
    assert summary["first_error"] == "Network is unreachable"


# Super-packets through tun

@pytest.mark.parametrize("sink, messages", [((), 70), (("--gro",), 10)])
def test_tun_uso(net, tmp_path, sink, messages):
    got = tmp_path / "got.csv"
    with lab.receiver(PORT, *sink, netns=net.b, log=got) as receiver:
        with lab.Process(lab.tool("tun_uso"), "--port", PORT, "--count", 10, "--segments", 7,
                         "--size", 172, "--short", 61, "--seq", 65530, "--interval-us", 1000,
                         netns=net.b) as tun:
            assert tun.summary() == {"supers": 10, "segments": 70}
        assert receiver.finish()["messages"] == messages
    rows = truth.rows(got)
    assert column(rows, "seq") == [(65530 + i) % 65536 for i in range(70)]
    assert column(rows, "size") == ([172] * 6 + [61]) * 10


def test_tun_uso_keeps_off_the_machine():
    with lab.Process(lab.tool("tun_uso"), "--port", PORT) as tun:
        assert tun.wait() == 1
        assert "namespace of my own" in tun.stderr


@pytest.mark.parametrize("argv, message", [
    (("bridge", "only-one"), "usage"),
    (("bridge", "x", "y", "--loss", "2"), "--loss: '2'"),
    (("bridge", "x", "y", "--jitter-us", "5"), "--jitter-us"),
    (("bridge", "x", "y", "--drop", "7"), "INDEX:VALUE"),
    (("sender",), "usage"),
    (("sender", "--port", "0"), "--port: '0'"),
    (("sender", "--port", "9", "--to", "nowhere"), "'nowhere'"),
    (("sender", "--port", "9", "--threads", "2"), "--threads"),
    (("sender", "--port", "9", "--gso", "4", "--size", "10:20"), "--gso"),
    (("sender", "--port", "9", "--mode", "storm"), "'storm'"),
    (("receiver",), "usage"),
    (("receiver", "--port", "99999"), "'99999'"),
    (("tun_uso", "--port", "9", "--short", "200"), "--short"),
])
def test_usage(argv, message):
    with lab.Process(lab.tool(argv[0]), *argv[1:]) as process:
        assert process.wait() == 2
        assert message in process.stderr


# Lab

def test_children_are_born_in_their_cgroup(net):
    with lab.Cgroup("pods") as parent, lab.Cgroup("kubepods/pod1/app", parent) as cgroup:
        with lab.receiver(PORT, netns=net.a, cgroup=cgroup) as receiver:
            with open(f"/proc/{receiver.pid}/cgroup") as file:
                assert f"0::{cgroup.relative}\n" in file.read()
            assert os.path.samefile(f"/proc/{receiver.pid}/ns/net", f"/run/netns/{net.a}")
        pid = receiver.pid
    assert not os.path.exists(parent.path)
    assert not os.path.exists(f"/proc/{pid}")


def test_a_program_that_never_gets_ready():
    with pytest.raises(lab.LabError, match="not within 0.2 s: sleep 60 ready"):
        lab.Process("sleep", 60, ready=True, deadline=0.2)
    with pytest.raises(lab.LabError, match="ended with 2: .*usage"):
        lab.Process(lab.tool("receiver"), ready=True)


def test_sweep_takes_only_what_the_dead_left():
    child = subprocess.Popen(["true"])
    child.wait()
    dead, alive = f"jbt-{child.pid}-0-a", f"jbt-{os.getpid()}-999-a"
    root = lab.cgroup_root()
    for name in (dead, alive):
        subprocess.run(["ip", "netns", "add", name], check=True)
        os.makedirs(f"{root}/{name}/below")
    try:
        lab.sweep()
        for place in ("/run/netns", root):
            assert not os.path.exists(f"{place}/{dead}")
            assert os.path.exists(f"{place}/{alive}")
    finally:
        subprocess.run(["ip", "netns", "del", alive], check=True)
        os.rmdir(f"{root}/{alive}/below")
        os.rmdir(f"{root}/{alive}")


def test_nothing_is_left_after_an_interrupt(tmp_path):
    """An interrupt in the middle of a test takes processes, cgroups and namespaces away."""
    script = textwrap.dedent("""
        import lab, signal, os
        net, cgroup = lab.Namespaces(), lab.Cgroup("x")
        sink = lab.receiver(5004, netns=net.a, cgroup=cgroup)
        print(net.a, cgroup.path, sink.pid, flush=True)
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    """)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                            cwd=os.getcwd(), timeout=20,
                            env={**os.environ, "PYTHONPATH": os.path.dirname(lab.__file__)})
    name, path, pid = result.stdout.split()
    assert "KeyboardInterrupt" in result.stderr
    assert not os.path.exists(f"/run/netns/{name}")
    assert not os.path.exists(path)
    assert not os.path.exists(f"/proc/{pid}")


FAKE_AGENT = """#!/usr/bin/python3
import http.server, signal, sys
assert sys.argv[1:3] == ["agent", "--listen"]
scrapes = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global scrapes
        scrapes += self.path == "/metrics"
        body = {"/readyz": "ok", "/api/v1/streams": '[{"ssrc": 1}]',
                "/metrics": '# TYPE x counter\\nx{a="q\\\\"}\\\\n,",b=""} %d\\nx{a="2",b="1"} 2\\n'
                            'y 1e3\\n' % scrapes}.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write((body or "").encode())
    def log_message(self, *arguments):
        pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(STATUS))
port = int(sys.argv[3].rpartition(":")[2])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def fake_agent(tmp_path, monkeypatch):
    def write(status):
        path = tmp_path / "jitterbug"
        path.write_text(FAKE_AGENT.replace("STATUS", str(status)))
        path.chmod(0o755)
        monkeypatch.setenv("JITTERBUG", str(path))
    return write


@pytest.mark.parametrize("inside", [False, True])
def test_agent(net, fake_agent, inside):
    fake_agent(0)
    with lab.Agent("--grace", "1s", netns=net.a if inside else None) as agent:
        metrics = agent.snapshot_until(lambda m: lab.total(m, "x") >= 5)
        assert metrics == {("x", frozenset({("a", 'q"}\n,'), ("b", "")})): 3,
                           ("x", frozenset({("a", "2"), ("b", "1")})): 2,
                           ("y", frozenset()): 1000}
        assert lab.total(metrics, "x", a="2") == 2
        assert agent.streams() == [{"ssrc": 1}]
        assert agent.get("/nothing")[0] == 404
        with pytest.raises(lab.LabError, match="within 0.1 s"):
            agent.snapshot_until(lambda m: False, deadline=0.1)


def test_agent_must_end_orderly(fake_agent):
    fake_agent(3)
    with pytest.raises(lab.LabError, match="ended with 3"):
        with lab.Agent():
            pass


@pytest.mark.parametrize("text", ['x{a="1"} 1\nx{a="1"} 2', 'x{a=1} 1', "x", 'x{a="1",a="2"} 1'])
def test_metrics_that_are_none(text):
    with pytest.raises(lab.LabError):
        lab.parse_metrics(text)
