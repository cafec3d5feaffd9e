"""Takes records into the chain of their day, within a second of their commit and apart from it.

A record is written in the transaction of what it tells of, and a trigger notes with it that it waits. So no
ticket queues for another, and whatever commits is linked, in whatever order it commits. Every process of auth
links; the database lets one at a time.
"""

import asyncio
from collections.abc import Mapping

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.audit.chain import day_name, day_of, first_hash, next_hash
from services.auth.audit.metrics import AuditMetrics
from services.auth.audit.places import Place, Places
from services.auth.model import ITSELF, Actor, AuditRecord
from services.auth.repository import audit, audit_heads, audit_links
from services.auth.repository.audit_links import Link, Waiting
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError

INTERVAL_S = 0.5
BATCH = 500

log = structlog.get_logger(__name__)


class Linker:
    """Links what waits."""

    def __init__(self, database: Database, places: Places, clock: Clock, metrics: AuditMetrics) -> None:
        self._database = database
        self._places = places
        self._clock = clock
        self._metrics = metrics
        self._linked: dict[int, tuple[int, bytes]] = {}
        """The last place of each open day that this process has filled: it must still be what it was."""

    async def run(self) -> None:
        """Link again and again until cancelled. An outage ends one round."""
        while True:
            try:
                await self.link_all()
            except SnowlightError as error:
                log.warning("audit.linking_failed", error=error.code)
            except (TypeError, ValueError) as error:  # a record that somebody made unreadable
                log.error("audit.record_unreadable", error=type(error).__name__)
            await asyncio.sleep(INTERVAL_S)

    async def link_all(self) -> None:
        """Link until nothing waits."""
        while await self.link() == BATCH:
            pass
        self._metrics.linked.set(self._clock.now_ms() / 1000)

    async def link(self) -> int:
        """Link what waits, at most five hundred records. Returns how many there were."""
        async with self._database.ask() as connection:
            if not await audit_links.any_waiting(connection):
                return 0
        async with self._database.write() as connection:
            await audit_links.lock(connection)
            links = await self._link(connection)
        if links:
            self._linked = {link.day: (link.position, link.hash) for link in links}
        return len(links)

    async def _link(self, connection: AsyncConnection) -> list[Link]:
        waiting = await audit_links.waiting(connection, BATCH)
        if not waiting:
            return []
        open_day = await self._first_open_day(connection)
        by_day: dict[int, list[Waiting]] = {}
        for each in waiting:
            # The chain of a day that is sealed is closed: what comes that late is told under the next one.
            by_day.setdefault(max(day_of(each.record.time_ms), open_day), []).append(each)
        codes = {each.record.region for each in waiting}
        places = {code: await self._places.of(connection, code) for code in codes}
        links: list[Link] = []
        for day, records in by_day.items():
            await self._look_back(connection, day)
            end = await audit_links.tail(connection, day) or (0, first_hash(day))
            links += _chain(day, records, *end, places)
        await audit_links.append(connection, links)
        return links

    async def _first_open_day(self, connection: AsyncConnection) -> int:
        sealed = await audit_heads.span(connection)
        if sealed is not None:
            return sealed[1] + 1
        linked = await audit_links.days(connection)
        # What is older than the chain itself comes into the chain's first day.
        return day_of(self._clock.now_ms()) if linked is None else linked[0]

    async def _look_back(self, connection: AsyncConnection, day: int) -> None:
        """Put on record that the end of the chain is not what this process made it."""
        known = self._linked.get(day)
        if known is None or await audit_links.hash_at(connection, day, known[0]) == known[1]:
            return
        detail = f"{day_name(day)} position {known[0]} is not what was linked there"
        self._metrics.broken.inc()
        log.error("audit.chain_broken", day=day_name(day), position=known[0])
        await audit.add(connection, alarm(self._clock.now_ms(), detail))


def _chain(
    day: int, records: list[Waiting], position: int, previous: bytes, places: Mapping[str, Place]
) -> list[Link]:
    """The links of records behind `position`, whose hash is `previous`."""
    links: list[Link] = []
    for each in records:
        record = each.record
        position, previous = position + 1, next_hash(previous, each.record_id, record)
        links.append(
            Link(
                *(day, position, previous, each.record_id, record.time_ms),
                *(record.actor.principal, record.action, record.camera_uid, places[record.region]),
            )
        )
    return links


def alarm(now_ms: int, detail: str) -> AuditRecord:
    """The record of a chain that was found broken."""
    return AuditRecord(
        time_ms=now_ms,
        event="alarm",
        actor=Actor(ITSELF),
        action="audit.verify",
        allowed=False,
        reason="audit.chain_broken",
        detail=detail,
    )
