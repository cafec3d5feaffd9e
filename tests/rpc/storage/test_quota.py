"""A store that runs full drops what is past its minimum, in the declared order, no young public footage."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from services.storage.retention.policy import Policy
from services.storage.retention.quota import Capacity
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import store_pb2
from snowlight.media.fragment import ObjectKey
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.witness import Witness
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, NOON_MS, Yard, keys, minutes, open_yard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SIZE = 1_000_000
"""Bytes of an hour of each camera, by the index: much more than an index object has."""
HOURS = 6
"""Hours that each camera records a day."""
PUBLIC, COLLECTIVE = camera_pb2.PUBLIC, camera_pb2.COLLECTIVE
BUSINESS, HOUSEHOLD = camera_pb2.BUSINESS, camera_pb2.HOUSEHOLD


class Camera(NamedTuple):
    """A camera of the full store, and for how many days at least its footage stays."""

    uid: str
    camera_class: int
    ownership: camera_pb2.Ownership.ValueType
    minimum_days: int


IN_ORDER = (
    Camera("household-3", 3, HOUSEHOLD, 5),
    Camera("public-3", 3, PUBLIC, 30),
    Camera("collective-2", 2, COLLECTIVE, 10),
    Camera("public-2", 2, PUBLIC, 30),
    Camera("business-1", 1, BUSINESS, 20),
    Camera("public-1", 1, PUBLIC, 30),
)
"""What goes first comes first."""
MINIMA = {3: 5, 2: 10, 1: 20}


def stored(tmp_path: Path, capacity_bytes: int) -> ObjectStoreSettings:
    return ObjectStoreSettings(url=f"file://{tmp_path}/footage", capacity_bytes=capacity_bytes)


async def settle_cameras(yard: Yard) -> None:
    for camera_class, minimum in MINIMA.items():
        await yard.policies.set(f"class-{camera_class}", Policy(60, minimum), "")
    for camera in IN_ORDER:
        await yard.register(camera.uid, camera_class=camera.camera_class, ownership=camera.ownership)


async def live_a_day(yard: Yard) -> None:
    """Every camera records some hours; what is two days old is packed."""
    yard.clock.ms += DAY_MS
    today = yard.clock.ms // HOUR_MS * HOUR_MS - DAY_MS
    for camera in IN_ORDER:
        await yard.record(*minutes(camera.uid, today, HOURS, size=SIZE, step_ms=HOUR_MS))
        await yard.close(camera.uid, yard.clock.ms // DAY_MS - 3)


def by_camera(names: set[str]) -> dict[str, list[ObjectKey]]:
    found: dict[str, list[ObjectKey]] = {camera.uid: [] for camera in IN_ORDER}
    for key in sorted((ObjectKey.parse(name) for name in names), key=lambda key: key.start_ms):
        found[key.uid].append(key)
    return found


@pytest.mark.timeout(400)
async def test_31_days_on_a_full_store(database_url: str, tmp_path: Path) -> None:
    """It holds less than 60 days of all, and a little more than everybody's minimum."""
    least = sum(camera.minimum_days for camera in IN_ORDER) * HOURS * SIZE
    capacity = int(least * 1.1 / 0.95)
    async with open_yard(database_url, tmp_path, stored(tmp_path, capacity)) as yard:
        await settle_cameras(yard)
        held = None
        days_full = 0
        last_dropped = -1
        while days_full < 31:
            await live_a_day(yard)
            if held is None:
                held = minutes("household-3", yard.clock.ms // HOUR_MS * HOUR_MS - DAY_MS, 3, step_ms=HOUR_MS)
                await yard.hold("household-3", held[0].start_ms, held[-1].end_ms)
            before = yard.objects_in()
            await yard.sweeper.sweep()
            gone = by_camera(before - yard.objects_in())
            left = by_camera(yard.objects_in() - keys(*held))
            for at, camera in enumerate(IN_ORDER):
                youngest_ms = max((key.start_ms + HOUR_MS for key in gone[camera.uid]), default=0)
                assert youngest_ms <= yard.clock.ms - camera.minimum_days * DAY_MS, (
                    "nothing went before its minimum"
                )
                if gone[camera.uid]:
                    last_dropped = max(last_dropped, at)
                    for earlier in IN_ORDER[:at]:
                        limit_ms = yard.clock.ms - earlier.minimum_days * DAY_MS
                        could = [key for key in left[earlier.uid] if key.start_ms + HOUR_MS <= limit_ms]
                        assert not could, "what goes first went first"
                    assert all(key.start_ms > youngest_ms - HOUR_MS for key in left[camera.uid]), (
                        "oldest first"
                    )
            used = SIZE * len(yard.objects_in())
            if before > yard.objects_in() or days_full:
                days_full += 1
            assert used <= capacity
            fill = await yard.retention.quota.fill("default")
            assert fill.state != store_pb2.Store.FULL
            assert keys(*held) <= yard.objects_in()
        assert last_dropped > 0, "the first did not suffice"


@pytest.fixture
async def yard(database_url: str, tmp_path: Path) -> AsyncIterator[Yard]:
    """A store with room for 100 hours."""
    async with open_yard(database_url, tmp_path, stored(tmp_path, 100 * SIZE)) as opened:
        await settle_cameras(opened)
        yield opened


async def fill_of(yard: Yard) -> store_pb2.Store.Fill.ValueType:
    await yard.sweeper.sweep()
    return (await yard.retention.quota.fill("default")).state


async def test_public_footage_stays_though_the_store_is_full(yard: Yard, database_url: str) -> None:
    public = minutes("public-3", NOON_MS - 30 * DAY_MS, 100, size=SIZE, step_ms=HOUR_MS)
    await yard.pack(*public)
    assert await fill_of(yard) == store_pb2.Store.FULL
    assert yard.objects_in() == keys(*public)
    household = minutes("household-3", NOON_MS - 6 * DAY_MS, 4, size=SIZE, step_ms=HOUR_MS)
    await yard.record(*household)
    assert await fill_of(yard) == store_pb2.Store.FULL
    assert yard.objects_in() == keys(*public), "of the household all that is past its minimum"
    witness = Witness(database_url, yard.folder / "footage")
    yard.clock.ms += 7 * HOUR_MS
    assert await fill_of(yard) == store_pb2.Store.DROPPING, "some of it is 30 days old by now"
    assert witness.starts_of_objects("public-3") == {each.start_ms for each in public[6:]}
    assert await fill_of(yard) == store_pb2.Store.ENOUGH


async def test_held_footage_stays_though_the_store_is_full(yard: Yard) -> None:
    old = minutes("household-3", NOON_MS - 20 * DAY_MS, 100, size=SIZE, step_ms=HOUR_MS)
    await yard.pack(*old)
    await yard.hold("household-3", old[0].start_ms, old[-1].end_ms)
    for _ in range(3):
        assert await fill_of(yard) == store_pb2.Store.FULL
        assert yard.objects_in() == keys(*old)


async def test_no_more_goes_than_must(yard: Yard) -> None:
    rows = minutes("household-3", NOON_MS - 20 * DAY_MS, 50, size=SIZE, step_ms=HOUR_MS)
    packed = minutes("household-3", NOON_MS - 12 * DAY_MS, 48, size=SIZE, step_ms=HOUR_MS)
    await yard.record(*rows)
    await yard.pack(*packed)
    assert await fill_of(yard) == store_pb2.Store.DROPPING
    went = {each.start_ms for each in rows} - {
        key.start_ms for key in map(ObjectKey.parse, yard.objects_in())
    }
    assert went == {each.start_ms for each in rows[:4]}, "98 hours and their index objects, down to 95"
    assert keys(*packed) <= yard.objects_in()
    assert await fill_of(yard) == store_pb2.Store.ENOUGH


async def test_room_that_comes_back_brings_back_what_waits_in_its_grace(
    database_url: str, tmp_path: Path
) -> None:
    store = stored(tmp_path, 100 * SIZE)
    async with open_yard(database_url, tmp_path, store, grace_seconds=3600) as yard:
        await settle_cameras(yard)
        witness = Witness(database_url, tmp_path / "footage")
        rows = minutes("household-3", NOON_MS - 20 * DAY_MS, 100, size=SIZE, step_ms=HOUR_MS)
        await yard.record(*rows)
        assert await fill_of(yard) == store_pb2.Store.DROPPING
        assert len(await witness.known_starts("household-3")) == 95
        assert await fill_of(yard) == store_pb2.Store.DROPPING
        assert len(await witness.known_starts("household-3")) == 95, "what is about to go counts as gone"
        larger = open_yard(database_url, tmp_path, stored(tmp_path, 200 * SIZE), grace_seconds=3600)
        async with larger as grown:
            assert await fill_of(grown) == store_pb2.Store.ENOUGH
        assert await witness.known_starts("household-3") == {each.start_ms for each in rows}
        assert yard.objects_in() == keys(*rows)


async def test_an_operator_is_warned_long_before(yard: Yard) -> None:
    """At the last day's rate: 10 hours of footage a day, of 100."""
    for day in range(5):
        at_ms = NOON_MS + day * DAY_MS
        yard.clock.ms = at_ms
        await yard.record(*minutes("public-1", at_ms, 10, size=SIZE, step_ms=HOUR_MS))
        state = await fill_of(yard)
        fill = await yard.retention.quota.fill("default")
        assert fill.used_bytes == 10 * SIZE * (day + 1)
        assert fill.capacity_bytes == 100 * SIZE
        if day == 0:
            assert fill.days_left < 0, "nobody knows its growth yet"
        else:
            assert fill.days_left == pytest.approx(10 - day - 1)
        assert state == (store_pb2.Store.FILLING if day >= 3 else store_pb2.Store.ENOUGH)
        told = yard.registry.get_sample_value("snowlight_storage_store_days_left", {"store": "default"})
        assert told == pytest.approx(fill.days_left)
    yard.clock.ms += 2 * DAY_MS
    assert await fill_of(yard) == store_pb2.Store.ENOUGH, "it does not grow any more"


async def test_a_folder_is_limited_by_its_disk_and_a_bucket_by_its_setting(tmp_path: Path) -> None:
    assert Capacity(0, None).of(5) == 0
    assert Capacity(70, None).of(5) == 70
    assert Capacity(70, tmp_path).of(5) == 70
    assert Capacity(0, tmp_path).of(5) > 5
    assert Capacity(0, tmp_path).of(10**18) > 10**18
    assert Capacity(70, tmp_path / "not mounted").of(5) == 70
