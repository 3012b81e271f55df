# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Counters and page of metrics of the stand-in for Linkerd's proxy.

Names, labels and their order are those of real pages: families of the proxy's older registry first,
then those of the newer (# UNIT, floats), then # EOF. Latencies are whole milliseconds, cut off, as
the proxy sums them up.
"""

import functools
import gzip
import time

BOUNDS_MS = [n * scale for scale, numbers in ((1, (1, 2, 3, 4, 5)), (10, (1, 2, 3, 4, 5)),
                                              (100, (1, 2, 3, 4, 5)), (1000, (1, 2, 3, 4, 5)),
                                              (10000, (1, 2, 3, 4, 5))) for n in numbers]
# (family, type, help), in the order of the page.
LEGACY = (
    ("request_total", "counter", "Total count of HTTP requests."),
    ("response_latency_ms", "histogram", "Elapsed times between a request's headers being received"
     " and its response stream completing"),
    ("response_total", "counter", "Total count of HTTP responses."),
    ("tcp_open_total", "counter", "Total count of opened connections"),
    ("tcp_open_connections", "gauge", "Number of currently-open connections"),
    ("tcp_read_bytes_total", "counter", "Total count of bytes read from peers"),
    ("tcp_write_bytes_total", "counter", "Total count of bytes written to peers"),
    ("tcp_close_total", "counter", "Total count of closed connections"),
)
ORDER = ("direction", "peer", "authority", "session_protocol", "target_addr", "target_ip",
         "target_port", "target_name", "tls", "no_tls_reason", "client_id", "server_id",
         "dst_control_plane_ns", "dst_deployment", "dst_namespace", "dst_pod",
         "dst_pod_template_hash", "dst_service", "dst_serviceaccount", "dst_statefulset",
         "srv_group", "srv_kind", "srv_name", "srv_port", "authz_kind", "authz_name",
         "status_code", "classification", "grpc_status", "error", "errno", "le")
HEADERS = "inbound_tcp_transport_header_connections"
HUGE_LINE = b'stack_create_total{direction="outbound",protocol="http",name="balancer-%07d"} 0\n'
HUGE_LINES, HUGE_TIMES = 10000, 100  # some 80 MB
HTML = b"<!DOCTYPE html>\n<html><body><h1>It works!</h1></body></html>\n"


def label_text(labels):
    pairs = sorted(labels.items(), key=lambda pair: ORDER.index(pair[0]))
    return ",".join(f'{name}="{value}"' for name, value in pairs)


class Counters:
    """{family: {labels as text: value}}; of a histogram [sum, count of each bucket]."""

    def __init__(self):
        self.start = time.time()
        self.families = {}
        self.forgotten = None

    def add(self, family, labels, value):
        series = self.families.setdefault(family, {})
        text = label_text(labels)
        series[text] = series.get(text, 0) + value

    def observe_ms(self, family, labels, ms):
        ms = int(ms)
        histogram = self.families.setdefault(family, {}).setdefault(
            label_text(labels), [0] + [0] * (len(BOUNDS_MS) + 1))
        histogram[0] += ms
        histogram[1 + next((i for i, bound in enumerate(BOUNDS_MS) if ms <= bound),
                           len(BOUNDS_MS))] += 1

    def forget(self):
        """What the proxy forgets of itself when it was idle; of open connections it does not."""
        for family in ("request_total", "response_total", "response_latency_ms"):
            self.families.pop(family, None)


def histogram_lines(name, labels, values):
    total = 0
    for bound, count in zip([*BOUNDS_MS, "+Inf"], values[1:]):
        total += count
        yield f'{name}_bucket{{{labels},le="{bound}"}} {total}\n'
    yield f"{name}_count{{{labels}}} {total}\n"
    yield f"{name}_sum{{{labels}}} {values[0]}\n"


def legacy_lines(counters):
    for name, kind, text in LEGACY:
        if name not in counters.families:
            continue
        yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
        for labels, value in counters.families[name].items():
            if kind == "histogram":
                yield from histogram_lines(name, labels, value)
            else:
                yield f"{name}{{{labels}}} {value}\n"


def gauge_lines(name, value):
    return (f"# HELP {name} Seconds since the UNIX epoch.\n# TYPE {name} gauge\n"
            f"# UNIT {name} seconds\n{name} {value}\n")


def certificate_lines(settings):
    """By the names since April 2024, or by those before ("legacy")."""
    prefix = "identity" if settings.get("certificate") == "legacy" else "control_identity"
    yield gauge_lines(f"{prefix}_cert_expiration_timestamp_seconds",
                      float(settings.get("expiry", 1789215005)))
    if prefix == "identity":
        yield "# TYPE identity_cert_refresh_count counter\nidentity_cert_refresh_count 3\n"
        return
    name = f"{prefix}_cert_refreshes"
    yield f"# TYPE {name} counter\n{name}_total{{result=\"ok\"}} 3\n"
    if "refresh_errors" in settings:
        yield f"{name}_total{{result=\"error\"}} {settings['refresh_errors']}\n"


def new_lines(counters, settings):
    yield from certificate_lines(settings)
    if f"{HEADERS}_total" in counters.families:
        yield f"# HELP {HEADERS} TCP connections with transport headers.\n"
        yield f"# TYPE {HEADERS} counter\n"
        for labels, value in counters.families[f"{HEADERS}_total"].items():
            yield f"{HEADERS}_total{{{labels}}} {value}\n"
    yield gauge_lines("process_start_time_seconds", counters.start)
    yield "# EOF\n"


def head(status, body, kind="text/plain", packed=False, length=None):
    encoding = "Content-Encoding: gzip\r\n" if packed else ""
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{encoding}"
            f"Content-Length: {len(body) if length is None else length}\r\n\r\n").encode(), body


@functools.cache
def huge():
    """Packed."""
    return gzip.compress(b"".join(HUGE_LINE % n for n in range(HUGE_LINES)) * HUGE_TIMES, 1)


def render(counters, settings, packed):
    """(head, body) as these settings have it.

    page: "fine", what stands in its place ("forbidden", "html", "huge") or how it fails ("cut" in
    the middle; "slow" is up to who sends it); expiry and certificate ("legacy": by its old name);
    refresh_errors; forget: idle series are forgotten whenever this has changed.
    """
    page = settings.get("page", "fine")
    if settings.get("forget") != counters.forgotten:
        counters.forgotten = settings.get("forget")
        counters.forget()
    if page == "forbidden":
        return head("403 Forbidden", b"")
    if page == "html":
        return head("200 OK", HTML, "text/html; charset=utf-8")
    if page == "huge":
        return head("200 OK", huge(), packed=True)
    text = "".join((*legacy_lines(counters), *new_lines(counters, settings))).encode()
    body = gzip.compress(text, 1) if packed else text
    if page == "cut":
        return head("200 OK", body[:len(body) // 2], packed=packed, length=len(body))
    return head("200 OK", body, packed=packed)
