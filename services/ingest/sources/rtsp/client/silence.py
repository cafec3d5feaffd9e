"""Notices that a camera fell silent, at the price of a timer every few seconds."""

import asyncio
from collections.abc import Callable

from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.source import SourceError

_LOOKS = 4  # within the patience: silence is noticed at most a quarter late


class SilenceTimer:
    """Calls `end` once `patience` seconds went by without a frame of video."""

    def __init__(self, video: VideoReceiver, end: Callable[[Exception], None], patience: float) -> None:
        self._video = video
        self._end = end
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._runs = video.runs
        self._heard = self._loop.time()
        self._timer = self._loop.call_later(patience / _LOOKS, self._look)

    def cancel(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if self._video.runs != self._runs:
            self._runs, self._heard = self._video.runs, now
        elif now - self._heard >= self._patience:
            self._end(SourceError("camera.timeout", f"no video for {self._patience:g} s"))
            return
        self._timer = self._loop.call_later(self._patience / _LOOKS, self._look)
