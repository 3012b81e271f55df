# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An API server (and kubelet) with few resources, and with the faults that a test asks for.

    with FakeKubernetes(directory) as server:
        server.put(pod("calls", "sfu-0"))
        server.fault("watch", break_after=100)

Each fault is for the next request of that verb ("list", "watch", "kubelet"), or of that verb and
resource ("list services"), for which none was taken yet: status=N answers so; break_after=N closes the connection after N octets of the body;
slow=S waits so long between octets; gone_event=True begins a watch with an ERROR event; body=B
answers with these octets; location=URL redirects; retry_after=S, beside a status, asks for time.
"""

import bisect
import collections
import gzip
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import uuid

BOOKMARK_S = 0.3
PACKED_FROM = 128 << 10  # octets of a list

# path: (resource, kind of an object)
RESOURCES = {
    "/api/v1/pods": ("pods", "Pod"),
    "/api/v1/services": ("services", "Service"),
    "/api/v1/namespaces": ("namespaces", "Namespace"),
    "/api/v1/configmaps": ("configmaps", "ConfigMap"),
    "/apis/networking.k8s.io/v1/networkpolicies": ("networkpolicies", "NetworkPolicy"),
}
KINDS = dict(RESOURCES.values())
# Those of one namespace: the path but for it is that of all.
NAMESPACED = re.compile(r"(/.+)/namespaces/([^/]+)(/[^/]+)")


def pod(namespace, name, node="here", containers=("app",), **more):
    """A running Pod; `more` replaces or adds what is below metadata."""
    metadata = {"namespace": namespace, "name": name, "uid": str(uuid.uuid4()), "labels": {}}
    return {
        "kind": "Pod", "apiVersion": "v1", "metadata": {**metadata, **more},
        "spec": {"nodeName": node, "containers": [{"name": c} for c in containers]},
        "status": {"phase": "Running", "podIP": "10.1.2.3",
                   "containerStatuses": [status(c) for c in containers]},
    }


def status(name, number=None):
    return {"name": name, "containerID": f"containerd://{number or uuid.uuid4().hex * 2}"}


def service(namespace, name, address, **spec):
    return {"kind": "Service", "metadata": {"namespace": namespace, "name": name},
            "spec": {"clusterIP": address, "clusterIPs": [address], **spec}}


def namespace(name, **labels):
    return {"kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def policy(namespace, name, **spec):
    return {"kind": "NetworkPolicy", "metadata": {"namespace": namespace, "name": name},
            "spec": {"podSelector": {}, **spec}}


def config_map(namespace, name, **data):
    return {"kind": "ConfigMap", "metadata": {"namespace": namespace, "name": name}, "data": data}


def certificates(directory):
    """ca.crt of a new authority, and by it server.crt with server.key for 127.0.0.1."""
    os.makedirs(directory, exist_ok=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test-ca")
    openssl("req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    with open(os.path.join(directory, "names"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "server.crt", "-extfile", "names")
    return directory


class Refusal(Exception):
    """An answer other than 200: (status, message)."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def setup(self):
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.server.cluster.connections.add(self.request)
        super().setup()

    def finish(self):
        self.server.cluster.connections.discard(self.request)
        super().finish()

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        cluster = self.server.cluster
        url = urllib.parse.urlsplit(self.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        path, namespaced = url.path, NAMESPACED.fullmatch(url.path)
        if namespaced:
            path = namespaced[1] + namespaced[3]
            query["namespace"] = namespaced[2]
        verb = "kubelet" if path == "/pods" else "watch" if "watch" in query else "list"
        self.resource, self.kind = RESOURCES.get(path, ("pods", "Pod"))
        self.fault = cluster.take_fault(verb, self.resource)
        cluster.requests.append((verb, query))
        cluster.times[verb].append(time.monotonic())
        cluster.asked[verb, self.resource] += 1
        while verb in cluster.silent and not cluster.stopping:
            time.sleep(BOOKMARK_S)
        try:
            self.check(cluster, verb, path)
            getattr(self, verb)(cluster, query)
        except Refusal as refusal:
            self.refuse(*refusal.args)

    def check(self, cluster, verb, path):
        if self.fault.get("status"):
            raise Refusal(self.fault["status"], self.fault.get("message", "as told"))
        if path != "/pods" and path not in RESOURCES:
            raise Refusal(404, "no such path")
        if self.headers["Authorization"] != f"Bearer {cluster.token}":
            raise Refusal(401, "Unauthorized")
        if cluster.forbidden & {verb, self.resource}:
            raise Refusal(403, f'{self.resource} is forbidden: User "x" cannot {verb} resource '
                               f'"{self.resource}"')

    def refuse(self, code, message):
        body = json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {},
                           "status": "Failure", "message": message, "code": code}).encode()
        self.send_response(code)
        if "location" in self.fault:
            self.send_header("Location", self.fault["location"])
        if "retry_after" in self.fault:
            self.send_header("Retry-After", str(self.fault["retry_after"]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def list(self, cluster, query):
        items, version = cluster.select(self.resource, query)
        metadata = {"resourceVersion": str(version)}
        if cluster.page:
            first = int(query.get("continue", "0"))
            items, rest = items[first:first + cluster.page], items[first + cluster.page:]
            if rest:
                metadata["continue"] = str(first + cluster.page)
        self.send({"kind": self.kind + "List", "metadata": metadata, "items": items})

    def kubelet(self, cluster, query):
        pods = [dict(p, kind="") for p in cluster.of_node({})[0]
                if p["spec"].get("nodeName") == "here"]
        self.send({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods})

    def send(self, document):
        body = self.fault.get("body") or json.dumps(document).encode()
        packed = (len(body) > PACKED_FROM and not self.fault
                  and "gzip" in self.headers["Accept-Encoding"])
        if packed:
            body = gzip.compress(body, 1)
        self.send_response(200)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.write(body)

    def write(self, data, chunked=False):
        """With what the fault does to the body."""
        if "slow" in self.fault:
            for octet in data:
                self.wfile.write(bytes([octet]))
                time.sleep(self.fault["slow"])
            return
        if chunked:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            return
        self.wfile.write(data[:self.fault.get("break_after")])
        self.close_connection |= "break_after" in self.fault

    def watch(self, cluster, query):
        version = int(query["resourceVersion"])
        if version < cluster.oldest:
            raise Refusal(410, f"too old resource version: {version} ({cluster.oldest})")
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.fault.get("gone_event"):
            self.event("ERROR", {"kind": "Status", "code": 410, "message": "too old"})
        if "body" in self.fault:
            self.write(self.fault["body"], chunked=True)
        self.follow(cluster, query, version)

    def follow(self, cluster, query, version):
        end = time.monotonic() + int(query["timeoutSeconds"])
        muted = cluster.muted
        while time.monotonic() < end and not cluster.stopping:
            events, version = cluster.wait(version, self.resource, query)
            if muted != cluster.muted:
                time.sleep(BOOKMARK_S)
                continue
            for kind, obj in events:
                self.event(kind, obj)
            if not events:
                meta = {"resourceVersion": str(version)}
                self.event("BOOKMARK", {"kind": self.kind, "metadata": meta})
        self.wfile.write(b"0\r\n\r\n")

    def event(self, kind, obj):
        line = json.dumps({"type": kind, "object": obj}).encode() + b"\n"
        cut = self.fault.get("break_after")
        if cut and kind != "BOOKMARK":
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line[:cut]))
            raise ConnectionAbortedError("as told")
        self.write(line, chunked=True)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def handle_error(self, request, client_address):
        """A client that goes away, or that we cut off, is no error."""


class FakeKubernetes:
    def __init__(self, directory, certificate=None):
        self.directory = certificate or certificates(os.path.join(directory, "server"))
        self.ca = os.path.join(self.directory, "ca.crt")
        self.token = "first"
        self.forbidden = set()  # verbs, resources
        self.page = 0  # objects of a page of a list; 0: all
        self.oldest = 0
        self.requests = []
        self.times = collections.defaultdict(list)  # of requests, by verb
        self.asked = collections.Counter()  # (verb, resource)
        self.connections = set()
        self.stopping = False
        self.silent = set()  # verbs that have no answer
        self.muted = 0  # how often mute() was called
        self._faults = collections.defaultdict(list)
        self._objects = collections.defaultdict(dict)
        self._history = []  # (version, resource, kind of event, object, what it was)
        self._version = 100
        self._changed = threading.Condition()
        self._server = None
        self.port = 0
        self.start()

    # Life

    def start(self):
        self.stopping = False
        self._server = Server(("127.0.0.1", self.port), Handler)
        self._server.cluster = self
        self._server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.context.load_cert_chain(os.path.join(self.directory, "server.crt"),
                                             os.path.join(self.directory, "server.key"))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """All connections break."""
        self.stopping = True
        self._server.shutdown()
        self._server.server_close()
        self.disconnect()

    def disconnect(self):
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    # What a test does

    def put(self, obj):
        with self._changed:
            known = self._key(obj) in self._objects[self._resource(obj)]
            self._record("MODIFIED" if known else "ADDED", obj)
        return obj

    def delete(self, obj):
        with self._changed:
            self._record("DELETED", obj)

    def fault(self, verb, times=1, **how):
        self._faults[verb] += [how] * times

    def heal(self):
        self._faults.clear()

    def mute(self):
        """Watches that stand go on standing, and tell nothing more."""
        self.muted += 1

    def forget(self):
        """Compaction: no watch can go on from before."""
        with self._changed:
            self._version += 1
            self.oldest = self._version
            self._history.clear()

    def count(self, verb):
        return sum(1 for request in list(self.requests) if request[0] == verb)

    # What a handler needs

    @staticmethod
    def _resource(obj):
        kind = obj.get("kind", "Pod")
        return next(resource for resource, k in KINDS.items() if k == kind)

    @staticmethod
    def _key(obj):
        meta = obj["metadata"]
        return meta.get("uid") or f"{meta.get('namespace')}/{meta.get('name')}"

    def _record(self, kind, obj):
        self._version += 1
        obj = json.loads(json.dumps(obj))
        obj["metadata"]["resourceVersion"] = str(self._version)
        resource, key = self._resource(obj), self._key(obj)
        before = self._objects[resource].pop(key, None)
        if kind != "DELETED":
            self._objects[resource][key] = obj
        self._history.append((self._version, resource, kind, obj, before))
        self._changed.notify_all()

    def take_fault(self, verb, resource):
        for which in (f"{verb} {resource}", verb):
            if self._faults[which]:
                return self._faults[which].pop(0)
        return {}

    @staticmethod
    def _matches(obj, query):
        if query.get("namespace") not in (obj["metadata"].get("namespace"), None):
            return False
        for term in query.get("fieldSelector", "").split(","):
            if term.startswith("spec.nodeName="):
                if obj["spec"].get("nodeName") not in (term.removeprefix("spec.nodeName="), None):
                    return False
            elif term.startswith("status.phase!="):
                if obj.get("status", {}).get("phase") == term.removeprefix("status.phase!="):
                    return False
            elif term.startswith("metadata.name="):
                if obj["metadata"]["name"] != term.removeprefix("metadata.name="):
                    return False
            elif term:
                raise Refusal(400, f"no such field: {term}")
        return True

    def select(self, resource, query):
        with self._changed:
            found = [obj for obj in self._objects[resource].values() if self._matches(obj, query)]
            return found, self._version

    def of_node(self, query):
        return self.select("pods", query)

    def _event(self, entry, query):
        """What a watch is told of a change: one that is no longer selected is deleted for it."""
        _, _, kind, obj, before = entry
        if self._matches(obj, query):
            return [(kind, obj)]
        return [("DELETED", obj)] if before and self._matches(before, query) else []

    def wait(self, version, resource, query):
        """([(kind, object)], version) after that version, or nothing for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version or self.stopping, BOOKMARK_S)
            first = bisect.bisect_right(self._history, version, key=lambda entry: entry[0])
            events = [event for entry in self._history[first:] if entry[1] == resource
                      for event in self._event(entry, query)]
            return events, self._version
