"""One picture out of a few fragments, as JPEG. libav is loaded by the first one, in its thread."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from services.gateway.snapshot.jpeg import encode_jpeg
from snowlight.errors import DataLossError
from snowlight.media.appearance import pixel_shape

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

_QUANTISER = 3


def picture(init: bytes, fragments: bytes, offset_ms: int | None = None) -> bytes:
    """The JPEG of what is shown `offset_ms` after the first picture; None: the last one.

    `fragments` begin with a key frame. Blocks: run it in a thread. Raises DataLossError when nothing of them
    can be decoded.
    """
    import av

    try:
        with av.open(io.BytesIO(init + fragments), "r") as container:
            frame = _shown(container, offset_ms)
            if frame is None:
                raise DataLossError("snapshot.undecodable", "there is no picture in this footage")
            shape = pixel_shape(container.streams.video[0].codec_context)
        if shape != 1:
            frame = frame.reformat(width=max(1, round(frame.width * shape)))
        return encode_jpeg(frame, _QUANTISER)
    except av.FFmpegError as error:
        raise DataLossError("snapshot.undecodable", "this footage cannot be decoded") from error


def _shown(container: InputContainer, offset_ms: int | None) -> VideoFrame | None:
    shown: VideoFrame | None = None
    first_s: float | None = None
    for frame in container.decode(video=0):
        if first_s is None:
            first_s = frame.time
        elif offset_ms is not None and (frame.time - first_s) * 1000 > offset_ms:
            break
        shown = frame
    return shown
