"""Init sections `[ftyp moov]`, written by PyAV without a picture to decode or an encoder to open."""

import io
import struct
from collections import OrderedDict
from fractions import Fraction
from typing import NamedTuple

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from snowlight.media.boxes import VIDEO_TIMESCALE, VIDEO_TRACK, box, full_box

_OPTIONS = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer", "use_editlist": "0"}
_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)

REFUSALS = (av.FFmpegError, ValueError, ArithmeticError, struct.error)
"""What is raised where libav, or a box, cannot take what a camera sends."""


class AudioEntry(NamedTuple):
    """How a session's audio is declared."""

    sample_entry: bytes
    sample_rate: int


class InitSections:
    """By sample entries, shared by all cameras that send the same parameter sets."""

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        self._sections: OrderedDict[tuple[bytes, AudioEntry | None], bytes] = OrderedDict()

    def get(self, video_sample_entry: bytes, audio: AudioEntry | None) -> bytes:
        """That of a mux session. Raises one of REFUSALS when libav refuses an entry."""
        key = (video_sample_entry, audio)
        section = self._sections.pop(key, None) or _write(video_sample_entry, audio)
        self._sections[key] = section
        if len(self._sections) > self._capacity:
            self._sections.popitem(last=False)
        return section


def _write(video_sample_entry: bytes, audio: AudioEntry | None) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options=_OPTIONS) as container:
        template = _open(video_sample_entry, b"vide", VIDEO_TIMESCALE)
        if not isinstance(template, VideoStream):
            raise ValueError("sample entry is not video")
        video = container.add_stream_from_template(template)
        if template.codec_context.name == "hevc":
            video.codec_context.codec_tag = "hvc1"
        video.time_base = Fraction(1, VIDEO_TIMESCALE)
        if audio is not None:
            template = _open(audio.sample_entry, b"soun", audio.sample_rate)
            if not isinstance(template, AudioStream):
                raise ValueError("sample entry is not audio")
            container.add_stream_from_template(template).time_base = Fraction(1, audio.sample_rate)
        container.start_encoding()
        return file.getvalue()


def _open(entry: bytes, handler: bytes, timescale: int) -> VideoStream | AudioStream:
    container = av.open(io.BytesIO(_movie(entry, handler, timescale)), format="mp4")
    return container.streams.video[0] if handler == b"vide" else container.streams.audio[0]


def _movie(entry: bytes, handler: bytes, timescale: int) -> bytes:
    """An init section with one track and no samples, as libav's demuxer wants it."""
    zeros = bytes(4)
    media_header = full_box(b"vmhd", 0, 1, bytes(8)) if handler == b"vide" else full_box(b"smhd", 0, 0, zeros)
    data_reference = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, zeros),
        full_box(b"stsc", 0, 0, zeros),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, zeros),
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, 0x55C4, 0)),
        full_box(b"hdlr", 0, 0, zeros, handler, bytes(13)),
        box(b"minf", media_header, data_reference, table),
    )
    header = struct.pack(">IIIII8xhhh2x", 0, 0, VIDEO_TRACK, 0, 0, 0, 0, 0) + _UNITY_MATRIX + bytes(8)
    movie_header = struct.pack(">IIIIIh10x", 0, 0, 1000, 0, 0x10000, 0x100) + _UNITY_MATRIX + bytes(24)
    extends = box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">IIIII", VIDEO_TRACK, 1, 0, 0, 0)))
    return box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5iso6mp41") + box(
        b"moov",
        full_box(b"mvhd", 0, 0, movie_header, struct.pack(">I", 2)),
        box(b"trak", full_box(b"tkhd", 0, 3, header), media),
        extends,
    )
