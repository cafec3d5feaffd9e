"""The rows that storage writes into the ledger itself, and what is kept of every row beside the footage."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from services.storage.index.repository import Repository
from services.storage.ledger.gaps import list_gaps, record_gaps, withdraw
from services.storage.segment import LedgerGap
from services.storage.spans import Span
from services.storage.tables import outbox
from snowlight.api.storage.v1 import stored_pb2
from snowlight.database import Database, open_database
from tests.rpc.storage.days import MINUTE_MS
from tests.rpc.storage.footage import START_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


LOST = LedgerGap("cam", START_MS, START_MS + 10 * MINUTE_MS, "lost_object")
NETWORK = LedgerGap("cam", START_MS + 3 * MINUTE_MS + 1, START_MS + 4 * MINUTE_MS, "network")


@asynccontextmanager
async def database_of(url: str) -> AsyncIterator[Database]:
    async with open_database(url, service="storage", migrations=MIGRATIONS) as database:
        yield database


async def rows(database: Database) -> list[LedgerGap]:
    async with database.read() as connection:
        return (await list_gaps(connection, ["cam"], 0, START_MS * 2)).get("cam", [])


async def kept(database: Database) -> dict[str, stored_pb2.KeptGap]:
    """The newest of what is to be kept of each row."""
    query = sa.select(outbox.c.subject, outbox.c.body).where(outbox.c.kind == "gap").order_by(outbox.c.id)
    async with database.read() as connection:
        return {
            subject: stored_pb2.KeptGap.FromString(body) for subject, body in await connection.execute(query)
        }


def as_kept(row: LedgerGap, *, withdrawn: bool = False) -> tuple[str, stored_pb2.KeptGap]:
    body = stored_pb2.KeptGap(
        camera_uid=row.camera_uid,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        cause=row.cause,
        withdrawn=withdrawn,
    )
    return f"{row.camera_uid}/{row.start_ms}", body


async def test_a_gap_is_kept_beside_the_footage_as_it_stands(database_url: str) -> None:
    closed = LedgerGap("cam", START_MS, START_MS + MINUTE_MS, "network")
    opened, other = replace(closed, end_ms=0), LedgerGap("other", START_MS, 0, "network")
    async with database_of(database_url) as database:
        repository = Repository(database)
        for told in ([opened, other], [closed], [opened]):
            async with database.write() as connection:
                await repository.save_gaps(connection, told)
        assert await rows(database) == [closed]
        assert await kept(database) == dict(map(as_kept, (closed, other)))


async def test_a_refused_commit_leaves_no_trace(database_url: str) -> None:
    async with database_of(database_url) as database:
        with pytest.raises(ZeroDivisionError):
            async with database.write() as connection:
                await record_gaps(connection, [LOST])
                raise ZeroDivisionError
        assert await rows(database) == []
        assert await kept(database) == {}


async def test_footage_that_came_back_takes_its_part_out_of_the_row(database_url: str) -> None:
    came_back = Span(START_MS + 3 * MINUTE_MS, START_MS + 5 * MINUTE_MS)
    before = LedgerGap("cam", START_MS, came_back.start_ms, "lost_object")
    after = LedgerGap("cam", came_back.end_ms, LOST.end_ms, "lost_object")
    async with database_of(database_url) as database:
        async with database.write() as connection:
            await record_gaps(connection, [LOST, NETWORK])
            await withdraw(connection, "cam", came_back, "lost_object")
        assert await rows(database) == [before, NETWORK, after]
        assert await kept(database) == dict(map(as_kept, (before, NETWORK, after)))
        async with database.write() as connection:
            await withdraw(connection, "cam", Span(START_MS, LOST.end_ms), "lost_object")
        assert await rows(database) == [NETWORK]
        assert await kept(database) == dict(
            [as_kept(before, withdrawn=True), as_kept(NETWORK), as_kept(after, withdrawn=True)]
        )


async def test_what_is_withdrawn_and_was_not_there_changes_nothing(database_url: str) -> None:
    async with database_of(database_url) as database:
        async with database.write() as connection:
            await record_gaps(connection, [LOST])
            await withdraw(connection, "cam", Span(LOST.end_ms, LOST.end_ms + MINUTE_MS), "lost_object")
            await withdraw(connection, "cam", Span(START_MS, LOST.end_ms), "network")
            await withdraw(connection, "other", Span(START_MS, LOST.end_ms), "lost_object")
        assert await rows(database) == [LOST]
