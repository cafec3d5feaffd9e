"""Hashes that nobody knows, of rows made from keys: found slowly, in passing, and kept as found ones."""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from services.storage.index.found_hashes import FoundHashes
from services.storage.reconcile.metrics import ReconcileMetrics
from services.storage.segment import Segment
from services.storage.stores.objects import read
from snowlight.clock import Clock

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

SAVED_SECONDS = 60.0
"""Time that was not used counts up to so long."""


class Hashing:
    """Reads whole objects, as many bytes a second as it may on the average."""

    def __init__(
        self,
        found: FoundHashes,
        stores: "Mapping[str, ObjectStore]",
        clock: Clock,
        metrics: ReconcileMetrics,
        *,
        bytes_per_second: int,
    ) -> None:
        self._found = found
        self._stores = stores
        self._clock = clock
        self._metrics = metrics
        self._rate = bytes_per_second
        self._budget = 0.0
        self._at = clock.monotonic()

    async def hash(self, rows: Sequence[Segment]) -> None:
        """Find hashes of as many of `rows`, of one camera, as the budget has bytes for.

        Raises UnavailableError.
        """
        self._save_up()
        if not rows or self._budget <= 0:
            return
        begin_ms, end_ms = min(row.start_ms for row in rows), max(row.end_ms for row in rows)
        known = await self._found.list(rows[0].camera_uid, begin_ms, end_ms)
        for row in rows:
            if str(row.key) in known:
                continue
            if self._budget <= 0:
                return
            data = await read(self._stores[row.store], str(row.key))
            self._budget -= row.size
            if data is not None and len(data) == row.size:
                await self._found.keep(row, (await asyncio.to_thread(sha256, data)).digest())
                self._metrics.hashed_bytes.inc(len(data))

    def _save_up(self) -> None:
        now = self._clock.monotonic()
        self._budget = min(self._budget + (now - self._at) * self._rate, SAVED_SECONDS * self._rate)
        self._at = now
