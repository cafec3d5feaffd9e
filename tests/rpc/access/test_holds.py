"""A bureau has footage kept past its retention, in an officer's name."""

import uuid
from typing import Any

import pytest

from snowlight.api.access.v1 import evidence_pb2
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError, PermissionDeniedError
from tests.rpc.access.exporting import REASON, Desk, at
from tests.rpc.gateway.people import OTHER
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR_MS = 3_600_000


def wish(desk: Desk, **fields: Any) -> evidence_pb2.CreateHoldRequest:
    told: dict[str, Any] = {
        "camera": "cameras/gate",
        "start_time": at(desk.yard.start_ms),
        "end_time": at(desk.yard.end_ms + HOUR_MS),
        "reason": REASON,
    }
    given = {name: value for name, value in (told | fields).items() if value is not None}
    return evidence_pb2.CreateHoldRequest(**given)


async def held(desk: Desk, **fields: Any) -> evidence_pb2.Hold:
    """A hold of the station's, once storage has heard of the camera."""
    made = evidence_pb2.Hold()

    async def known() -> bool:
        nonlocal made
        try:
            made = await desk.call("CreateHold", wish(desk, **fields), desk.station)
        except NotFoundError:
            return False
        return True

    await eventually(known)
    return made


async def test_a_hold_is_made_listed_and_let_go_by_a_second_client(desk: Desk) -> None:
    hold = await held(desk, expire_time=at(desk.door.site.clock.now_ms() + HOUR_MS))
    assert (hold.camera, hold.incident, hold.reason) == ("cameras/gate", "case 2026-118", REASON)
    assert hold.HasField("expire_time")
    assert not hold.HasField("release_time")
    by_name = evidence_pb2.GetHoldRequest(name=hold.name)
    assert await desk.call("GetHold", by_name, desk.station) == hold
    (newest, *_) = await desk.door.site.audit(action="hold")
    assert (newest.acting_person, newest.purpose) == ("031877", f"case 2026-118: {REASON}")

    release = evidence_pb2.ReleaseHoldRequest(name=hold.name, reason="结案")
    with pytest.raises(PermissionDeniedError, match=r"hold\.second_person"):
        await desk.call("ReleaseHold", release, desk.station)
    second = await desk.door.enrol("second-station", role=auth_pb2.ADMIN)
    released = await desk.call("ReleaseHold", release, second)
    assert (released.release_reason, released.HasField("release_time")) == ("结案", True)
    of_gate = evidence_pb2.ListHoldsRequest(camera="cameras/gate")
    assert hold.name not in [each.name for each in (await desk.call("ListHolds", of_gate, second)).holds]
    of_gate.all = True
    assert hold.name in [each.name for each in (await desk.call("ListHolds", of_gate, second)).holds]


async def test_the_same_request_once_more_holds_nothing_more(desk: Desk) -> None:
    request_id = str(uuid.uuid4())
    first = await held(desk, camera="cameras/lane", request_id=request_id)
    assert await held(desk, camera="cameras/lane", request_id=request_id) == first


async def test_who_may_not_hold_learns_of_none(desk: Desk) -> None:
    hold = await held(desk)
    other = await desk.door.enrol("other-station", OTHER, role=auth_pb2.ADMIN)
    for client in (desk.bureau, other):
        assert not (await desk.call("ListHolds", evidence_pb2.ListHoldsRequest(), client)).holds
        for method, request in (
            ("GetHold", evidence_pb2.GetHoldRequest(name=hold.name)),
            ("ReleaseHold", evidence_pb2.ReleaseHoldRequest(name=hold.name, reason="-")),
        ):
            with pytest.raises(NotFoundError) as refused:
                await desk.call(method, request, client)
            assert refused.value.code == "hold.not_found"
    with pytest.raises(PermissionDeniedError):
        await desk.call("CreateHold", wish(desk))
    with pytest.raises(NotFoundError) as unseen:
        await desk.call("CreateHold", wish(desk), other)
    assert unseen.value.field == "camera"


async def test_without_an_officer_nothing_is_held_or_let_go(desk: Desk) -> None:
    for method, request in (
        ("CreateHold", wish(desk)),
        ("ReleaseHold", evidence_pb2.ReleaseHoldRequest(name="holds/0", reason="-")),
    ):
        with pytest.raises(PermissionDeniedError) as refused:
            await desk.call(method, request, desk.station, named=False)
        assert refused.value.code == "access.officer_missing"


async def test_what_cannot_be_asked_is_refused_by_name(desk: Desk) -> None:
    year_ms, now_ms = 366 * 24 * HOUR_MS, desk.door.site.clock.now_ms()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"camera": None}, "camera"),
        ({"start_time": None}, "start_time"),
        ({"end_time": at(desk.yard.start_ms)}, "end_time"),
        ({"end_time": at(desk.yard.start_ms + 2 * year_ms)}, "end_time"),
        ({"start_time": at(now_ms + year_ms), "end_time": at(now_ms + year_ms + 1)}, "start_time"),
        ({"expire_time": at(now_ms - 1)}, "expire_time"),
        ({"incident": "1" * 1000}, "incident"),
        ({"reason": " "}, "reason"),
    ]
    for fields, field in wrong:
        with pytest.raises(InvalidArgumentError) as refused:
            await desk.call("CreateHold", wish(desk, **fields), desk.station)
        assert refused.value.field == field, fields
        assert "_ms" not in refused.value.detail
    with pytest.raises(InvalidArgumentError) as blank:
        await desk.call("ReleaseHold", evidence_pb2.ReleaseHoldRequest(name="holds/0"), desk.station)
    assert blank.value.field == "reason"
