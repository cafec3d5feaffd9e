"""What a transcoded rendition will be, told before it runs."""

from dataclasses import replace
from math import ceil

from services.ingest.observer import MediaInfo
from services.ingest.sources.source import VideoCodec
from services.ingest.transcoding.ladder import Picture, Rung, find_rung

_LEVELS = (  # H.264 table A-1: level_idc, MaxMBPS, MaxFS
    (13, 11_880, 396),
    (21, 19_800, 792),
    (22, 20_250, 1_620),
    (30, 40_500, 1_620),
    (31, 108_000, 3_600),
    (32, 216_000, 5_120),
    (40, 245_760, 8_192),
    (42, 522_240, 8_704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
)
_HIGH = 100
"""profile_idc of what is encoded."""
_MACROBLOCK = 16


def source_of(main: MediaInfo) -> Picture:
    """What is to be encoded anew."""
    codec: VideoCodec = "h264" if main.video_codec == "h264" else "h265"
    return Picture(main.width, main.height, codec, main.frames_per_second or 25.0)


def rung_of(name: str, main: MediaInfo) -> Rung:
    """The rung of a rendition. Raises NotFoundError where these pictures have none of this name."""
    return find_rung(source_of(main), name)


def declared(name: str, main: MediaInfo) -> MediaInfo:
    """Its size, rates and codecs. Raises as `rung_of`."""
    rung = rung_of(name, main)
    width, height = rung.size(main.width, main.height)
    video = f"avc1.{_HIGH:02x}00{_level(width, height, main.frames_per_second):02x}"
    _, comma, audio = main.codecs.partition(",")
    return replace(
        main,
        video_codec="h264",
        width=width,
        height=height,
        codecs=video + comma + audio,
        bits_per_second=rung.bits_per_second,
    )


def _level(width: int, height: int, frames_per_second: float) -> int:
    """The lowest level_idc that allows such pictures; the highest where none does."""
    blocks = ceil(width / _MACROBLOCK) * ceil(height / _MACROBLOCK)
    fits = (
        level
        for level, per_second, per_frame in _LEVELS
        if blocks <= per_frame and blocks * frames_per_second <= per_second
    )
    return next(fits, _LEVELS[-1][0])
