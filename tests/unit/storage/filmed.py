"""Objects as ingest records them, whose pictures tell by their grey which they are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from services.storage.exports.rendering.encoding import Encoding
from services.storage.exports.rendering.exact import ExactCopying
from services.storage.exports.rendering.film import Copying
from services.storage.exports.rendering.job import Job, Made
from snowlight.media.boxes import build_prft, init_size, iterate

START_MS = 1_795_000_000_000
FRAME_MS = 40
GROUP = 25
"""Pictures from one key frame to the next: a second."""
WIDTH, HEIGHT = 160, 96
_FULL = 2  # as libav numbers ranges
_PRIMING = 1024
"""Samples of silence with which an AAC encoder begins, before the first that it is given."""
_SHADES, _STEP, _DARKEST = 60, 3, 30
_OPTIONS = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer", "use_editlist": "0"}
_PARAMETERS = f"keyint={GROUP}:min-keyint={GROUP}:scenecut=0"


def film(
    seconds: int,
    *,
    codec: str = "libx264",
    reordered: bool = False,
    sound: bool = False,
    first: int = 0,
    open_groups: bool = False,
    pixel_shape: Fraction = Fraction(1),
    full_range: bool = False,
) -> bytes:
    """An object of so many seconds, its pictures numbered from `first` on."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options=_OPTIONS) as container:
        stream = container.add_stream(codec, rate=1000 // FRAME_MS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = pixels = "yuvj420p" if full_range else "yuv420p"
        stream.codec_context.sample_aspect_ratio = pixel_shape
        bframes = f"bframes={2 if reordered else 0}:b-adapt=0"
        opened = f"open-gop={int(open_groups)}"
        name = "x265-params" if codec == "libx265" else "x264-params"
        quiet = ":log-level=error" if codec == "libx265" else ""
        stream.options = {
            "preset": "ultrafast",
            "crf": "10",
            name: f"{_PARAMETERS}:{bframes}:{opened}{quiet}",
        }
        if codec == "libx265":
            stream.codec_context.codec_tag = "hvc1"
        voice = container.add_stream("aac", rate=8000, layout="mono") if sound else None
        assert voice is None or isinstance(voice, AudioStream)
        for number in range(first, first + seconds * GROUP):
            frame = av.VideoFrame.from_ndarray(_picture(number), pixels)
            container.mux(stream.encode(frame))
            if voice is not None:
                samples = np.full((1, 320), 0.1, np.float32)
                noise = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
                noise.sample_rate, noise.pts = 8000, _PRIMING + (number - first) * 320
                noise.time_base = Fraction(1, 8000)
                container.mux(voice.encode(noise))
        container.mux(stream.encode(None))
        if voice is not None:
            container.mux(voice.encode(None))
    return file.getvalue()


def with_capture_times(data: bytes, start_ms: int) -> bytes:
    """The object with a `prft` before each fragment, a second each, the first captured at `start_ms`."""
    init = init_size(data)
    stamped = data[:init]
    fragments = 0
    for kind, content, end in iterate(data, init):
        if kind == b"moof":
            stamped += build_prft(start_ms + fragments * 1000, 0)
            fragments += 1
        stamped += data[content - 8 : end]
    return stamped


def job(
    folder: Path, start_ms: int, end_ms: int, *, exact: bool = False, mark: str = "", silent: bool = False
) -> Job:
    """`start_ms` and `end_ms` from START_MS on."""
    return Job(
        folder=str(folder),
        exact=exact,
        mark=mark,
        time_zone="Asia/Shanghai",
        silent=silent,
        start_ms=START_MS + start_ms,
        end_ms=START_MS + end_ms,
    )


def made(kind: Copying | Encoding | ExactCopying, *objects: tuple[int, bytes]) -> list[Made]:
    """What becomes of objects that begin so many ms after START_MS."""
    for start_ms, data in objects:
        kind.feed(data, START_MS + start_ms)
    return kind.finish()


@dataclass
class Seen:
    """What FFmpeg's decoders make of a file."""

    numbers: list[int] = field(default_factory=list)
    """Of pictures, modulo 60."""
    times_ms: list[int] = field(default_factory=list)
    sound_ms: float = 0.0
    sound_begins_ms: float = 0.0
    duration_ms: float = 0.0
    """As the file says of its video."""


def see(path: Path) -> Seen:
    """Play it through."""
    seen = Seen()
    with av.open(path, "r") as container:
        video = container.streams.video[0]
        assert video.time_base is not None
        seen.duration_ms = float((video.duration or 0) * video.time_base * 1000)
        for frame in container.decode():
            assert frame.time is not None
            if isinstance(frame, av.VideoFrame):
                luma = frame.to_ndarray()[: HEIGHT // 2].mean()
                seen.numbers.append(round((luma - _DARKEST) / _STEP))
                seen.times_ms.append(round(frame.time * 1000))
            elif isinstance(frame, av.AudioFrame):
                if not seen.sound_ms:
                    seen.sound_begins_ms = frame.time * 1000
                seen.sound_ms += frame.samples * 1000 / frame.sample_rate
    return seen


def looks(path: Path) -> Iterator[tuple[Fraction, bool]]:
    """Of each picture: how much wider than high its pixels are, and whether black is 0."""
    with av.open(path, "r") as container:
        decoder = container.streams.video[0].codec_context
        for frame in container.decode(video=0):
            yield decoder.sample_aspect_ratio or Fraction(1), frame.color_range == _FULL


def _picture(number: int) -> NDArray[np.uint8]:
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:HEIGHT] = _DARKEST + number % _SHADES * _STEP
    return planes
