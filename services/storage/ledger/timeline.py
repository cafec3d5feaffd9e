"""What of a range can be played, and why the rest cannot. Pure: no database, no clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.storage.segment import JOIN_MS, LedgerGap

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """[start_ms, end_ms)."""

    start_ms: int
    end_ms: int

    def clip(self, other: "Span") -> "Span":
        """What lies in both; empty when start_ms >= end_ms."""
        return Span(max(self.start_ms, other.start_ms), min(self.end_ms, other.end_ms))

    @property
    def is_empty(self) -> bool:
        return self.start_ms >= self.end_ms


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
    asked: Span, recordable: Span, footage: Sequence[Span], ledger: Sequence[LedgerGap]
) -> Timeline:
    """The timeline of `asked`.

    `footage` is what is recorded, joined, in order, up to at least JOIN_MS beyond `asked` on both sides, and
    the last span before that, if any. `recordable` is when there could be footage at all: from the camera's
    creation to its deletion, not in the future.
    """
    spans = tuple(span for span in (each.clip(asked) for each in footage) if not span.is_empty)
    window = Span(asked.start_ms - JOIN_MS - 1, asked.end_ms + JOIN_MS + 1).clip(recordable)
    causes = [(_settled(row, footage, window.end_ms), row.cause) for row in ledger]
    gaps: list[Gap] = []
    for hole in _holes(window, footage):
        if hole.end_ms - hole.start_ms > JOIN_MS:
            for gap in _explained(hole, causes):
                visible = Span(gap.start_ms, gap.end_ms).clip(asked)
                if not visible.is_empty:
                    gaps.append(Gap(visible.start_ms, visible.end_ms, gap.cause))
    return Timeline(spans, tuple(gaps))


def _holes(window: Span, footage: Sequence[Span]) -> Iterator[Span]:
    at_ms = window.start_ms
    for span in footage:
        if span.start_ms >= window.end_ms:
            break
        if span.start_ms > at_ms:
            yield Span(at_ms, span.start_ms)
        at_ms = max(at_ms, span.end_ms)
    if at_ms < window.end_ms:
        yield Span(at_ms, window.end_ms)


def _settled(row: LedgerGap, footage: Sequence[Span], end_ms: int) -> Span:
    """When the row held. One left open (its writer died) ended when footage came again."""
    if row.end_ms:
        return Span(row.start_ms, row.end_ms)
    for span in footage:
        if span.end_ms > row.start_ms + JOIN_MS:
            return Span(row.start_ms, max(row.start_ms, span.start_ms))
    return Span(row.start_ms, end_ms)


def _explained(hole: Span, causes: Sequence[tuple[Span, str]]) -> list[Gap]:
    """`hole` cut where the cause changes. Of rows that hold together, the one that began last tells it."""
    rows = [(_snapped(span, hole), cause) for span, cause in causes if not span.clip(hole).is_empty]
    edges = {hole.start_ms, hole.end_ms}
    for span, _ in rows:
        edges |= {span.start_ms, span.end_ms}
    marks = sorted(edges)
    gaps: list[Gap] = []
    for start_ms, end_ms in pairwise(marks):
        holding = [(span, cause) for span, cause in rows if span.start_ms <= start_ms < span.end_ms]
        cause = max(holding, key=lambda each: each[0].start_ms)[1] if holding else UNKNOWN
        if gaps and gaps[-1].cause == cause:
            gaps[-1] = Gap(gaps[-1].start_ms, end_ms, cause)
        else:
            gaps.append(Gap(start_ms, end_ms, cause))
    return gaps


def _snapped(row: Span, hole: Span) -> Span:
    """`row` inside `hole`, with edges that all but meet made to meet: both were measured apart."""
    span = row.clip(hole)
    return Span(
        hole.start_ms if span.start_ms - hole.start_ms <= JOIN_MS else span.start_ms,
        hole.end_ms if hole.end_ms - span.end_ms <= JOIN_MS else span.end_ms,
    )
