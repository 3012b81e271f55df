# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pods of a mesh: each with its containers, a stand-in for the proxy, and what its app does."""

import contextlib
import ctypes
import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import uuid

import lab
import live
import peers
from fake_kubernetes import status
from mesh_network import (INBOUND_IGNORED, OUTBOUND_IGNORED, PROXY_UID, lead_to_proxy,
                          pod_namespace)
from pods import Pod, kubernetes_node

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATE = "5d4f8c7b9d"
TRUST_DOMAIN = "serviceaccount.identity.linkerd.cluster.local"

_libc = ctypes.CDLL(None)


def write_json(path, value):
    with open(f"{path}.new", "w") as file:
        json.dump(value, file)
    os.replace(f"{path}.new", path)


class StandIn:
    """The proxy of a pod; what it is told can be changed while it runs."""

    def __init__(self, pod, control, directory):
        self._pod, self._control, self._directory = pod, control, directory
        self._settings = {}
        self._process = None

    def set(self, **settings):
        self._settings |= settings
        write_json(self._control, self._settings)

    def start(self):
        self._process = lab.Process(*peers.PROMPTLY, sys.executable, "-B",
                                    os.path.join(HERE, "linkerd_proxy.py"), self._control,
                                    self._directory, PROXY_UID, netns=self._pod.netns,
                                    cgroup=self._pod.proxy, ready=True)

    def stop(self):
        if self._process:
            self._process.close()
            if self._process.stderr:
                raise lab.LabError(f"the proxy of {self._pod.name}: {self._process.stderr}")

    def restart(self):
        self.stop()
        self.start()

    def get(self, path):
        """The body at 4191, asked for from inside the pod."""
        def fetch():
            connection = http.client.HTTPConnection("127.0.0.1", 4191, timeout=peers.WAIT_S)
            with contextlib.closing(connection):
                connection.request("GET", path)
                return connection.getresponse().read().decode()
        return lab.run_in_netns(self._pod.netns, fetch)

    def truth(self, direction="inbound"):
        """(requests, seconds that they took there in all)"""
        return json.loads(self.get("/truth")).get(direction, [0, 0.0])

    def page(self):
        return lab.parse_metrics(self.get("/metrics"))


class MeshPod(Pod):
    """A pod of a Deployment (of a StatefulSet, if it has that name: redis-0) with what it needs.

    Its containers are `app` and, if it has a proxy, `linkerd-proxy`, a native sidecar.
    """

    def __init__(self, stack, mesh, workload, name=None, side="a", proxy=True, rules=True,
                 host_network=False, skip_inbound=(), skip_outbound=(), running=True, number=None):
        # Each below a root of its own: who closes a cgroup removes all that is beside it.
        top = stack.enter_context(lab.Cgroup("kubelet"))
        super().__init__(top, name or f"{workload}-{TEMPLATE}-{uuid.uuid4().hex[:5]}")
        self.workload, self.side, self.meshed = workload, side, proxy
        self.name = self.labels["pod"]
        number = number or next(mesh.numbers)
        self.number = number
        self._skips = {"inbound": skip_inbound, "outbound": skip_outbound}
        if host_network:
            self.netns, self.address, self.address6 = mesh.net.a, mesh.net.a4, mesh.net.a6
        else:
            self.netns = stack.enter_context(pod_namespace(mesh.net, side, number))
            self.address, self.address6 = mesh.net.pod_address(number)
        self._describe(host_network, bool(name))
        self.app = self._container(stack, "app", "containerStatuses")
        if proxy:
            self.proxy = self._container(stack, "linkerd-proxy", "initContainerStatuses")
            self._inject(stack, mesh, rules, running)

    def _describe(self, host_network, stateful):
        metadata, spec = self.object["metadata"], self.object["spec"]
        kind, owner = ("StatefulSet", self.workload) if stateful else \
            ("ReplicaSet", f"{self.workload}-{TEMPLATE}")
        metadata["labels"] = {"app": self.workload} | \
            ({} if stateful else {"pod-template-hash": TEMPLATE})
        metadata["ownerReferences"] = [{"kind": kind, "name": owner, "controller": True,
                                        "apiVersion": "apps/v1", "uid": "r"}]
        spec["hostNetwork"] = host_network
        spec["serviceAccountName"] = self.workload
        self.object["status"] |= {
            "containerStatuses": [], "initContainerStatuses": [], "podIP": self.address,
            "podIPs": [{"ip": self.address}, {"ip": self.address6}]}
        self.stateful = stateful

    def _container(self, stack, name, key):
        number, cgroup = self.container(stack)
        self.object["status"][key].append(status(name, number))
        return cgroup

    def _inject(self, stack, mesh, rules, running):
        metadata, spec = self.object["metadata"], self.object["spec"]
        annotations = {"linkerd.io/inject": "enabled"}
        arguments = ["--incoming-proxy-port", "4143", "--outgoing-proxy-port", "4140",
                     "--proxy-uid", str(PROXY_UID)]
        for way, ignored in (("inbound", INBOUND_IGNORED), ("outbound", OUTBOUND_IGNORED)):
            skips = self._skips[way]
            if skips:
                annotations[f"config.linkerd.io/skip-{way}-ports"] = ",".join(map(str, skips))
            arguments += [f"--{way}-ports-to-ignore", ",".join(map(str, (*ignored, *skips)))]
        metadata["annotations"] = annotations
        metadata["labels"]["linkerd.io/control-plane-ns"] = "linkerd"
        spec["initContainers"] = [
            {"name": "linkerd-init", "args": arguments},
            {"name": "linkerd-proxy", "restartPolicy": "Always", "ports": [
                {"name": "linkerd-proxy", "containerPort": 4143, "protocol": "TCP"},
                {"name": "linkerd-admin", "containerPort": 4191, "protocol": "TCP"}]}]
        if rules:
            lead_to_proxy(self.netns, self._skips["inbound"], self._skips["outbound"])
        self.stand_in = StandIn(self, os.path.join(mesh.directory, f"{self.uid}.json"),
                                mesh.control_plane)
        self.stand_in.set(identity=self.identity)
        if running:
            self.stand_in.start()
            stack.callback(self.stand_in.stop)

    @property
    def identity(self):
        return f"{self.workload}.calls.{TRUST_DOMAIN}"

    @property
    def destination(self):
        """What the control plane tells of it."""
        kind = "dst_statefulset" if self.stateful else "dst_deployment"
        template = {} if self.stateful else {"dst_pod_template_hash": TEMPLATE}
        return {"identity": self.identity, kind: self.workload, "dst_namespace": "calls",
                "dst_pod": self.name, "dst_serviceaccount": self.workload, **template}

    # What its app does, by sockets of the test's own process

    def connect(self, address, port, uid=0, cgroup=None):
        """A connection of the app's (or of what is in that cgroup), by a program of that user."""
        def make():
            _libc.setfsuid(uid)  # of this thread, which ends
            return socket.socket(peers.family_of(address), socket.SOCK_STREAM)
        with live.visiting(cgroup or self.app):
            made = lab.run_in_netns(self.netns, make)
        try:
            made.settimeout(peers.WAIT_S)
            made.connect((address, port))
        except BaseException:
            made.close()
            raise
        return made

    @contextlib.contextmanager
    def pair(self, server, port, to=None, **who):
        """(client, server): a connection of this app's to that pod's, by that (address, port).

        One octet has been sent: a proxy connects once it has heard something.
        """
        to = to or (server.address, port)
        with server.listen(port, "::" if ":" in to[0] else "0.0.0.0") as listening, \
                self.connect(*to, **who) as client:
            client.sendall(b"?")
            accepted, _ = listening.accept()
            accepted.settimeout(peers.WAIT_S)
            with accepted:
                assert accepted.recv(1) == b"?"
                yield client, accepted

    def acknowledge_at_once(self):
        """From now on: no acknowledgement waits for an answer to go with it."""
        subnet = self.address.rsplit(".", 1)[0] + ".0/24"
        subprocess.run(["ip", "-n", self.netns, "route", "change", subnet, "dev", "eth0", "proto",
                        "kernel", "scope", "link", "src", self.address, "quickack", "1"],
                       check=True)

    def listen(self, port, address="0.0.0.0"):
        return peers.listener(self.app, self.netns, address, port)


class Mesh:
    """Pods, the API server that has them, and what the control plane tells their proxies."""

    def __init__(self, directory, net, server, agent):
        self.directory, self.net, self.server, self.agent = directory, net, server, agent
        self.numbers = itertools.count(10)
        self.control_plane = os.path.join(self.directory, "control-plane.json")
        self._known = {"services": {}, "meshed": {}}
        write_json(self.control_plane, self._known)

    def pod(self, stack, workload, told=True, **more):
        """A new pod, that goes with the stack; the API tells of it, unless not `told`."""
        pod = MeshPod(stack, self, workload, **more)
        if pod.meshed and pod.stand_in:
            self._known["meshed"] |= dict.fromkeys((pod.address, pod.address6), pod.destination)
            write_json(self.control_plane, self._known)
        if told:
            self.tell(stack, pod)
        return pod

    def tell(self, stack, pod):
        self.server.put(pod.object)
        stack.callback(self.server.delete, pod.object)

    def service(self, name, address, port, pod, target_port):
        """A ClusterIP, as the control plane tells of it."""
        key = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        to = pod.address6 if ":" in address else pod.address
        self._known["services"][key] = {
            "to": [to, target_port], "name": name,
            "authority": f"{name}.calls.svc.cluster.local:{port}"}
        write_json(self.control_plane, self._known)


@contextlib.contextmanager
def meshed_node(directory, net, *options):
    """A Mesh, with an agent on the node."""
    with kubernetes_node(directory, *options, netns=net.a) as node, \
            tempfile.TemporaryDirectory(prefix="jbt-") as for_proxies:
        os.chmod(for_proxies, 0o755)
        yield Mesh(for_proxies, net, node.server, node.agent)


# HTTP of apps

class HttpApp:
    """Answers each request on that port of the pod: /500 with that status, all else with 200."""

    def __init__(self, stack, pod, port):
        self._listening = stack.enter_context(pod.listen(port))
        self._listening.settimeout(None)
        threading.Thread(target=self._accept, daemon=True).start()
        stack.callback(self._listening.shutdown, socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    @staticmethod
    def _serve(client):
        with client, contextlib.suppress(OSError):
            while data := client.recv(65536):
                status_line = b"500 Internal Server Error" if b" /500 " in data else b"200 OK"
                client.sendall(b"HTTP/1.1 " + status_line + b"\r\nContent-Length: 2\r\n\r\nok")


def ask(client, count=1, path="/"):
    """So many requests on that connection, one after the other; their statuses."""
    statuses = []
    for _ in range(count):
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: app\r\n\r\n".encode())
        data = b""
        while not data.endswith(b"\r\n\r\nok"):
            more = client.recv(65536)
            if not more:
                raise lab.LabError(f"the connection ended; {data}")
            data += more
        statuses.append(int(data.split()[1]))
    return statuses
