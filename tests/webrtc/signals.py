# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the datagrams of a capture at one end show of the signals beside media: RTCP, STUN, DTLS.

Written from the RFCs alone. SRTCP shows its first 8 octets: the type of the first sub-packet.
"""

import struct
from collections import Counter

TYPES = {200: "sr", 201: "rr", 202: "sdes", 203: "bye", 204: "app", 207: "xr"}
FEEDBACK = {(205, 1): "nack", (205, 15): "transport_cc", (206, 1): "pli", (206, 4): "fir",
            (206, 15): "remb"}
STUN_COOKIE = 0x2112a442
BINDING_REQUEST, BINDING_SUCCESS = 0x0001, 0x0101
DTLS_CHANGE_CIPHER_SPEC, DTLS_HANDSHAKE, DTLS_CLIENT_HELLO = 20, 22, 1


def _rtcp_name(payload):
    if len(payload) < 8 or payload[0] >> 6 != 2 or not 192 <= payload[1] <= 223:
        return None
    return TYPES.get(payload[1]) or FEEDBACK.get((payload[1], payload[0] & 31))


def rtcp(found, source, until_ns):
    """Counter of the names of what the address sent by then."""
    names = Counter(_rtcp_name(one.payload) for one in found
                    if one.source == source and one.t_ns <= until_ns)
    del names[None]
    return names


def _stun(payload):
    """(type, transaction) or None."""
    if len(payload) < 20 or payload[0] > 3:
        return None
    kind, _, cookie = struct.unpack_from("!HHI", payload)
    return (kind, payload[8:20]) if cookie == STUN_COOKIE else None


def stun_requests(found, source, until_ns):
    """How many Binding requests the address sent by then."""
    return sum((_stun(one.payload) or [None])[0] == BINDING_REQUEST for one in found
               if one.source == source and one.t_ns <= until_ns)


def stun_round_trips(found, address):
    """Seconds from each request that the address sent to its answer."""
    asked, seconds = {}, []
    for one in found:
        kind, transaction = _stun(one.payload) or (None, None)
        if kind == BINDING_REQUEST and one.source == address:
            asked.setdefault(transaction, one.t_ns)
        elif kind == BINDING_SUCCESS and one.destination == address and transaction in asked:
            seconds.append((one.t_ns - asked.pop(transaction)) / 1e9)
    return seconds


def stun_story(found, address):
    """What the address asked and was told, for people."""
    stun = [(one, *_stun(one.payload)) for one in found if _stun(one.payload)]
    first = stun[0][0].t_ns if stun else 0
    return [f"{(one.t_ns - first) / 1e9:.3f} {kind:#x} {transaction.hex()[-8:]}"
            for one, kind, transaction in stun if address in (one.source, one.destination)]


def _is_dtls(payload):
    return len(payload) > 13 and 20 <= payload[0] <= 63


def _is_hello(payload):
    return (_is_dtls(payload) and payload[0] == DTLS_HANDSHAKE and payload[3:5] == b"\0\0"
            and payload[13] == DTLS_CLIENT_HELLO)


def _is_protected(payload):
    """Holds a record under the new keys: of DTLS 1.3, of a later epoch, or what announces it."""
    at = 0
    while at + 13 < len(payload):
        if payload[at] >> 5 == 1 or payload[at] == DTLS_CHANGE_CIPHER_SPEC:
            return True
        if payload[at + 3:at + 5] != b"\0\0":
            return True
        at += 13 + struct.unpack_from("!H", payload, at + 11)[0]
    return False


def dtls_client(found):
    """The address that sent the first ClientHello."""
    return next(one.source for one in found if _is_hello(one.payload))


def dtls_seconds(found):
    """From the first ClientHello to the server's first protected record, as this end sees it."""
    hello = next(one for one in found if _is_hello(one.payload))
    return next((one.t_ns - hello.t_ns) / 1e9 for one in found
                if one.source == hello.destination and _is_dtls(one.payload)
                and _is_protected(one.payload))
