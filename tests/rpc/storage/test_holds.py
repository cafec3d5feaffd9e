"""Holds: made, listed, released by a second person, and what they keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from snowlight.api.storage.v1 import hold_pb2, hold_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
)
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.witness import Witness
from tests.rpc.storage.yard import BY, DAY_MS, HOUR_MS, NOON_MS, Yard, keys, minutes, open_yard
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from snowlight.api.storage.v1.hold_pb2_grpc import HoldsAsyncStub

NOW_MS = SystemClock().now_ms()
LIMIT_MS = NOON_MS - 30 * DAY_MS
SECOND = "police/li"


@pytest.fixture
async def stub(cluster: Cluster) -> AsyncIterator[HoldsAsyncStub]:
    """A running storage that knows a camera "cam"."""
    await cluster.registry.put("cam", retention_days=30, created_ms=NOW_MS - 100 * DAY_MS)
    async with cluster.ingest(), cluster.storage(), cluster.channel() as channel:
        opened: HoldsAsyncStub = hold_pb2_grpc.HoldsStub(channel)

        async def is_known() -> bool:
            try:
                await create(opened)
            except NotFoundError:
                return False
            return True

        await eventually(is_known)
        yield opened


def wanted(**fields: Any) -> hold_pb2.Hold:
    ordinary = {
        "camera_uid": "cam",
        "start_ms": NOW_MS - DAY_MS,
        "end_ms": NOW_MS,
        "case_number": "2026-0117",
        "reason": "theft",
        "created_by": BY,
    }
    return hold_pb2.Hold(**{**ordinary, **fields})


async def create(stub: HoldsAsyncStub, request_id: str = "", **fields: Any) -> hold_pb2.Hold:
    with remote_errors("services/storage"):
        return await stub.CreateHold(hold_pb2.CreateHoldRequest(hold=wanted(**fields), request_id=request_id))


async def release(stub: HoldsAsyncStub, name: str, by: str = SECOND, reason: str = "closed") -> hold_pb2.Hold:
    with remote_errors("services/storage"):
        return await stub.ReleaseHold(hold_pb2.ReleaseHoldRequest(name=name, released_by=by, reason=reason))


async def listed(stub: HoldsAsyncStub, **fields: Any) -> hold_pb2.ListHoldsResponse:
    with remote_errors("services/storage"):
        return await stub.ListHolds(hold_pb2.ListHoldsRequest(**fields))


async def test_a_second_person_releases(stub: HoldsAsyncStub) -> None:
    hold = await create(stub)
    with pytest.raises(PermissionDeniedError) as refused:
        await release(stub, hold.name, by=BY)
    assert refused.value.code == "hold.second_person"
    released = await release(stub, hold.name)
    assert (released.released_by, released.release_reason) == (SECOND, "closed")
    assert released.release_ms >= hold.create_ms
    assert await release(stub, hold.name) == released, "once more changes nothing"
    with pytest.raises(FailedPreconditionError):
        await release(stub, hold.name, by="police/zhao")
    with remote_errors("services/storage"):
        assert await stub.GetHold(hold_pb2.GetHoldRequest(name=hold.name)) == released
    with pytest.raises(NotFoundError):
        await release(stub, "holds/none")


async def test_the_same_request_makes_one_hold(stub: HoldsAsyncStub) -> None:
    hold = await create(stub, request_id="7f6c")
    assert await create(stub, request_id="7f6c") == hold
    with pytest.raises(AlreadyExistsError):
        await create(stub, request_id="7f6c", reason="another")
    assert await create(stub) != await create(stub), "without an id each is a request of its own"


async def test_holds_are_listed_by_page_newest_first(stub: HoldsAsyncStub) -> None:
    made = [await create(stub, reason=f"case {at}") for at in range(5)]
    await release(stub, made[1].name)
    names = [hold.name for hold in reversed(made)]
    found: list[str] = []
    token = ""
    while True:
        page = await listed(stub, camera_uid="cam", all=True, page_size=2, page_token=token)
        found += [hold.name for hold in page.holds]
        if not (token := page.next_page_token):
            break
        assert len(page.holds) == 2
    assert found[:5] == names
    active = [hold.name for hold in (await listed(stub)).holds]
    assert made[1].name not in active
    assert set(names) - {made[1].name} <= set(active)
    assert not (await listed(stub, camera_uid="other")).holds


BAD: list[tuple[str, dict[str, Any]]] = [
    ("hold.camera_uid", {"camera_uid": ""}),
    ("hold.camera_uid", {"camera_uid": "../etc"}),
    ("hold.start_ms", {"start_ms": -1}),
    ("hold.end_ms", {"end_ms": NOW_MS - DAY_MS}),
    ("hold.end_ms", {"end_ms": NOW_MS - 2 * DAY_MS}),
    ("hold.end_ms", {"start_ms": NOW_MS - 367 * DAY_MS}),
    ("hold.start_ms", {"start_ms": NOW_MS + 3 * DAY_MS, "end_ms": NOW_MS + 4 * DAY_MS}),
    ("hold.case_number", {"case_number": ""}),
    ("hold.case_number", {"case_number": "x" * 201}),
    ("hold.reason", {"reason": ""}),
    ("hold.reason", {"reason": "  "}),
    ("hold.reason", {"reason": "x" * 1001}),
    ("hold.created_by", {"created_by": ""}),
    ("hold.created_by", {"created_by": "a\0b"}),
    ("hold.expire_ms", {"expire_ms": NOW_MS - 1}),
    ("hold.expire_ms", {"expire_ms": -1}),
]


async def test_bad_holds_are_refused_by_field(stub: HoldsAsyncStub) -> None:
    before = len((await listed(stub)).holds)
    for field, fields in BAD:
        with pytest.raises(InvalidArgumentError) as refused:
            await create(stub, **fields)
        assert refused.value.field == field
    with pytest.raises(NotFoundError) as unknown:
        await create(stub, camera_uid="stranger")
    assert unknown.value.code == "camera.unknown"
    for field, request in (
        ("page_size", {"page_size": -1}),
        ("page_token", {"page_token": "nonsense!"}),
        ("camera_uid", {"camera_uid": "A B"}),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await listed(stub, **request)
        assert refused.value.field == field
    hold = await create(stub)
    for field, released in (
        ("name", {"name": "hold/1"}),
        ("released_by", {"by": ""}),
        ("reason", {"reason": " "}),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await release(stub, **{"name": hold.name, **released})
        assert refused.value.field == field
    assert len((await listed(stub)).holds) == before + 1


async def test_held_footage_outlives_its_retention_until_the_hold_is_released(yard: Yard) -> None:
    await yard.register("cam")
    await yard.register("packed")
    rows, packed = minutes("cam", LIMIT_MS - HOUR_MS, 6), minutes("packed", LIMIT_MS - HOUR_MS, 6)
    await yard.record(*rows)
    await yard.pack(*packed)
    holds = [await yard.hold(uid, rows[2].start_ms, rows[3].start_ms + 1) for uid in ("cam", "packed")]
    kept = keys(*rows[2:4], *packed[2:4])
    for _ in range(2):
        await yard.sweeper.sweep()
        assert yard.objects_in() == kept
    for hold in holds:
        assert hold.missing == ()
        await yard.holds.release(hold.id, SECOND, "closed")
    await yard.sweeper.sweep()
    assert yard.objects_in() == set()


async def test_a_hold_ends_when_it_expires(yard: Yard) -> None:
    await yard.register("cam")
    old = minutes("cam", LIMIT_MS - HOUR_MS, 3)
    await yard.record(*old)
    await yard.hold("cam", old[0].start_ms, old[-1].end_ms, expire_ms=NOON_MS + HOUR_MS)
    yard.clock.ms = NOON_MS + HOUR_MS - 1
    await yard.sweeper.sweep()
    assert yard.objects_in() == keys(*old)
    assert len(await yard.holds.list("cam", inactive=False, before_id="", limit=9)) == 1
    yard.clock.ms += 1
    await yard.sweeper.sweep()
    assert yard.objects_in() == set()
    assert await yard.holds.list("cam", inactive=False, before_id="", limit=9) == []
    assert len(await yard.holds.list("cam", inactive=True, before_id="", limit=9)) == 1


async def test_a_hold_raises_what_is_buried(database_url: str, tmp_path: Path) -> None:
    async with open_yard(database_url, tmp_path, grace_seconds=600) as yard:
        witness = Witness(database_url, tmp_path / "footage")
        await yard.register("cam")
        old = minutes("cam", LIMIT_MS - HOUR_MS, 5)
        await yard.record(*old)
        await yard.sweeper.sweep()
        assert await witness.known_starts("cam") == set()
        hold = await yard.hold("cam", old[1].start_ms, old[3].end_ms)
        assert hold.missing == ()
        assert await witness.known_starts("cam") == {each.start_ms for each in old[1:4]}
        yard.clock.ms += 600_000
        await yard.sweeper.sweep()
        assert yard.objects_in() == keys(*old[1:4])


async def test_a_hold_of_a_deleted_cameras_footage(yard: Yard) -> None:
    await yard.register("cam")
    await yard.unregister("cam")
    old = minutes("cam", LIMIT_MS - HOUR_MS, 2)
    await yard.record(*old)
    await yard.hold("cam", old[0].start_ms, old[0].end_ms)
    await yard.sweeper.sweep()
    assert yard.objects_in() == keys(old[0])


async def test_footage_committed_later_is_held_too(yard: Yard) -> None:
    """It was in a spool when the hold was made."""
    await yard.register("cam")
    late = minutes("cam", LIMIT_MS - HOUR_MS, 2)
    await yard.hold("cam", late[0].start_ms, late[-1].end_ms)
    await yard.record(*late)
    await yard.sweeper.sweep()
    assert yard.objects_in() == keys(*late)
