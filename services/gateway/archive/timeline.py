"""A camera's past as spans that can be played and gaps with their causes, up to now."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.gateway.archive.recording import GAP_MS

EDGE_MS = 5_000
"""Footage this young may still be on its way; its absence alone is no gap."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) with footage, ms since 1970 UTC."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Gap:
    """[start, end) without footage, ms since 1970 UTC."""

    start_ms: int
    end_ms: int
    cause: str


def merge(spans: Iterable[Span], start_ms: int, end_ms: int) -> list[Span]:
    """`spans` in order, clipped to [start, end), those no more than a second apart made one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start_ms):
        begin, end = max(span.start_ms, start_ms), min(span.end_ms, end_ms)
        if begin >= end:
            continue
        if merged and begin - merged[-1].end_ms <= GAP_MS:
            merged[-1] = Span(merged[-1].start_ms, max(end, merged[-1].end_ms))
        else:
            merged.append(Span(begin, end))
    return merged


def gaps_between(
    spans: list[Span], ledger: list[Gap], start_ms: int, end_ms: int, *, now_ms: int
) -> list[Gap]:
    """The holes over a second that `spans` (merged) leave in [start, end), each part with its ledger cause.

    A hole that reaches up to now counts once it is five seconds long or the ledger has a cause for it.
    """
    gaps: list[Gap] = []
    ledger = sorted((gap for gap in ledger if gap.cause != UNKNOWN), key=lambda gap: gap.start_ms)
    reached_ms = start_ms
    for span in [*spans, Span(end_ms, end_ms)]:
        hole_ms = span.start_ms - reached_ms
        at_edge = span.start_ms == end_ms and end_ms >= now_ms
        known = [gap for gap in ledger if gap.end_ms > reached_ms and gap.start_ms < span.start_ms]
        if hole_ms > GAP_MS and (known or not at_edge or hole_ms > EDGE_MS):
            gaps += caused(reached_ms, span.start_ms, known)
        reached_ms = max(reached_ms, span.end_ms)
    return gaps


def caused(start_ms: int, end_ms: int, known: list[Gap]) -> list[Gap]:
    """One hole, all of it, divided by cause: unknown where no gap is `known`, which are in order. Slivers up
    to a second between causes go to the cause before."""
    parts: list[Gap] = []
    reached_ms = start_ms
    for gap in known:
        begin, end = max(gap.start_ms, reached_ms), min(gap.end_ms, end_ms)
        if begin >= end:
            continue
        if begin - reached_ms > GAP_MS:
            _add(parts, Gap(reached_ms, begin, UNKNOWN))
        elif parts:
            parts[-1] = Gap(parts[-1].start_ms, begin, parts[-1].cause)
        else:
            begin = start_ms
        _add(parts, Gap(begin, end, gap.cause))
        reached_ms = end
    if not parts or end_ms - reached_ms > GAP_MS:
        _add(parts, Gap(reached_ms, end_ms, UNKNOWN))
    else:
        parts[-1] = Gap(parts[-1].start_ms, end_ms, parts[-1].cause)
    return parts


def _add(parts: list[Gap], gap: Gap) -> None:
    if parts and parts[-1].cause == gap.cause and parts[-1].end_ms == gap.start_ms:
        parts[-1] = Gap(parts[-1].start_ms, gap.end_ms, gap.cause)
    else:
        parts.append(gap)
