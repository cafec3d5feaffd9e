"""Real H.264 footage in fragments, as an ingest session makes it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cache

import av
import numpy as np

from snowlight.media.fragment import Fragment, InitSection

FRAMES_PER_SECOND = 25
GOP_FRAMES = 50
SEGMENT_MS = 2000


@dataclass(frozen=True)
class Session:
    """One mux session from its first fragment on."""

    init: InitSection
    fragments: list[Fragment]

    def between(self, start_ms: int, end_ms: int) -> list[Fragment]:
        """The fragments that start in [start_ms, end_ms)."""
        return [fragment for fragment in self.fragments if start_ms <= fragment.start_ms < end_ms]


def session(start_ms: int, seconds: int, *, discontinuity_sequence: int = 0) -> Session:
    """A session that begins at `start_ms`: key frames every 2 s, fragments of 0.5 s, segments of 2 s."""
    init_data, boxes = _encoded(seconds)
    number = start_ms // 1000
    init = InitSection(
        init8=hashlib.sha256(init_data).hexdigest()[:8],
        data=init_data,
        codecs="avc1.42c00b",
        width=160,
        height=90,
        session=number,
        discontinuity_sequence=discontinuity_sequence,
        target_duration_ms=SEGMENT_MS,
        part_target_ms=562,
    )
    fragments: list[Fragment] = []
    frames = 0
    for data, count in boxes:
        key = frames % GOP_FRAMES == 0
        at_ms, end_ms = (start_ms + n * 1000 // FRAMES_PER_SECOND for n in (frames, frames + count))
        segment = number + frames // GOP_FRAMES
        part = fragments[-1].part + 1 if fragments and not key else 0
        fragments.append(Fragment(segment, part, at_ms, end_ms - at_ms, key, False, (data,)))
        frames += count
    return Session(init, fragments)


@cache
def _encoded(seconds: int) -> tuple[bytes, list[tuple[bytes, int]]]:
    """`ftyp moov`, and each `moof mdat` with its number of frames."""
    file = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream(
            "libx264",
            rate=FRAMES_PER_SECOND,
            options={
                "preset": "ultrafast",
                "tune": "zerolatency",
                "x264-params": f"keyint={GOP_FRAMES}:min-keyint={GOP_FRAMES}:scenecut=0",
            },
        )
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(seconds * FRAMES_PER_SECOND):
            picture = np.full((90, 160, 3), number % 250, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return _split(file.getvalue())


def _split(data: bytes) -> tuple[bytes, list[tuple[bytes, int]]]:
    init = b""
    fragments: list[tuple[bytes, int]] = []
    moof = b""
    position = 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4])
        box, kind = data[position : position + size], data[position + 4 : position + 8]
        position += size
        if kind in (b"ftyp", b"moov"):
            init += box
        elif kind == b"moof":
            moof = box
        elif kind == b"mdat":
            trun = moof.index(b"trun")
            fragments.append((moof + box, int.from_bytes(moof[trun + 8 : trun + 12])))
    return init, fragments
