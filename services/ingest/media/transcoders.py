"""What makes AAC of speech, loaded for the first camera that has sound.

numpy, which it calculates with, and libav are 30 MB of a process, and 0.2 s of an event loop.
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from services.ingest.sources.source import AudioTrack

if TYPE_CHECKING:
    from services.ingest.media.audio import AacTranscoder
    from services.ingest.media.audio_batch import AudioBatch


class Transcoders:
    """Of all cameras of an event loop: their sound is encoded together."""

    def __init__(self, soon: Callable[[Callable[[], None]], object] | None = None) -> None:
        """`soon` calls what it is given when what runs now is over: the event loop, unless told otherwise."""
        self._soon = soon or _soon
        self._batch: AudioBatch | None = None

    async def load(self) -> None:
        """In a thread, or at once where it is loaded. To be awaited before sound may come."""
        await asyncio.to_thread(import_module, "services.ingest.media.audio")

    def open(self, track: AudioTrack) -> "AacTranscoder":
        """Raises ValueError for what cannot be heard or coded."""
        from services.ingest.media.audio import AacTranscoder
        from services.ingest.media.audio_batch import AudioBatch
        from services.ingest.media.speech import speech_decoder

        if self._batch is None:
            self._batch = AudioBatch(self._soon)
        return AacTranscoder(speech_decoder(track), track.clock_rate, track.channels, self._batch)


def _soon(callback: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(callback)
