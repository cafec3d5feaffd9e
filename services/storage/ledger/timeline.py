"""What of a range can be played, and why the rest cannot. Pure: no database, no clock."""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from services.storage.ledger.causes import EXPIRED, STORE_OUTAGE, UNKNOWN
from services.storage.segment import JOIN_MS, LedgerGap
from services.storage.spans import Span, holes, join

MARGIN_MS = JOIN_MS + 1
"""So much around a range decides whether a hole that its edge cuts is long enough to be a gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without footage, and its cause."""

    start_ms: int
    end_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Spans and gaps of one camera, in order, none overlapping another."""

    spans: tuple[Span, ...]
    gaps: tuple[Gap, ...]


def build_timeline(
    asked: Span,
    recordable: Span,
    footage: Sequence[Span],
    ledger: Iterable[LedgerGap],
    away: Sequence[Span] = (),
    deleted_until_ms: int = 0,
) -> Timeline:
    """The timeline of `asked`.

    `footage` is what can be played, joined, in order, up to at least MARGIN_MS beyond `asked` on both sides,
    and the last span before that, if any. `away` is what is recorded and lies in stores that do not answer.
    `recordable` is when there could be footage at all: from the camera's creation to its deletion, not in the
    future. Up to `deleted_until_ms` footage may have been deleted in order.
    """
    window = Span(asked.start_ms - MARGIN_MS, asked.end_ms + MARGIN_MS).clip(recordable)
    recorded = join((*footage, *away)) if away else footage
    rows = [_Row(row, recorded, window.end_ms) for row in ledger]
    missing = [hole for hole in holes(window, recorded) if _is_gap(hole)]
    gone, rest = _parted(missing, deleted_until_ms)
    # Where footage came again after a row that was left open, it may be deleted by now.
    explained = chain(
        _explained(gone, [row for row in rows if not row.is_open], EXPIRED),
        _explained(rest, rows, UNKNOWN),
    )
    gaps = _with_outages(explained, [hole for hole in holes(window, footage) if _is_gap(hole)])
    return Timeline(
        tuple(span for span in (each.clip(asked) for each in footage) if not span.is_empty),
        tuple(_merged(_clipped(gaps, asked))),
    )


def _is_gap(hole: Span) -> bool:
    return hole.length_ms > JOIN_MS


def _parted(gaps: Iterable[Span], at_ms: int) -> tuple[list[Span], list[Span]]:
    """`gaps` before `at_ms` and those after it. One that all but begins or ends there is not cut."""
    before: list[Span] = []
    after: list[Span] = []
    for gap in gaps:
        if gap.end_ms - at_ms <= JOIN_MS:
            before.append(gap)
        elif at_ms - gap.start_ms <= JOIN_MS:
            after.append(gap)
        else:
            before.append(Span(gap.start_ms, at_ms))
            after.append(Span(at_ms, gap.end_ms))
    return before, after


class _Row:
    """A row of the ledger with the span in which it held."""

    __slots__ = ("began_ms", "cause", "is_open", "span")

    def __init__(self, row: LedgerGap, recorded: Sequence[Span], end_ms: int) -> None:
        self.began_ms = row.start_ms
        self.cause = row.cause
        self.is_open = not row.end_ms
        self.span = Span(row.start_ms, row.end_ms or _settled(row, recorded, end_ms))


def _settled(row: LedgerGap, recorded: Sequence[Span], end_ms: int) -> int:
    """Where a row ends that was left open, its writer having died: where footage came again."""
    at = bisect_right(recorded, row.start_ms + JOIN_MS, key=lambda span: span.end_ms)
    return max(row.start_ms, recorded[at].start_ms) if at < len(recorded) else end_ms


def _explained(gaps: Iterable[Span], rows: Iterable[_Row], otherwise: str) -> Iterator[Gap]:
    """`gaps`, in order, cut where their cause changes: `otherwise` where no row holds."""
    ordered = sorted(rows, key=lambda row: row.began_ms)
    near: list[_Row] = []
    at = 0
    for gap in gaps:
        near = [row for row in near if row.span.end_ms > gap.start_ms]
        while at < len(ordered) and ordered[at].began_ms < gap.end_ms:
            if ordered[at].span.end_ms > gap.start_ms:
                near.append(ordered[at])
            at += 1
        yield from _causes_of(gap, near, otherwise)


def _causes_of(gap: Span, rows: Sequence[_Row], otherwise: str) -> Iterator[Gap]:
    """Of rows that hold together, the one that began last tells the cause."""
    held = [(_snapped(row.span, gap), row) for row in rows]
    marks = sorted({gap.start_ms, gap.end_ms, *(edge for span, _ in held for edge in _edges(span))})
    holding: list[tuple[int, int, int, str]] = []
    at = 0
    for start_ms, end_ms in pairwise(marks):
        while at < len(held) and held[at][0].start_ms <= start_ms:
            span, row = held[at]
            heapq.heappush(holding, (-row.began_ms, -at, span.end_ms, row.cause))
            at += 1
        while holding and holding[0][2] <= start_ms:
            heapq.heappop(holding)
        yield Gap(start_ms, end_ms, holding[0][3] if holding else otherwise)


def _edges(span: Span) -> tuple[int, int]:
    return span.start_ms, span.end_ms


def _snapped(row: Span, gap: Span) -> Span:
    """`row` inside `gap`, with edges that all but meet made to meet: both were measured apart."""
    span = row.clip(gap)
    return Span(
        gap.start_ms if span.start_ms - gap.start_ms <= JOIN_MS else span.start_ms,
        gap.end_ms if gap.end_ms - span.end_ms <= JOIN_MS else span.end_ms,
    )


def _with_outages(missing: Iterable[Gap], unplayable: Iterable[Span]) -> Iterator[Gap]:
    """`missing`, and what else is `unplayable`: that is recorded, in a store that is away."""
    left = iter(missing)
    gap = next(left, None)
    for hole in unplayable:
        at_ms = hole.start_ms
        while gap is not None and gap.start_ms < hole.end_ms:
            if gap.start_ms > at_ms:
                yield Gap(at_ms, gap.start_ms, STORE_OUTAGE)
            yield gap
            at_ms = gap.end_ms
            gap = next(left, None)
        if at_ms < hole.end_ms:
            yield Gap(at_ms, hole.end_ms, STORE_OUTAGE)


def _clipped(gaps: Iterable[Gap], asked: Span) -> Iterator[Gap]:
    for gap in gaps:
        visible = Span(gap.start_ms, gap.end_ms).clip(asked)
        if not visible.is_empty:
            yield Gap(visible.start_ms, visible.end_ms, gap.cause)


def _merged(gaps: Iterable[Gap]) -> list[Gap]:
    merged: list[Gap] = []
    for gap in gaps:
        if merged and merged[-1].end_ms == gap.start_ms and merged[-1].cause == gap.cause:
            merged[-1] = Gap(merged[-1].start_ms, gap.end_ms, gap.cause)
        else:
            merged.append(gap)
    return merged
