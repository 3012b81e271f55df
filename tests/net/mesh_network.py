# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The network of a mesh's pods: a namespace each, and the rules of linkerd-init in it.

They hang on two switches, in the namespaces a and b of PodNetwork: what passes between pods of one
side and the other goes through m, where a test's bridge may delay it. a is the node, where the
agent is and the API server.
"""

import contextlib
import itertools
import os
import subprocess

import lab

PROXY_UID = 2102
INBOUND_IGNORED, OUTBOUND_IGNORED = (4190, 4191, 4567, 4568), (4567, 4568)
SWITCH = "br0"

_numbers = itertools.count()

# As linkerd-init makes them, for IPv4 and IPv6 alike.
RULES = """*nat
:PROXY_INIT_REDIRECT - [0:0]
:PROXY_INIT_OUTPUT - [0:0]
-A PROXY_INIT_REDIRECT -p tcp --match multiport --dports {inbound} -j RETURN
-A PROXY_INIT_REDIRECT -p tcp -j REDIRECT --to-port 4143
-A PREROUTING -j PROXY_INIT_REDIRECT
-A PROXY_INIT_OUTPUT -m owner --uid-owner 2102 -j RETURN
-A PROXY_INIT_OUTPUT -o lo -j RETURN
-A PROXY_INIT_OUTPUT -p tcp --match multiport --dports {outbound} -j RETURN
-A PROXY_INIT_OUTPUT -p tcp -j REDIRECT --to-port 4140
-A OUTPUT -j PROXY_INIT_OUTPUT
COMMIT
"""


class PodNetwork(lab.Namespaces):
    """a and b have their addresses on a switch each, which pods can be plugged into."""

    def _address(self, end, own4, own6, *peer):
        self.ip(end, "link", "add", SWITCH, "type", "bridge", "mcast_snooping", "0")
        self.ip(end, "link", "set", "eth0", "master", SWITCH)
        self.ip(end, "addr", "add", f"{own4}/24", "dev", SWITCH)
        self.ip(end, "addr", "add", f"{own6}/64", "dev", SWITCH, "nodad")
        self.ip(end, "link", "set", SWITCH, "up")

    def pod_address(self, number):
        """(IPv4, IPv6) of the pod with that number, from 10."""
        return self.a4.rsplit(".", 1)[0] + f".{number}", self.a6[:-1] + f"{number:x}"


@contextlib.contextmanager
def pod_namespace(net, side, number):
    """The name of a namespace with those addresses on that side's switch."""
    name = f"{lab.PREFIX}-{os.getpid()}-{next(_numbers)}-pod"
    node = getattr(net, side)
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        port = f"pod{number}"
        net.ip(node, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
        net.ip(node, "link", "set", port, "master", SWITCH, "up")
        address4, address6 = net.pod_address(number)
        net.ip(name, "addr", "add", f"{address4}/24", "dev", "eth0")
        net.ip(name, "addr", "add", f"{address6}/64", "dev", "eth0", "nodad")
        for device in ("lo", "eth0"):
            net.ip(name, "link", "set", device, "up")
        net.ip(name, "route", "add", "default", "via", getattr(net, f"{side}4"))
        net.ip(name, "-6", "route", "add", "default", "via", getattr(net, f"{side}6"))
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def lead_to_proxy(netns, skip_inbound=(), skip_outbound=()):
    script = RULES.format(inbound=",".join(map(str, (*INBOUND_IGNORED, *skip_inbound))),
                          outbound=",".join(map(str, (*OUTBOUND_IGNORED, *skip_outbound))))
    for command in ("iptables-nft-restore", "ip6tables-nft-restore"):
        result = subprocess.run(["ip", "netns", "exec", netns, command], input=script,
                                capture_output=True, text=True)
        if result.returncode:
            raise lab.LabError(f"{command}: {result.stderr}")
