"""The source for all that libav opens: files, RTMP, HTTP and HLS, RTSP over UDP."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from services.ingest.sources.address import Address
from services.ingest.sources.libav.demux import Demux
from services.ingest.sources.libav.handover import Handover
from services.ingest.sources.libav.location import file_location, network_location
from services.ingest.sources.source import AccessUnitSink, IPNetwork, SourceError, SourceSettings

_LOOKS_PER_SILENCE = 4


class LibavSource:
    """Plays one camera in a thread of its own; costs about ten times what RTSP over TCP does."""

    def __init__(
        self,
        address: Address,
        *,
        audio: bool,
        networks: Sequence[IPNetwork],
        media_dir: Path | None,
        settings: SourceSettings,
    ) -> None:
        self._address = address
        self._audio = audio
        self._networks = networks
        self._media_dir = media_dir
        self._settings = settings

    async def run(self, sink: AccessUnitSink) -> None:
        """Feed `sink` until the stream ends; a file never does."""
        if self._address.scheme == "file":
            location = file_location(self._address, self._media_dir)
        else:
            location = await network_location(self._address, self._networks, self._settings)
        handover = Handover(asyncio.get_running_loop(), sink.on_loss)
        demux = Demux(location, sink, handover, audio=self._audio)
        demux.start()
        try:
            await self._watch(handover)
        finally:
            demux.stop()
            handover.close()

    async def _watch(self, handover: Handover) -> None:
        """Wait for the end. libav's own timeouts come first; this one holds where libav forgets them."""
        loop = asyncio.get_running_loop()
        patience = self._settings.silence_timeout
        allowance = patience + self._settings.connect_timeout + self._settings.response_timeout
        batches, heard = -1, loop.time()
        while True:
            await asyncio.wait((handover.ended,), timeout=patience / _LOOKS_PER_SILENCE)
            if handover.ended.done():
                handover.ended.result()
                return
            if handover.drained != batches:
                if batches >= 0:
                    allowance = patience
                batches, heard = handover.drained, loop.time()
            elif loop.time() - heard >= allowance:
                raise SourceError("camera.timeout", f"no video for {allowance:g} s")
