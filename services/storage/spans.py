"""Spans of time and what can be done with them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.storage.segment import JOIN_MS


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

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


def join(spans: Iterable[Span], within_ms: int = 0) -> list[Span]:
    """`spans` in order, those that overlap or lie no more than `within_ms` apart made one."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start_ms):
        if joined and span.start_ms - joined[-1].end_ms <= within_ms:
            joined[-1] = Span(joined[-1].start_ms, max(joined[-1].end_ms, span.end_ms))
        else:
            joined.append(span)
    return joined


def join_footage(spans: Iterable[Span]) -> list[Span]:
    """Recorded spans as few as they can be: holes up to JOIN_MS are none."""
    return join(spans, JOIN_MS)


def holes(window: Span, spans: Iterable[Span]) -> Iterator[Span]:
    """What `spans`, in order of start, leave of `window`."""
    at_ms = window.start_ms
    for span in spans:
        if span.start_ms >= window.end_ms:
            break
        if span.start_ms > at_ms:
            yield Span(at_ms, span.start_ms)
        at_ms = max(at_ms, span.end_ms)
    if at_ms < window.end_ms:
        yield Span(at_ms, window.end_ms)


def intersect(one: Sequence[Span], other: Sequence[Span]) -> list[tuple[int, Span]]:
    """What lies in a span of both, in order, with the place in `one` it is from.

    Each is in order and overlaps itself nowhere.
    """
    common: list[tuple[int, Span]] = []
    at = beside = 0
    while at < len(one) and beside < len(other):
        both = one[at].clip(other[beside])
        if not both.is_empty:
            common.append((at, both))
        if one[at].end_ms < other[beside].end_ms:
            at += 1
        else:
            beside += 1
    return common


def subtract(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What of `spans` lies in none of `others`. Both are in order, and none overlaps its own kind."""
    left: list[Span] = []
    at = 0
    for span in spans:
        start_ms = span.start_ms
        while at < len(others) and others[at].end_ms <= start_ms:
            at += 1
        for other in others[at:]:
            if other.start_ms >= span.end_ms:
                break
            if other.start_ms > start_ms:
                left.append(Span(start_ms, other.start_ms))
            start_ms = max(start_ms, other.end_ms)
        if start_ms < span.end_ms:
            left.append(Span(start_ms, span.end_ms))
    return left
