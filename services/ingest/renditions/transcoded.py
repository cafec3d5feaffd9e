"""Transcoded renditions: the main stream's fragments encoded anew, under the same numbers and instants."""

import asyncio
from dataclasses import replace

from services.ingest.media.ring import Ring
from services.ingest.observer import MediaInfo
from services.ingest.renditions.declared import declared, rung_of, source_of
from services.ingest.renditions.running import Running
from services.ingest.transcoding.pool import TranscodingPool
from services.ingest.transcoding.transcode import Transcode
from snowlight.errors import ResourceExhaustedError, UnavailableError
from snowlight.media.fragment import InitSection

LOOK_SECONDS = 0.1
"""How often a camera without a picture is looked at."""


class TranscodedStreams:
    """Shares the pool's cores among them."""

    def __init__(self, pool: TranscodingPool) -> None:
        self._pool = pool

    @property
    def are_made(self) -> bool:
        """There are cores for them."""
        return self._pool.has_cores

    async def run(self, running: Running, main: Ring, media: MediaInfo) -> None:
        """Make the rendition of what `main` gets, which is `media`, until cancelled.

        Raises ResourceExhaustedError("transcode.no_capacity") when the cores are spent, UnavailableError when
        the transcode breaks off, and what `Transcode` raises of its pictures.
        """
        async with self._pool.open(rung_of(running.name, media), source_of(media)) as transcode:
            expected = declared(running.name, media)
            feeding = asyncio.create_task(_feed(transcode, main))
            try:
                async for event in transcode:
                    if isinstance(event, InitSection):
                        running.media = replace(
                            expected, codecs=event.codecs, width=event.width, height=event.height
                        )
                        running.ring.start(event)
                    else:
                        running.ring.append(event)
            finally:
                feeding.cancel()
                await asyncio.wait([feeding])
        raise UnavailableError("live.rendition_away", "the transcode has ended")


async def _feed(transcode: Transcode, main: Ring) -> None:
    """Hand on what the camera sends, from its newest key frame on; through its absences too."""
    while True:
        try:
            async for item in main.subscribe():
                event = item.event
                if isinstance(event, InitSection):
                    transcode.begin(event)
                else:
                    transcode.feed(event)
        except ResourceExhaustedError:  # this loop was held up: go on from now
            continue
        except UnavailableError:  # it has no picture yet
            await asyncio.sleep(LOOK_SECONDS)
