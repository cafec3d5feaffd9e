"""Writes an MP4 that plays everywhere: its index in front, H.264 or H.265 (`hvc1`), AAC."""

import zlib
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from services.storage.exports.rendering.job import Made, Part, Span
from snowlight.instants import format_instant
from snowlight.media.appearance import Appearance
from snowlight.media.boxes import VIDEO_TIMESCALE
from snowlight.media.description import describe

UNIT = Fraction(1, VIDEO_TIMESCALE)
ENCODER = "libx264"
GROUP_SECONDS = 2
_OPTIONS = {"movflags": "+faststart", "video_track_timescale": str(VIDEO_TIMESCALE)}
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file's timeline knows of it."""

    parts: tuple[Part, ...]
    duration_ms: int
    reencoded: tuple[Span, ...]


class Mp4:
    """One file. Times in 1/90000 s from where the first picture is shown. Not safe to go on with once a
    call has raised."""

    def __init__(self, path: Path, begin_ms: float) -> None:
        self._path = path
        self._container = av.open(str(path), "w", format="mp4", options=_OPTIONS)
        self._container.metadata["creation_time"] = format_instant(round(begin_ms))
        self._video: VideoStream | None = None
        self._audio: AudioStream | None = None
        self._durations: dict[int, int] = {}

    def copy_video(self, template: VideoStream, extradata: bytes | None = None) -> None:
        """Declare video that is not encoded anew. `extradata`: parameter sets instead of the template's."""
        stream = self._container.add_stream_from_template(template)
        if template.codec_context.name == "hevc":
            stream.codec_context.codec_tag = "hvc1"
        if extradata is not None:
            stream.codec_context.extradata = extradata
        stream.time_base = UNIT
        self._video = stream

    def encode_video(self, template: VideoStream) -> None:
        """Declare video that is encoded anew, by `encode`. Of `template`, a picture has been decoded."""
        rate = template.average_rate or Fraction(25)
        stream = self._container.add_stream(ENCODER, rate=rate)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height = template.width // 2 * 2, template.height // 2 * 2
        context.pix_fmt = "yuv420p"
        Appearance.of(template.codec_context).tell(context)
        context.time_base = UNIT
        context.thread_count = 2
        context.options = {
            "preset": "veryfast",
            "crf": "21",
            "profile": "high",
            "bf": "0",  # decoded in the order in which it is shown: no player has to know how to wait
            "g": str(max(1, round(rate * GROUP_SECONDS))),
        }
        self._video = stream

    def copy_audio(self, template: AudioStream) -> None:
        stream = self._container.add_stream_from_template(template)
        stream.time_base = Fraction(1, template.rate)
        self._audio = stream

    @property
    def width(self) -> int:
        assert self._video is not None
        return self._video.width

    @property
    def height(self) -> int:
        assert self._video is not None
        return self._video.height

    @property
    def has_audio(self) -> bool:
        return self._audio is not None

    def write_picture(self, data: bytes, dts: int, pts: int, duration: int, *, key: bool) -> None:
        packet = Packet(data)
        packet.dts, packet.pts, packet.duration, packet.time_base = dts, pts, duration, UNIT
        packet.is_keyframe = key
        assert self._video is not None
        packet.stream = self._video
        self._container.mux(packet)

    def encode(self, frame: VideoFrame, pts: int, duration: int) -> None:
        """`frame`, in limited range, is shown at `pts`."""
        frame.pts, frame.time_base = pts, UNIT
        self._durations[pts] = duration
        self._encode(frame)

    def _encode(self, frame: VideoFrame | None) -> None:
        assert self._video is not None
        for packet in self._video.encode(frame):
            assert packet.pts is not None
            packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)

    def write_sound(self, data: bytes, pts: int, duration: int, unit: Fraction) -> None:
        packet = Packet(data)
        packet.dts = packet.pts = pts
        packet.duration, packet.time_base = duration, unit
        packet.is_keyframe = True
        assert self._audio is not None
        packet.stream = self._audio
        self._container.mux(packet)

    def close(self, summary: Summary, *, encoding: bool) -> Made:
        """End the file, and tell of it."""
        if encoding:
            self._encode(None)
        self._container.close()
        digest, crc, size = sha256(), 0, 0
        with self._path.open("rb") as file:
            while piece := file.read(_READ_AT_ONCE):
                digest.update(piece)
                crc = zlib.crc32(piece, crc)
                size += len(piece)
        return Made(
            path=self._path.name,
            duration_ms=summary.duration_ms,
            size=size,
            sha256=digest.hexdigest(),
            crc32=crc,
            codecs=_codecs(self._path),
            parts=summary.parts,
            reencoded=summary.reencoded,
        )

    def abandon(self) -> None:
        """It is not wanted any more."""
        self._container.close()


def _codecs(path: Path) -> str:
    """RFC 6381, from the index in front."""
    with path.open("rb") as file:
        kept = b""
        while True:
            header = file.read(8)
            if not header:
                raise ValueError("no index")
            kind, content = header[4:], file.read(int.from_bytes(header[:4]) - 8)
            if kind in (b"ftyp", b"moov"):
                kept += header + content
            if kind == b"moov":
                return describe(kept).codecs
