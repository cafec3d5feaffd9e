"""The feed of revocations: read as soon as one is committed, kept in memory, told to all."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from services.auth.repository import revocations as stored
from services.auth.repository.revocations import ADDED, StoredRevocation
from snowlight.access.revocations import KEPT_MS, Revocation, Revocations
from snowlight.api.auth.v1 import revocation_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError

POLL_S = 1.0
"""How long another process's revocation may go unseen while the database does not notify."""
HEARTBEAT_S = 2.0

log = structlog.get_logger(__name__)


class RevocationFeed:
    """All that is kept, in order. Every process of auth has one, over the same rows."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._kept: list[StoredRevocation] = []
        self._sequence = 0
        self._reads = 0
        self._is_closed = False
        self._wake = asyncio.Event()
        self._read = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled: at each notification, and each second."""
        with self._woken_by_own():
            async with asyncio.TaskGroup() as group:
                if self._database.is_postgres:
                    from services.auth.revocation.listening import listen  # asyncpg: not for SQLite

                    group.create_task(listen(self._database.engine, self._wake.set))
                await self._read_on()

    def close(self) -> None:
        """Nothing more is told: whoever follows comes to the end."""
        self._is_closed = True
        self._read.set()

    async def follow(self, sequence: int) -> AsyncGenerator[tuple[list[StoredRevocation], int], None]:
        """What came after `sequence` and up to where that is all; then the same again, at news and as a
        heartbeat every two seconds, as long as the database answers, until the feed is closed.
        """
        reads, told_at = 0, float("-inf")
        loop = asyncio.get_running_loop()
        while True:
            while reads == self._reads or (
                self._sequence == sequence and loop.time() - told_at < HEARTBEAT_S
            ):
                reads = self._reads
                await self._read.wait()
                if self._is_closed:
                    return
            reads, told_at = self._reads, loop.time()
            news = self._after(sequence)
            sequence = self._sequence
            yield news, sequence

    def _after(self, sequence: int) -> list[StoredRevocation]:
        if self._kept and self._kept[0].sequence > sequence:
            return list(self._kept)
        first = len(self._kept)
        while first and self._kept[first - 1].sequence > sequence:
            first -= 1
        return self._kept[first:]

    async def _read_on(self) -> None:
        answers = True
        while True:
            self._wake.clear()
            try:
                await self._read_once()
                answers = True
            except (SnowlightError, DBAPIError) as error:  # followers hear nothing until it is read again
                if answers:
                    log.warning("revocations.unread", error=getattr(error, "code", "database"))
                answers = False
            try:
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _read_once(self) -> None:
        async with self._database.read() as connection:
            news = await stored.after(connection, self._sequence)
            if not news and await stored.last_sequence(connection) < self._sequence:
                news = await stored.after(connection, 0)  # a database put back from a backup
                self._kept.clear()
                self._sequence = 0
        self._kept += news
        if news:
            self._sequence = news[-1].sequence
        oldest_ms = self._clock.now_ms() - KEPT_MS
        while self._kept and self._kept[0].create_ms < oldest_ms:
            del self._kept[0]
        self._reads += 1
        self._read.set()
        self._read = asyncio.Event()

    @contextmanager
    def _woken_by_own(self) -> Iterator[None]:
        """Hear what this process itself revokes, on SQLite too: once the connection on which something was
        added comes back, that is committed, or rolled back."""
        pool, loop = self._database.engine.sync_engine, asyncio.get_running_loop()

        def came_back(_connection: Any, record: Any) -> None:
            if record.info.pop(ADDED, False):
                loop.call_soon_threadsafe(self._wake.set)

        event.listen(pool, "checkin", came_back)
        try:
            yield
        finally:
            event.remove(pool, "checkin", came_back)


async def take_in(feed: RevocationFeed, revocations: Revocations) -> None:
    """Let this process itself know what the feed tells, until cancelled."""
    async for news, sequence in feed.follow(0):
        for one in news:
            kind = revocation_pb2.RevocationKind.Value(one.kind.name)
            revocations.add(Revocation(one.sequence, kind, one.subject, one.create_ms))
        revocations.heard(sequence)
