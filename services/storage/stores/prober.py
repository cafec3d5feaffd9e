"""Whether stores answer, and whether what answers is the store it was.

Each store holds a mark with its name. A folder whose disk is not mounted, a bucket that was deleted and made
again and two stores mixed up in the settings all answer, and would let all footage seem lost.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from prometheus_client import CollectorRegistry, Gauge

from services.storage.stores.objects import read, write
from services.storage.tables import known_stores
from snowlight.buckets import ensure_bucket
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import FailedPreconditionError, SnowlightError, UnavailableError
from snowlight.object_store import StoreDescription
from snowlight.on_conflict import conflict_insert

if TYPE_CHECKING:
    from obstore.store import ObjectStore

MARK_KEY = "meta/store"
ANSWER_S = 10.0
FAILURES = 2
"""So many probes in a row fail before a store counts as away: one lost packet is no outage."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _State:
    failures: int = 0
    failing_since_ms: int = 0

    @property
    def is_away(self) -> bool:
        return self.failures >= FAILURES


class StoreProber:
    """Asks every store for its mark, again and again."""

    def __init__(
        self,
        stores: "Mapping[str, ObjectStore]",
        descriptions: Mapping[str, StoreDescription],
        database: Database,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        probe_seconds: float,
    ) -> None:
        self._stores = stores
        self._descriptions = descriptions
        self._database = database
        self._clock = clock
        self._probe_seconds = probe_seconds
        self._states = {name: _State() for name in stores}
        self._known: set[str] = set()
        self._available = Gauge(
            "snowlight_storage_store_available",
            "1 while the store answers, else 0.",
            ["store"],
            registry=registry,
        )

    def is_away(self, store: str) -> bool:
        """The store does not answer, or is none of those that are configured."""
        state = self._states.get(store)
        return state is None or state.is_away

    def away_since_ms(self, store: str) -> int:
        """Since when it is away; 0 while it is not."""
        state = self._states[store]
        return state.failing_since_ms if state.is_away else 0

    async def run(self) -> None:
        """Ask until cancelled, each store on its own: one that hangs delays no other."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._stores:
                tasks.create_task(self._watch(name), name=f"probe of store {name}")

    async def _watch(self, name: str) -> None:
        state = self._states[name]
        while True:
            try:
                await self.check(name)
            except SnowlightError as error:
                if not state.failures:
                    state.failing_since_ms = self._clock.now_ms()
                state.failures += 1
                if state.failures == FAILURES:
                    log.error("store.away", store=name, error=str(error))
            else:
                if state.is_away:
                    log.info("store.back", store=name)
                state.failures = 0
            self._available.labels(name).set(not state.is_away)
            await asyncio.sleep(self._probe_seconds)

    async def check(self, name: str) -> None:
        """Return when the store answers and is the one that it was.

        A store that is seen for the first time is made and marked.

        Raises UnavailableError when it does not answer, FailedPreconditionError when it is another.
        """
        store = self._stores[name]
        # In this order: another process may be marking it just now.
        known = name in self._known or await self._is_known(name)
        mark = await self._mark(name)
        if mark is None:
            if known:
                raise FailedPreconditionError(
                    "store.not_marked", f"{MARK_KEY} is missing: this is not the store {name} that it was"
                )
            await ensure_bucket(self._descriptions[name])
            await write(store, MARK_KEY, name.encode())
        elif mark.strip() != name.encode():
            raise FailedPreconditionError("store.other", f"{MARK_KEY} says that this is not the store {name}")
        if not known:
            await self._remember(name)
        self._known.add(name)

    async def _mark(self, name: str) -> bytes | None:
        """What the mark says; None when there is none, or no bucket yet."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await read(self._stores[name], MARK_KEY)
        except TimeoutError as error:
            raise UnavailableError("store.unavailable", f"store {name} does not answer") from error

    async def _is_known(self, name: str) -> bool:
        query = sa.select(known_stores.c.name).where(known_stores.c.name == name)
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def _remember(self, name: str) -> None:
        insert = conflict_insert(self._database.engine, known_stores).values(
            name=name, since_ms=self._clock.now_ms()
        )
        async with self._database.write() as connection:
            await connection.execute(insert.on_conflict_do_nothing())
