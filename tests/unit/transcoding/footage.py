"""Footage as ingest makes it, and what is in fragments once they are decoded."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av

from services.ingest.sources.source import VideoCodec
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.media.feed import Feed, MuxSession
from tests.unit.media.samples import Clip, Sound, clip, sound

_FULL = 2  # as libav numbers ranges


def record(
    codec: VideoCodec = "h264",
    *,
    seconds: float = 4,
    gop: int = 25,
    b_frames: int = 0,
    size: tuple[int, int] = (320, 180),
    with_sound: bool = False,
) -> MuxSession:
    """One mux session of a camera."""
    pictures = clip(codec, seconds=seconds, gop=gop, b_frames=b_frames, size=size)
    return mux(pictures, sound("aac", seconds=seconds) if with_sound else None)


def mux(pictures: Clip, sounds: Sound | None = None) -> MuxSession:
    """What a camera that sends these has recorded of it."""
    feed = Feed()
    feed.stream.on_tracks(pictures.video, sounds.track if sounds else None)
    feed.play(pictures, sounds)
    feed.stream.finish()
    return feed.session


@dataclass(frozen=True)
class Film:
    """One session decoded."""

    codec: str
    size: tuple[int, int]
    instants: list[int]
    """Presentation times in 90 kHz of all pictures that decode."""
    keys: list[int]
    """Those of key frames."""
    sounds: list[tuple[int, bytes]]


def develop(init: InitSection, fragments: Sequence[Fragment]) -> Film:
    """Decode everything."""
    data = init.data + b"".join(fragment.data for fragment in fragments)
    instants: list[int] = []
    keys: list[int] = []
    sounds: list[tuple[int, bytes]] = []
    with av.open(io.BytesIO(data), "r", format="mp4") as movie:
        video = movie.streams.video[0]
        for packet in movie.demux():
            if packet.pts is None:
                continue
            if packet.stream.type == "audio":
                sounds.append((packet.pts, bytes(packet)))
                continue
            if packet.is_keyframe:
                keys.append(packet.pts)
            instants += [frame.pts or 0 for frame in video.decode(packet)]
        instants += [frame.pts or 0 for frame in video.decode(None)]
        size = video.codec_context.width, video.codec_context.height
        return Film(video.codec_context.name, size, sorted(instants), keys, sounds)


@dataclass(frozen=True)
class Look:
    """How a picture is to be shown."""

    pixel_shape: Fraction
    is_full_range: bool
    matrix: int
    shade: float
    """The mean of its luma."""


def first_picture(init: InitSection, fragments: Sequence[Fragment]) -> Look:
    """As a player sees it."""
    with av.open(io.BytesIO(init.data + fragments[0].data), "r", format="mp4") as movie:
        decoder = movie.streams.video[0].codec_context
        frame = next(movie.decode(video=0))
        luma = frame.to_ndarray(format=frame.format.name)[: frame.height]
        shape = decoder.sample_aspect_ratio or Fraction(1)
        return Look(shape, frame.color_range == _FULL, frame.colorspace, float(luma.mean()))
