# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the node's forwarding drops of the packets between pods, exactly as told and counted."""

import json
import subprocess


def _nft(*arguments, **more):
    return subprocess.run(["nft", *arguments], check=True, capture_output=True, text=True,
                          **more).stdout


class Loss:
    """Drops of the UDP packets to a port each nth, the first of them that with this number."""

    def __init__(self, port, each, first):
        self._port, self._each, self._first = port, each, first
        self._table = f"loss{port}"

    def __enter__(self):
        _nft("-f", "-", input=f"""table ip {self._table} {{
            chain forward {{
                type filter hook forward priority 0
                udp dport {self._port} numgen inc mod {self._each} == {self._first} counter drop
            }}
        }}""")
        return self

    def __exit__(self, *exception):
        _nft("delete", "table", "ip", self._table)

    @property
    def dropped(self):
        """The kernel's own count."""
        rules = json.loads(_nft("--json", "list", "table", "ip", self._table))["nftables"]
        return sum(part["counter"]["packets"] for rule in rules
                   for part in rule.get("rule", {}).get("expr", ()) if "counter" in part)
