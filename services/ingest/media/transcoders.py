"""What makes AAC of speech, loaded for the first camera that has sound.

numpy, which it calculates with, and libav are 30 MB of a process, and 0.2 s of an event loop.
"""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from services.ingest.sources.source import AudioTrack

if TYPE_CHECKING:
    from services.ingest.media.audio import AacTranscoder


async def load_transcoders() -> None:
    """In a thread, or at once where it is loaded. To be awaited before sound may come."""
    await asyncio.to_thread(import_module, "services.ingest.media.audio")


def open_transcoder(track: AudioTrack) -> "AacTranscoder":
    """Raises ValueError for what cannot be heard or coded."""
    from services.ingest.media.audio import AacTranscoder
    from services.ingest.media.speech import speech_decoder

    return AacTranscoder(speech_decoder(track), track.clock_rate, track.channels)
