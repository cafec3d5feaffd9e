"""RTP packets in interleaved frames, built by hand."""

import struct


def frame(
    payload: bytes,
    *,
    sequence: int,
    timestamp: int = 0,
    marker: bool = False,
    channel: int = 0,
    csrcs: int = 0,
    extension: bytes | None = None,
    padding: int = 0,
) -> bytes:
    """One RTP packet behind its "$", channel and length."""
    first = 0x80 | csrcs | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    packet = struct.pack(">BBHII", first, 96 | (0x80 if marker else 0), sequence & 0xFFFF, timestamp, 7)
    packet += b"csrc" * csrcs
    if extension is not None:
        packet += struct.pack(">HH", 0xBEDE, len(extension) // 4) + extension
    packet += payload
    if padding:
        packet += bytes(padding - 1) + bytes([padding])
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet


def sized(*units: bytes) -> bytes:
    """The access unit of these NAL units, each behind its length."""
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def h264_fragments(unit: bytes, size: int) -> list[bytes]:
    """FU-A payloads of one NAL unit (RFC 6184, 5.8)."""
    body = unit[1:]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    indicator = (unit[0] & 0xE0) | 28
    kind = unit[0] & 0x1F
    return [bytes((indicator, _edges(i, pieces) | kind)) + piece for i, piece in enumerate(pieces)]


def h265_fragments(unit: bytes, size: int) -> list[bytes]:
    """FU payloads of one NAL unit (RFC 7798, 4.4.3)."""
    body = unit[2:]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    header = bytes(((unit[0] & 0x81) | (49 << 1), unit[1]))
    kind = (unit[0] >> 1) & 0x3F
    return [header + bytes((_edges(i, pieces) | kind,)) + piece for i, piece in enumerate(pieces)]


def _edges(index: int, pieces: list[bytes]) -> int:
    return (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)


def aggregate(header: bytes, *units: bytes) -> bytes:
    """STAP-A or AP: units behind their sizes."""
    return header + b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
