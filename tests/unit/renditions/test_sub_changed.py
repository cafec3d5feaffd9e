"""A camera gets another sub stream."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from prometheus_client import CollectorRegistry

from services.ingest.camera import CameraSpec
from services.ingest.observer import MediaInfo
from services.ingest.renditions.metrics import RenditionMetrics
from services.ingest.renditions.renditions import Offered, Renditions
from services.ingest.renditions.running import Running
from snowlight.media.rendition import SUB

OLD = MediaInfo("h264", 320, 180, 25.0, "", "avc1.42c00d", 200_000)
NEW = MediaInfo("h265", 640, 360, 25.0, "", "hvc1.1.6.L63.90", 300_000)


class Connected:
    """SubStreams whose connections tell what they are when they end, too, as what they held comes out."""

    def __init__(self, *media: MediaInfo) -> None:
        self._media = list(media)

    async def run(self, _: CameraSpec, running: Running, on_media: Callable[[MediaInfo], None]) -> None:
        media = self._media.pop(0)
        try:
            on_media(media)
            await asyncio.sleep(60)
        finally:
            on_media(media)


class NoBoard:
    def get(self, _: str) -> None: ...


class NoneMade:
    are_made = False


async def test_what_the_old_one_was_is_not_told_of_the_new_one() -> None:
    renditions = Renditions(
        cast(Any, NoBoard()),
        lambda _: None,
        cast(Any, Connected(OLD, NEW)),
        cast(Any, NoneMade()),
        RenditionMetrics(CollectorRegistry()),
        ring_bytes=1 << 20,
        linger_s=60,
    )
    running = asyncio.create_task(renditions.run())
    await asyncio.sleep(0)
    for camera, media in (("old", OLD), ("new", NEW)):
        renditions.set_sub("uid", cast(CameraSpec, camera))
        await asyncio.sleep(0)
        assert sub(renditions) == Offered(SUB, None, running=False)
        renditions.learn("uid")
        await asyncio.sleep(0.01)
        assert sub(renditions) == Offered(SUB, media, running=True)
    running.cancel()
    await asyncio.wait([running])


def sub(renditions: Renditions) -> Offered:
    _, offered = renditions.offered("uid")
    return offered
