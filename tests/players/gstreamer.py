"""GStreamer, which knows nothing of us, plays a playlist; its process's output as what was seen and heard."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simulator.scene.timecode import read_instant

PLAYER = Path(__file__).parent / "gstreamer_player.py"
"""Plays under the system's Python."""
_NS = 1e9


@dataclass
class Played:
    """Times in seconds."""

    factories: set[str] = field(default_factory=set)
    """The elements it was played with."""
    error: str = ""
    pictures: list[float] = field(default_factory=list)
    """When each picture is shown, on the player's clock."""
    instants: list[float | None] = field(default_factory=list)
    """The Unix time burnt into each."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    sounds: list[tuple[float, float]] = field(default_factory=list)
    """When each sound begins, and how long it is."""


async def play(python: Path, url: str, *, pictures: int | None = None, timeout_s: float = 60) -> Played:
    """Play to the end, or so many pictures. Raises TimeoutError."""
    wanted = [] if pictures is None else ["--pictures", str(pictures)]
    process = await asyncio.create_subprocess_exec(
        python, PLAYER, *wanted, url, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    played = Played()
    try:
        async with asyncio.timeout(timeout_s):
            while line := await process.stdout.readline():
                told = json.loads(line)
                if "factories" in told:
                    _end(played, told)
                else:
                    _picture(played, told, await process.stdout.readexactly(told["size"]))
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return played


def _picture(played: Played, told: dict[str, Any], data: bytes) -> None:
    width, height = told["width"], told["height"]
    luma = np.frombuffer(data, np.uint8).reshape(height, -1)[:, :width]
    played.pictures.append(told["at"] / _NS)
    played.sizes.append((width, height))
    played.instants.append(read_instant(luma))


def _end(played: Played, told: dict[str, Any]) -> None:
    played.factories = set(told["factories"])
    played.sounds = [(start / _NS, duration / _NS) for start, duration in told["sounds"]]
    played.error = told["error"]
