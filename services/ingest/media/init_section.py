"""Init sections `[ftyp moov]`: H.264 alone is written here, and what needs more care by libav."""

import asyncio
import struct
import sys
from collections import OrderedDict
from importlib import import_module
from typing import Final, NamedTuple

from services.ingest.sources.source import VideoCodec
from snowlight.media.boxes import VIDEO_TIMESCALE, VIDEO_TRACK, box, full_box

_BY_LIBAV: Final = "services.ingest.media.libav_init_section"
_UNITY_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)
_PICTURE_SIZE: Final = 32  # where it is in a visual sample entry (ISO/IEC 14496-12, 12.1.3)

REFUSALS = (ValueError, ArithmeticError, struct.error)
"""What is raised where libav, or a box, cannot take what a camera sends."""


class AudioEntry(NamedTuple):
    """How a session's audio is declared."""

    sample_entry: bytes
    sample_rate: int


async def load_writer(codec: VideoCodec | None) -> None:
    """What the init sections of such pictures need, in a thread, or at once where it is loaded. To be awaited
    while the first of them are held: who cannot wait loads it where it is needed."""
    if codec == "h265" and _BY_LIBAV not in sys.modules:
        await asyncio.to_thread(import_module, _BY_LIBAV)


class InitSections:
    """By sample entries, shared by all cameras that send the same parameter sets."""

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        self._sections: OrderedDict[tuple[bytes, AudioEntry | None], bytes] = OrderedDict()

    def get(self, video_sample_entry: bytes, audio: AudioEntry | None) -> bytes:
        """That of a mux session. Raises one of REFUSALS when an entry is of no use."""
        key = (video_sample_entry, audio)
        section = self._sections.pop(key, None) or _write(video_sample_entry, audio)
        self._sections[key] = section
        if len(self._sections) > self._capacity:
            self._sections.popitem(last=False)
        return section


def _write(video_sample_entry: bytes, audio: AudioEntry | None) -> bytes:
    """libav tells of H.265 what its parameter sets say of colours and the shape of pixels, and of sound what
    players want. It is 17 MB of a process, and is loaded for the first camera that has either.
    """
    if audio is None and video_sample_entry[4:8] == b"avc1":
        return write_movie(video_sample_entry, b"vide", VIDEO_TIMESCALE)
    from services.ingest.media.libav_init_section import write

    return write(video_sample_entry, audio)


def write_movie(entry: bytes, handler: bytes, timescale: int) -> bytes:
    """Of one track, `vide` or `soun`, whose samples are all in fragments (ISO/IEC 14496-12, 8)."""
    zeros = bytes(4)
    size, volume = bytes(8), 0x100
    if handler == b"vide":
        width, height = struct.unpack_from(">HH", entry, _PICTURE_SIZE)
        size, volume = struct.pack(">II", width << 16, height << 16), 0
    media_header = full_box(b"vmhd", 0, 1, bytes(8)) if handler == b"vide" else full_box(b"smhd", 0, 0, zeros)
    name = b"VideoHandler\0" if handler == b"vide" else b"SoundHandler\0"
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
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, 0x55C4, 0)),  # no language is told
        full_box(b"hdlr", 0, 0, zeros, handler, bytes(12), name),
        box(b"minf", media_header, data_reference, table),
    )
    header = struct.pack(">IIIII8xhhh2x", 0, 0, VIDEO_TRACK, 0, 0, 0, 0, volume) + _UNITY_MATRIX + size
    movie_header = struct.pack(">IIIIIh10x", 0, 0, 1000, 0, 0x10000, 0x100) + _UNITY_MATRIX + bytes(24)
    extends = box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">IIIII", VIDEO_TRACK, 1, 0, 0, 0)))
    return box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5iso6mp41") + box(
        b"moov",
        full_box(b"mvhd", 0, 0, movie_header, struct.pack(">I", VIDEO_TRACK + 1)),
        box(b"trak", full_box(b"tkhd", 0, 3, header), media),
        extends,
    )
