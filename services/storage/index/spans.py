"""Spans of recorded time: joined, subtracted, and written as varints. Pure."""

from collections.abc import Iterable, Sequence

from services.storage.ledger.timeline import Span
from services.storage.segment import JOIN_MS


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """`spans` in any order as few as they can be: holes up to JOIN_MS are none."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start_ms):
        if joined and span.start_ms - joined[-1].end_ms <= JOIN_MS:
            if span.end_ms > joined[-1].end_ms:
                joined[-1] = Span(joined[-1].start_ms, span.end_ms)
        else:
            joined.append(span)
    return joined


def subtract_spans(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
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


def encode_spans(spans: Sequence[Span], origin_ms: int) -> bytes:
    """For each span two varints: from the start before (the first: from `origin_ms`), and its length."""
    written = bytearray()
    for span in spans:
        _write_varint(written, span.start_ms - origin_ms)
        _write_varint(written, span.end_ms - span.start_ms)
        origin_ms = span.start_ms
    return bytes(written)


def decode_spans(data: bytes, origin_ms: int) -> list[Span]:
    """What `encode_spans` wrote."""
    spans: list[Span] = []
    numbers = _read_varints(data)
    for delta_ms, length_ms in zip(numbers[::2], numbers[1::2], strict=True):
        origin_ms += delta_ms
        spans.append(Span(origin_ms, origin_ms + length_ms))
    return spans


def _write_varint(written: bytearray, number: int) -> None:
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)


def _read_varints(data: bytes) -> list[int]:
    numbers: list[int] = []
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            numbers.append(number)
            number = shift = 0
    return numbers
