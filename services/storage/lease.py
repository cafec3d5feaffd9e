"""One owner at a time of a duty, by a row on the database's clock, which the owner's is to agree with."""

import asyncio
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
import structlog

from services.storage.clock_witness import ClockWitness
from services.storage.tables import leases
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import UnavailableError
from snowlight.on_conflict import conflict_insert

LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0
BROKEN_SECONDS = 15.0
"""Until a process has a duty again that broke."""

log = structlog.get_logger(__name__)


class Lease:
    """A duty that one process of all has. What it does may still overlap with a successor for a moment, since
    work that hangs is not ended by a row: every step must be right when it is repeated. A host whose clock is
    wrong has none: it would delete what is not over yet."""

    def __init__(
        self, database: Database, name: str, holder: str, clock: Clock, witness: ClockWitness
    ) -> None:
        """`holder` names this process among all. `witness`: of `clock`."""
        self._database = database
        self._name = name
        self._holder = holder
        self._clock = clock
        self._witness = witness

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Whenever the lease is ours, run `work`; end it when the lease is lost. Until cancelled.

        `work` is to run until it is cancelled. When it breaks others may have it, and we again after a while.
        """
        while True:
            broke = await self._renew_if_possible() and await self._hold(work)
            await asyncio.sleep(BROKEN_SECONDS if broke else RENEW_SECONDS)

    async def _hold(self, work: Callable[[], Awaitable[None]]) -> bool:
        """True when the work has ended by itself, False when the lease is lost."""
        log.info("lease.taken", lease=self._name)
        running = asyncio.ensure_future(work())
        try:
            until = self._clock.monotonic() + LEASE_SECONDS
            while self._clock.monotonic() < until:
                done, _ = await asyncio.wait([running], timeout=RENEW_SECONDS)
                if done:
                    # What nobody foresaw of one duty ends neither the others nor what storage is asked.
                    log.error("duty.broke", lease=self._name, exc_info=_failure_of(running))
                    return True
                renewed = await self._renew_if_possible()
                if renewed:
                    until = self._clock.monotonic() + LEASE_SECONDS
                elif renewed is False:
                    break
            log.warning("lease.lost", lease=self._name)
            return False
        finally:
            running.cancel()
            await asyncio.wait([running])
            await self._give_back()

    async def _renew_if_possible(self) -> bool | None:
        """Whether the lease is ours; None when the database does not say."""
        try:
            return await self._renew()
        except UnavailableError:
            return None

    async def _renew(self) -> bool:
        async with self._database.write() as connection:
            now_ms = await self._witness.now_ms(connection)
            if now_ms is None:
                return False
            insert = conflict_insert(self._database.engine, leases).values(
                name=self._name, holder=self._holder, expires_ms=now_ms + int(LEASE_SECONDS * 1000)
            )
            taken = await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[leases.c.name],
                    set_={"holder": insert.excluded.holder, "expires_ms": insert.excluded.expires_ms},
                    where=sa.or_(leases.c.holder == self._holder, leases.c.expires_ms < now_ms),
                ).returning(leases.c.holder)
            )
            return bool(taken.scalar_one_or_none() == self._holder)

    async def _give_back(self) -> None:
        """So that a successor need not wait. A lease that cannot be given back runs out by itself."""
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    sa.delete(leases).where(leases.c.name == self._name, leases.c.holder == self._holder)
                )
        except UnavailableError:
            log.info("lease.left", lease=self._name)


def _failure_of(ended: asyncio.Future[None]) -> Exception | None:
    """Why it ended; None where it says nothing. Raises what is no Exception: the process is to end."""
    failure = None if ended.cancelled() else ended.exception()
    if failure is None or isinstance(failure, Exception):
        return failure
    raise failure
