"""Notices that a camera fell silent, and counts what came, at the price of a timer every few seconds."""

import asyncio
from collections.abc import Callable

from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.source import SourceError

_LOOKS = 4  # within the patience: silence is noticed at most a quarter late


class SilenceTimer:
    """Calls `end` once `patience` seconds went by without a frame of video."""

    def __init__(
        self,
        video: VideoReceiver,
        end: Callable[[Exception], None],
        patience: float,
        on_received: Callable[[int], None],
    ) -> None:
        """`on_received` is told how many packets came since it was told last."""
        self._video = video
        self._on_received = on_received
        self._told = 0
        self._end = end
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._runs = video.runs
        self._heard = self._loop.time()
        self._timer = self._loop.call_later(patience / _LOOKS, self._look)

    def cancel(self) -> None:
        """Look no more."""
        self._timer.cancel()
        self._tell()

    def _look(self) -> None:
        self._tell()
        now = self._loop.time()
        if self._video.runs != self._runs:
            self._runs, self._heard = self._video.runs, now
        elif now - self._heard >= self._patience:
            self._end(SourceError("camera.timeout", f"no video for {self._patience:g} s"))
            return
        self._timer = self._loop.call_later(self._patience / _LOOKS, self._look)

    def _tell(self) -> None:
        received = self._video.received
        if received > self._told:
            self._on_received(received - self._told)
            self._told = received
