"""Minutes on the volume of a worker that is gone: in the ledger soon, and for good when it stays away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from services.ingest.recording.absent_repository import Absent, AbsentRepository
from services.ingest.recording.recovery import RecordGaps, subtract
from services.ingest.status.gaps import Gap
from snowlight.clock import Clock
from snowlight.errors import SnowlightError

LOOK_SECONDS = 10.0
HOUR_MS = 3_600_000

Within = Callable[[str, int, int], Awaitable[Sequence[tuple[int, int]]]]
"""Of a camera's uid within a range in ms: some of its spans, (start, end) each. Raises SnowlightError."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A worker may have recorded a camera in this span, ms since 1970 UTC, and not committed all of it."""

    worker: str
    camera_uid: str
    since_ms: int
    until_ms: int


class AbsentSpools:
    """Looks after cameras that this worker has taken from one that died.

    What that one recorded and has not committed is missing because a worker stopped (`ingest_restart`), until
    it is back. Once it has come back with another volume, or has stayed away for some hours, it is
    `spool_lost`. Neither row tells anything any more when the footage is committed after all.
    """

    def __init__(
        self,
        repository: AbsentRepository,
        unexplained: Within,
        committed: Within,
        gaps_of: Callable[[str], Awaitable[Sequence[Gap]]],
        record: RecordGaps,
        owns: Callable[[str], bool],
        clock: Clock,
        *,
        longest_hours: float,
        grace_hours: float,
    ) -> None:
        """`unexplained`: what storage has neither footage nor a gap of. `gaps_of`: the known gaps of a
        camera, by uid, which storage may not have heard of yet. `longest_hours`: no spool holds older footage
        than that.
        """
        self._repository = repository
        self._unexplained = unexplained
        self._committed = committed
        self._gaps_of = gaps_of
        self._record = record
        self._owns = owns
        self._clock = clock
        self._longest_ms = int(longest_hours * HOUR_MS)
        self._grace_ms = int(grace_hours * HOUR_MS)

    async def note(self, left: Sequence[LeftBehind]) -> None:
        """Look after these. May be repeated. Raises UnavailableError."""
        now_ms = self._clock.now_ms()
        await self._repository.note(
            [Absent(each.camera_uid, each.until_ms, each.worker, each.since_ms, now_ms) for each in left]
        )

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except SnowlightError as error:
                log.warning("spool.absence_untold", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Tell the ledger what it does not know. Raises SnowlightError."""
        for absent in await self._repository.due(self._clock.now_ms() - self._grace_ms):
            if self._owns(absent.camera_uid):
                await (self._give_up(absent) if absent.told else self._tell(absent))

    async def _tell(self, absent: Absent) -> None:
        since_ms = max(absent.since_ms, absent.until_ms - self._longest_ms)
        known = [
            (gap.start_ms, gap.end_ms or absent.until_ms) for gap in await self._gaps_of(absent.camera_uid)
        ]
        missing = [
            hole
            for span in await self._unexplained(absent.camera_uid, since_ms, absent.until_ms)
            for hole in subtract(span, known)
        ]
        await self._record_all(absent, missing, "ingest_restart")
        told = [replace(absent, since_ms=start, until_ms=end, told=True) for start, end in missing]
        await self._repository.replace(absent, told)

    async def _give_up(self, absent: Absent) -> None:
        uid, span = absent.camera_uid, (absent.since_ms, absent.until_ms)
        missing = subtract(span, await self._committed(uid, *span))
        await self._record_all(absent, missing, "spool_lost")
        await self._repository.replace(absent, [])
        if missing:
            log.error("spool.lost", camera_uid=uid, worker=absent.worker, rows=len(missing))

    async def _record_all(self, absent: Absent, spans: Sequence[tuple[int, int]], cause: str) -> None:
        if spans:
            await self._record([Gap(absent.camera_uid, start, end, cause) for start, end in spans])
