# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""/api/v1/workloads: a row for each pod and unit, with figures of known truth."""

import json
import subprocess
import time
import uuid

import pytest

import lab
import live
import peers
from pods import Pod, kubernetes_node

PORT = 7600
SKIPPED = {100, 101, 150}
PACKETS = 600
RTP_OCTETS = 32
KEYS = ["namespace", "pod", "container", "unit", "owner", "created_by_kind", "node", "pod_ip",
        "host_network", "meshed", "phase", "cgroups", "streams_in", "streams_out",
        "streams_impaired", "rtp_packets_in", "rtp_packets_out", "rtp_lost", "udp_bytes_in",
        "udp_bytes_out", "tcp_opened", "tcp_retransmits", "dropped_packets"]
# What a workload has that has done nothing.
NOTHING = {**dict.fromkeys(KEYS[:11], ""), **dict.fromkeys(KEYS[12:], 0)}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with kubernetes_node(tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest.fixture
def top():
    with lab.Cgroup("kubelet") as top:
        yield top


@pytest.fixture
def sfu(node, top, stack):
    """(a pod of a Deployment, its cgroup)"""
    one = Pod(top, f"sfu-7f9c-{uuid.uuid4().hex[:5]}")
    one.object["metadata"]["labels"]["pod-template-hash"] = "7f9c"
    one.object["metadata"]["ownerReferences"] = [
        {"kind": "ReplicaSet", "name": "sfu-7f9c", "controller": True}]
    one.object["spec"]["hostNetwork"] = True
    _, cgroup = one.container(stack)
    node.server.put(one.object)
    yield one, cgroup
    node.server.delete(one.object)


def row_of(agent, **identity):
    """The one row of that identity."""
    rows = [row for row in agent.workloads()
            if identity.items() <= {k: row[k] for k in identity}.items()]
    assert len(rows) <= 1
    return rows[0] if rows else None


def send(source, port, numbers, ssrc=0x5151):
    for seq in numbers:
        source.sendto(live.rtp(ssrc, seq), ("127.0.0.1", port))


def expected_pod(one, numbers, octets):
    return {**NOTHING, "namespace": "calls", "pod": one.labels["pod"], "owner": "sfu",
            "created_by_kind": "ReplicaSet", "node": "here", "pod_ip": "10.1.2.3",
            "host_network": "yes", "meshed": "no", "phase": "Running", "cgroups": 1,
            "streams_out": 1, "rtp_packets_out": len(numbers), "udp_bytes_out": octets,
            "tcp_opened": 1}


def expected_unit(cgroup, numbers, octets):
    return {**NOTHING, "unit": cgroup.relative, "cgroups": 1, "streams_in": 1,
            "rtp_packets_in": len(numbers), "rtp_lost": len(SKIPPED), "udp_bytes_in": octets,
            "tcp_opened": 1, "dropped_packets": 5}


def test_a_pod_and_a_unit(node, sfu, ends):
    """The pod sends to the unit, which connects to the pod."""
    one, cgroup = sfu
    numbers = [seq for seq in range(PACKETS) if seq not in SKIPPED]
    octets = len(numbers) * RTP_OCTETS + 5 * 7
    with live.make_socket(cgroup) as source, live.udp_sink(ends[1], "127.0.0.1", PORT) as sink, \
            peers.pair((ends[1], None), (cgroup, None, "127.0.0.1"), PORT):
        live.drop_odd(sink)
        send(source, PORT, numbers)
        for _ in range(5):
            source.sendto(b"\1" * 7, ("127.0.0.1", PORT))
        assert len(live.drain(sink)) == len(numbers)
        for expected in (expected_pod(one, numbers, octets),
                         expected_unit(ends[1], numbers, octets)):
            identity = {k: expected[k] for k in ("namespace", "pod", "unit")}
            found = lab.wait_until(lambda: row_of(node.agent, **identity), 10, "a row")
            assert list(found) == KEYS
            assert found == expected


def test_impaired_streams(node, ends):
    """A tenth is missing, for as long as it takes a pass to see it."""
    def impaired():
        row = row_of(node.agent, unit=ends[1].relative)
        return row and row["streams_impaired"]

    with live.make_socket(ends[0]) as source, live.udp_sink(ends[1], "127.0.0.1", PORT):
        end, seq = time.monotonic() + 20, 0
        while not impaired() and time.monotonic() < end:
            send(source, PORT, [n for n in range(seq, seq + 10) if n % 10 != 5])
            seq += 10
            time.sleep(0.1)
        assert impaired() == 1
        # The sender itself skipped them.
        assert row_of(node.agent, unit=ends[0].relative)["streams_impaired"] == 1
        assert row_of(node.agent, unit=ends[0].relative)["rtp_lost"] == 0


def test_a_pod_that_has_gone_keeps_its_figures(node, sfu):
    one, cgroup = sfu
    node.send(cgroup, 20)
    lab.wait_until(lambda: row_of(node.agent, pod=one.labels["pod"]), 10, "a row")
    assert row_of(node.agent, pod=one.labels["pod"])["phase"] == "Running"
    node.server.delete(one.object)
    lab.wait_until(lambda: not row_of(node.agent, pod=one.labels["pod"])["phase"], 10, "it gone")
    row = row_of(node.agent, pod=one.labels["pod"])
    assert (row["rtp_packets_out"], row["pod_ip"], row["meshed"]) == (20, "", "")


def test_what_has_done_nothing_is_not_told(node, ends):
    assert row_of(node.agent, unit=ends[0].relative) is None
    assert row_of(node.agent, pod="~other") is None


def test_command(node, sfu):
    def run(*options):
        return subprocess.run([lab.jitterbug(), "workloads", "--agent", node.agent.url, *options],
                              check=True, capture_output=True, text=True).stdout

    one, cgroup = sfu
    node.send(cgroup, 33)
    node.await_packets(33, **one.labels)
    (row,) = (row for row in json.loads(run("--json"))["workloads"]
              if row["pod"] == one.labels["pod"])
    assert (row["namespace"], row["rtp_packets_out"]) == ("calls", 33)
    lines = run().splitlines()
    assert lines[0].split()[0] == "WORKLOAD"
    assert any(line.split()[0] == f"calls/{one.labels['pod']}" and "33" in line.split()
               for line in lines)
    names = [line.split()[0] for line in lines[1:]]
    assert len(names) == len(set(names)) == len(node.agent.workloads())


def test_it_is_not_for_everyone(node):
    assert node.agent.get("/api/v1/workloads", {"Host": "evil.test"})[0] == 403
