# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""truth.py against cases worked out by hand."""

import random

import pytest

import truth

MS = 1_000_000


def audio(numbers, step_ms=20, start=0, rate=48000, pt=111):
    """One packet of 20 ms for each number, in the order given, with the number's own timestamp."""
    per_packet = rate * step_ms // 1000
    return [truth.Arrival(i * step_ms * MS, (start + n) % 65536, n * per_packet % 2**32, pt, False)
            for i, n in enumerate(numbers)]


def compute(numbers, start=0, **options):
    return truth.compute(audio(numbers, start=start, **options), start % 65536, 48000)


def test_perfect_stream():
    result = compute(range(1000), start=65000)
    assert (result.packets, result.unique, result.expected, result.lost) == (1000,) * 3 + (0,)
    assert (result.gap, result.duplicates, result.out_of_order, result.restarts) == (0, 0, 0, 0)
    assert result.jitter_s == pytest.approx(0, abs=1e-9)
    assert result.frames == 999


def test_alternating_two_milliseconds_read_four():
    packets = [packet._replace(t_ns=packet.t_ns + (2 * MS if i % 2 else -2 * MS) + 10 * MS)
               for i, packet in enumerate(audio(range(2000)))]
    assert truth.compute(packets, 0, 48000).jitter_s == pytest.approx(0.004, rel=1e-6)


def test_paced_video_reads_zero():
    """90 kHz, 4 packets a frame 1 ms apart: one sample per new timestamp sees no jitter."""
    packets = [truth.Arrival((f * 40 + p) * MS, f * 4 + p, f * 3600, 96, False)
               for f in range(500) for p in range(4)]
    result = truth.compute(packets, 0, 90000)
    assert result.jitter_s == pytest.approx(0, abs=1e-9)
    assert result.frames == 499


def test_loss_duplicates_and_reordering_across_the_wrap():
    """10 lost + 5 duplicated + 5 reordered: gap 15, recovered 5, lost 10, duplicates 5."""
    numbers = [n for n in range(1000) if not 480 <= n < 490]
    for n in (100, 300, 500, 533, 700):
        at = numbers.index(n)
        numbers[at], numbers[at + 1] = numbers[at + 1], numbers[at]
    for n in (50, 510, 530, 600, 900):
        numbers.insert(numbers.index(n) + 1, n)
    result = compute(numbers, start=65000)
    assert (result.gap, result.recovered, result.lost, result.duplicates) == (15, 5, 10, 5)
    assert (result.reordered, result.late) == (5, 0)
    assert result.expected == 1000
    assert result.packets == result.unique + result.duplicates == 995


@pytest.mark.parametrize("behind, lost, late", [(255, 0, 0), (256, 1, 1), (1000, 1, 1)])
def test_edge_of_the_window(behind, lost, late):
    numbers = [n for n in range(3000) if n != 700]
    numbers.insert(numbers.index(700 + behind) + 1, 700)
    result = compute(numbers, start=64900)
    assert (result.lost, result.late_beyond, result.restarts) == (lost, late, 0)
    assert result.recovered == 1 - late
    assert result.out_of_order == 1
    assert result.stray == 0


def test_duplicate_beyond_the_window_is_late_and_loses_nothing():
    numbers = list(range(1000)) + [100]
    result = compute(numbers)
    assert (result.lost, result.duplicates, result.late_beyond) == (0, 0, 1)


def test_late_within_the_window_splits_from_reordered_after_40_ms():
    numbers = [0, 1, 2, 4, 3, 5, 7, 8, 9, 6, 10]
    result = compute(numbers)
    assert (result.reordered, result.late_in_window, result.lost) == (1, 1, 0)


def test_before_the_base():
    packets = audio([7, 9, 3, 11, 12, 13, 10, 14])
    result = truth.compute(packets, 11, 48000)
    assert (result.before_base, result.early, result.packets) == (3, 1, 5)
    assert (result.expected, result.unique, result.lost) == (4, 4, 0)


def test_what_is_missing_in_the_window_is_pending():
    numbers = [n for n in range(1000) if n not in (500, 743, 744, 990)]
    result = compute(numbers)
    assert (result.lost, result.pending, result.in_window) == (4, 2, 256)
    assert truth.compute(audio(range(10)), 0, 48000).in_window == 10


def test_dropout_of_2999_is_forward_and_an_outage_is_no_restart():
    for missing in (2998, 4000, 40000):
        numbers = list(range(300)) + list(range(300 + missing, 900 + missing))
        packets = [packet._replace(t_ns=n * 20 * MS)
                   for n, packet in zip(numbers, audio(numbers))]
        result = truth.compute(packets, 0, 48000)
        assert (result.lost, result.restarts, result.stray) == (missing, 0, 0)
        assert result.outages == (missing > 2998)
        assert result.jitter_s == pytest.approx(0, abs=1e-9)


def test_restart_needs_two_that_agree():
    packets = audio(range(500))
    far = [p._replace(seq=(p.seq + 30000) % 65536, ts=(p.ts + 0x81234567) % 2**32,
                      t_ns=p.t_ns + 10000 * MS) for p in packets]
    alone = truth.compute(packets + far[:1], 0, 48000)
    assert (alone.restarts, alone.stray, alone.expected) == (0, 1, 500)
    both = truth.compute(packets[:100] + packets[110:] + far[:50] + far[53:], 0, 48000)
    assert (both.restarts, both.stray, len(both.epochs)) == (1, 0, 2)
    assert (both.lost, both.expected) == (13, 1000)
    assert (both.epochs[1].base, both.epochs[1].lost) == (30000, 3)


def test_payload_type_padding_and_mute_give_no_sample():
    packets = audio(range(100))
    result = truth.compute([p._replace(pt=96 if p.seq >= 50 else 111) for p in packets], 0, 48000)
    assert result.frames == 98
    result = truth.compute([p._replace(padding_only=p.seq % 10 == 9) for p in packets], 0, 48000)
    assert (result.frames, result.padding) == (89, 10)
    muted = [p._replace(t_ns=p.t_ns + 6000 * MS) if p.seq >= 50 else p for p in packets]
    result = truth.compute(muted, 0, 48000)
    assert (result.frames, result.jitter_s) == (98, pytest.approx(0, abs=1e-9))


def test_jitter_series_every_five_seconds():
    series = truth.compute(audio(range(1001)), 0, 48000).jitter_series
    assert [t for t, _ in series] == [n * 5000 * MS for n in (1, 2, 3, 4)]


def test_unknown_base():
    with pytest.raises(ValueError, match="base 7 "):
        truth.compute(audio(range(3)), 7, 48000)


@pytest.mark.parametrize("seed", range(20))
def test_identities_hold_for_random_impairment(seed):
    rng = random.Random(seed)
    order = []
    for n in range(3000):
        if n and rng.random() < 0.05:
            continue
        order.append((n + rng.choice((0, 0, 0, 0, 5, 100, 400)) * (n > 0), n))
        if rng.random() < 0.05:
            order.append((n + 2, n))
    numbers = [n for _, n in sorted(order)]
    result = compute(numbers, start=rng.randrange(65536))
    assert min(result.lost, result.duplicates, result.reordered, result.late_beyond) > 0
    assert result.gap == result.recovered + result.lost
    assert result.expected == result.unique + result.lost == 1 + max(numbers)
    assert result.packets == (result.unique + result.duplicates + result.late_beyond +
                              result.early + result.stray)
    assert result.restarts == 0
