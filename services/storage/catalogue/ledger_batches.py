"""The ledger beside the footage: batches of rows as they were written, newest wins by (camera, start).

`meta/ledger/{yyyymmdd}/{ms}-{n}.pb`, day and ms being those of writing. Once a day is over its batches become
one. Every step may be repeated: a row that is there twice says the same.
"""

import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from google.protobuf.message import DecodeError

from services.storage.stores.objects import Listed, delete, list_all, list_folder, read, write
from snowlight.api.storage.v1 import stored_pb2
from snowlight.clock import Clock
from snowlight.steps import Reached

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

PREFIX = "meta/ledger/"
BATCH = 50_000
"""Rows of one object at most, about 3 MB."""
OVER_MS = 3_600_000
"""A day is closed so long after its end: a writer whose clock lags is done by then."""

_NAME = re.compile(r"meta/ledger/\d{8}/(?P<ms>\d{1,15})-(?P<n>\d{1,15})\.pb")

Rows = dict[tuple[str, int], stored_pb2.KeptGap]
"""By camera and start."""

log = structlog.get_logger(__name__)


class LedgerBatches:
    """Writes, joins and reads the batches of one store."""

    def __init__(self, store: "ObjectStore", clock: Clock, reached: Reached) -> None:
        self._store = store
        self._clock = clock
        self._reached = reached
        self._last_ms = 0
        self._joined: set[str] = set()

    async def append(self, rows: Iterable[stored_pb2.KeptGap], number: int) -> None:
        """Write rows that are newer than all before. `number` tells batches of the same ms apart."""
        self._last_ms = max(self._clock.now_ms(), self._last_ms + 1)
        await self._put(_key(self._last_ms, number), rows)

    async def days(self) -> list[str]:
        """The days in which rows were written, "20261126", oldest first."""
        names, _ = await list_folder(self._store, PREFIX)
        return [name for name in names if re.fullmatch(r"\d{8}", name)]

    async def read_newest_first(self) -> AsyncIterator[stored_pb2.LedgerBatch]:
        """All batches, one after the other; one that cannot be read is told of in the log."""
        for day in reversed(await self.days()):
            for each in reversed(await self._batches(day)):
                batch = await self._read(each.key)
                if batch is not None:
                    yield batch

    async def join_days(self) -> None:
        """Make one of the batches of each day that is over."""
        open_day = _day(self._clock.now_ms() - OVER_MS)
        for day in await self.days():
            if day < open_day and day not in self._joined:
                await self._join(day)
                self._joined.add(day)

    async def expired(self, before_ms: int) -> AsyncIterator[tuple[str, Rows]]:
        """Days written before that of `before_ms`, with their rows. The caller drops them."""
        for day in await self.days():
            if day >= _day(before_ms):
                return
            rows: Rows = {}
            for each in await self._batches(day):
                await self._add(rows, each.key)
            yield day, rows

    async def drop(self, day: str) -> None:
        """Delete all that was written in a day."""
        await delete(self._store, [each.key for each in await self._batches(day)])

    async def _join(self, day: str) -> None:
        batches = await self._batches(day)
        if len(batches) < 2:
            return
        rows: Rows = {}
        whole = [each.key for each in batches if await self._add(rows, each.key)]
        kept = list(rows.values())
        last_ms, last = _order(batches[-1])
        for at in range(0, len(kept), BATCH):
            await self._put(_key(last_ms, last + 1 + at // BATCH), kept[at : at + BATCH])
        await delete(self._store, whole)
        log.info("catalogue.ledger_joined", day=day, batches=len(whole), rows=len(kept))

    async def _add(self, rows: Rows, key: str) -> bool:
        """Take in what a batch says. False when it cannot be read."""
        batch = await self._read(key)
        for row in batch.gaps if batch else ():
            rows[row.camera_uid, row.start_ms] = row
        return batch is not None

    async def _batches(self, day: str) -> list[Listed]:
        """Oldest first."""
        found = await list_all(self._store, f"{PREFIX}{day}/")
        return sorted((each for each in found if _NAME.fullmatch(each.key)), key=_order)

    async def _read(self, key: str) -> stored_pb2.LedgerBatch | None:
        data = await read(self._store, key)
        try:
            return stored_pb2.LedgerBatch.FromString(data) if data else None
        except DecodeError:
            log.error("catalogue.unreadable", key=key)
            return None

    async def _put(self, key: str, rows: Iterable[stored_pb2.KeptGap]) -> None:
        self._reached("catalogue.put")
        await write(self._store, key, stored_pb2.LedgerBatch(gaps=rows).SerializeToString())


def _key(ms: int, number: int) -> str:
    return f"{PREFIX}{_day(ms)}/{ms}-{number}.pb"


def _day(ms: int) -> str:
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)).strftime("%Y%m%d")


def _order(batch: Listed) -> tuple[int, int]:
    match = _NAME.fullmatch(batch.key)
    assert match is not None
    return int(match["ms"]), int(match["n"])
