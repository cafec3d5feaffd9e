"""Files that nobody takes leave the spool in the end, and a row of the ledger stays for each."""

import asyncio
from collections.abc import Callable

import structlog

from services.ingest.recording.recovery import RecordGaps
from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile
from services.ingest.status.gaps import Gap
from snowlight.clock import Clock
from snowlight.errors import UnavailableError

ROUND_SECONDS = 30.0
BATCH = 500

log = structlog.get_logger(__name__)


class Aging:
    """Gives up what is older than the spool keeps and could not be uploaded; the row first, then the file."""

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        *,
        longest_hours: float,
        is_store_out: Callable[[str], bool],
        is_clock_right: Callable[[], bool],
        record: RecordGaps,
    ) -> None:
        """A clock that is not right says of nothing how old it is."""
        self._spool = spool
        self._clock = clock
        self._longest_ms = longest_hours * 3_600_000
        self._is_store_out = is_store_out
        self._is_clock_right = is_clock_right
        self._record = record

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self.round():
                    pass
            except UnavailableError as error:
                log.warning("spool.not_given_up", reason=str(error))
            await asyncio.sleep(ROUND_SECONDS)

    async def round(self) -> int:
        """Give up some files. Returns how many. Raises what recording the rows raises."""
        given_up: list[tuple[SpoolFile, Gap]] = []
        for file in self._spool.files():
            cause = self._cause(file)
            if cause:
                given_up.append((file, Gap(file.name.uid, file.start_ms, file.end_ms, cause)))
            if len(given_up) == BATCH:
                break
        if given_up:
            await self._record([gap for _, gap in given_up])
        for file, gap in given_up:
            log.error("spool.given_up", file=file.path.name, cause=gap.cause)
            self._spool.metrics.given_up.inc()
            self._spool.remove(file)
        return len(given_up)

    def _cause(self, file: SpoolFile) -> str:
        """Why `file` is given up; empty while it is not."""
        if not file.closed:
            return ""
        if file.refused and file.has_vanished():
            return "spool_lost"
        if not self._is_clock_right() or self._clock.now_ms() - file.end_ms <= self._longest_ms:
            return ""
        if file.refused:
            return "spool_lost"
        return "store_outage" if self._is_store_out(file.name.uid) else ""
