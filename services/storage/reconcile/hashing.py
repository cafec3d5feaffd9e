"""Hashes that nobody knows, of rows made from keys: made up slowly, in passing."""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services.storage.index.repository import KEY_COLUMNS, key_of
from services.storage.reconcile.metrics import ReconcileMetrics
from services.storage.segment import Segment
from services.storage.stores.objects import read
from services.storage.tables import segments
from snowlight.clock import Clock
from snowlight.database import Database

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

SAVED_SECONDS = 60.0
"""Time that was not used counts up to so long."""


class Hashing:
    """Reads whole objects, as many bytes a second as it may on the average."""

    def __init__(
        self,
        database: Database,
        stores: "Mapping[str, ObjectStore]",
        clock: Clock,
        metrics: ReconcileMetrics,
        *,
        bytes_per_second: int,
    ) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock
        self._metrics = metrics
        self._rate = bytes_per_second
        self._budget = 0.0
        self._at = clock.monotonic()

    async def hash(self, rows: Sequence[Segment]) -> None:
        """Give hashes to as many of `rows` as the budget has bytes for. Raises UnavailableError."""
        self._save_up()
        for row in rows:
            if self._budget <= 0:
                return
            data = await read(self._stores[row.store], str(row.key))
            self._budget -= row.size
            if data is not None and len(data) == row.size:
                digest = (await asyncio.to_thread(sha256, data)).digest()
                await self._keep(row, digest)
                self._metrics.hashed_bytes.inc(len(data))

    def _save_up(self) -> None:
        now = self._clock.monotonic()
        self._budget = min(self._budget + (now - self._at) * self._rate, SAVED_SECONDS * self._rate)
        self._at = now

    async def _keep(self, row: Segment, digest: bytes) -> None:
        is_row = (column == value for column, value in zip(KEY_COLUMNS, key_of(row), strict=True))
        unknown = sa.func.length(segments.c.sha256) == 0
        async with self._database.write() as connection:
            await connection.execute(sa.update(segments).where(*is_row, unknown).values(sha256=digest))
