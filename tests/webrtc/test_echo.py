# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A browser (a) and Janus (b) that sends back what it gets: whose loss it is.

What is lost before Janus is loss where Janus receives and a source gap where it sends, as it keeps
the gaps in the numbers; the browser lacks both these and what is lost behind Janus.
"""

import pytest

from lab import total


def numbers(arrivals):
    return {arrival.seq for arrival in arrivals}


def test_loss_upstream_of_the_server(echo):
    """Audio is not repeated: what Janus has not got it can't send."""
    came = echo.row_of_kind(echo.b, "ingress", "audio")
    went = echo.row_of_kind(echo.b, "egress", "audio")
    assert came["lost"] + came["unseen"] > 0
    assert came["source_gap"] is None and went["lost"] is None
    assert went["source_gap"] + went["unseen"] == came["lost"] + came["unseen"]
    assert went["gap"] == came["gap"]


def test_the_servers_gap_is_no_loss_of_its(echo):
    """rtp_lost_packets_total is what the server did not get, and that alone."""
    def metric(party, name):
        return total(echo.metrics, f"jitterbug_rtp_{name}_packets_total", unit=party.unit)

    lost = sum(row["lost"] for row in echo.rows_of(echo.b, "ingress"))
    gaps = sum(row["source_gap"] for row in echo.rows_of(echo.b, "egress"))
    assert metric(echo.b, "lost") == lost > 0
    assert metric(echo.b, "source_gap") == gaps > 0
    assert metric(echo.a, "source_gap") == 0  # the browser itself skips nothing


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_the_browser_lacks_both(echo, kind):
    """Its loss less what Janus did not send is what was lost in between. Of video Janus may have

    had everything repeated in the end.
    """
    row = echo.row_of_kind(echo.a, "ingress", kind)
    sent = numbers(echo.b.arrivals("egress")[row["ssrc"]])
    got = numbers(echo.a.arrivals("ingress")[row["ssrc"]])
    assert max(sent) < 65536 - 1000 and row["base_sequence"] < row["highest_sequence"]  # no wrap
    span = set(range(row["base_sequence"], row["highest_sequence"] + 1))
    never_sent, lost_behind = span - sent, (span & sent) - got
    assert lost_behind and (never_sent or kind == "video")
    assert row["lost"] + row["unseen"] - len(never_sent) == len(lost_behind)
    assert row["source_gap"] is None


def test_the_browsers_own_streams_have_no_gap(echo):
    for kind in ("audio", "video", "rtx"):
        row = echo.row_of_kind(echo.a, "egress", kind)
        assert row["gap"] == row["source_gap"] == row["unseen"] == 0
