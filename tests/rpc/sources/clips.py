"""Films for tests: small pictures of one colour, each a little brighter than the last, and silence."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 25
TICKS = 90000 // RATE
"""From one picture to the next, in the 90 kHz clock of sources."""


def make_clip(
    path: Path,
    form: str,
    pictures: int = 25,
    *,
    group: int = 25,
    b_frames: int = 2,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
) -> None:
    """A clip of H.264, or what `codec` encodes, and AAC with a key frame every `group` pictures.

    `options` are the muxer's.
    """
    with av.open(str(path), "w", format=form, options=dict(options or {})) as container:
        coding = {"g": str(group), "keyint_min": str(group), "sc_threshold": "0", "bf": str(b_frames)}
        video = container.add_stream(codec, rate=RATE, options=coding)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        audio = container.add_stream("aac", rate=48000, layout="mono")
        sounds = 0
        for number in range(pictures):
            picture = np.full((90, 160, 3), 10 * (number % 25), np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture)))
            while sounds * 1024 * RATE < (number + 1) * 48000:
                sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
                sound.sample_rate, sound.pts, sound.time_base = 48000, sounds * 1024, Fraction(1, 48000)
                container.mux(audio.encode(sound))
                sounds += 1
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
