# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpdump in a namespace, and what its file holds as read by us and by tshark."""

import re
import socket
import struct
import subprocess
from collections import namedtuple

from lab import LabError, Process, run_in_netns, wait_until
from truth import Arrival

NANOSECOND_PCAP = 0xa1b23c4d
FILE_HEADER, RECORD_HEADER, ETHERNET, UDP_HEADER, RTP_HEADER = 24, 16, 14, 8, 12
SAP_PORT = 9875

Flow = namedtuple("Flow", "source sport destination dport ssrc")
Record = namedtuple("Record", "arrival size raw")  # size of the UDP payload; raw: as in the file
Datagram = namedtuple("Datagram", "t_ns source sport destination dport payload")
TsharkStream = namedtuple("TsharkStream", "packets lost mean_jitter_ms max_jitter_ms")


class Capture:
    """UDP on eth0 of a namespace into a file, from now until stop(). No packet may be missing."""

    def __init__(self, netns, path):
        self.path = path
        self._process = Process("tcpdump", "-i", "eth0", "-n", "--immediate-mode", "-Z", "root",
                                "-B", 16384, "--time-stamp-precision=nano", "-w", path, "udp",
                                netns=netns)
        wait_until(self._listens, 10, f"{self._process} listens")

    def _listens(self):
        if self._process.returncode is not None:
            raise LabError(f"{self._process}: {self._process.stderr}")
        return "listening on" in self._process.stderr

    def stop(self):
        self._process.stop()
        if "\n0 packets dropped by kernel" not in self._process.stderr:
            raise LabError(f"{self._process}: {self._process.stderr}")


def announce(net, kind, port, payload_type, name):
    """Tells tshark by SAP (RFC 2974) what comes from a to that port of b."""
    sdp = (f"v=0\r\no=- {port} 1 IN IP4 {net.a4}\r\ns=lab\r\nc=IN IP4 {net.b4}\r\nt=0 0\r\n"
           f"m={kind} {port} RTP/AVP {payload_type}\r\na=rtpmap:{payload_type} {name}\r\n")
    sap = struct.pack("!BBH4s", 0x20, 0, port, socket.inet_aton(net.a4)) + b"application/sdp\0"

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(sap + sdp.encode(), (net.b4, SAP_PORT))

    run_in_netns(net.a, send)


def _records(path):
    """(t_ns, frame, raw record) of each packet in the file."""
    with open(path, "rb") as file:
        data = file.read()
    if struct.unpack_from("<I", data)[0] != NANOSECOND_PCAP:
        raise LabError(f"{path}: not a pcap file with nanoseconds")
    at = FILE_HEADER
    while at + RECORD_HEADER <= len(data):
        seconds, ns, captured, original = struct.unpack_from("<IIII", data, at)
        end = at + RECORD_HEADER + captured
        if captured != original or end > len(data):
            raise LabError(f"{path}: a packet is cut off at {at}")
        yield seconds * 10**9 + ns, data[at + RECORD_HEADER:end], data[at:end]
        at = end


def _udp(frame):
    """(source, sport, destination, dport, payload) of an Ethernet frame with UDP over IPv4."""
    ip = frame[ETHERNET:]
    if frame[12:14] != b"\x08\x00" or ip[9] != socket.IPPROTO_UDP:
        return None
    udp = ip[(ip[0] & 15) * 4:]
    sport, dport, length = struct.unpack_from("!HHH", udp)
    return (socket.inet_ntoa(ip[12:16]), sport, socket.inet_ntoa(ip[16:20]), dport,
            udp[UDP_HEADER:length])


def _rtp(frame):
    """(Flow, seq, ts, pt, size of the UDP payload) of an Ethernet frame with RTP, else None."""
    datagram = _udp(frame)
    if not datagram:
        return None
    *ends, payload = datagram
    if len(payload) < RTP_HEADER or payload[0] >> 6 != 2 or 192 <= payload[1] <= 223:
        return None
    seq, ts, ssrc = struct.unpack_from("!HII", payload, 2)
    return Flow(*ends, ssrc), seq, ts, payload[1] & 127, len(payload)


def rtp_streams(path):
    """{Flow: [Record]} of the RTP in a file (IPv4, none of it padding only)."""
    streams = {}
    for t_ns, frame, raw in _records(path):
        found = _rtp(frame)
        if found:
            flow, seq, ts, pt, size = found
            record = Record(Arrival(t_ns, seq, ts, pt, False), size, raw)
            streams.setdefault(flow, []).append(record)
    return streams


def datagrams(path):
    """Each UDP datagram over IPv4 in a file, in order."""
    for t_ns, frame, _ in _records(path):
        found = _udp(frame)
        if found:
            yield Datagram(t_ns, *found)


def at_time(record, t_ns):
    """The record as if it had arrived then."""
    stamp = struct.pack("<II", t_ns // 10**9, t_ns % 10**9)
    return record._replace(arrival=record.arrival._replace(t_ns=t_ns),
                           raw=stamp + record.raw[len(stamp):])


def announcements(path):
    """Raw records of the SAP packets in a file."""
    return [raw for _, frame, raw in _records(path)
            if (_udp(frame) or [None] * 5)[3] == SAP_PORT]


def write(path, raws):
    """Makes a file of raw records."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", NANOSECOND_PCAP, 2, 4, 0, 0, 262144, 1))
        file.writelines(raws)


# Start End SrcAddr Port DstAddr Port SSRC Payload Packets Lost (%) 3 x delta 3 x jitter
_TSHARK = re.compile(r"\s*[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+0x(\w+)\s+.*?"
                     r"\s(\d+)\s+(-?\d+) \(-?[\d.]+%\)\s+" + r"\s+".join([r"(-?[\d.]+)"] * 6))


def tshark_streams(path):
    """{Flow: TsharkStream} by `tshark -z rtp,streams`, which knows the ports from SAP or SIP."""
    text = subprocess.run(["tshark", "-n", "-q", "-r", path, "-z", "rtp,streams"],
                          capture_output=True, text=True, check=True).stdout
    streams = {}
    for match in filter(None, map(_TSHARK.match, text.splitlines())):
        source, sport, destination, dport, ssrc, packets, lost, *_, mean, maximum = match.groups()
        flow = Flow(source, int(sport), destination, int(dport), int(ssrc, 16))
        streams[flow] = TsharkStream(int(packets), int(lost), float(mean), float(maximum))
    return streams
