"""What cameras do, kept in the database for as long as ingest runs, to its very end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.ingest.health.writer import HealthWriter
from services.ingest.online.writer import OnlineWriter
from services.ingest.status.reporter import GapReporter
from services.ingest.status.writer import StatusWriter
from snowlight.background import running
from snowlight.errors import SnowlightError

LAST_REPORT_SECONDS = 2.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def kept_status(
    writer: StatusWriter, reporter: GapReporter, online: OnlineWriter, health: HealthWriter
) -> AsyncIterator[None]:
    """Status goes to the database inside, and a last time at the end, when the sessions have ended."""
    async with running(writer.run(), reporter.run(), online.run(), health.run()):
        yield
    try:
        await writer.flush()
        await online.round()
        await health.finish()
        async with asyncio.timeout(LAST_REPORT_SECONDS):
            await reporter.report()
    except (SnowlightError, TimeoutError) as error:
        log.warning("gaps.left", reason=str(error) or "storage did not answer in time")
