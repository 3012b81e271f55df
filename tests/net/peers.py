# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP and UDP peers of a chosen namespace and cgroup, and what is done to their packets."""

import contextlib
import os
import socket
import subprocess

import lab
import live

TCP_SYNCNT, TCP_USER_TIMEOUT = 7, 18
WAIT_S = 10
DELAY_US = 20000
ROUND_TRIP_S = 2 * DELAY_US / 1e6

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


def overflow(port, *options, to, netns, cgroup):
    """How many a reader with a small buffer, that doesn't read meanwhile, lost of a sender's."""
    with slow_reader(port, "--hold", "--rcvbuf", 20000, netns=netns, cgroup=cgroup) as reader:
        with lab.sender(port, "--pps", 0, *options, to=to, netns=netns) as sender:
            sent = sender.summary(30)["sent"]
        return sent - reader.finish()["datagrams"]


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
        assert live.drain(other.socket, most=len(packets)) == packets


def udp_pair(stack, net, port):
    """(at a, at b), both on that port."""
    return (UdpPeer(stack, f"{port}-a", net.a, net.a4, port),
            UdpPeer(stack, f"{port}-b", net.b, net.b4, port))


# The network between them

def delaying_bridge(net, delay_us=DELAY_US, *options, log=None):
    """Each frame is that late, both ways."""
    return lab.bridge(net, "--all-frames", "--both-ways", "--delay-us", delay_us, "--rt",
                      "--spin-us", 100, *options, log=log)


# Programs

@contextlib.contextmanager
def dtls_server(directory, address, port, netns, cgroup):
    """OpenSSL's, listening; the directory is for what it needs."""
    key, certificate, never = directory / "key", directory / "cert", directory / "never"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=dtls", "-days", "2",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    os.mkfifo(never)  # a standard input without an end
    with lab.Process("sh", "-c", f'exec "$@" <> {never}', "sh", "openssl", "s_server", "-dtls1_2",
                     "-accept", f"{address}:{port}", "-quiet", "-key", key, "-cert", certificate,
                     netns=netns, cgroup=cgroup) as server:
        lab.wait_until(lambda: lab.run_in_netns(netns, lambda: _is_bound(port)), 10, "DTLS server")
        yield server


def _is_bound(port):
    with open("/proc/thread-self/net/udp") as file:
        return f":{port:04X} " in file.read()


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
