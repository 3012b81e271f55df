# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is told of an edge between pods of a mesh, and what is expected there."""

import counters
import mesh as meshes

PORT, SKIPPED_PORT = 6379, 9999
DEADLINE = 20
WIRE_US = 5000
ROUND_TRIP_S = 2 * WIRE_US / 1e6
OPTIONS = ("--linkerd-interval", "1s")
SOURCE = {"reporter": "source", "dst_namespace": "calls"}
DESTINATION = {"reporter": "destination", "src_namespace": "calls"}
REQUESTS = "mesh_edge_requests_total"
SECONDS, NETWORK = "mesh_edge_request_seconds_total", "mesh_edge_network_seconds_total"
NETWORK_REQUESTS = "mesh_edge_network_requests_total"
SUCCESS = "mesh_scrape_success"


def to(pod, server):
    """Labels of the edge from that pod to the other's workload, as its own proxy has it."""
    return {**pod.labels, **SOURCE, "dst_workload": server.workload}


def by(pod, client):
    """Likewise, as the server's proxy has it."""
    return {**pod.labels, **DESTINATION, "src_workload": client.workload}


def settle(mesh, expected):
    """Waits until {figure(): value} is told, and nothing is told otherwise."""
    def otherwise(metrics):
        told = {key: counters.family(metrics, key[0], **dict(key[1])) for key in expected}
        return {key: (told[key], f"not {expected[key]}") for key in told
                if told[key] != expected[key]}
    return counters.settle(mesh.agent, otherwise, {}, DEADLINE)


def figure(family, **labels):
    return family, tuple(sorted(labels.items()))


def answered(labels, success=0, failure=0, tls="true"):
    """What is expected of an edge on which these requests, and no others, were answered."""
    return {figure(REQUESTS, classification=name, tls=tls, **labels): count
            for name, count in (("success", success), ("failure", failure))} | \
        {figure(REQUESTS, **labels): success + failure,
         figure(NETWORK_REQUESTS, **labels): success + failure}


def serve(stack, mesh, workload="redis", **more):
    """A pod whose app answers requests."""
    pod = mesh.pod(stack, workload, **more)
    meshes.HttpApp(stack, pod, PORT)
    return pod
