"""The stream of what happens to cameras, over gRPC: from the beginning, and from where a reader was."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.ingest.status import journal
from services.ingest.status.board import SessionObserver
from snowlight.api.ingest.v1 import camera_pb2, event_pb2
from snowlight.errors import InvalidArgumentError, UnavailableError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import Registry, serve_registry
from tests.rpc.ingest.registering import create, delete, update

Event = event_pb2.CameraEvent
Position = event_pb2.EventPosition
T = 1_700_000_000_000
SOON = 5.0


@asynccontextmanager
async def watching(registry: Registry, after: Position | None = None) -> AsyncIterator[Any]:
    call = registry.events.WatchCameraEvents(event_pb2.WatchCameraEventsRequest(after=after))
    try:
        yield call
    finally:
        call.cancel()


async def read(call: Any) -> Event:
    async with asyncio.timeout(SOON):
        with remote_errors("services/ingest"):
            return await call.read()  # type: ignore[no-any-return]


async def until_synced(call: Any) -> list[Event]:
    events = [await read(call)]
    while events[-1].WhichOneof("event") != "synced":
        events.append(await read(call))
    return events


def kinds(events: list[Event]) -> list[str | None]:
    return [event.WhichOneof("event") for event in events]


async def on_air(registry: Registry, camera_id: str) -> tuple[str, SessionObserver]:
    """A camera that is online: its uid, and its session's observer."""
    camera = await create(registry, camera_id)
    observer = registry.board.session(camera.uid, camera.name)
    observer.on_state("online", "", T)
    return camera.uid, observer


async def test_a_new_reader_gets_everything_as_it_is_and_then_what_comes(registry: Registry) -> None:
    uid, observer = await on_air(registry, "a")
    await create(registry, "b")
    await delete(registry, "cameras/b")
    async with watching(registry) as call:
        events = await until_synced(call)
        assert kinds(events) == ["reset", "changed", "deleted", "state", "state", "synced"]
        assert events[1].changed.state == camera_pb2.ONLINE
        assert [event.state.number for event in events[3:5]] == [1, 0]  # as it changed, and as it is
        observer.on_state("offline", "camera.auth_failed: 401 after Digest", T + 5_000)
        state = (await read(call)).state
        assert (state.name, state.uid, state.number) == ("cameras/a", uid, 2)
        assert (state.state, state.reason) == (camera_pb2.OFFLINE, "camera.auth_failed: 401 after Digest")
        assert state.time.ToMilliseconds() == T + 5_000
        changed = await update(registry, "cameras/a", display_name="东门")
        assert (await read(call)).changed.revision == changed.revision


async def test_each_change_of_state_is_told_though_the_reader_is_slow(registry: Registry) -> None:
    _, observer = await on_air(registry, "a")
    async with watching(registry) as call:
        await until_synced(call)
        observer.on_state("offline", "network", T + 1)
        observer.on_state("online", "", T + 2)
        states = [(await read(call)).state.state for _ in range(2)]
    assert states == [camera_pb2.OFFLINE, camera_pb2.ONLINE]


async def test_a_reader_that_comes_back_goes_on_where_it_was(registry: Registry) -> None:
    _, observer = await on_air(registry, "a")
    async with watching(registry) as call:
        position = (await until_synced(call))[-1].synced
    observer.on_state("offline", "network", T + 1)
    created = await create(registry, "b")
    await delete(registry, "cameras/b")
    observer.on_state("online", "", T + 2)
    async with watching(registry, position) as call:
        events = [*await until_synced(call), await read(call), await read(call)]
    assert kinds(events) == ["deleted", "synced", "state", "state"]
    assert events[0].deleted.uid == created.uid
    assert [event.state.number for event in events[2:]] == [position.number + 1, position.number + 2]


async def test_a_reader_of_another_run_or_of_more_than_is_kept_begins_anew(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.board, "journal", journal.StateJournal(most_kept=3))
    _, observer = await on_air(registry, "a")
    async with watching(registry) as call:
        position = (await until_synced(call))[-1].synced
        for number in range(4):
            observer.on_state("offline", f"network {number}", T + 1 + number)
    async with watching(registry, position) as call:
        events = await until_synced(call)
        assert kinds(events) == ["reset", "changed", *["state"] * 3, "state", "synced"]
    position.run, position.number = "another", 1
    async with watching(registry, position) as call:
        assert kinds(await until_synced(call))[0] == "reset"


async def test_a_restart_of_ingest_is_another_run(database_url: str) -> None:
    async with serve_registry(database_url) as registry:
        await on_air(registry, "a")
        async with watching(registry) as call:
            position = (await until_synced(call))[-1].synced
    async with serve_registry(database_url) as registry, watching(registry, position) as call:
        assert kinds(await until_synced(call)) == ["reset", "changed", "synced"]


async def test_a_negative_position_is_refused_with_its_field(registry: Registry) -> None:
    for field in ("revision", "number"):
        async with watching(registry, Position(**{field: -1})) as call:  # type: ignore[arg-type]
            with pytest.raises(InvalidArgumentError) as refused:
                await read(call)
            assert refused.value.field == f"after.{field}"


async def test_readers_are_told_when_the_service_stops(registry: Registry) -> None:
    async with watching(registry) as call:
        await until_synced(call)
        registry.feed.close()
        with pytest.raises(UnavailableError, match=r"ingest\.stopping"):
            await read(call)
