"""The change feed, over gRPC."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError, UnavailableError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import Registry, serve_registry
from tests.rpc.ingest.registering import create, delete, update

Event = camera_pb2.WatchCamerasResponse
SOON = 5.0


@asynccontextmanager
async def watching(registry: Registry, revision: int = 0) -> AsyncIterator[Any]:
    call = registry.stub.WatchCameras(camera_pb2.WatchCamerasRequest(revision=revision))
    try:
        yield call
    finally:
        call.cancel()


async def soon(awaitable: Awaitable[Any]) -> Any:
    async with asyncio.timeout(SOON):
        return await awaitable


async def until_synced(call: Any) -> list[Event]:
    events: list[Event] = []
    while not (events and events[-1].WhichOneof("event") == "synced"):
        events.append(await soon(call.read()))
    return events


async def test_the_backlog_comes_in_order_with_tombstones_and_ends_in_synced(registry: Registry) -> None:
    first = await create(registry, "a")
    await create(registry, "b")
    await update(registry, first.name, display_name="东门")
    await delete(registry, "cameras/b")
    async with watching(registry) as call:
        events = await until_synced(call)
    assert [event.WhichOneof("event") for event in events] == ["changed", "deleted", "synced"]
    assert events[0].changed.display_name == "东门"
    assert events[1].deleted.name == "cameras/b"
    assert events[0].changed.revision < events[1].deleted.revision == events[2].synced


async def test_changes_arrive_as_they_happen_at_every_watcher(registry: Registry) -> None:
    async with watching(registry) as one, watching(registry) as other:
        for call in (one, other):
            assert (await until_synced(call))[-1].synced == 0
        created = await create(registry, "a")
        for call in (one, other):
            assert (await soon(call.read())).changed == created
        await delete(registry, created.name)
        for call in (one, other):
            assert (await soon(call.read())).deleted.uid == created.uid


async def test_a_watcher_that_comes_back_hears_what_it_missed_and_nothing_twice(registry: Registry) -> None:
    await create(registry, "a")
    async with watching(registry) as call:
        synced = (await until_synced(call))[-1].synced
    missed = await create(registry, "b")
    async with watching(registry, revision=synced) as call:
        events = await until_synced(call)
    assert [event.changed.name for event in events[:-1]] == [missed.name]
    async with watching(registry, revision=events[-1].synced) as call:
        assert len(await until_synced(call)) == 1


async def test_an_id_made_again_has_another_uid_and_both_are_told(registry: Registry) -> None:
    old = await create(registry, "a")
    await delete(registry, old.name)
    new = await create(registry, "a")
    assert new.name == old.name
    assert new.uid != old.uid
    async with watching(registry) as call:
        events = await until_synced(call)
    assert [event.deleted.uid for event in events if event.HasField("deleted")] == [old.uid]
    assert [event.changed.uid for event in events if event.HasField("changed")] == [new.uid]


async def test_a_long_backlog_comes_in_pages_without_a_hole(registry: Registry) -> None:
    made = [await registry.cameras.create(f"c-{n}", _minimal()) for n in range(1203)]
    async with watching(registry) as call:
        events = await until_synced(call)
    assert [event.changed.revision for event in events[:-1]] == [record.revision for record in made]


async def test_what_another_process_writes_arrives_too(registry: Registry, database_url: str) -> None:
    async with watching(registry) as call:
        await until_synced(call)
        async with serve_registry(database_url) as other:
            created = await create(other, "a")
            assert (await soon(call.read())).changed.uid == created.uid


async def test_a_slow_watcher_holds_nobody_up_and_misses_no_camera(registry: Registry) -> None:
    async with watching(registry) as slow, watching(registry) as quick:
        await until_synced(slow)
        await until_synced(quick)
        dossier = {str(number): "x" * 1000 for number in range(15)}
        for number in range(300):  # 4.5 MB: more than gRPC and sockets hold for a reader that sleeps
            await registry.cameras.create(f"c-{number}", _minimal(dossier))
            assert (await soon(quick.read())).changed.name == f"cameras/c-{number}"
        names = [(await soon(slow.read())).changed.name for _ in range(300)]
    assert names == [f"cameras/c-{number}" for number in range(300)]


async def test_a_negative_revision_is_refused_and_one_of_another_database_starts_anew(
    registry: Registry,
) -> None:
    await create(registry, "a")
    async with watching(registry, revision=-1) as call:
        with pytest.raises(InvalidArgumentError), remote_errors("services/ingest"):
            await soon(call.read())
    async with watching(registry, revision=1_000_000) as call:
        events = await until_synced(call)
    assert [event.WhichOneof("event") for event in events] == ["changed", "synced"]


async def test_watchers_are_told_when_the_service_stops(registry: Registry) -> None:
    async with watching(registry) as call:
        await until_synced(call)
        registry.feed.close()
        with pytest.raises(UnavailableError, match=r"ingest\.stopping"), remote_errors("services/ingest"):
            await soon(call.read())


def _minimal(dossier: dict[str, str] | None = None) -> camera_pb2.Camera:
    return camera_pb2.Camera(region="regions/421381", source_url="rtsp://10.0.0.1/", dossier=dossier)
