# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pages of proxies: those that fail, what they tell of certificates, and whose they are."""

import os
import ssl
import subprocess

import pytest

import counters
import lab
import mesh as meshes
import peers
from fake_kubernetes import certificates, config_map
from mesh_figures import (DEADLINE, PORT, REQUESTS, SOURCE, SUCCESS, WIRE_US, answered,
                          figure, serve, settle, to)
from mesh_network import PodNetwork

FAILURES = "mesh_scrape_failures_total"
OPTIONS = ("--linkerd-interval", "3s")  # some 70 MB are read meanwhile


@pytest.fixture(scope="module")
def net():
    with PodNetwork() as net, peers.delaying_bridge(net, WIRE_US):
        yield net


@pytest.fixture(scope="module")
def mesh(tmp_path_factory, net):
    with meshes.meshed_node(tmp_path_factory.mktemp("mesh"), net, *OPTIONS) as mesh:
        yield mesh


FAULTS = {"forbidden": "forbidden", "slow": "timeout", "cut": "broken", "html": "not_metrics",
          "huge": "too_large"}


def test_pages_that_fail(mesh, stack):
    """Each on its reason, all at once; those of others are read on."""
    pods = {reason: mesh.pod(stack, page) for page, reason in FAULTS.items()}
    for page, reason in FAULTS.items():
        pods[reason].stand_in.set(page=page)
    pods["unreachable"] = mesh.pod(stack, "gone", running=False)
    client, server = mesh.pod(stack, "web"), serve(stack, mesh, side="b")

    def failing(metrics):
        return {reason: counters.by(metrics, FAILURES, "reason", **pod.labels).get(reason, 0) > 1
                and not counters.family(metrics, SUCCESS, **pod.labels)
                for reason, pod in pods.items()}
    metrics = counters.settle(mesh.agent, failing, dict.fromkeys(pods, True), DEADLINE)
    for reason, pod in pods.items():
        assert set(counters.by(metrics, FAILURES, "reason", **pod.labels)) == {reason}
    with client.connect(server.address, PORT) as connection:
        meshes.ask(connection, 5)
    metrics = settle(mesh, answered(to(client, server), 5) |
                     {figure(SUCCESS, **pod.labels): 1 for pod in (client, server)})
    for pod in (client, server):
        assert counters.by(metrics, FAILURES, "reason", **pod.labels) == {}
        assert 1000 < counters.family(metrics, "mesh_scrape_bytes", **pod.labels) < 100_000
        assert 0 < counters.family(metrics, "mesh_scrape_seconds", **pod.labels) < 1
    heal(mesh, stack, pods)


def heal(mesh, stack, pods):
    """What was wrong is over, and nothing that was read meanwhile is lost or told twice."""
    for pod in pods.values():
        pod.stand_in.set(page="fine")
    pods["unreachable"].stand_in.start()
    stack.callback(pods["unreachable"].stand_in.stop)
    settle(mesh, {figure(SUCCESS, **pod.labels): 1 for pod in pods.values()})


def test_certificates(mesh, stack):
    """By the names of newer and of older proxies."""
    new, old = mesh.pod(stack, "new"), mesh.pod(stack, "old")
    new.stand_in.set(expiry=1999999999, refresh_errors=0)
    old.stand_in.set(expiry=1888888888, certificate="legacy")
    expiry, errors = (f"mesh_certificate_{name}" for name in ("expiry_timestamp_seconds",
                                                              "refresh_errors_total"))
    settle(mesh, {figure(expiry, **new.labels): 1999999999, figure(errors, **new.labels): 0,
                  figure(expiry, **old.labels): 1888888888})
    new.stand_in.set(refresh_errors=2)
    settle(mesh, {figure(errors, **new.labels): 2})


def test_target_without_kubernetes(mesh, stack, net):
    """Told by an option; whose page it is that says."""
    client, server = mesh.pod(stack, "web", told=False), serve(stack, mesh, told=False)
    target = f"shop/web-0=http://{client.address}:4191/metrics"
    with lab.Agent("--kubernetes", "off", "--linkerd-target", target, "--linkerd-interval", "1s",
                   netns=net.a) as agent:
        labels = {"namespace": "shop", "pod": "web-0"}
        counters.settle(agent, lambda metrics: counters.family(metrics, SUCCESS, **labels), 1,
                        DEADLINE)
        with client.connect(server.address, PORT) as connection:
            meshes.ask(connection, 4)
        counters.settle(agent, lambda metrics: counters.family(
            metrics, REQUESTS, **labels, **SOURCE, dst_workload="redis"), 4, DEADLINE)


def openssl(path, *what):
    """What `openssl x509` tells of the certificate, after the equals sign."""
    told = subprocess.run(["openssl", "x509", "-noout", "-in", path, *what], check=True,
                          capture_output=True, text=True).stdout
    return told.partition("=")[2].strip()


def test_trust_anchors(mesh, stack, tmp_path):
    """Of the ConfigMap, as it changes."""
    name = "mesh_trust_anchor_expiry_timestamp_seconds"
    for turn in ("first", "second"):
        path = os.path.join(certificates(tmp_path / turn), "ca.crt")
        with open(path) as file:
            bundle = config_map("linkerd", "linkerd-identity-trust-roots",
                                **{"ca-bundle.crt": file.read()})
        mesh.server.put(bundle)
        true = {openssl(path, "-serial"): ssl.cert_time_to_seconds(openssl(path, "-enddate"))}
        counters.settle(mesh.agent, lambda metrics: counters.by(metrics, name, "serial"), true,
                        DEADLINE)
    assert counters.family(mesh.agent.metrics(), name, subject="CN=test-ca") == \
        next(iter(true.values()))
    mesh.server.delete(bundle)
    counters.settle(mesh.agent, lambda metrics: counters.by(metrics, name, "serial"), {}, DEADLINE)
