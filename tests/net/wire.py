# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""STUN, RTCP, ChannelData, RFC 4571 and QUIC as they stand on the wire. RTP is in live.py."""

import os
import struct
import time

STUN_COOKIE = 0x2112A442
BINDING, SUCCESS, ERROR, INDICATION = 0x0001, 0x0101, 0x0111, 0x0011
SR, RR, SDES, BYE, APP, RTPFB, PSFB, XR = range(200, 208)
NTP_EPOCH = 2208988800


def stun(kind, transaction, attributes=b""):
    """transaction: 12 octets."""
    return struct.pack("!HHI", kind, len(attributes), STUN_COOKIE) + transaction + attributes


def stun_transaction(message):
    return message[8:20]


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


# RTCP

def ntp(seconds=None):
    """64 bits of NTP time."""
    seconds = time.time() if seconds is None else seconds
    return int((seconds + NTP_EPOCH) * 2**32) & (2**64 - 1)


def middle(ntp_time):
    """The 32 bits that LSR holds."""
    return ntp_time >> 16 & 0xffffffff


def rtcp(kind, count, body):
    """body: what follows the first four octets, a multiple of four."""
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def block(ssrc, lost, fraction=0, highest=0, jitter=0, lsr=0, dlsr_s=0.0):
    """A report block; lost may be negative."""
    return struct.pack("!IIIIII", ssrc, fraction << 24 | lost & 0xffffff, highest, jitter, lsr,
                       int(dlsr_s * 65536))


def sender_report(ssrc, ntp_time, *blocks):
    body = struct.pack("!IQIII", ssrc, ntp_time, 0, 1000, 160000) + b"".join(blocks)
    return rtcp(SR, len(blocks), body)


def receiver_report(ssrc, *blocks):
    return rtcp(RR, len(blocks), struct.pack("!I", ssrc) + b"".join(blocks))


def sdes(ssrc):
    return rtcp(SDES, 1, struct.pack("!IBB", ssrc, 1, 4) + b"name\0\0")


def bye(ssrc):
    return rtcp(BYE, 1, struct.pack("!I", ssrc))


def feedback(name, ssrc, media):
    """nack, pli, fir, transport_cc or remb."""
    kind, fmt, control = {
        "nack": (RTPFB, 1, struct.pack("!HH", 100, 0)),
        "transport_cc": (RTPFB, 15, struct.pack("!HHBBBBHBB", 1, 1, 0, 0, 0, 0, 0x2001, 0, 0)),
        "pli": (PSFB, 1, b""),
        "fir": (PSFB, 4, struct.pack("!IBBBB", media, 1, 0, 0, 0)),
        "remb": (PSFB, 15, b"REMB" + struct.pack("!BBHI", 1, 8, 1000, media)),
    }[name]
    return rtcp(kind, fmt, struct.pack("!II", ssrc, media) + control)


def encrypted(compound):
    """As SRTCP: eight octets in clear, the rest like noise, index and tag behind."""
    return compound[:8] + os.urandom(len(compound) - 8 + 14)


# What wraps RTP, and what is something else

def channel_data(channel, payload):
    """TURN over UDP; channel from 0x4000 on."""
    return struct.pack("!HH", channel, len(payload)) + payload


def framed(packet):
    """RFC 4571."""
    return struct.pack("!H", len(packet)) + packet


def quic_long(size=1200):
    ids = os.urandom(8), os.urandom(8)
    head = struct.pack("!BIB", 0xc3, 1, 8) + ids[0] + b"\x08" + ids[1]
    return head + os.urandom(size - len(head))


def quic_short(first, size=200):
    return bytes([first]) + os.urandom(size - 1)
