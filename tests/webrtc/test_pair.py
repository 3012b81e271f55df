# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two browsers, audio and video both ways: who loses, and RED."""

import pytest

from lab import total


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_only_the_lossy_way_loses(pair, kind):
    there = pair.row_of_kind(pair.b, "ingress", kind)
    back = pair.row_of_kind(pair.a, "ingress", kind)
    assert there["lost"] + there["unseen"] > 0
    assert back["gap"] == 0


def test_no_source_gap(pair):
    for party in pair.parties:
        rows = pair.rows_of(party, "egress")
        assert len(rows) >= 2
        for row in rows:
            assert row["lost"] is None
            assert row["source_gap"] == row["unseen"] == row["gap"] == 0
        assert total(pair.metrics, "jitterbug_rtp_source_gap_packets_total", unit=party.unit) == 0


def test_red_is_audio(pair):
    for party, direction, name in ((pair.a, "ingress", "red"), (pair.b, "egress", "red"),
                                   (pair.a, "egress", "opus"), (pair.b, "ingress", "opus")):
        row = pair.row_of_kind(party, direction, "audio")
        assert pair.codecs[row["payload_type"]].name == name
        assert (row["media"], row["clock_rate"]) == ("audio", 48000)


def test_retransmissions_and_probes_were_there(pair):
    (rtx,) = [one.ssrc for one in pair.b.streams("ingress") if one.kind == "rtx"]
    assert pair.row_of_kind(pair.b, "ingress", "rtx")["media"] == "rtx"
    assert pair.judge(pair.b, "ingress", rtx).padding > 0
    assert total(pair.metrics, "jitterbug_rtp_packets_total", unit=pair.b.unit,
                 direction="ingress", media="rtx") > 0
