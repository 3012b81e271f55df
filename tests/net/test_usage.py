# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Bad usage and bad nodes: one clear line, exit 2 for usage and 1 for failure. And the commands."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

import lab
import live

PORT = 23000
SSRC = 0x05A6_0000
TIMEOUT_S = 10
LISTS = ("streams", "connections", "drops", "edges")
COMMANDS = ("agent", *LISTS, "replay")
SOURCES = Path(live.HERE).parents[1] / "user" / "cli"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def run(*arguments, before=(), env=None, stdin=subprocess.DEVNULL):
    """The finished command; `before` are words that run it in other surroundings."""
    return subprocess.run([*before, os.path.abspath(lab.jitterbug()), *map(str, arguments)],
                          capture_output=True, text=True, timeout=TIMEOUT_S, stdin=stdin,
                          env={**os.environ, **(env or {})})


def refused(result, status, *says):
    """It ended with that status and one line on standard error that says all of these."""
    lines = result.stderr.splitlines()
    assert result.returncode == status, result.stderr
    assert len(lines) == 1, result.stderr
    assert result.stdout == ""
    assert lines[0].startswith("jitterbug") or re.match(rf"{TIME} error: ", lines[0])
    for word in says:
        assert word in lines[0]


def agent(*options, **surroundings):
    """An agent that is expected to fail."""
    return run("agent", "--listen", f"127.0.0.1:{lab.free_port()}", *options, **surroundings)


# Usage

@pytest.mark.parametrize("arguments, says", [
    ((), ("no command", "help")),
    (("frobnicate",), ("unknown command", "frobnicate")),
    (("--frobnicate",), ("unknown command", "--frobnicate")),
    (("version", "--frobnicate"), ("--frobnicate",)),
    (("help", "--frobnicate"), ("--frobnicate",)),
    (("agent", "--frobnicate"), ("'--frobnicate'",)),
    (("agent", "extra"), ("'extra'",)),
    (("agent", "--max-series"), ("--max-series", "missing")),
    (("agent", "--max-series", "12x"), ("--max-series", "'12x'")),
    (("agent", "--max-streams", "15"), ("--max-streams", "'15'", "16")),
    (("agent", "--max-streams", "-5"), ("--max-streams", "'-5'")),
    (("agent", "--max-workloads", "99999999999999999999"), ("--max-workloads",)),
    (("agent", "--grace", "soon"), ("--grace", "'soon'")),
    (("agent", "--grace", "-1s"), ("--grace", "'-1s'")),
    (("agent", "--metrics", "most"), ("--metrics", "'most'", "standard", "full")),
    (("agent", "--media-ports", "1-70000"), ("--media-ports", "'1-70000'")),
    (("agent", "--listen", "127.0.0.1:99999"), ("--listen", "'127.0.0.1:99999'")),
    (("agent", "--log-format", "xml"), ("--log-format", "'xml'", "text", "json")),
    (("agent", "--grace", "\x1b[31mred\n"), ("--grace",)),
    (("streams", "extra"), ("'extra'",)),
    (("streams", "--json=maybe"), ("--json", "'maybe'")),
    (("connections", "extra"), ("'extra'",)),
    (("drops", "--watch", "often"), ("--watch", "'often'")),
    (("drops", "--watch", "86401"), ("--watch", "'86401'", "86400")),
    (("replay",), ("FILE",)),
    (("replay", "a", "b"), ("'b'",)),
    (("replay", "--mtu", "x", "a"), ("--mtu", "'x'")),
])
def test_bad_usage(arguments, says):
    result = run(*arguments)
    refused(result, 2, *says)
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("line, says", [
    ("frobnicate = 1", (":1:", "frobnicate")),
    ("\n# comment\nmax-streams = lots", (":3:", "max-streams", "'lots'")),
    ("max-streams", (":1:",)),
    ("= 5", (":1:",)),
    ("grace = 5s\nconfig = /etc/other", (":2:", "config")),
    ("listen = \x01", (":1:",)),
])
def test_bad_config_file(tmp_path, line, says):
    path = tmp_path / "agent.conf"
    path.write_text(line + "\n")
    refused(run("agent", "--config", path), 2, str(path), *says)


def test_bad_environment():
    refused(run("agent", env={"JITTERBUG_MAX_STREAMS": "many"}), 2, "JITTERBUG_MAX_STREAMS",
            "'many'")


@pytest.mark.parametrize("option", ["--config", "--token-file"])
@pytest.mark.parametrize("path", ["/nonexistent/file", "/"])
def test_unreadable_files(option, path):
    refused(agent(option, path), 1, path)


def test_an_empty_token_file_is_no_token(tmp_path):
    (tmp_path / "token").write_text("\n")
    refused(agent("--token-file", tmp_path / "token"), 1, str(tmp_path / "token"), "empty")


# Captures that are none

def unreadable_captures(directory):
    (directory / "empty").write_bytes(b"")
    (directory / "text").write_text("no capture\n" * 10)
    (directory / "cut").write_bytes(bytes.fromhex("d4c3b2a1020004000000"))
    (directory / "zeros").write_bytes(bytes(4096))
    return [directory / name for name in ("empty", "text", "cut", "zeros", "missing")] + [directory]


def test_files_that_are_no_capture(tmp_path):
    for path in unreadable_captures(tmp_path):
        for options in ((), ("--json",)):
            refused(run("replay", *options, path), 1, str(path))
    with open(tmp_path / "text") as stdin:
        refused(run("replay", "-", stdin=stdin), 1, "standard input")


# Nodes on which nothing can be measured

def test_port_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        refused(run("agent", "--listen", address), 1, "127.0.0.1", address.split(":")[1],
                "Address already in use")


def test_an_address_that_is_not_ours():
    refused(run("agent", "--listen", "192.0.2.1:9504"), 1, "192.0.2.1", "9504")


@pytest.mark.parametrize("path, says", [("/nonexistent", "No such file"), ("/proc", "cgroup2")])
def test_cgroup_that_is_none(path, says):
    refused(agent("--cgroup", path), 1, path, says)


def in_shell(script):
    """Words that run a command after the script in mounts of its own."""
    return ("unshare", "--mount", "sh", "-c", script + ' && exec "$@"', "sh")


@pytest.mark.parametrize("script", ["umount {root}", "mount -t tmpfs none $(dirname {root})"])
def test_no_cgroup2(script):
    result = agent(before=in_shell(script.format(root=lab.cgroup_root())))
    refused(result, 1, "cgroup2", "/proc/self/mountinfo")


def test_private_cgroup_namespace():
    """All it could see is itself: it must not measure that and say it were the node."""
    root = lab.cgroup_root()
    with lab.Cgroup("private") as cgroup:
        enter = f"echo $$ > {cgroup.path}/cgroup.procs && exec unshare --cgroup --mount sh -c '" \
            f"umount {root} && mount -t cgroup2 none {root} && exec \"$@\"' sh \"$@\""
        result = agent(before=("sh", "-c", enter, "sh"))
    refused(result, 1, root, "private cgroup namespace")


NO_CAPABILITY = {
    "nobody": ("setpriv", "--reuid", "nobody", "--clear-groups"),
    "root without any": ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all"),
    "without CAP_BPF": ("setpriv", "--bounding-set", "-bpf,-sys_admin", "--inh-caps", "-all"),
    "without CAP_NET_ADMIN": ("setpriv", "--bounding-set", "-net_admin,-sys_admin", "--inh-caps",
                              "-all"),
}


@pytest.fixture(scope="module")
def everybodys():
    """The binary where every user may run it."""
    with tempfile.TemporaryDirectory(prefix="jbt-") as directory:
        os.chmod(directory, 0o755)
        yield shutil.copy(lab.jitterbug(), directory)


@pytest.mark.parametrize("who", NO_CAPABILITY)
@pytest.mark.parametrize("command", ["agent", "streams"])
def test_no_permission(who, command, everybodys):
    address = f"127.0.0.1:{lab.free_port()}"
    options = ("--listen", address) if command == "agent" else ("--agent", f"http://{address}")
    result = subprocess.run([*NO_CAPABILITY[who], everybodys, command, *options], text=True,
                            capture_output=True, timeout=TIMEOUT_S)
    refused(result, 1, "CAP_BPF", "CAP_NET_ADMIN")


def test_the_three_capabilities_are_enough():
    """CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, as the DaemonSet has them."""
    three = "-all,+bpf,+perfmon,+net_admin"
    port = lab.free_port()
    with lab.Process("setpriv", "--bounding-set", three, "--inh-caps", "-all", lab.jitterbug(),
                     "agent", "--listen", f"127.0.0.1:{port}") as process:
        lab.wait_until(lambda: "metrics: http" in process.stderr or process.returncode is not None,
                       10, "running")
        assert process.returncode is None, process.stderr
        assert process.stop(deadline=2) == 0


def test_no_btf():
    """The programs' field offsets come from the kernel's BTF; without it nothing is measured."""
    hide = in_shell("mount --bind /dev/null /sys/kernel/btf/vmlinux")
    refused(agent(before=hide), 1, "/sys/kernel/btf/vmlinux")


def test_debug_tells_what_libbpf_tells():
    hide = in_shell("mount --bind /dev/null /sys/kernel/btf/vmlinux")
    lines = agent("--log-level", "debug", before=hide).stderr.splitlines()
    assert len(lines) > 1
    assert all(re.match(rf"{TIME} debug: libbpf: ", line) for line in lines[:-1])
    assert re.match(rf"{TIME} error: ", lines[-1])


# Where options come from

def capacity(*options, env=None):
    """How many streams an agent with these options has room for."""
    with lab.Cgroup("options") as cgroup, \
            lab.Agent("--cgroup", cgroup.path, *options, env=env) as one:
        return lab.total(one.metrics(), "jitterbug_agent_map_capacity", map="jb_streams")


def test_argument_beats_environment_beats_file(tmp_path):
    path = tmp_path / "agent.conf"
    path.write_text("# sizes\nmax-streams = 100  # few\n\nmax-workloads = 7\n")
    env = {"JITTERBUG_MAX_STREAMS": "200"}
    assert capacity("--config", path) == 100
    assert capacity("--config", path, env=env) == 200
    assert capacity("--config", path, "--max-streams", 300, env=env) == 300
    assert capacity("--config", path, "--max-streams=300", "--max-streams=400") == 400
    assert capacity(env={"JITTERBUG_CONFIG": str(path)}) == 100
    assert capacity(env={"JITTERBUG_MAX_STREAMS": "", "JITTERBUG_PORT": "tcp://1"}) == 65536


# What is logged

def test_log_formats():
    for form in ("text", "json"):
        with lab.Cgroup("log") as cgroup, \
                lab.Agent("--cgroup", cgroup.path, "--log-format", form) as one:
            one.stop()
            lines = one.process.stderr.splitlines()
        assert len(lines) == 4, lines
        for line in lines:
            if form == "json":
                record = json.loads(line)
                assert set(record) == {"time", "level", "msg"} and record["level"] == "info"
                assert re.fullmatch(TIME, record["time"])
            else:
                assert re.match(rf"{TIME} info: \S", line)


def test_log_level():
    with lab.Cgroup("log") as cgroup, \
            lab.Agent("--cgroup", cgroup.path, "--log-level", "warning") as one:
        one.stop()
        assert one.process.stderr == ""


def test_failures_are_logged_in_the_format_asked_for():
    result = agent("--log-format", "json", before=NO_CAPABILITY["root without any"])
    record, = (json.loads(line) for line in result.stderr.splitlines())
    assert (result.returncode, record["level"]) == (1, "error")
    assert "CAP_BPF" in record["msg"]


# Help

def declared(command):
    """The options in the table of the command's source; lists have one for all."""
    name = "list" if command in LISTS else {"agent": "agent_options"}.get(command, command)
    source = (SOURCES / f"{name}.c").read_text()
    return re.findall(r'^\t\{"([a-z-]+)", JB_OPTION_', source, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_lists_every_option(command):
    result = run(command, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    listed = re.findall(r"^  --([a-z-]+)", result.stdout, re.MULTILINE)
    assert declared(command)
    assert listed == declared(command) + ["help"]
    assert result.stdout.startswith(f"Usage: jitterbug {command} ")
    for name in listed:  # the line, or the one below it, says something
        assert re.search(rf"^  --{name}\b[^\n]*(  +|\n {{10,}})[a-zA-Z]", result.stdout, re.MULTILINE)


def test_help_lists_every_command():
    result = run("help")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == run("--help").stdout == run("-h").stdout
    listed = re.findall(r"^  (\w+) +\S", result.stdout, re.MULTILINE)
    assert set(listed) >= {*COMMANDS, "help", "version"}
    for command in listed:
        assert run(command, "--help").returncode == 0


def test_version():
    assert re.fullmatch(r"jitterbug \d+\.\d+\.\d+\n", run("version").stdout)
    assert run("--version").stdout == run("version").stdout


def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        for arguments in (("help",), ("version",), ("agent", "--help")):
            result = subprocess.run([lab.jitterbug(), *arguments], stdout=full, text=True,
                                    stderr=subprocess.PIPE, timeout=TIMEOUT_S)
            assert result.returncode == 1
            assert "No space left" in result.stderr


# jitterbug streams

@pytest.fixture
def calls():
    """Two live calls in a cgroup."""
    with lab.Cgroup("calls") as cgroup, \
            lab.receiver(PORT, cgroup=cgroup), \
            lab.sender(PORT, "--pps", 50, "--seconds", 60, "--ssrc", SSRC, "--pt", 0, "--ts-step",
                       160, "--size", 160, cgroup=cgroup), \
            lab.sender(PORT, "--pps", 100, "--seconds", 60, "--ssrc", SSRC + 1, "--skip", 0.05,
                       cgroup=cgroup):
        yield cgroup


def mine(document, cgroup):
    return sorted((s["ssrc"], s["direction"]) for s in json.loads(document)["streams"]
                  if s["unit"] == cgroup.relative)


def rows_of(table, cgroup):
    lines = table.splitlines()
    header = lines[0].split()
    assert header[:2] == ["DIR", "WORKLOAD"]
    assert len({len(line.rstrip()) <= 250 for line in lines}) == 1
    return [line.split() for line in lines[1:] if cgroup.relative in line.split()]


EXPECTED = [(SSRC, "egress"), (SSRC, "ingress"), (SSRC + 1, "egress"), (SSRC + 1, "ingress")]


def check_both(table, document, cgroup):
    assert mine(document, cgroup) == EXPECTED
    rows = rows_of(table, cgroup)
    assert [row[0] for row in rows] == ["in", "in", "out", "out"]
    assert {int(row[4], 16) for row in rows} == {SSRC, SSRC + 1}
    g711 = [s for s in json.loads(document)["streams"]
            if s["unit"] == cgroup.relative and s["ssrc"] == SSRC]
    assert {(s["media"], s["clock_rate"], s["payload_type"]) for s in g711} == {("audio", 8000, 0)}
    assert all(s["lost"] in (0, None) and s["jitter_seconds"] < 0.05 for s in g711)


def test_streams_of_an_agent(calls):
    with lab.Agent() as one:
        lab.wait_until(lambda: len(live.unit_streams(one, calls)) == 4, 10, "four streams")
        table = run("streams", "--agent", one.url)
        document = run("streams", "--agent", one.url + "/", "--json")
        assert (table.returncode, table.stderr, document.stderr) == (0, "", "")
        check_both(table.stdout, document.stdout, calls)
        assert run("streams", "--json", env={"JITTERBUG_AGENT": one.url}).returncode == 0


def test_streams_without_an_agent_measures_for_itself(calls):
    """Once; and when watching, until it is interrupted."""
    nobody = f"http://127.0.0.1:{lab.free_port()}"
    streams = (lab.jitterbug(), "streams", "--agent", nobody)
    with lab.Process(*streams) as table, lab.Process(*streams, "--json") as document, \
            lab.Process(*streams, "--json", "--watch", 1) as watching:
        assert table.wait(15) == document.wait(15) == 0
        for process in (table, document):
            assert process.stderr == "jitterbug streams: no agent runs here; measuring for 5 s\n"
        check_both(table.stdout, document.stdout, calls)
        for stream in json.loads(document.stdout)["streams"]:
            assert stream["age_seconds"] < 7  # its own measurement, not somebody's
        lab.wait_until(lambda: watching.stdout.count("]}") >= 3, 20, "three documents")
        assert watching.stop(2) == 0
        assert watching.stderr.count("\n") == 1
        documents = [one + "]}" for one in watching.stdout.split("]}")[:-1]]
        assert [mine(one, calls) for one in documents[1:]] == [EXPECTED] * (len(documents) - 1)


def test_streams_interrupted_tells_what_it_has(calls):
    with lab.Process(lab.jitterbug(), "streams", "--json", "--agent",
                     f"http://127.0.0.1:{lab.free_port()}") as process:
        lab.wait_until(lambda: "measuring" in process.stderr, 10, "measuring")
        lab.wait_until(lambda: process.returncode is None, 1, "running")
        time.sleep(1)
        assert process.stop(2) == 0
        assert mine(process.stdout, calls) == EXPECTED


def serve(answers):
    """A server that gives these answers to a request each and ends; (paths asked for, URL)."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked = []

    def run_server():
        with listener:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(4096).split()[1].decode())
                    connection.sendall(answer)
    threading.Thread(target=run_server, daemon=True).start()
    return asked, "http://127.0.0.1:%d" % listener.getsockname()[1]


def http_answer(body, status="200 OK"):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize("answer, says", [
    (http_answer("no JSON"), "no list of streams"),
    (http_answer('{"streams": 5}'), "no list of streams"),
    (http_answer('{"drops": []}'), "no list of streams"),
    (http_answer('{"streams": [{"ssrc": "x"}]}'), "bad value"),
    (http_answer("[" * 100000), "no list of streams"),
    (http_answer("no", "403 Forbidden"), "403"),
    (http_answer("no", "401 Unauthorized"), "--token-file"),
    (b"SSH-2.0-OpenSSH\r\n", "http://127.0.0.1"),
    (b"", "http://127.0.0.1"),
])
def test_streams_of_something_else(answer, says):
    _, url = serve([answer])
    refused(run("streams", "--agent", url), 1, says)


@pytest.mark.parametrize("command, path", [(name, f"/api/v1/{name}") for name in LISTS])
def test_lists_ask_for_their_document(command, path):
    body = json.dumps({command: []})
    asked, url = serve([http_answer(body)])
    assert run(command, "--agent", url, "--json").stdout == body
    assert asked == [path]


def a_drop(unit, packets):
    return {"unit": unit, "protocol": "udp", "reason": "no_socket", "packets": packets}


def watched(answers, *options):
    """What `jitterbug drops --watch 1` prints until these have been given and it is interrupted."""
    asked, url = serve([http_answer(json.dumps({"drops": drops})) for drops in answers])
    with lab.Process(lab.jitterbug(), "drops", "--watch", 1, "--agent", url, *options) as process:
        last = "}]}" if options else "REASON"
        lab.wait_until(lambda: process.stdout.count(last) == len(answers), 20, "every turn")
        assert process.stop(signal.SIGINT) == -signal.SIGINT
        assert process.stderr == ""
        return process.stdout


def test_drops_watched_tell_what_was_added():
    text = watched([[a_drop("a", 5), a_drop("b", 9)],
                    [a_drop("b", 9), a_drop("a", 7), a_drop("c", 1)],
                    [a_drop("a", 2), a_drop("b", 10), a_drop("c", 1)]])  # the agent began anew
    turns = [[line.split() for line in turn.splitlines()[1:]] for turn in text.split("\n\n")]
    assert [[(row[0], row[3]) for row in turn] for turn in turns] == [
        [("b", "9"), ("a", "5")], [("a", "2"), ("c", "1")], [("a", "2"), ("b", "1")]]


def test_watched_json_is_the_documents():
    answers = [[a_drop("a", 5)], [a_drop("a", 7)]]
    assert watched(answers, "--json") == "".join(json.dumps({"drops": one}) for one in answers)


def test_a_watched_agent_that_ends_is_told():
    _, url = serve([http_answer('{"drops": []}')])
    result = run("drops", "--watch", 1, "--agent", url)
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert url in result.stderr


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "file:///etc/passwd", "http://nosuch.invalid",
                                 "http://"])
def test_streams_of_no_url(url):
    result = run("streams", "--agent", url)
    refused(result, 1, url)
