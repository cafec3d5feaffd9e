"""Pictures encoded anew in the middle of H.264 that is copied, in one track that any player plays.

Both streams' parameter sets stand in the sample entry (`avcC`, ISO/IEC 14496-15, 5.3.3.1), each under ids of
its own; which of them hold is said by each picture, and changes with an IDR picture (ITU-T H.264, 7.4.1.2.1).
"""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from services.storage.exports.rendering.decoding import Shown
from services.storage.exports.rendering.footage import Picture
from snowlight.media.appearance import Appearance
from snowlight.media.boxes import VIDEO_TIMESCALE

_PROFILES = {66: "baseline", 77: "main", 100: "high"}
"""Of 8 bits and 4:2:0 (annex A); what is of another is not grafted."""
_PIXELS = frozenset({"yuv420p", "yuvj420p"})
_IDR, _SPS, _PPS = 5, 7, 8
_MOST_IDS = 32
_START_CODE = re.compile(b"\x00\x00\x00?\x01")


class ParameterSets:
    """An `avcC` record. Raises ValueError when it is damaged."""

    def __init__(self, record: bytes) -> None:
        try:
            self._head = record[:4]
            self.profile, self.length_size = record[1], (record[4] & 3) + 1
            self.sps, at = _sets(record, 6, record[5] & 31)
            self.pps, at = _sets(record, at + 1, record[at])
            self._rest = record[at:]
        except IndexError:
            raise ValueError("avcC ends early") from None

    def free_id(self) -> int:
        """One that is neither a sequence's nor a picture's. Raises ValueError when there is none."""
        taken = {_first_number(each[4:]) for each in self.sps} | {
            _first_number(each[1:]) for each in self.pps
        }
        return next(iter(sorted(set(range(_MOST_IDS)) - taken)))

    def with_others(self, sps: bytes, pps: bytes) -> bytes:
        """A record that holds these too."""
        level = max(self._head[3], sps[3])
        return b"".join(
            (
                self._head[:3],
                bytes((level, 0xFC | self.length_size - 1, 0xE0 | len(self.sps) + 1)),
                *(_sized(each) for each in (*self.sps, sps)),
                bytes((len(self.pps) + 1,)),
                *(_sized(each) for each in (*self.pps, pps)),
                self._rest,
            )
        )


class Graft:
    """An encoder whose pictures may stand beside those of one stream."""

    def __init__(self, video: VideoCodecContext) -> None:
        """Raises ValueError for a stream beside which none may stand."""
        if video.name != "h264" or video.format is None or video.format.name not in _PIXELS:
            raise ValueError("not H.264 of 8 bits, 4:2:0")
        known = ParameterSets(video.extradata or b"")
        if known.length_size != 4 or known.profile not in _PROFILES:
            raise ValueError("another kind of H.264")
        self._size = video.width, video.height
        self._pixels, self._range = video.format.name, video.color_range
        self._appearance = Appearance.of(video)
        self._profile = _PROFILES[known.profile]
        self._id = known.free_id()
        sets = {each[0] & 31: each for each in _units(self._open().extradata or b"")}
        self._sets = sets[_SPS], sets[_PPS]
        self.extradata = known.with_others(*self._sets)

    def encode(self, pictures: Iterable[Shown], delay: int) -> Iterator[Picture]:
        """`pictures`, decoded `delay` before they are shown. The first is an IDR picture."""
        encoder = self._open()
        waiting: dict[int, Picture] = {}
        for each in pictures:
            frame = each.frame.reformat(*self._size, self._pixels)
            frame.pts, frame.time_base = each.picture.pts, Fraction(1, VIDEO_TIMESCALE)
            frame.pict_type = 0
            waiting[each.picture.pts] = each.picture
            yield from self._written(encoder, frame, waiting, delay)
        yield from self._written(encoder, None, waiting, delay)

    def _written(
        self,
        encoder: VideoCodecContext,
        frame: VideoFrame | None,
        waiting: dict[int, Picture],
        delay: int,
    ) -> Iterator[Picture]:
        for packet in encoder.encode(frame):
            assert packet.pts is not None
            picture = waiting.pop(packet.pts)
            data = b"".join(len(unit).to_bytes(4) + unit for unit in _units(bytes(packet)))
            yield Picture(
                Packet(data),
                picture.pts - delay,
                picture.pts,
                picture.duration,
                packet.is_keyframe,
                picture.wall_ms,
            )

    def _open(self) -> VideoCodecContext:
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height = self._size
        encoder.pix_fmt = self._pixels
        self._appearance.tell(encoder, self._range)
        encoder.time_base = Fraction(1, VIDEO_TIMESCALE)
        encoder.framerate = Fraction(25)
        encoder.thread_count = 2
        encoder.flags |= av.codec.context.Flags.global_header
        encoder.options = {
            "preset": "fast",
            "crf": "18",
            "profile": self._profile,
            "x264-params": f"sps-id={self._id}:bframes=0:keyint=infinite",
        }
        encoder.open()
        return encoder


def is_refresh(picture: Picture) -> bool:
    """Nothing that follows it refers to what was before it: it is an IDR picture."""
    data = bytes(picture.packet)
    at = 0
    while at + 4 < len(data):
        if data[at + 4] & 31 == _IDR:
            return True
        at += 4 + int.from_bytes(data[at : at + 4])
    return False


def _sets(record: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    found = []
    for _ in range(count):
        size = record[at] << 8 | record[at + 1]
        found.append(record[at + 2 : at + 2 + size])
        at += 2 + size
    return found, at


def _sized(unit: bytes) -> bytes:
    return len(unit).to_bytes(2) + unit


def _units(data: bytes) -> list[bytes]:
    """NAL units of a byte stream (annex B)."""
    return [unit.rstrip(b"\x00") for unit in _START_CODE.split(data) if unit]


def _first_number(payload: bytes) -> int:
    """The ue(v) that begins it (9.1). An id is too short to need emulation prevention."""
    bits = f"{int.from_bytes(payload[:8].ljust(8, bytes(1))):064b}"
    zeros = bits.index("1") if "1" in bits else 0
    return int(bits[zeros : 2 * zeros + 1], 2) - 1 if zeros < 32 else 0
