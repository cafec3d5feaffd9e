"""AAC out of RTP in the mode AAC-hbr of RFC 3640: several frames a packet, or one frame over several."""

from dataclasses import dataclass
from typing import Final

_MAX_FRAME: Final = 8191  # what 13 bits of AU-size can say; longer sizes are taken as damage
_MAX_FRAMES: Final = 64  # a packet; it would be over a second of sound


@dataclass(frozen=True, slots=True)
class AuHeaderLayout:
    """Bits of an AU header's fields, as AAC-hbr has them (RFC 3640, 3.3.6), and a frame's clock units."""

    size_length: int = 13
    index_length: int = 3
    index_delta_length: int = 3
    frame_duration: int = 1024


class AacDepacketiser:
    """Gives raw AAC frames, each as long as its AU header says."""

    __slots__ = ("_layout", "_partial", "_wanted")

    def __init__(self, layout: AuHeaderLayout) -> None:
        self._layout = layout
        self._partial = bytearray()
        self._wanted = 0  # size of the frame that `_partial` begins; 0 between frames

    def packet(self, payload: bytes) -> list[tuple[bytes, int]]:
        """Frames completed by this payload; a malformed payload gives none."""
        headers = self._au_headers(payload)
        if not headers:
            self.lose()
            return []
        data = payload[2 + (int.from_bytes(payload[:2], "big") + 7) // 8 :]
        if len(headers) == 1 and (self._wanted or headers[0][0] > len(data)):
            return self._fragment(headers[0][0], data)
        frames = []
        position = 0
        for size, index in headers:
            if position + size > len(data):
                break
            if size:
                frames.append((data[position : position + size], index * self._layout.frame_duration))
            position += size
        return frames

    def lose(self) -> None:
        """Drop the frame begun in an earlier packet."""
        self._partial.clear()
        self._wanted = 0

    def _fragment(self, size: int, data: bytes) -> list[tuple[bytes, int]]:
        """Each fragment repeats the header with the whole frame's size (RFC 3640, 3.2.3)."""
        if size != self._wanted or len(self._partial) + len(data) > size:
            self.lose()
            if not len(data) < size <= _MAX_FRAME:
                return [(data, 0)] if size == len(data) else []
            self._wanted = size
        self._partial += data
        if len(self._partial) < size:
            return []
        frame = bytes(self._partial)
        self.lose()
        return [(frame, 0)]

    def _au_headers(self, payload: bytes) -> list[tuple[int, int]]:
        """Size and place in time (in frames after the first) of every access unit in the packet."""
        layout = self._layout
        bits = int.from_bytes(payload[:2], "big") if len(payload) > 2 else 0
        octets = (bits + 7) // 8
        most = _MAX_FRAMES * (layout.size_length + max(layout.index_length, layout.index_delta_length))
        if not 0 < bits <= most or 2 + octets > len(payload):
            return []
        value = int.from_bytes(payload[2 : 2 + octets], "big")
        left = 8 * octets
        stop = left - bits
        headers: list[tuple[int, int]] = []
        place = 0
        while left > stop:
            index_length = layout.index_delta_length if headers else layout.index_length
            if left - layout.size_length - index_length < stop:
                return []
            left -= layout.size_length
            size = (value >> left) & ((1 << layout.size_length) - 1)
            left -= index_length
            index = (value >> left) & ((1 << index_length) - 1)
            place = place + 1 + index if headers else 0
            headers.append((size, place))
        return headers
