"""Footage erased at its owner's wish: gone from the store and from exports, but for what is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import obstore
import pytest

from snowlight.api.storage.v1 import hold_pb2, retention_pb2, storage_pb2
from snowlight.clock import SystemClock
from snowlight.errors import InvalidArgumentError
from snowlight.object_store import open_store
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.bucket import keys, put
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.erasing import Erasing, Erasure, there
from tests.rpc.storage.exporting import (
    DAY_MS,
    END_MS,
    MINUTE_MS,
    START_MS,
    Desk,
    put_minute,
    storage_with_footage,
)
from tests.rpc.storage.objects import footage
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def desk(cluster: Cluster) -> AsyncIterator[Desk]:
    async with storage_with_footage(cluster) as opened:
        yield opened


@pytest.fixture
async def erasing(cluster: Cluster, desk: Desk) -> AsyncIterator[Erasing]:
    async with cluster.channel() as channel:
        yield Erasing(channel)


async def hold(desk: Desk, uid: str, minute: int) -> hold_pb2.Hold:
    """Hold one minute."""
    start_ms = START_MS + minute * MINUTE_MS
    wanted = hold_pb2.Hold(
        camera_uid=uid,
        start_ms=start_ms,
        end_ms=start_ms + MINUTE_MS,
        case_number="7",
        reason="theft",
        created_by="police/li",
    )
    return await desk.holds.CreateHold(hold_pb2.CreateHoldRequest(hold=wanted))


def key_of(cluster: Cluster, uid: str, minute: int) -> str:
    start = f"/{START_MS + minute * MINUTE_MS}-"
    [found] = [key for key in there(cluster, uid) if start in key]
    return found


@pytest.mark.usefixtures("store")
async def test_footage_goes_and_held_footage_stays(cluster: Cluster, desk: Desk, erasing: Erasing) -> None:
    kept = key_of(cluster, "a", 1)
    held = await hold(desk, "a", 1)
    waiting = await erasing.until(Erasure.HELD)
    assert (list(waiting.held_by), waiting.remaining_objects) == ([held.name], 1)
    assert there(cluster, "a") == {kept}
    assert len(there(cluster, "b")) == 1, "another camera's is not touched"


async def test_once_nothing_holds_it_any_more_it_goes_too(
    cluster: Cluster, desk: Desk, erasing: Erasing
) -> None:
    held = await hold(desk, "a", 1)
    await erasing.until(Erasure.HELD)
    release = hold_pb2.ReleaseHoldRequest(name=held.name, released_by="police/wu", reason="closed")
    await desk.holds.ReleaseHold(release)
    done = await erasing.until(Erasure.DONE)
    assert (list(done.held_by), done.remaining_objects, done.error) == ([], 0, "")
    assert there(cluster, "a") == set()


async def test_a_window_goes_by_whole_objects_and_what_lies_beside_it_stays(
    cluster: Cluster, desk: Desk, erasing: Erasing
) -> None:
    kept = {key_of(cluster, "a", 0), key_of(cluster, "a", 3)}
    window: dict[str, Any] = {"start_ms": START_MS + MINUTE_MS + 20_000, "end_ms": START_MS + 2 * MINUTE_MS}
    await erasing.until(Erasure.DONE, **window)
    assert there(cluster, "a") == kept
    again = await erasing.ask(**window)
    assert again.state == Erasure.DONE, "once more changes nothing"


async def test_footage_that_comes_late_goes_too(cluster: Cluster) -> None:
    """It lay in a spool while its store was away."""
    async with storage_with_footage(cluster), cluster.channel() as channel:
        await Erasing(channel).until(Erasure.DONE)
        assert there(cluster, "a") == set()
    late = put_minute(cluster, "a", 2)
    async with cluster.ingest(), cluster.storage() as storage:
        await storage.CommitSegments(storage_pb2.CommitSegmentsRequest(shard=0, segments=[late]))

        async def gone() -> bool:
            return not there(cluster, "a")

        await eventually(gone)


async def test_packed_footage_goes_too_and_its_held_part_stays(cluster: Cluster) -> None:
    past_ms = (SystemClock().now_ms() // DAY_MS - 4) * DAY_MS
    await cluster.registry.put("a", retention_days=30, created_ms=past_ms - DAY_MS)
    minutes = [footage("a", past_ms + minute * MINUTE_MS, sequence=minute) for minute in range(4)]
    await put(cluster, *minutes)
    cluster.storage_settings = {"pack_after_hours": 1}
    async with cluster.ingest(), cluster.storage() as storage, cluster.channel() as channel:
        desk, erasing = Desk(channel), Erasing(channel)
        await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=0, epoch=1, from_ms=past_ms))
        segments = [minute.segment for minute in minutes]
        await storage.CommitSegments(storage_pb2.CommitSegmentsRequest(shard=0, segments=segments))

        async def packed() -> bool:
            return bool(keys(cluster, "idx"))

        await eventually(packed)
        held = await hold(desk, "a", (past_ms - START_MS) // MINUTE_MS + 1)
        waiting = await erasing.until(Erasure.HELD, end_ms=past_ms + 3 * MINUTE_MS)
        assert list(waiting.held_by) == [held.name]
        assert there(cluster, "a") == {minutes[1].key, minutes[3].key}


async def test_copies_in_exports_go_and_the_manifest_stays(
    cluster: Cluster, desk: Desk, erasing: Erasing
) -> None:
    export = await desk.ended((await desk.create("a", "b")).name)
    await desk.lets_go()
    folder = cluster.data_dir / "evidence" / "exp" / export.name.removeprefix("exports/")
    assert len(list((folder / "a").iterdir())) == 3
    await erasing.until(Erasure.DONE)
    assert not (folder / "a").exists()
    assert (folder / "b").is_dir()
    assert (folder / "manifest.json").is_file()
    assert "was erased: erasures/1" in (await desk.get(export.name)).error


async def test_copies_of_another_time_stay(cluster: Cluster, desk: Desk, erasing: Erasing) -> None:
    """An export may reach into the time of a camera's former owner."""
    export = await desk.ended((await desk.create("a")).name)
    await desk.lets_go()
    folder = cluster.data_dir / "evidence" / "exp" / export.name.removeprefix("exports/")
    earliest = min(path.name for path in (folder / "a").iterdir())
    await erasing.until(Erasure.DONE, start_ms=START_MS + MINUTE_MS)
    assert [path.name for path in (folder / "a").iterdir()] == [earliest]


async def test_copies_of_held_footage_stay(cluster: Cluster, desk: Desk, erasing: Erasing) -> None:
    export = await desk.ended((await desk.create("a")).name)
    await desk.lets_go()
    held = await hold(desk, "a", 0)
    waiting = await erasing.until(Erasure.HELD)
    assert held.name in waiting.held_by
    folder = cluster.data_dir / "evidence" / "exp" / export.name.removeprefix("exports/")
    assert len(list((folder / "a").iterdir())) == 3


async def test_what_was_set_aside_goes_too(cluster: Cluster, desk: Desk, erasing: Erasing) -> None:
    store = open_store(cluster.store, cluster.data_dir)
    mine = key_of(cluster, "a", 0)
    for key in (mine, mine.replace("rec/a/", "rec/b/")):
        obstore.put(store, f"aside/{key}", b"footage")
    await erasing.until(Erasure.DONE)
    assert keys(cluster, "aside") == {f"aside/{mine.replace('rec/a/', 'rec/b/')}"}


async def test_the_last_minute_is_waited_for(cluster: Cluster, desk: Desk, erasing: Erasing) -> None:
    now_ms = SystemClock().now_ms()

    async def rows_gone() -> bool:
        return not there(cluster, "a")

    await erasing.ask(end_ms=now_ms)
    await eventually(rows_gone)
    assert (await erasing.ask(end_ms=now_ms)).state == Erasure.PENDING, "it may still be in a spool"


async def test_bad_erasures_are_refused_by_field(erasing: Erasing) -> None:
    ahead_ms = SystemClock().now_ms() + DAY_MS
    bad: tuple[tuple[str, dict[str, Any]], ...] = (
        ("camera_uid", {"uid": "../a"}),
        ("start_ms", {"start_ms": -1}),
        ("end_ms", {"start_ms": END_MS, "end_ms": END_MS}),
        ("end_ms", {"end_ms": ahead_ms}),
    )
    for field, asked in bad:
        with pytest.raises(InvalidArgumentError) as refused:
            await erasing.ask(**asked)
        assert refused.value.field == field
    with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/storage"):
        await erasing.stub.EraseFootage(retention_pb2.EraseFootageRequest(camera_uid="a", end_ms=END_MS))
    assert refused.value.field == "reason"
