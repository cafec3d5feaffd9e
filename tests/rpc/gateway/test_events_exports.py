"""A person hears how their own exports get on, and of no one else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import grpc
import pytest

from snowlight.api.storage.v1 import export_pb2, export_pb2_grpc
from tests.parts.callers import permitted_channel
from tests.rpc.gateway.events import listening
from tests.rpc.gateway.site import Site
from tests.waiting import eventually


@pytest.fixture
async def exports(site: Site) -> AsyncIterator[export_pb2_grpc.ExportsAsyncStub]:
    async with permitted_channel(site.runtime, site.runtime.cluster.storage_address) as channel:
        yield export_pb2_grpc.ExportsStub(channel)


async def begin(site: Site, exports: export_pb2_grpc.ExportsAsyncStub, uid: str, by: str) -> str:
    """An export of a minute in which nothing was recorded: it cannot succeed."""
    now_ms = site.clock.now_ms()
    wanted = export_pb2.Export(
        camera_uids=[uid],
        start_ms=now_ms - 120_000,
        end_ms=now_ms - 60_000,
        case_number="20261126001",
        reason="test",
        created_by=await site.principal(by),
    )
    request = export_pb2.CreateExportRequest(export=wanted)
    made: list[str] = []

    async def done() -> bool:  # once storage has heard of the camera
        try:
            made.append((await exports.CreateExport(request)).name)
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.NOT_FOUND
            return False
        return True

    await eventually(done)
    return made[0]


async def test_an_export_s_states_are_told_to_who_made_it(
    site: Site, exports: export_pb2_grpc.ExportsAsyncStub
) -> None:
    uid = await site.add_camera("east")
    async with (
        listening(site, "root", types="export") as maker,
        listening(site, "second", types="export") as other,
    ):
        for client in (maker, other):
            await client.synced()
        name = await begin(site, exports, uid, "root")
        first = await maker.next()
        assert first.kind == "export"
        assert first.id
        assert set(first.data) == {
            *("name", "state", "phase", "percent"),
            *("bytes_done", "bytes_total", "error"),
        }
        assert first.data["name"] == name
        with suppress(grpc.aio.AioRpcError):  # it may have failed by now
            await exports.CancelExport(export_pb2.CancelExportRequest(name=name))
        event = first
        while event.data["state"] not in ("CANCELLED", "FAILED"):
            event = await maker.next()
        assert await other.quiet()
    async with listening(site, "root", event.id, types="export") as maker:
        assert (await maker.next()).data == event.data  # how it is now, also to who comes back
