"""Seals days that are over: their heads are signed, each naming the one before."""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.audit.chain import DAY_MS, day_name, day_of, first_hash
from services.auth.audit.heads import Head, HeadSigner, fingerprint
from services.auth.audit.linking import Linker, alarm
from services.auth.audit.metrics import AuditMetrics
from services.auth.repository import audit, audit_heads, audit_links
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError

INTERVAL_S = 5.0
GRACE_MS = 60_000
"""How long after a day's end records of it may still come."""

log = structlog.get_logger(__name__)


class Sealer:
    """Signs the head of every day from the first that has a record, also of days without any.

    `skew_ms`: what the database's clock is ahead of `clock`; 0 while they agree. No day is sealed before
    it is over by both, for what comes of it later would be told under another one.
    """

    def __init__(
        self,
        database: Database,
        linker: Linker,
        signer: HeadSigner,
        clock: Clock,
        skew_ms: Callable[[], int],
        metrics: AuditMetrics,
    ) -> None:
        self._database = database
        self._linker = linker
        self._signer = signer
        self._clock = clock
        self._skew_ms = skew_ms
        self._metrics = metrics
        self._sealed = -1
        """The last day that this process has sealed: it signs no other head of it."""
        self._done = -1
        """The last day up to which all has been sealed that was to be."""

    async def run(self) -> None:
        """Seal again and again until cancelled. An outage ends one round."""
        while True:
            try:
                await self.seal()
            except SnowlightError as error:
                log.warning("audit.sealing_failed", error=error.code)
            await asyncio.sleep(INTERVAL_S)

    async def seal(self) -> None:
        """Seal every day that is over and not sealed yet."""
        now_ms = self._clock.now_ms() + min(self._skew_ms(), 0)
        last_over = day_of(now_ms - GRACE_MS) - 1
        if self._done >= last_over:
            return
        await self._linker.link_all()
        async with self._database.write() as connection:
            await audit_links.lock(connection)
            day = await self._first_unsealed(connection)
            days = range(day, last_over + 1) if day is not None else range(0)
            if days:
                previous = await audit_heads.find(connection, days[0] - 1)
                for each in days:
                    previous = await self._seal_day(connection, each, previous)
        if days:
            self._sealed = days[-1]
        self._done = last_over
        self._metrics.sealed.set((last_over + 1) * DAY_MS / 1000)

    async def head(self, day: int) -> tuple[Head, str]:
        """The head of a day: as it was sealed, or else as far as it has come, signed now."""
        await self._linker.link()
        async with self._database.read() as connection:
            signed = await audit_heads.find(connection, day)
            if signed is not None:
                return self._signer.check(signed), signed
            head = await self._head(
                connection, day, await audit_heads.find(connection, day - 1), sealed=False
            )
        return head, self._signer.sign(head)

    async def _first_unsealed(self, connection: AsyncConnection) -> int | None:
        sealed = await audit_heads.span(connection)
        if self._sealed >= 0 and (sealed is None or sealed[1] < self._sealed):
            detail = f"the head of {day_name(self._sealed)} was sealed and is gone; no other is signed for it"
            self._metrics.broken.inc()
            log.error("audit.head_gone", day=day_name(self._sealed))
            await audit.add(connection, alarm(self._clock.now_ms(), detail))
            return self._sealed + 1
        if sealed is not None:
            return sealed[1] + 1
        linked = await audit_links.days(connection)
        return None if linked is None else linked[0]

    async def _seal_day(self, connection: AsyncConnection, day: int, previous: str | None) -> str:
        head = await self._head(connection, day, previous, sealed=True)
        signed = self._signer.sign(head)
        await audit_heads.add(connection, day, signed)
        # In the log as well: whoever keeps it elsewhere has a copy that the database's owner cannot change.
        log.info("audit.day_sealed", day=day_name(day), count=head.count, hash=head.hash.hex())
        return signed

    async def _head(
        self, connection: AsyncConnection, day: int, previous: str | None, *, sealed: bool
    ) -> Head:
        count, last_hash = await audit_links.tail(connection, day) or (0, first_hash(day))
        return Head(
            day=day,
            count=count,
            hash=last_hash,
            previous=fingerprint(previous) if previous else "",
            sealed=sealed,
            signed_ms=self._clock.now_ms(),
        )


def is_due(day: int, now_ms: int) -> bool:
    """Whether the day should have been sealed for ten minutes: auth was there, or else it says why not."""
    return now_ms >= (day + 1) * DAY_MS + GRACE_MS + 600_000
