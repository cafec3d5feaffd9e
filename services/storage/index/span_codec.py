"""Spans of recorded time as varints. Pure."""

from collections.abc import Sequence

from services.storage.spans import Span


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
