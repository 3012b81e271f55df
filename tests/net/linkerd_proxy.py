# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A stand-in for Linkerd's proxy: its sockets, its counters and its page, without TLS.

    linkerd_proxy.py CONTROL DIRECTORY [UID]

CONTROL is a JSON file of this proxy's own (see Proxy.settings), DIRECTORY one of what the control
plane would tell (see mesh.Mesh); both are read again when they change. It listens as the proxy
does: on 127.0.0.1:4140 for what the pod's rules lead there, on 4143 for what comes from elsewhere,
on 4191 for its page. HTTP/1.1 is known by its first octets, as the proxy does it; the rest is
passed on.

Between two of these stands a transport header as in 2.18+, but simpler: two octets of length, then
JSON with the app's port and, in the place of a certificate, the client's identity. So these octets
are counted, and no others but the app's. `tls="true"` is told of such connections all the same.
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import struct
import sys
import time
import urllib.parse

from linkerd_page import Counters, render
from linkerd_wire import (HTTP_METHODS, Message, Peer, Upstream, original_destination, relay,
                          transport_header)

OUTBOUND, INBOUND, ADMIN = 4140, 4143, 4191
PR_SET_PDEATHSIG = 1
SERVER = {"srv_kind": "default", "srv_name": "all-unauthenticated"}


class Watched:
    """The object of a JSON file, as of its latest change."""

    def __init__(self, path):
        self._path, self._stamp, self._value = path, None, {}

    def get(self):
        status = os.stat(self._path)
        stamp = (status.st_ino, status.st_mtime_ns)  # whoever writes it renames a new one
        if stamp != self._stamp:
            with open(self._path) as file:
                self._value, self._stamp = json.load(file), stamp
        return self._value


def address_text(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def target_labels(address, port):
    return {"target_addr": address_text(address, port), "target_ip": address,
            "target_port": str(port)}


class Proxy:
    def __init__(self, control, directory):
        self._settings, self._directory = Watched(control), Watched(directory)
        self.counters = Counters()
        self._upstreams = {}
        self._truth = {}  # {side: [requests, seconds]}, as no proxy tells it

    @property
    def settings(self):
        """identity; delay: seconds that each request of HTTP waits on its way in; the rest is of
        the page, see linkerd_page.render()."""
        return self._settings.get()

    # Outbound

    def _route(self, address, port):
        """(address, port, what the control plane knows of it, or None)"""
        directory = self._directory.get()
        service = directory["services"].get(address_text(address, port), {})
        address, port = service.get("to", (address, port))
        known = directory["meshed"].get(address)
        if known:
            known = {**known, "authority": service.get("authority"),
                     "dst_service": service.get("name")}
        return address, port, known

    @staticmethod
    def _destination(route):
        address, port, known = route
        labels = {"direction": "outbound", **target_labels(address, port)}
        if not known:
            return {**labels, "tls": "no_identity",
                    "no_tls_reason": "not_provided_by_service_discovery"}
        labels |= {"tls": "true", "server_id": known["identity"], "dst_control_plane_ns": "linkerd"}
        labels |= {k: v for k, v in known.items() if k.startswith("dst_") and v}
        return labels | ({"authority": known["authority"]} if known["authority"] else {})

    async def _connect_out(self, route):
        address, port, known = route
        labels = {**self._destination(route), "peer": "dst"}
        self.counters.add("tcp_open_total", labels, 0)  # also if it never succeeds
        streams = await asyncio.open_connection(address, INBOUND if known else port)
        peer = Peer(streams, self.counters, labels)
        if known:
            await peer.write(transport_header(port, self.settings["identity"]))
        return peer

    async def _outbound(self, reader, writer):
        target = original_destination(writer.get_extra_info("socket"))
        labels = {"direction": "outbound", "peer": "src", **target_labels(*target),
                  "tls": "no_identity", "no_tls_reason": "loopback"}
        route = self._route(*target)
        client = Peer((reader, writer), self.counters, labels)
        upstream = self._upstreams.setdefault(route[:2], Upstream())
        await self._serve(client, await client.read(), upstream, self._destination(route),
                          lambda: self._connect_out(route))

    # Inbound

    async def _inbound(self, reader, writer):
        address, port = original_destination(writer.get_extra_info("socket"))
        tls = {"tls": "no_identity", "no_tls_reason": "no_tls_from_remote"}
        header = b""
        if port == INBOUND:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            header = struct.pack("!H", length) + await reader.readexactly(length)
            told = json.loads(header[2:])
            port, tls = told["port"], {"tls": "true", "client_id": told["client"]}
        server = {"srv_group": "", **SERVER, "srv_port": str(port)}
        labels = {"direction": "inbound", **target_labels(address, port), **tls, **server}
        client = Peer((reader, writer), self.counters, {**labels, "peer": "src"})
        self.counters.add("tcp_read_bytes_total", client.labels, len(header))
        data = await client.read()
        if header:
            protocol = "http/1" if data.startswith(HTTP_METHODS) else ""
            self.counters.add("inbound_tcp_transport_header_connections_total", {
                "session_protocol": protocol, "target_port": str(port), "target_name": "",
                "client_id": tls["client_id"]}, 1)

        async def connect():
            streams = await asyncio.open_connection(address, port)
            return Peer(streams, self.counters, {"direction": "inbound", "peer": "dst"})
        upstream = Upstream()
        try:
            await self._serve(client, data, upstream, labels, connect)
        finally:
            upstream.close()

    # Both

    async def _serve(self, client, data, upstream, labels, connect):
        try:
            if data.startswith(HTTP_METHODS):
                await self._requests(client, data, upstream, labels, connect)
            elif data:
                peer = await connect()
                try:
                    await relay(client, peer, data)
                finally:
                    peer.close()
        except OSError as error:
            client.writer.transport.abort()  # so that it is a reset
            client.close(errno=os.strerror(error.errno or 0))
        finally:
            client.close()

    async def _requests(self, client, data, upstream, labels, connect):
        authz = {"authz_kind": "default", "authz_name": "all-unauthenticated"} \
            if labels["direction"] == "inbound" else {}
        while request := await Message.read(client, data):
            data, begun = request.rest, time.monotonic()
            labels_of = {**labels, **authz}
            self.counters.add("request_total", labels_of, 1)
            if labels["direction"] == "inbound":
                await asyncio.sleep(self.settings.get("delay", 0))
            async with upstream.lock:
                response = await upstream.ask(request, connect)
            await client.write(response.data)
            self._responded(labels_of, response.status, time.monotonic() - begun)

    def _responded(self, labels, status, seconds):
        """By class as the proxy has it: errors of the server are failures."""
        told = {**labels, "status_code": str(status)}
        self.counters.observe_ms("response_latency_ms", told, seconds * 1000)
        told["classification"] = "failure" if status >= 500 else "success"
        if labels["direction"] == "outbound":
            told |= {"grpc_status": "", "error": ""}
        self.counters.add("response_total", told, 1)
        truth = self._truth.setdefault(labels["direction"], [0, 0.0])
        truth[0] += 1
        truth[1] += seconds

    # The page

    async def _admin(self, reader, writer):
        labels = {"direction": "inbound", **target_labels("0.0.0.0", ADMIN), "tls": "no_identity",
                  "no_tls_reason": "no_tls_from_remote", **SERVER}
        peer = Peer((reader, writer), self.counters, {**labels, "peer": "src"})
        try:
            data = b""
            while request := await Message.read(peer, data):
                data = request.rest
                await self._answer(peer, request, labels)
        finally:
            peer.close()

    async def _answer(self, peer, request, labels):
        path = urllib.parse.urlsplit(request.first_line.split()[1]).path
        if path == "/truth":
            body = json.dumps(self._truth).encode()
            return await peer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" %
                                    (len(body), body))
        self.counters.add("request_total", labels, 1)
        head, body = render(self.counters, self.settings, b"gzip" in request.data)
        self.counters.add("response_total", {**labels, "status_code": head.split()[1].decode(),
                                             "classification": "success"}, 1)
        await peer.write(head)
        if self.settings.get("page") == "slow":
            for octet in body:
                await peer.write(bytes([octet]))
                await asyncio.sleep(0.05)
        await peer.write(body)
        if self.settings.get("page") in ("cut", "huge"):
            raise ConnectionAbortedError

    @staticmethod
    def _handler(serve):
        """For start_server(): a client that goes away, or a server, is no error of ours."""
        async def handle(reader, writer):
            try:
                await serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                writer.transport.abort()
        return handle

    async def run(self):
        for family, local, all_ in ((socket.AF_INET, "127.0.0.1", "0.0.0.0"),
                                    (socket.AF_INET6, "::1", "::")):
            for serve, address, port in ((self._outbound, local, OUTBOUND),
                                         (self._inbound, all_, INBOUND),
                                         (self._admin, all_, ADMIN)):
                await asyncio.start_server(self._handler(serve), address, port, family=family)
        print("ready", flush=True)
        await asyncio.Event().wait()


def become(uid):
    """That user. Whoever changes it isn't ended with its parent any more, unless it asks again."""
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    proxy = Proxy(sys.argv[1], sys.argv[2])
    become(int(sys.argv[3]) if len(sys.argv) > 3 else 2102)
    asyncio.run(proxy.run())
