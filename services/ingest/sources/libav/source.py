"""The source for all that libav demuxes: files, RTMP, HTTP and HLS."""

import asyncio
from pathlib import Path

from services.ingest.sources.address import Address
from services.ingest.sources.http.client import HttpClient
from services.ingest.sources.libav.demux import Demux
from services.ingest.sources.libav.handover import Handover
from services.ingest.sources.libav.location import Location, file_location, rtmp_location
from services.ingest.sources.libav.web import WebLocation
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import AccessUnitSink, SourceError, SourceSettings

_LOOKS_PER_SILENCE = 4


class LibavSource:
    """Plays one camera in a thread of its own; costs about ten times what RTSP over TCP does."""

    def __init__(
        self,
        address: Address,
        *,
        audio: bool,
        network: SourceNetwork,
        media_dir: Path | None,
        settings: SourceSettings,
    ) -> None:
        self._address = address
        self._audio = audio
        self._network = network
        self._media_dir = media_dir
        self._settings = settings

    async def run(self, sink: AccessUnitSink) -> None:
        """Feed `sink` until the stream ends; a file never does."""
        location = await self._locate()
        handover = Handover(asyncio.get_running_loop(), sink.on_loss)
        demux = Demux(location, sink, handover, audio=self._audio)
        demux.start()
        try:
            await self._watch(handover)
        finally:
            demux.stop()
            handover.close()

    async def _locate(self) -> Location:
        if self._address.scheme == "file":
            return file_location(self._address, self._media_dir)
        if self._address.scheme == "rtmp":
            return await rtmp_location(self._address, self._network, self._settings)
        return self._web_location(asyncio.get_running_loop())

    def _web_location(self, loop: asyncio.AbstractEventLoop) -> WebLocation:
        within = self._settings.connect_timeout

        def resolve(host: str, port: int) -> list[str]:
            answer = asyncio.run_coroutine_threadsafe(self._network.resolve(host, port, within=within), loop)
            return answer.result(2 * within)  # the loop that should answer may have ended

        client = HttpClient(self._address, resolve, self._network.tls, self._settings)
        return WebLocation(self._address.url, client, self._settings)

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
