# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Pods that come and go with traffic to one that stays, and what they really did.

All is done by one thread: a socket belongs to the cgroup in which this process is while it makes
it, and that of a scrape must not be a pod's.
"""

import collections
import heapq
import socket
import time

import lab
import live
import peers
from fake_kubernetes import status
from pods import Pod

PORT, SSRC = 7400, 0x3C00_0000
WORKLOADS = 40  # of which all pods are, in turns
TEMPLATE = "5d4f8c7b9d"
REPLICA_SET = {"kind": "ReplicaSet", "controller": True, "apiVersion": "apps/v1", "uid": "r"}
STAYS = "sfu"
LOOK_S = 1
SIZES, LARGEST = 97, 12 + 20 + 96  # octets of RTP packets

RTP_PACKETS, RTP_BYTES = "rtp_packets_total", "rtp_bytes_total"
OPENED = "tcp_connections_opened_total"
CONNECTIONS, BYTES = "edge_connections_total", "edge_bytes_total"


class Member(Pod):
    """A pod of a Deployment; its cgroups go one by one, as the kubelet's."""

    def __init__(self, parent, workload, suffix, address):
        super().__init__(parent, f"{workload}-{TEMPLATE}-{suffix}")
        metadata = self.object["metadata"]
        metadata["labels"] = {"pod-template-hash": TEMPLATE}
        metadata["ownerReferences"] = [{"name": f"{workload}-{TEMPLATE}", **REPLICA_SET}]
        self.object["status"]["podIP"] = address
        self.workload, self.name = workload, self.labels["pod"]
        self._cgroup = lab.Cgroup(f"pod{self.uid}", parent=parent)

    def container(self, _stack=None):
        """(its id, its cgroup), of which the status tells."""
        number = self.uid.replace("-", "")[:24] + f"{time.monotonic_ns():040x}"
        self.object["status"]["containerStatuses"] = [status("app", number)]
        return number, lab.Cgroup(number, parent=self._cgroup)

    def close(self):
        """Its containers have gone."""
        self._cgroup.close()


class Stayer(Member):
    """A pod that stays: all others send it media and ask it by TCP."""

    def __init__(self, parent, net):
        super().__init__(parent, STAYS, "stays", net.b4)
        _, self.cgroup = self.container()
        self.listener = peers.listener(self.cgroup, net.b, net.b4, PORT, backlog=64)
        self.sink = live.udp_sink(self.cgroup, net.b4, PORT, net.b)
        self.address = (net.b4, PORT)
        self.truth = collections.Counter()

    def receive(self):
        """Takes what has come."""
        while True:
            try:
                packet = self.sink.recv(65535)
            except BlockingIOError:
                return
            self.truth[RTP_PACKETS, "ingress"] += 1
            self.truth[RTP_BYTES, "ingress"] += len(packet)

    def note(self, guest, protocol, octets):
        """A contact with that pod."""
        if protocol == "tcp":
            self.truth[OPENED, "server"] += 1
        self.truth[CONNECTIONS, "destination", protocol, "calls", guest.workload] += 1
        self.truth[BYTES, "destination", protocol, "calls", guest.workload] += octets

    def close(self):
        self.listener.close()
        self.sink.close()
        self.cgroup.close()
        super().close()


class Guest(Member):
    """A pod that comes and goes. Its number decides what it does."""

    def __init__(self, parent, number, stayer, net):
        address = f"10.{200 + (number >> 16)}.{number >> 8 & 0xff}.{number & 0xff}"
        super().__init__(parent, f"w{number % WORKLOADS:02d}", f"{number:05d}", address)
        self.number, self.stayer, self._net = number, stayer, net
        self.truth = collections.Counter()
        self.streams_at = []  # the time of the last packet of each
        self.put_at = self.deleted_at = self.traffic_at = self.removed_at = None
        self._container, self._open = None, []

    # What there is of it

    @property
    def has_media(self):
        return self.number % 4 != 3

    @property
    def restarts(self):
        return self.number % 5 == 0

    def put(self, server):
        server.put(self.object)
        self.put_at = self.put_at or time.monotonic()

    def delete(self, server):
        server.delete(self.object)
        self.deleted_at = time.monotonic()

    def start(self, _server=None):
        """A container, and all its traffic; one connection stays open."""
        _, self._container = self.container()
        connections = 1 + self.number % 3
        media, clients = self._sockets(connections)
        if media:
            self._send(media, 20 + self.number % 600)
        for n, client in enumerate(clients):
            self._ask(client, 100 + self.number % 1000, 50 + self.number % 7, n == 0)
        self.traffic_at = time.monotonic()

    def _sockets(self, connections):
        """(UDP or None, TCP...), none of them connected."""
        def make():
            media = self.has_media and socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            return media, [socket.socket() for _ in range(connections)]
        with live.visiting(self._container):
            return lab.run_in_netns(self._net.a, make)

    def _send(self, media, packets):
        """A stream of that many packets, of a size of its own; by no clock, so it has one row."""
        ssrc = SSRC + (self.number << 4) + len(self.streams_at)
        payload = bytes(20 + self.number % SIZES)
        with media:
            for seq in range(packets):
                media.sendto(live.rtp(ssrc, seq, payload, ts=seq), self.stayer.address)
        octets = packets * (12 + len(payload))
        self.streams_at.append(time.monotonic())
        self.truth[RTP_PACKETS, "egress"] += packets
        self.truth[RTP_BYTES, "egress"] += octets
        self._note("rtp", octets)
        self.stayer.receive()

    def _ask(self, client, sent, received, stays_open):
        client.settimeout(peers.WAIT_S)
        client.connect(self.stayer.address)
        server, _ = self.stayer.listener.accept()
        server.settimeout(peers.WAIT_S)
        for one, other, octets in ((client, server, sent), (server, client, received)):
            one.sendall(bytes(octets))
            while octets:
                octets -= len(other.recv(octets))
        self.truth[OPENED, "client"] += 1
        self._note("tcp", sent + received)
        ends = (client, server) if self.number % 2 else (server, client)
        if stays_open:
            self._open += ends
        else:
            for end in ends:
                end.close()

    def _note(self, protocol, octets):
        self.truth[CONNECTIONS, "source", protocol, "calls", STAYS] += 1
        self.truth[BYTES, "source", protocol, "calls", STAYS] += octets
        self.stayer.note(self, protocol, octets)

    def _end_container(self):
        for end in self._open:
            end.close()
        self._open = []
        self._container.close()

    def restart(self, server):
        """Its container ends, and another one begins, of which the API may tell already."""
        self._end_container()
        self.start()
        if self.put_at:
            self.put(server)

    def remove(self, _server=None):
        self._end_container()
        self.close()
        self.removed_at = time.monotonic()

    # When

    def plan(self, begin, stays):
        """[(time, what is then done)]: the object comes before, with or after the traffic, and goes
        before or after the cgroup; that is there for some seconds, `stays` of them without need."""
        traffic = begin + 0.5
        put = (begin, traffic, traffic + 0.5 + self.number % 9 / 4)[self.number % 3]
        end = max(put, traffic + 0.7 * self.restarts) + 1 + stays
        steps = [(put, self.put), (traffic, self.start)]
        if self.restarts:
            steps.append((traffic + 0.7, self.restart))
        first, second = ((self.delete, self.remove) if self.number // 3 % 2 else
                         (self.remove, self.delete))
        return steps + [(end, first), (end + 0.4, second)]


class Hotel:
    """The pod that stays, and those that come and go."""

    def __init__(self, node, net, top, stack):
        self.node, self._net = node, net
        self.parent = stack.enter_context(lab.Cgroup("kubepods/burstable", parent=top))
        self.stayer = Stayer(self.parent, net)
        stack.callback(self.stayer.close)
        node.server.put(self.stayer.object)
        self.guests, self._count = [], 0

    def round(self, pods, span, longest, look):
        """So many guests, who come within `span` s, the later to stay the shorter; look() about
        each second meanwhile."""
        begin, plan = time.monotonic() + 0.1, []
        for n in range(pods):
            guest = self._guest()
            stays = longest * (guest.number % 7 / 6) * (1 - n / pods)
            for order, (at, step) in enumerate(guest.plan(begin + n * span / pods, stays)):
                plan.append((at, guest.number, order, step))
        heapq.heapify(plan)
        self._run(plan, look)

    def _guest(self):
        guest = Guest(self.parent, self._count, self.stayer, self._net)
        self._count += 1
        self.guests.append(guest)
        return guest

    def _run(self, plan, look):
        looked = 0
        while plan:
            now = time.monotonic()
            if now - looked >= LOOK_S:
                look()
                looked = time.monotonic()
            elif plan[0][0] <= now:
                heapq.heappop(plan)[-1](self.node.server)
            else:
                time.sleep(max(0, min(plan[0][0], looked + LOOK_S) - now))
