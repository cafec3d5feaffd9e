"""A player that is not ours: FFmpeg, through PyAV, decodes a playlist to its end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import av
import numpy as np
import pytest

from simulator.scene.timecode import read_instant


@dataclass
class Played:
    """What was decoded. Times in seconds of the player's clock."""

    codecs: list[str] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    """When each picture is shown."""
    instants: list[float | None] = field(default_factory=list)
    """The Unix time burnt into each picture, where it is asked for."""
    sounds: list[tuple[float, float]] = field(default_factory=list)
    """When each frame of audio begins, and how long it is."""
    loudest: float = 0.0
    """The largest sample, 1.0 being full scale."""

    @property
    def length_s(self) -> float:
        """From the first picture to the last."""
        return self.pictures[-1] - self.pictures[0] if self.pictures else 0.0

    @property
    def sound_s(self) -> float:
        """How much audio was decoded."""
        return sum(duration for _, duration in self.sounds)


async def play(
    url: str, *, seconds: float | None = None, instants: bool = False, timeout_s: float = 60
) -> Played:
    """Decode the playlist at `url` to its end, or the first `seconds` of its pictures."""
    return await asyncio.wait_for(asyncio.to_thread(_play, url, seconds, instants), timeout_s)


def steps(pictures: Sequence[float], frame_rate: float) -> set[int]:
    """From one of the instants `pictures` (seconds) to the next, in pictures."""
    return {round((after - before) * frame_rate) for before, after in pairwise(pictures)}


def expect_every_picture(played: Played, frame_rate: float, duration_s: float) -> None:
    """All pictures of `duration_s` are there, evenly spaced: none is missing, doubled or out of place."""
    assert len(played.pictures) == pytest.approx(frame_rate * duration_s, abs=1.5)
    apart = np.diff(played.pictures)
    assert apart == pytest.approx(np.full(len(apart), 1 / frame_rate), abs=0.002)


def expect_sound_throughout(played: Played) -> None:
    """Audio goes on without a hole for as long as the pictures do, and can be heard."""
    ends = [start + duration for start, duration in played.sounds]
    starts = [start for start, _ in played.sounds[1:]]
    holes = [(end, start - end) for end, start in zip(ends, starts, strict=False) if abs(start - end) > 0.005]
    assert not holes, f"audio that ends then goes on so many seconds later: {holes}"
    assert played.sound_s == pytest.approx(played.length_s, abs=0.5)
    assert played.sounds[0][0] == pytest.approx(played.pictures[0], abs=0.5)
    assert played.loudest > 0.1


def _play(url: str, seconds: float | None, instants: bool) -> Played:
    played = Played()
    with av.open(url, timeout=30) as container:
        played.codecs = [stream.codec_context.name for stream in container.streams]
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    assert frame.time is not None
                    played.sounds.append((frame.time, frame.samples / frame.sample_rate))
                    played.loudest = max(played.loudest, float(np.abs(frame.to_ndarray()).max()))
                elif isinstance(frame, av.VideoFrame):
                    assert frame.time is not None
                    played.pictures.append(frame.time)
                    if instants:
                        luma = frame.to_ndarray()[: frame.height].astype(np.uint8)
                        played.instants.append(read_instant(luma))
            if (
                seconds is not None
                and played.pictures
                and played.pictures[-1] - played.pictures[0] >= seconds
            ):
                break
    return played
