# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections of the stand-in for Linkerd's proxy: whereto they began, and what is on them."""

import asyncio
import json
import socket
import struct

ORIGINAL_DST, SOL_IPV6 = 80, 41
PORTION = 64 << 10
LATIN = "latin-1"
HTTP_METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ")


def original_destination(sock):
    """(address, port) that the client has connected to."""
    if sock.family == socket.AF_INET6:
        raw = sock.getsockopt(SOL_IPV6, ORIGINAL_DST, 28)
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack("!H", raw[2:4])[0]
    raw = sock.getsockopt(socket.SOL_IP, ORIGINAL_DST, 16)
    return socket.inet_ntoa(raw[4:8]), struct.unpack("!H", raw[2:4])[0]


def transport_header(port, identity):
    told = json.dumps({"port": port, "client": identity}).encode()
    return struct.pack("!H", len(told)) + told


class Peer:
    """A connection, whose octets and end are counted under these labels."""

    def __init__(self, streams, counters, labels):
        self.reader, self.writer = streams
        self._counters, self.labels = counters, labels
        self._open = True
        for family in ("tcp_read_bytes_total", "tcp_write_bytes_total"):
            counters.add(family, labels, 0)
        counters.add("tcp_open_total", labels, 1)
        counters.add("tcp_open_connections", labels, 1)

    async def read(self):
        data = await self.reader.read(PORTION)
        self._counters.add("tcp_read_bytes_total", self.labels, len(data))
        return data

    async def write(self, data):
        self.writer.write(data)
        await self.writer.drain()
        self._counters.add("tcp_write_bytes_total", self.labels, len(data))

    def end(self):
        """Nothing more is written."""
        if not self.writer.is_closing():
            self.writer.write_eof()

    def close(self, errno=""):
        if self._open:
            self._open = False
            self._counters.add("tcp_open_connections", self.labels, -1)
            self._counters.add("tcp_close_total", {**self.labels, "errno": errno}, 1)
            self.writer.close()


async def pass_on(source, sink, data=b""):
    """All that comes from the source, after this; then the end."""
    while data or (data := await source.read()):
        await sink.write(data)
        data = b""
    sink.end()


async def relay(one, other, data):
    """Until both have ended; `data` has come from the one."""
    await asyncio.gather(pass_on(one, other, data), pass_on(other, one))


class Message:
    """An HTTP/1.1 request or response with Content-Length, as it came."""

    def __init__(self, first_line, data, rest):
        self.first_line, self.data, self.rest = first_line, data, rest

    @property
    def status(self):
        return int(self.first_line.split()[1])

    @classmethod
    async def read(cls, peer, data):
        """None at the end of the connection; `data` has been read before."""
        while b"\r\n\r\n" not in data:
            more = await peer.read()
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode(LATIN).split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines
                       if line.lower().startswith("content-length:")), 0)
        while len(body) < length:
            more = await peer.read()
            if not more:
                return None
            data, body = data + more, body + more
        size = len(head) + 4 + length
        return cls(lines[0], data[:size], data[size:])


class Upstream:
    """A connection that is kept for the requests of all who ask, one after the other."""

    def __init__(self):
        self.peer, self.lock, self._rest = None, asyncio.Lock(), b""

    async def ask(self, request, connect):
        if self.peer and (self.peer.reader.at_eof() or self.peer.reader.exception()):
            self.close()
        if not self.peer:
            self.peer = await connect()
        await self.peer.write(request.data)
        response = await Message.read(self.peer, self._rest)
        if not response:
            self.close()
            raise ConnectionResetError("the answer")
        self._rest = response.rest
        return response

    def close(self):
        if self.peer:
            self.peer.close()
        self.peer, self._rest = None, b""
