# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What holds of the streams of both calls: found, told apart, counted to the packet.

Truth is the log of the bridge beside the end; who is who the browsers say.
"""

import pytest

from lab import LabError, total
from measure import admitted_at

CLOCKS = {"audio": 48000, "video": 90000}
LOST_ON_PROBATION = 32  # packets that gaps at the very start may keep out of every count
LOCKED_NS = 5_000_000_000  # by then the clock is known: 2 s, more while a camera starts
RTX_KNOWN_NS = 10_000_000_000  # before, a stream without a clock may still be audio
RTX_LOOK = 16  # packets; one of so many gets a look
ENDS = [(end, direction) for end in "ab" for direction in ("ingress", "egress")]


@pytest.fixture(params=ENDS, ids=lambda one: "-".join(one))
def side(request, call):
    """(party, direction) of the call."""
    end, direction = request.param
    return getattr(call, end), direction


def lost(row):
    """What is missing in a row by now, what may still come in the window included."""
    return (row["lost"] if row["direction"] == "ingress" else row["source_gap"]) + row["unseen"]


def admitted(call, party, direction):
    """The (stream, row)s of all that had four packets in a row of one type, as probes may not."""
    for one in party.streams(direction):
        try:
            admitted_at(party.arrivals(direction)[one.ssrc])
        except LabError:
            assert one.kind == "rtx"
            continue
        yield one, call.row(party, direction, one.ssrc)


def test_streams_have_kind_and_clock(call, side):
    party, direction = side
    streams = [one for one in party.streams(direction) if one.kind != "rtx"]
    assert sorted(one.kind for one in streams) == ["audio", "video"]
    for one in streams:
        row = call.row(party, direction, one.ssrc)
        assert (row["media"], row["clock_rate"]) == (one.kind, CLOCKS[one.kind])
        assert call.codecs[row["payload_type"]].clock == CLOCKS[one.kind]
        near, far = ("destination", "source") if direction == "ingress" else ("source",
                                                                               "destination")
        other = call.b if party is call.a else call.a
        assert row[f"{near}_address"] == party.end.address
        assert row[f"{far}_address"] == other.end.address


def test_nothing_else_is_found(call, side):
    party, direction = side
    known = {one.ssrc for one in party.streams(direction)}
    rows = call.rows_of(party, direction)
    assert {row["ssrc"] for row in rows} <= known


def test_rtx_is_what_the_browser_calls_so(call, side):
    party, direction = side
    (ssrc,) = [one.ssrc for one in party.streams(direction) if one.kind == "rtx"]
    called = {row["ssrc"] for row in call.rows_of(party, direction) if row["media"] == "rtx"}
    arrivals = party.arrivals(direction)[ssrc]
    assert {call.codecs[arrival.pt].name for arrival in arrivals} == {"rtx"}
    assert called <= {ssrc}
    # A few probes when the call begins are nothing that could be told from audio.
    begin_ns = arrivals[0].t_ns + RTX_KNOWN_NS
    assert called or sum(arrival.t_ns > begin_ns for arrival in arrivals) < 2 * RTX_LOOK


def test_counts_equal_the_bridges_log(call, side):
    party, direction = side
    for one, row in admitted(call, party, direction):
        expected = call.judge(party, direction, one.ssrc, row["base_sequence"])
        assert expected.restarts == row["restarts"] == 0
        assert row["packets"] == expected.packets
        assert row["unique"] == expected.unique
        assert (lost(row), row["unseen"]) == (expected.lost, expected.pending)
        assert (row["gap"], row["recovered"]) == (expected.gap, expected.recovered)
        assert row["reordered"] + row["late"] == expected.out_of_order
        assert row["duplicates"] == expected.duplicates
        assert expected.before_base <= LOST_ON_PROBATION


def test_padding_is_told_apart(call, side):
    party, direction = side
    expected = sum(call.judge(party, direction, one.ssrc, row["base_sequence"]).padding
                   for one, row in admitted(call, party, direction))
    assert total(call.metrics, "jitterbug_rtp_padding_packets_total", unit=party.unit,
                 direction=direction) == expected


def test_metrics_are_the_sum_of_the_streams(call, side):
    party, direction = side
    rows = call.rows_of(party, direction)
    missing = "lost" if direction == "ingress" else "source_gap"

    def metric(name, **labels):
        return total(call.metrics, f"jitterbug_rtp_{name}_total", unit=party.unit, **labels)

    assert metric(f"{missing}_packets") == sum(row[missing] for row in rows)
    for key in ("packets", "bytes"):
        assert metric(key, direction=direction) == sum(row[key] for row in rows)
    by_media = {media: metric("packets", direction=direction, media=media)
                for media in ("audio", "video", "rtx", "unknown")}
    assert sum(by_media.values()) == metric("packets", direction=direction)
    assert 0 < by_media["unknown"] <= unknown_max(party, direction)


def unknown_max(party, direction):
    """Packets before the clock is known, and any RTX."""
    most = 0
    for one in party.streams(direction):
        arrivals = party.arrivals(direction)[one.ssrc]
        until = arrivals[0].t_ns + LOCKED_NS
        most += len([a for a in arrivals if one.kind == "rtx" or a.t_ns < until])
    return most


@pytest.mark.parametrize("kind", ["audio", "video"])
@pytest.mark.parametrize("name, end", [("pair", "a"), ("pair", "b"), ("echo", "a")])
def test_lost_is_what_the_browser_counts(request, name, end, kind):
    """packetsLost of getStats, from the first packet to the highest that came: of what is lost

    after it neither can know. The agent begins with the first of four in a row.
    """
    call = request.getfixturevalue(name)
    party = getattr(call, end)
    (told,) = party.of_type("inbound-rtp", kind=kind)
    row = call.row(party, "ingress", told["ssrc"])
    whole = call.judge(party, "ingress", told["ssrc"])
    since = call.judge(party, "ingress", told["ssrc"], row["base_sequence"])
    assert told["packetsReceived"] - told.get("retransmittedPacketsReceived", 0) == whole.packets
    assert told["packetsLost"] == whole.lost
    assert lost(row) == since.lost == told["packetsLost"] - (whole.lost - since.lost)
    assert whole.lost - since.lost <= LOST_ON_PROBATION
