"""A bureau asks for what it has no right to by its post, and a second person decides."""

import base64
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import grant_pb2, grant_pb2_grpc
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError, PermissionDeniedError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door, Metadata, open_door
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.people import OTHER
from tests.rpc.gateway.street import Street, settle

pytestmark = pytest.mark.asyncio(loop_scope="module")
Grant = grant_pb2.Grant
HOUR_S = 3_600
CASE: dict[str, Any] = {
    "kind": Grant.CASE,
    "cameras": ["cameras/home"],
    "actions": [Grant.LIVE],
    "reason": "theft of a tractor",
    "duration_s": HOUR_S,
}
EMERGENCY: dict[str, Any] = {"kind": Grant.EMERGENCY, "cameras": ["cameras/home"], "reason": "screams"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Door, Street, Bureau]]:
    async with open_door(tmp_path_factory.mktemp("door")) as door:
        yield door, await settle(door.site), await door.enrol()


Opened = tuple[Door, Street, Bureau]


async def ask(bureau: Bureau, method: str, request: Any, officer: Metadata | None = None) -> Any:
    """In an officer's name unless told otherwise."""
    stub: grant_pb2_grpc.GrantsAsyncStub = grant_pb2_grpc.GrantsStub(bureau.channel)
    metadata = bureau.officer() if officer is None else officer
    with remote_errors("services/gateway"):
        return await getattr(stub, method)(request, metadata=metadata, timeout=20)


async def requested(bureau: Bureau, fields: dict[str, Any], request_id: str = "") -> grant_pb2.Grant:
    wanted = grant_pb2.RequestGrantRequest(grant=Grant(**fields), request_id=request_id)
    granted: grant_pb2.Grant = await ask(bureau, "RequestGrant", wanted)
    return granted


async def live(door: Door, bureau: Bureau) -> tuple[int, Any]:
    """Status and answer of asking for a live ticket in the officer's name."""
    runtime = door.site.runtime.named("gateway")
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
        issued = await tokens.IssueToken(
            auth_pb2.IssueTokenRequest(
                grant_type="client_credentials",
                client=auth_pb2.ClientCredentials(certificate=der(bureau.issued.certificate)),
                acting_person="031877",
                acting_unit="城关派出所",
                acting_reason="case 2026-118",
            )
        )
    return await door.site.call(
        "POST", "/v1/cameras/home/tickets", issued.access_token, json={"action": "live", "purpose": "screams"}
    )


def der(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"-----")))


async def test_a_case_waits_for_a_second_person(street: Opened) -> None:
    door, people, bureau = street
    grant = await requested(bureau, CASE)
    assert (grant.kind, grant.state, grant.incident) == (Grant.CASE, Grant.REQUESTED, "case 2026-118")
    assert (list(grant.cameras), list(grant.actions)) == (["cameras/home"], [Grant.LIVE])
    assert not grant.HasField("start_time")
    assert (await live(door, bureau))[0] == 403
    (newest, *_) = await door.site.audit(action="grant.request")
    assert (newest.acting_person, newest.acting_unit) == ("031877", "城关派出所")

    await people.done("sergeant", "POST", f"/v1/{grant.name}:approve", {"reason": "file checked"})
    approved = await ask(bureau, "GetGrant", grant_pb2.GetGrantRequest(name=grant.name))
    assert (approved.state, approved.decision_reason) == (Grant.APPROVED, "file checked")
    assert approved.end_time.seconds - approved.start_time.seconds == HOUR_S
    assert (await live(door, bureau))[0] == 200

    await people.done("sergeant", "POST", f"/v1/{grant.name}:revoke", {"reason": "solved"})
    assert (await live(door, bureau))[0] == 403


async def test_a_request_can_be_taken_back_and_lists_are_newest_first(street: Opened) -> None:
    bureau = street[2]
    first, second = await requested(bureau, CASE), await requested(bureau, CASE)
    withdraw = grant_pb2.WithdrawGrantRequest(name=second.name, reason="a mistake")
    assert (await ask(bureau, "WithdrawGrant", withdraw)).state == Grant.WITHDRAWN
    page = await ask(bureau, "ListGrants", grant_pb2.ListGrantsRequest(page_size=1))
    (newest,) = page.grants
    assert (newest.name, newest.state) == (second.name, Grant.WITHDRAWN)
    request = grant_pb2.ListGrantsRequest(page_size=1, page_token=page.next_page_token)
    assert (await ask(bureau, "ListGrants", request)).grants[0].name == first.name


async def test_the_same_request_once_more_asks_for_nothing_more(street: Opened) -> None:
    bureau, request_id = street[2], str(uuid.uuid4())
    first = await requested(bureau, CASE, request_id)
    assert await requested(bureau, CASE, request_id) == first
    with pytest.raises(AlreadyExistsError, match=r"request\.id_reused"):
        await requested(bureau, CASE | {"reason": "another"}, request_id)


async def test_another_client_hears_of_none(street: Opened) -> None:
    door, _, bureau = street
    grant = await requested(bureau, CASE)
    other = await door.enrol("other", OTHER)
    assert not (await ask(other, "ListGrants", grant_pb2.ListGrantsRequest())).grants
    for method, request in (
        ("GetGrant", grant_pb2.GetGrantRequest(name=grant.name)),
        ("WithdrawGrant", grant_pb2.WithdrawGrantRequest(name=grant.name)),
    ):
        with pytest.raises(NotFoundError):
            await ask(other, method, request)
    with pytest.raises(PermissionDeniedError) as refused:
        await requested(other, EMERGENCY)
    assert (refused.value.code, refused.value.field) == ("grant.outside_scope", "grant.cameras")


async def test_without_an_officer_nothing_is_asked_for(street: Opened) -> None:
    for method, request in (
        ("RequestGrant", grant_pb2.RequestGrantRequest(grant=Grant(**EMERGENCY))),
        ("WithdrawGrant", grant_pb2.WithdrawGrantRequest(name="grants/0")),
        ("GetGrant", grant_pb2.GetGrantRequest(name="grants/0")),
        ("ListGrants", grant_pb2.ListGrantsRequest()),
    ):
        with pytest.raises(PermissionDeniedError) as refused:
            await ask(street[2], method, request, ())
        assert refused.value.code == "access.officer_missing"


async def test_what_cannot_be_asked_is_refused_by_name(street: Opened) -> None:
    an_hour_ago = Timestamp(seconds=street[0].site.clock.now_ms() // 1000 - HOUR_S)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": Grant.REPAIR}, "grant.kind"),
        ({"kind": Grant.KIND_UNSPECIFIED}, "grant.kind"),
        ({"cameras": []}, "grant.cameras"),
        ({"cameras": ["cameras/nowhere"]}, "grant.cameras[0]"),
        ({"actions": []}, "grant.actions"),
        ({"actions": [Grant.LIVE, Grant.ACTION_UNSPECIFIED]}, "grant.actions[1]"),
        ({"actions": [9]}, "grant.actions[0]"),
        ({"reason": ""}, "grant.reason"),
        ({"incident": "1" * 300}, "grant.incident"),
        ({"duration_s": 0}, "grant.duration_s"),
        ({"duration_s": 73 * HOUR_S}, "grant.duration_s"),
        ({"actions": [Grant.PLAYBACK]}, "grant.window_start_time"),
        (
            {"actions": [Grant.PLAYBACK], "window_start_time": an_hour_ago, "window_end_time": an_hour_ago},
            "grant.window_end_time",
        ),
    ]
    for fields, field in wrong:
        with pytest.raises(InvalidArgumentError) as refused:
            await requested(street[2], CASE | fields)
        assert refused.value.field == field, fields
        assert "uid" not in refused.value.detail


async def test_an_emergency_that_nobody_approves_ends_with_its_four_hours(street: Opened) -> None:
    door, people, bureau = street
    made = session(door.site.clock.now_ms() - 12_000, 12)
    await door.site.ingest.pictures.send(people.home, made.init, *made.fragments)
    assert (await live(door, bureau))[0] == 403
    grant = await requested(bureau, EMERGENCY)
    assert (grant.state, list(grant.actions)) == (Grant.REQUESTED, [Grant.LIVE])
    assert grant.end_time.seconds - grant.start_time.seconds == 4 * HOUR_S
    assert [each["grant"] for each in (await people.done("sergeant", "GET", "/v1/alerts"))["alerts"]] == [
        grant.name
    ]
    await door.site.pass_time(4 * HOUR_S - 60)
    status, answer = await live(door, bureau)
    assert status == 200, answer
    playlist = f"/hls/{answer['ticket']}/live/media.m3u8"
    assert (await door.site.get(playlist))[0] == 200
    await door.site.pass_time(61)
    assert (await door.site.get(playlist))[0] == 403
    assert (await live(door, bureau))[0] == 403
    now_s = door.site.clock.now_ms() // 1000
    then = bureau.officer(iat=now_s, exp=now_s + 300)
    over = await ask(bureau, "GetGrant", grant_pb2.GetGrantRequest(name=grant.name), then)
    assert over.state == Grant.EXPIRED
