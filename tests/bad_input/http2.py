"""HTTP/2 as no gRPC library would write it (RFC 9113, RFC 7541)."""

from collections.abc import Iterable, Iterator

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
FRAME_BYTES = 16_384


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def opening(*, acknowledge: bool) -> bytes:
    """How a client begins. One that does not `acknowledge` is not held to the server's settings."""
    return PREFACE + frame(SETTINGS, 0, 0) + (frame(SETTINGS, ACK, 0) if acknowledge else b"")


def call(method: str, metadata: Iterable[tuple[str, str]]) -> bytes:
    """An empty request to `method` on stream 1, its headers in as many frames as they take."""
    pseudo = ((":method", "POST"), (":scheme", "http"), (":path", method), (":authority", "town"))
    usual = (("te", "trailers"), ("content-type", "application/grpc"))
    block = b"".join(_field(name, value) for name, value in (*pseudo, *usual, *metadata))
    return b"".join(_in_frames(block)) + frame(DATA, END_STREAM, 1, bytes(5))


def _in_frames(block: bytes) -> Iterator[bytes]:
    for start in range(0, len(block), FRAME_BYTES):
        kind = CONTINUATION if start else HEADERS
        flags = END_HEADERS if start + FRAME_BYTES >= len(block) else 0
        yield frame(kind, flags, 1, block[start : start + FRAME_BYTES])


def _field(name: str, value: str) -> bytes:
    """A literal that is not remembered (RFC 7541, 6.2.2)."""
    return b"\x00" + _string(name.encode()) + _string(value.encode())


def _string(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)]) + text
    prefix, rest = [127], len(text) - 127
    while rest >= 128:
        prefix.append(rest % 128 + 128)
        rest //= 128
    return bytes([*prefix, rest]) + text
