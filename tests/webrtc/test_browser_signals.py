# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""RTCP, STUN and DTLS of real calls, against captures at the same end and the browsers' getStats.

Of a compound SRTCP packet only the first sub-packet's type is in clear. So the capture's counts
are exact, and those of getStats, which count all, an upper bound: close where NACK and PLI are
sent by themselves, as Janus does, and browsers to each other (RFC 5506). To Janus, which does not
offer that, a browser puts a report before them, and none of them can be seen.
"""

import pytest

import signals
from lab import total
from scene import DELAY_S

RTT_S = 2 * DELAY_S
FIRST_SHARE = 0.5  # of the feedback at least, that stands first
TYPES, FEEDBACK = tuple(signals.TYPES.values()), tuple(signals.FEEDBACK.values())


@pytest.fixture(params="ab")
def end(request, call):
    """(party, what was captured there, {direction: who sent it})."""
    party, found = getattr(call, request.param), call.captured["ab".index(request.param)]
    other = call.b if party is call.a else call.a
    return party, found, {"egress": party.end.address, "ingress": other.end.address}


def rtcp_metric(call, unit, direction, name):
    family = "packets" if name in TYPES else "feedback"
    return total(call.metrics, f"jitterbug_rtcp_{family}_total", unit=unit, direction=direction,
                 type=name)


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_rtcp_is_counted_by_type(call, end, direction):
    """At egress the call goes on while the page is read."""
    party, found, sources = end
    least, most = (signals.rtcp(found, sources[direction], t_ns) for t_ns in call.between_ns)
    assert most
    for name in (*TYPES, *FEEDBACK):
        value = rtcp_metric(call, party.unit, direction, name)
        assert least[name] <= value <= most[name], name


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_rtcp_was_there(pair, direction):
    for party in pair.parties:
        for name in ("sr", "rr", "transport_cc"):
            assert rtcp_metric(pair, party.unit, direction, name) > 0


def feedback_of(stats, counter):
    return sum(one.get(counter, 0) for one in stats)


@pytest.mark.parametrize("counter, name", [("nackCount", "nack"), ("pliCount", "pli")])
def test_feedback_is_what_the_browser_got(echo, counter, name):
    got = feedback_of(echo.a.of_type("outbound-rtp"), counter)
    counted = rtcp_metric(echo, echo.a.unit, "ingress", name)
    assert FIRST_SHARE * got <= counted <= got
    assert counted > 0


def test_nacks_of_a_browser(pair):
    asked = feedback_of(pair.b.of_type("inbound-rtp"), "nackCount")
    got = feedback_of(pair.a.of_type("outbound-rtp"), "nackCount")
    assert asked > 0
    for party, direction, told in ((pair.b, "egress", asked), (pair.a, "ingress", got)):
        assert FIRST_SHARE * told <= rtcp_metric(pair, party.unit, direction, "nack") <= told
    assert rtcp_metric(pair, pair.b.unit, "ingress", "nack") == 0  # nothing was lost on that way


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_stun_requests(call, end, direction):
    party, found, sources = end
    least, most = (signals.stun_requests(found, sources[direction], t_ns)
                   for t_ns in call.between_ns)
    value = total(call.metrics, "jitterbug_stun_requests_total", unit=party.unit,
                  direction=direction)
    assert 0 < least <= value <= most


def histogram(call, unit, name):
    """(count, sum, {bound: observations up to it})."""
    buckets = {dict(labels)["le"]: value for (series, labels), value in call.metrics.items()
               if series == f"{name}_bucket" and ("unit", unit) in labels}
    return (total(call.metrics, f"{name}_count", unit=unit),
            total(call.metrics, f"{name}_sum", unit=unit), buckets)


@pytest.mark.parametrize("name", "ab")
def test_stun_round_trip(pair, name):
    party, found = getattr(pair, name), pair.captured["ab".index(name)]
    count, seconds, buckets = histogram(pair, party.unit, "jitterbug_stun_round_trip_seconds")
    truth = signals.stun_round_trips(found, party.end.address)
    assert count == len(truth) > 2, signals.stun_story(found, party.end.address)
    assert seconds / count == pytest.approx(sum(truth) / len(truth), rel=0.05)
    assert RTT_S <= seconds / count < 1.2 * RTT_S
    assert buckets["0.025"] < count / 2 <= buckets["0.05"]
    # What the browser had of its latest request.
    (route,) = [one for one in party.of_type("candidate-pair", nominated=True)
                if one.get("bytesReceived")]
    assert route["currentRoundTripTime"] == pytest.approx(RTT_S, abs=0.015)


def test_dtls_handshake(pair):
    """In DTLS 1.3, which Chromium speaks, a round trip; up to 1.2 it is two."""
    client = signals.dtls_client(pair.captured[0])
    party, found = next((party, found) for party, found in zip(pair.parties, pair.captured)
                        if party.end.address == client)
    count, seconds, _ = histogram(pair, party.unit, "jitterbug_dtls_handshake_seconds")
    expected = signals.dtls_seconds(found)
    assert 1 <= count <= 2
    assert expected >= RTT_S
    assert 0.95 * expected <= seconds / count <= expected + 2 * RTT_S
    for other in pair.parties:
        count, seconds, _ = histogram(pair, other.unit, "jitterbug_dtls_handshake_seconds")
        assert count <= 2 and seconds <= 2
