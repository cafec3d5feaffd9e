"""The outbox on its way into the object store."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from google.protobuf.message import Message
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.storage.cameras.repository import kept_camera
from services.storage.catalogue.documents import TABLES, key_of
from services.storage.catalogue.ledger_batches import LedgerBatches
from services.storage.catalogue.outbox import CAMERA, GAP, note
from services.storage.catalogue.restore import Restore
from services.storage.stores.objects import write
from services.storage.tables import gaps, outbox
from snowlight.api.storage.v1 import stored_pb2
from snowlight.bounded import for_each
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError
from snowlight.steps import Reached

if TYPE_CHECKING:
    from obstore.store import ObjectStore

BATCH = 1000
PUTS_AT_ONCE = 8
LONGEST_WAIT_S = 60.0
TIDY_SECONDS = 3600.0
_DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


class CatalogueMetrics:
    """How far the object store is behind the database."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting = Gauge(
            "snowlight_storage_catalogue_waiting",
            "Changes that are not in the object store yet.",
            registry=registry,
        )
        self.written = Counter(
            "snowlight_storage_catalogue_written", "Objects of the catalogue written.", registry=registry
        )
        self.failures = Counter(
            "snowlight_storage_catalogue_failures",
            "Attempts to write the catalogue that failed.",
            registry=registry,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    kind: str
    subject: str
    body: bytes


class Flusher:
    """Writes what changed beside the footage: of each subject the newest, and a change is forgotten only once
    it is written. A database that has not read the catalogue yet may not write it: what it does not know it
    would write over."""

    def __init__(
        self,
        database: Database,
        store: "ObjectStore",
        ledger: LedgerBatches,
        restore: Restore,
        clock: Clock,
        reached: Reached,
        metrics: CatalogueMetrics,
        *,
        every_seconds: float,
        ledger_days: int,
    ) -> None:
        self._database = database
        self._store = store
        self._ledger = ledger
        self._restore = restore
        self._clock = clock
        self._reached = reached
        self._metrics = metrics
        self._every_seconds = every_seconds
        self._ledger_days = ledger_days
        self._woken = asyncio.Event()
        self._tidied_at: float | None = None

    def wake(self) -> None:
        """Something changed that is not to wait."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. While the store or the database is away it tries again ever more seldom."""
        try:
            await self._flush_on()
        finally:
            self._metrics.waiting.set(0)  # another process knows by now

    async def _flush_on(self) -> None:
        wait = self._every_seconds
        while True:
            self._woken.clear()
            try:
                await self._restore.once()
                await self.flush()
                await self._tidy()
            except SnowlightError as error:
                self._metrics.failures.inc()
                log.warning("catalogue.failed", error=str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                wait = self._every_seconds
                await self._pause()

    async def flush(self) -> None:
        """Write all that waits. Raises UnavailableError when the store or the database does not answer."""
        while rows := await self._next():
            await self._write(rows)
            async with self._database.write() as connection:
                await connection.execute(sa.delete(outbox).where(outbox.c.id.in_([row.id for row in rows])))
            if len(rows) < BATCH:
                break
        self._metrics.waiting.set(0)

    async def _next(self) -> list[_Row]:
        columns = (outbox.c.id, outbox.c.kind, outbox.c.subject, outbox.c.body)
        async with self._database.read() as connection:
            self._metrics.waiting.set(
                await connection.scalar(sa.select(sa.func.count()).select_from(outbox)) or 0
            )
            rows = await connection.execute(sa.select(*columns).order_by(outbox.c.id).limit(BATCH))
            return [_Row(*row) for row in rows]

    async def _write(self, rows: Sequence[_Row]) -> None:
        newest = {(row.kind, row.subject): row for row in rows}
        ledger = [row for row in newest.values() if row.kind == GAP]
        if ledger:
            kept = [stored_pb2.KeptGap.FromString(row.body) for row in ledger]
            await self._ledger.append(kept, rows[-1].id)
            self._metrics.written.inc()
        others = [row for row in newest.values() if row.kind != GAP]
        await for_each(others, self._put, at_once=PUTS_AT_ONCE)

    async def _put(self, row: _Row) -> None:
        body = await self._newest(row)
        self._reached("catalogue.put")
        await write(self._store, key_of(row.kind, row.subject), body)
        self._metrics.written.inc()

    async def _newest(self, row: _Row) -> bytes:
        """What the tables say by now, where a subject is a part of them: since the change was noted they may
        have learnt more."""
        message: Message | None = None
        async with self._database.read() as connection:
            if row.kind in TABLES:
                message = await TABLES[row.kind](connection)
            elif row.kind == CAMERA:
                message = await kept_camera(connection, row.subject)
        return row.body if message is None else message.SerializeToString()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._every_seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _tidy(self) -> None:
        """Now and then: one object for each day of the ledger that is over, none for what is too old."""
        now = self._clock.monotonic()
        if self._tidied_at is not None and now - self._tidied_at < TIDY_SECONDS:
            return
        await self._ledger.join_days()
        before_ms = self._clock.now_ms() - self._ledger_days * _DAY_MS
        async for day, rows in self._ledger.expired(before_ms):
            await self._carry_on(list(rows))
            await self._ledger.drop(day)
        self._tidied_at = now

    async def _carry_on(self, keys: Sequence[tuple[str, int]]) -> None:
        """Write anew what was written long ago and still holds: a gap that began then and is not over."""
        for at in range(0, len(keys), BATCH):
            wanted = sa.tuple_(gaps.c.camera_uid, gaps.c.start_ms).in_(keys[at : at + BATCH])
            async with self._database.write() as connection:
                rows = list(await connection.execute(sa.select(gaps).where(wanted)))
                bodies = [
                    (f"{row.camera_uid}/{row.start_ms}", stored_pb2.KeptGap(**row._mapping)) for row in rows
                ]
                await note(connection, GAP, bodies)
