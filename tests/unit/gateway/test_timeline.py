"""Spans and gaps of a camera's past."""

from itertools import pairwise

from services.gateway.archive.timeline import Gap, Span, gaps_between, merge


def test_spans_a_second_apart_are_one() -> None:
    spans = [Span(5000, 9000), Span(0, 2000), Span(3000, 4000), Span(10_001, 12_000), Span(8000, 8500)]
    assert merge(spans, 1000, 11_000) == [Span(1000, 9000), Span(10_001, 11_000)]


def test_each_part_of_a_hole_has_its_cause() -> None:
    ledger = [Gap(20_000, 30_000, "camera_offline"), Gap(30_500, 50_000, "auth_failed")]
    gaps = gaps_between([Span(0, 10_000), Span(60_000, 70_000)], ledger, 0, 70_000, now_ms=10**9)
    assert gaps == [
        Gap(10_000, 20_000, "unknown"),
        Gap(20_000, 30_500, "camera_offline"),
        Gap(30_500, 50_000, "auth_failed"),
        Gap(50_000, 60_000, "unknown"),
    ]


def test_gaps_and_spans_cover_the_range_without_overlap() -> None:
    spans = merge([Span(3000, 9000), Span(15_000, 20_000)], 0, 40_000)
    ledger = [Gap(0, 12_000, "network"), Gap(11_000, 16_000, "schedule"), Gap(18_000, 50_000, "disabled")]
    gaps = gaps_between(spans, ledger, 0, 40_000, now_ms=10**9)
    pieces = sorted([(span.start_ms, span.end_ms) for span in spans] + [(g.start_ms, g.end_ms) for g in gaps])
    assert pieces[0][0] == 0
    assert pieces[-1][1] == 40_000
    assert all(before[1] == after[0] for before, after in pairwise(pieces))


def test_the_last_seconds_are_no_gap_until_they_are_five_or_have_a_cause() -> None:
    spans = [Span(0, 10_000)]
    assert gaps_between(spans, [], 0, 14_000, now_ms=14_000) == []
    assert gaps_between(spans, [], 0, 14_000, now_ms=60_000) == [Gap(10_000, 14_000, "unknown")]
    assert gaps_between(spans, [], 0, 16_000, now_ms=16_000) == [Gap(10_000, 16_000, "unknown")]
    known = [Gap(10_000, 14_000, "network")]
    assert gaps_between(spans, known, 0, 14_000, now_ms=14_000) == known


def test_what_was_before_the_range_is_nobodys_gap() -> None:
    assert gaps_between([Span(0, 5000)], [], 9000, 10_000, now_ms=10_000) == []
