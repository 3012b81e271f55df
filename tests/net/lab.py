# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Namespaces, cgroups and programs of live-traffic tests; everything goes away at the end.

What is made carries the harness's pid in its name (jbt-PID-...). What a crashed run left is swept
by the next one if that pid is dead.
"""

import atexit
import itertools
import os
import re
import shutil
import subprocess
import sys
import time

from lab_agent import Agent, free_port, parse_metrics, total
from lab_process import (LabError, Process, close_processes, enter_netns, jitterbug,
                         run_in_netns, tool, wait_until)

__all__ = ["Agent", "Cgroup", "LabError", "Namespaces", "Process", "bridge", "cgroup_root",
           "enter_netns", "free_port", "jitterbug", "parse_metrics", "receiver", "run_in_netns",
           "sender", "sweep", "tool", "total", "wait_until"]

PREFIX = "jbt"
RMDIR_S = 2
OFFLOADS = ("tso", "gso", "gro", "tx", "rx")

_numbers = itertools.count()
_open = []


def _run(*argv):
    result = subprocess.run(argv, capture_output=True, text=True)
    if result.returncode:
        raise LabError(f"{' '.join(argv)}: {result.stderr.strip()}")
    return result.stdout


def _name(suffix):
    return f"{PREFIX}-{os.getpid()}-{next(_numbers)}-{suffix}"


def _is_stale(name):
    match = re.fullmatch(rf"{PREFIX}-(\d+)-\d+-.*", name)
    return bool(match) and not os.path.exists(f"/proc/{match.group(1)}")


def cgroup_root():
    """Mount point of the true cgroup2 hierarchy, wherever it is mounted."""
    with open("/proc/self/mountinfo") as file:
        for line in file:
            mount, _, source = line.partition(" - ")
            if source.split()[0] == "cgroup2" and mount.split()[3] == "/":
                return mount.split()[4]
    raise LabError("no cgroup2 mount in /proc/self/mountinfo")


def _remove_cgroup(path):
    """Removes the cgroup and those below it; a child that is just ending gets a moment."""
    for directory, _, _ in os.walk(path, topdown=False):
        end = time.monotonic() + RMDIR_S
        while True:
            try:
                os.rmdir(directory)
                break
            except FileNotFoundError:
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)


def sweep():
    """Removes what runs left whose harness is dead."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        if _is_stale(name):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
    for name in os.listdir(cgroup_root()):
        if _is_stale(name):
            try:
                _remove_cgroup(os.path.join(cgroup_root(), name))
            except OSError:
                pass  # processes live there: not ours to end


class _Resource:
    """Made by _make() and undone by _unmake(), at the latest at exit."""

    def _open(self):
        if not _open:
            sweep()
        _open.append(self)
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def close(self):
        if self in _open:
            _open.remove(self)
            self._unmake()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class Cgroup(_Resource):
    """A child of the cgroup2 root, or of another Cgroup; close those in it first.

    Under the root its name gets the jbt-PID-N- prefix; under a parent it is taken as it is and may
    hold slashes, so that a test can lay out kubepods.slice/... as the kubelet does.
    """

    def __init__(self, name, parent=None):
        self._parent = parent
        self._top = name.split("/")[0]
        base = parent.path if parent else cgroup_root()
        self.path = os.path.join(base, name if parent else _name(name))
        self._remove = os.path.join(base, self._top) if parent else self.path
        self._open()

    @property
    def id(self):
        """The kernel's cgroup id."""
        return os.stat(self.path).st_ino

    @property
    def relative(self):
        """Its path as /proc/PID/cgroup tells it."""
        return "/" + os.path.relpath(self.path, cgroup_root())

    def _make(self):
        os.makedirs(self.path, exist_ok=bool(self._parent))

    def _unmake(self):
        _remove_cgroup(self._remove if os.path.exists(self._remove) else self.path)


class Namespaces(_Resource):
    """Three network namespaces: a - m - b, with the bridge to run in m.

    .a .m .b are their names; .ma and .mb the interfaces of m towards them; .a4 .a6 .b4 .b6 the
    addresses of the ends. Neighbours are static, so that no ARP or ND packet can be lost. Without
    offloads the ends hand single datagrams to the wire, however they were sent.
    """

    def __init__(self, offloads=False, mtu=1500):
        number = next(_numbers)
        self.a, self.m, self.b = (f"{PREFIX}-{os.getpid()}-{number}-{end}" for end in "amb")
        self.ma, self.mb = "toa", "tob"
        self._offloads = offloads
        self._mtu = mtu
        net = f"{os.getpid() % 250}.{number % 250}"
        self.a4, self.b4 = f"10.{net}.1", f"10.{net}.2"
        self.a6, self.b6 = (f"fd00:{os.getpid() % 65535 + 1:x}:{number + 1:x}::{i}" for i in (1, 2))
        self._open()

    def ip(self, namespace, *arguments):
        """Runs `ip ARGUMENTS` in the namespace."""
        return _run("ip", "-n", namespace, *arguments)

    def _make(self):
        for namespace in (self.a, self.m, self.b):
            _run("ip", "netns", "add", namespace)
            self.ip(namespace, "link", "set", "lo", "up")
        # The bridge's own stack keeps quiet.
        run_in_netns(self.m, self._disable_ipv6)
        self._wire(self.a, self.ma, "02:00:00:00:00:0a")
        self._wire(self.b, self.mb, "02:00:00:00:00:0b")
        self._address(self.a, self.a4, self.a6, self.b4, self.b6, "02:00:00:00:00:0b")
        self._address(self.b, self.b4, self.b6, self.a4, self.a6, "02:00:00:00:00:0a")

    @staticmethod
    def _disable_ipv6():
        for name in ("all", "default"):
            with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w") as file:
                file.write("1")

    def _wire(self, end, middle, mac):
        self.ip(self.m, "link", "add", middle, "type", "veth", "peer", "name", "eth0", "address",
                mac, "netns", end)
        for namespace, device in ((self.m, middle), (end, "eth0")):
            self.ip(namespace, "link", "set", device, "mtu", str(self._mtu), "txqueuelen", "10000")
            if not self._offloads:
                self._offloads_off(namespace, device)
            self.ip(namespace, "link", "set", device, "up")

    def _offloads_off(self, namespace, device):
        # One segment at most: the stack cuts super-packets itself, with or without ethtool.
        self.ip(namespace, "link", "set", device, "gso_max_segs", "1")
        if shutil.which("ethtool"):
            switches = [word for name in OFFLOADS for word in (name, "off")]
            _run("ip", "netns", "exec", namespace, "ethtool", "-K", device, *switches)

    def _address(self, end, own4, own6, peer4, peer6, peer_mac):
        self.ip(end, "addr", "add", f"{own4}/24", "dev", "eth0")
        self.ip(end, "addr", "add", f"{own6}/64", "dev", "eth0", "nodad")
        for peer in (peer4, peer6):
            self.ip(end, "neigh", "replace", peer, "lladdr", peer_mac, "dev", "eth0", "nud",
                    "permanent")

    def _unmake(self):
        for namespace in (self.a, self.m, self.b):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


def bridge(namespaces, *options, log=None, deadline=10):
    """The impairing bridge in m, forwarding; impairs what goes from a to b."""
    extra = ("--log", log) if log else ()
    return Process(tool("bridge"), namespaces.ma, namespaces.mb, *options, *extra,
                   netns=namespaces.m, ready=True, deadline=deadline)


def receiver(port, *options, netns=None, cgroup=None, log=None, deadline=10):
    """A sink on that UDP port, listening."""
    extra = ("--log", log) if log else ()
    return Process(tool("receiver"), "--port", port, *options, *extra, netns=netns, cgroup=cgroup,
                   ready=True, deadline=deadline)


def sender(port, *options, to="127.0.0.1", netns=None, cgroup=None, log=None):
    """A sender that has begun; its summary() waits for the end."""
    extra = ("--log", log) if log else ()
    return Process(tool("sender"), "--to", to, "--port", port, *options, *extra, netns=netns,
                   cgroup=cgroup)


@atexit.register
def _close_all():
    """Programs first: a cgroup with processes can't go."""
    close_processes()
    for resource in reversed(list(_open)):
        try:
            resource.close()
        except OSError as error:
            print(f"{resource}: {error}", file=sys.stderr)
