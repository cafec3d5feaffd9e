"""What an export holds nobody else lets go of; were it gone all the same, the export would end as ever."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from services.storage.app import MIGRATIONS
from services.storage.exports.export import ExportState
from services.storage.exports.repository import ExportRepository
from services.storage.holds.repository import HoldRepository
from snowlight.api.storage.v1 import export_pb2, hold_pb2
from snowlight.clock import SystemClock
from snowlight.database import Database, open_database
from snowlight.errors import FailedPreconditionError
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.exporting import Desk, storage_with_footage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.rpc.storage.conftest import Cluster


@asynccontextmanager
async def database_of(cluster: Cluster) -> AsyncIterator[Database]:
    async with open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database:
        yield database


async def release_one(database: Database, export_name: str) -> None:
    """As an operator could, before holds of open exports were refused."""
    holds = HoldRepository(database, SystemClock(), release_by_second_person=True)
    [*_, first] = [
        each
        for each in await holds.list("", inactive=False, before_id="", limit=100)
        if each.created_by == export_name
    ]
    await holds.release(first.id, "police/wu", "closed")


async def test_a_hold_of_an_export_that_is_not_done_is_not_released(cluster: Cluster) -> None:
    cluster.storage_settings = {"export_wait_seconds": 3600.0}
    async with storage_with_footage(cluster) as desk:
        export = await desk.create("b")
        [hold] = (await desk.holds.ListHolds(hold_pb2.ListHoldsRequest())).holds
        with pytest.raises(FailedPreconditionError, match=export.name) as refused:
            await release(desk, hold)
        assert (refused.value.code, refused.value.field) == ("hold.of_export", "name")
        assert await desk.held() == {export.name}
        await desk.exports.CancelExport(export_pb2.CancelExportRequest(name=export.name))
        assert await desk.held() == set()


async def test_an_export_whose_hold_is_gone_ends_and_the_next_one_is_made(cluster: Cluster) -> None:
    cluster.storage_settings = {"export_wait_seconds": 3600.0}
    async with storage_with_footage(cluster) as desk, database_of(cluster) as database:
        export = await desk.create("b")
        await release_one(database, export.name)
    cluster.storage_settings = {}
    async with cluster.ingest(), cluster.storage(), cluster.channel() as channel:
        desk = Desk(channel)
        assert (await desk.ended(export.name)).state == export_pb2.Export.SUCCEEDED
        later = await desk.ended((await desk.create("a")).name)
        assert later.state == export_pb2.Export.SUCCEEDED


async def test_holds_of_an_export_that_ended_as_storage_was_killed_go_though_one_is_gone(
    cluster: Cluster,
) -> None:
    cluster.storage_settings = {"export_wait_seconds": 3600.0}
    async with storage_with_footage(cluster) as desk:
        export = await desk.create("a", "b")
    async with database_of(cluster) as database:
        await release_one(database, export.name)
        await ExportRepository(database).advance(
            export.name.removeprefix("exports/"), state=ExportState.CANCELLED
        )
    async with cluster.ingest(), cluster.storage(), cluster.channel() as channel:
        await Desk(channel).lets_go()


async def release(desk: Desk, hold: hold_pb2.Hold) -> hold_pb2.Hold:
    request = hold_pb2.ReleaseHoldRequest(name=hold.name, released_by="police/wu", reason="closed")
    with remote_errors("services/storage"):
        return await desk.holds.ReleaseHold(request)
