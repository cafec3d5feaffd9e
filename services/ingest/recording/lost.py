"""What went with a spool that was lost becomes rows of the ledger, once storage tells where they begin."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from services.ingest.recording.recovery import RecordGaps, subtract
from services.ingest.recording.volume import SpoolVolumes, Unaccounted
from services.ingest.status.gaps import Gap
from snowlight.errors import SnowlightError

RETRY_SECONDS = 5.0
_LOOKS_MS = (3 * 3_600_000, 48 * 3_600_000, 32 * 86_400_000)
"""How far back the last committed footage is looked for; it is a few minutes old unless a store was away."""

LastCommitted = Callable[[str, int, int], Awaitable[int | None]]
"""Of a camera's uid within a range in ms: where its committed footage ends; None when there is none."""

log = structlog.get_logger(__name__)


class LostSpools:
    """For each camera: from its last committed instant to the end of what was recorded."""

    def __init__(
        self,
        volumes: SpoolVolumes,
        last_committed: LastCommitted,
        gaps_of: Callable[[str], Awaitable[Sequence[Gap]]],
        record: RecordGaps,
    ) -> None:
        """`gaps_of`: the known gaps of a camera by uid: nothing was recorded in those."""
        self._volumes = volumes
        self._last_committed = last_committed
        self._gaps_of = gaps_of
        self._record = record

    async def run(self) -> None:
        """Until all is accounted for."""
        while True:
            try:
                for each in await self._volumes.unaccounted():
                    await self._account(each)
                return
            except SnowlightError as error:
                log.warning("spool.unaccounted", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _account(self, lost: Unaccounted) -> None:
        since_ms = await self._since(lost)
        known = [(gap.start_ms, gap.end_ms or lost.until_ms) for gap in await self._gaps_of(lost.uid)]
        rows = [
            Gap(lost.uid, start_ms, end_ms, "spool_lost")
            for start_ms, end_ms in (
                subtract((since_ms, lost.until_ms), known) if since_ms < lost.until_ms else ()
            )
        ]
        if rows:
            await self._record(rows)
            log.error("spool.lost", camera_uid=lost.uid, rows=len(rows))
        await self._volumes.settle([lost])

    async def _since(self, lost: Unaccounted) -> int:
        for look_ms in _LOOKS_MS:
            start_ms = max(lost.since_ms, lost.until_ms - look_ms)
            if start_ms >= lost.until_ms:
                return lost.until_ms
            found = await self._last_committed(lost.uid, start_ms, lost.until_ms)
            if found is not None:
                return found
        return max(lost.since_ms, lost.until_ms - _LOOKS_MS[-1])
