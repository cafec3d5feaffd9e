"""A pool of transcodes, what is given to one and what comes out."""

import asyncio
import os
from collections.abc import Iterable
from typing import Literal

from prometheus_client import CollectorRegistry

from services.ingest.config import TranscodingSettings
from services.ingest.transcoding.ladder import Picture, Rung
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from services.ingest.transcoding.transcode import Transcode
from snowlight.clock import SystemClock
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.media.feed import MuxSession

RUNG = Rung("90p", 90, 100_000)
PICTURE = Picture(320, 180, "h264")


def pool(
    cores: float = 4,
    *,
    stall_seconds: float = 60,
    registry: CollectorRegistry | None = None,
    encoder: Literal["auto", "libx264"] = "libx264",
) -> TranscodingPool:
    settings = TranscodingSettings(cores=cores, encoder=encoder, stall_seconds=stall_seconds)
    return TranscodingPool(settings, TranscodingMetrics(registry or CollectorRegistry()), SystemClock())


async def give(transcode: Transcode, session: MuxSession, fragments: Iterable[Fragment] = ()) -> None:
    transcode.begin(session.init)
    for fragment in fragments or session.fragments:
        await transcode.give(fragment)


async def first(transcode: Transcode) -> Fragment:
    """The first fragment that comes out."""
    async with asyncio.timeout(60):
        async for event in transcode:
            if isinstance(event, Fragment):
                return event
    raise AssertionError("nothing came out")


async def rest(transcode: Transcode) -> list[InitSection | Fragment]:
    async with asyncio.timeout(60):
        return [event async for event in transcode]


async def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
