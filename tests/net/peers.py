# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP and UDP peers of a chosen namespace and cgroup, and firewall rules of a namespace."""

import contextlib
import socket
import subprocess

import lab
import live

TCP_SYNCNT, TCP_USER_TIMEOUT = 7, 18
WAIT_S = 10


# On a busy machine an ordinary process answers milliseconds late.
PROMPTLY = ("chrt", "--fifo", 4)


def tcp_server(port, *options, netns=None, cgroup=None):
    """Echoes what comes, until it is told to end; see tcp_tool.h."""
    return lab.Process(*PROMPTLY, lab.tool("tcp_tool"), "serve", "--port", port, *options,
                       netns=netns, cgroup=cgroup, ready=True)


def tcp_client(port, *options, to="127.0.0.1", netns=None, cgroup=None):
    """It says "ready" once it has connected or failed to, "done" after its last request."""
    return lab.Process(*PROMPTLY, lab.tool("tcp_tool"), "connect", "--address", to, "--port", port,
                       *options, netns=netns, cgroup=cgroup)


def wait_said(client, word, deadline=60):
    lab.wait_until(lambda: word in client.stdout.splitlines(), deadline, f"{client} {word}")


def slow_reader(port, *options, netns=None, cgroup=None):
    return lab.Process(lab.tool("slow_reader"), "--port", port, *options, netns=netns,
                       cgroup=cgroup, ready=True)


# Sockets of this process, for ends of connections that no program makes on purpose

def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tcp_socket(cgroup, netns, address):
    made = live.make_socket(cgroup, netns, family_of(address), socket.SOCK_STREAM)
    made.settimeout(WAIT_S)
    return made


def listener(cgroup, netns, address, port, backlog=16):
    made = tcp_socket(cgroup, netns, address)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    made.listen(backlog)
    return made


@contextlib.contextmanager
def pair(client_end, server_end, port):
    """(client, server) sockets; each end is (cgroup, netns), the server's with its address."""
    with listener(*server_end, port) as listening, \
            tcp_socket(*client_end, server_end[2]) as client:
        client.connect((server_end[2], port))
        server, _ = listening.accept()
        server.settimeout(WAIT_S)
        with server:
            yield client, server


class UdpPeer:
    """A socket of a cgroup of its own, which go with the stack."""

    def __init__(self, stack, name, netns, address, port):
        self.cgroup = stack.enter_context(lab.Cgroup(name))
        self.unit = self.cgroup.relative
        self.socket = stack.enter_context(live.udp_sink(self.cgroup, address, port, netns))
        self.address = (address, port)

    def send(self, other, packet):
        """Returns once it has arrived."""
        self.socket.sendto(packet, other.address)
        other.socket.settimeout(WAIT_S)
        try:
            got = other.socket.recv(65535)
        finally:
            other.socket.setblocking(False)
        assert got == packet

    def send_all(self, other, packets):
        """Returns once all have arrived."""
        packets = list(packets)
        for packet in packets:
            self.socket.sendto(packet, other.address)
        assert len(live.drain(other.socket)) == len(packets)


# The firewall

@contextlib.contextmanager
def rules(netns, hook, *lines):
    """These nftables rules in the namespace's input or output hook, meanwhile."""
    table = f"jbt_{hook}"
    script = [f"add table inet {table}",
              f"add chain inet {table} it {{ type filter hook {hook} priority 0; }}"]
    script += [f"add rule inet {table} it {line}" for line in lines]
    nft(netns, "\n".join(script))
    try:
        yield
    finally:
        nft(netns, f"delete table inet {table}")


def nft(netns, script):
    result = subprocess.run(["ip", "netns", "exec", netns, "nft", "-f", "-"], input=script,
                            capture_output=True, text=True)
    if result.returncode:
        raise lab.LabError(f"nft: {result.stderr}")
