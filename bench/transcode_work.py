"""`python -m bench.transcode_work SOURCE TARGET`: a file of footage through the pool, as fast as it goes."""

import asyncio
import sys
from pathlib import Path
from typing import BinaryIO

from prometheus_client import CollectorRegistry

from bench.transcode import RUNG, SOURCE
from services.ingest.config import TranscodingSettings
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from services.ingest.transcoding.transcode import Transcode
from snowlight.clock import SystemClock
from snowlight.media.boxes import scan
from snowlight.media.description import describe
from snowlight.media.fragment import Fragment, InitSection


async def main(source: bytes, target: BinaryIO) -> None:
    """Transcode `source`, an object as ingest records it, into `target`."""
    settings = TranscodingSettings(cores=16, encoder="libx264", threads=1)
    pool = TranscodingPool(settings, TranscodingMetrics(CollectorRegistry()), SystemClock())
    async with pool.open(RUNG, SOURCE) as transcode, asyncio.TaskGroup() as group:
        group.create_task(_give(transcode, source))
        async for event in transcode:
            target.write(event.data)


async def _give(transcode: Transcode, data: bytes) -> None:
    found = scan(data)
    init = data[: found.init_size]
    told = describe(init)
    transcode.begin(InitSection("", init, told.codecs, told.width, told.height, 0, 0, 2000, 540))
    for number, each in enumerate(found.fragments):
        chunk = data[each.offset : each.offset + each.size]
        await transcode.give(
            Fragment(number, 0, each.start_ms, each.duration_ms, each.movie.independent, False, (chunk,))
        )
    transcode.end()


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as made:
        asyncio.run(main(Path(sys.argv[1]).read_bytes(), made))
