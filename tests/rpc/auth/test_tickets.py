"""Decisions and stream tickets, and the record of both."""

import base64
import json
import time
from typing import Any

import grpc
import pytest

from snowlight.access.token import TicketClaims
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import (
    ExpiredError,
    InvalidArgumentError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth

START_MS, END_MS = 1_760_000_000_000, 1_760_003_600_500


@pytest.fixture(autouse=True)
async def pingyi(auth: Auth) -> None:
    """A county, two towns, a village in the first, and a camera there."""
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_region("371326101", auth_pb2.TOWN)
    await auth.add_region("371326102", auth_pb2.TOWN)
    await auth.add_region("371326101201", auth_pb2.VILLAGE)
    await auth.registry.put("gate", "371326101201")


async def token_of(auth: Auth, username: str, *roles: auth_pb2.Role.ValueType, **fields: Any) -> str:
    await auth.add_person(username, *fields.pop("roles", roles), **({"scope": "371326"} | fields))
    return (await auth.sign_in(username)).access_token


async def until_known(auth: Auth, camera_uid: str) -> None:
    token = await token_of(auth, f"asks.for.{camera_uid}", auth_pb2.VIEWER)
    while (await authorize(auth, token, "live", camera_uid=camera_uid)).reason == "auth.camera_unknown":
        pass  # each answer waits for the feed


async def ticket(auth: Auth, token: str, action: str = "live", **fields: Any) -> auth_pb2.Ticket:
    request = auth_pb2.CreateTicketRequest(
        access_token=token, action=action, **({"camera_uid": "gate"} | fields)
    )
    if action in ("playback", "export"):
        request.start.FromMilliseconds(START_MS)
        request.end.FromMilliseconds(END_MS)
    with remote_errors("services/auth"):
        return await auth.access.CreateTicket(request)


async def authorize(auth: Auth, token: str, action: str, **resource: Any) -> auth_pb2.AuthorizeResponse:
    with remote_errors("services/auth"):
        return await auth.access.Authorize(
            auth_pb2.AuthorizeRequest(access_token=token, action=action, **resource)
        )


async def test_a_live_ticket_names_person_camera_and_action_and_lasts_twelve_hours(auth: Auth) -> None:
    token = await token_of(auth, "admin", auth_pb2.ADMIN)
    issued = await ticket(auth, token)
    claims = await auth.verifier.ticket(issued.ticket)
    person = (await auth.verifier.access_token(token)).principal
    assert (claims.principal, claims.camera_uid, claims.action) == (person, "gate", "live")
    assert claims.expire_ms == issued.expire_time.ToMilliseconds()
    assert abs(claims.expire_ms - auth.clock.now_ms() - 12 * 3_600_000) < 10_000
    assert len(issued.ticket) < 600

    auth.clock.ahead_s = 12 * 3600 + 1
    with pytest.raises(ExpiredError, match=r"ticket\.expired"):
        await auth.verifier.ticket(issued.ticket)


@pytest.mark.parametrize("action", ["playback", "export"])
async def test_a_ticket_for_footage_opens_its_window_and_no_more(auth: Auth, action: str) -> None:
    issued = await ticket(auth, await token_of(auth, "admin", auth_pb2.ADMIN), action)
    claims = await auth.verifier.ticket(issued.ticket)
    claims.require(action)
    claims.require_window(START_MS, END_MS)
    for start_ms, end_ms in ((START_MS - 1, END_MS), (START_MS, END_MS + 1)):
        with pytest.raises(PermissionDeniedError):
            claims.require_window(start_ms, end_ms)


async def test_both_answers_are_on_record_newest_first(auth: Auth) -> None:
    viewer = await token_of(auth, "viewer", auth_pb2.VIEWER)
    issued = await ticket(auth, viewer, "playback", purpose="丢牛", remote_address="192.0.2.7")
    with pytest.raises(PermissionDeniedError):
        await ticket(auth, viewer, "export", remote_address="192.0.2.7")
    claims: TicketClaims = await auth.verifier.ticket(issued.ticket)

    denied, allowed = await auth.audit()
    assert (allowed.allowed, allowed.reason, allowed.action) == (True, "auth.allowed", "playback")
    assert (allowed.ticket_id, allowed.principal) == (claims.ticket_id, claims.principal)
    assert (allowed.window_start.ToMilliseconds(), allowed.window_end.ToMilliseconds()) == (START_MS, END_MS)
    assert (allowed.purpose, allowed.remote_address) == ("丢牛", "192.0.2.7")
    assert abs(allowed.time.ToMilliseconds() - auth.clock.now_ms()) < 10_000
    assert (denied.allowed, denied.reason, denied.action) == (False, "auth.role_missing", "export")
    assert (denied.ticket_id, denied.principal, denied.camera_uid) == ("", claims.principal, "gate")


DENIALS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"roles": [auth_pb2.VIEWER], "scope": "371326102"}, "live", "gate", "auth.outside_scope"),
    ({"roles": [auth_pb2.AUDITOR]}, "live", "gate", "auth.auditor_no_pictures"),
    ({"roles": [auth_pb2.OPERATOR]}, "playback", "gate", "auth.role_missing"),
    ({"roles": [auth_pb2.ADMIN]}, "live", "nowhere", "auth.camera_unknown"),
    ({"roles": [auth_pb2.ADMIN]}, "live", "gone", "auth.camera_deleted"),
    ({"roles": [auth_pb2.ADMIN]}, "live", "lost", "auth.region_unknown"),
    ({"roles": [auth_pb2.ADMIN]}, "live", "home", "auth.household_camera"),
    (
        {"roles": [auth_pb2.VIEWER], "line": auth_pb2.RESIDENT},
        "live",
        "gate",
        "auth.not_listed",
    ),
    (
        {"roles": [auth_pb2.VIEWER], "line": auth_pb2.RESIDENT},
        "snapshot",
        "square",
        "auth.resident_live_only",
    ),
]


async def test_each_denial_has_its_reason_and_its_record(auth: Auth) -> None:
    registry = auth.registry
    await registry.put("lost", "513223")
    await registry.put("home", "371326101201", ownership=camera_pb2.HOUSEHOLD, owner="principals/other")
    await registry.put("square", "371326101201", listed_for_residents=True)
    await registry.put("gone", "371326101201")
    await until_known(auth, "gone")
    await registry.delete("gone")
    await registry.put("last", "371326101201")
    await until_known(auth, "last")  # the feed is in order: all before it is known now

    for number, (who, action, camera, reason) in enumerate(DENIALS):
        token = await token_of(auth, f"person{number}", **who)
        with pytest.raises(PermissionDeniedError) as raised:
            await ticket(auth, token, action, camera_uid=camera)
        assert raised.value.code == reason
        assert raised.value.detail
        answer = await authorize(auth, token, action, camera_uid=camera)
        assert (answer.allowed, answer.reason) == (False, reason)
    recorded = [(r.allowed, r.action, r.camera_uid, r.reason) for r in await auth.audit()]
    assert recorded == [(False, action, camera, reason) for _, action, camera, reason in reversed(DENIALS)]


async def test_an_owner_watches_their_own_camera_and_residents_the_listed_ones(auth: Auth) -> None:
    owner = await auth.add_person("resident", auth_pb2.VIEWER, scope="371326101201", line=auth_pb2.RESIDENT)
    await auth.registry.put("home", "371326101201", ownership=camera_pb2.HOUSEHOLD, owner=owner.name)
    await auth.registry.put("square", "371326101201", listed_for_residents=True)
    token = (await auth.sign_in("resident")).access_token
    for action, camera in (("live", "home"), ("playback", "home"), ("live", "square")):
        assert (await ticket(auth, token, action, camera_uid=camera)).ticket


async def test_a_camera_that_the_feed_brings_in_time_is_no_denial(auth: Auth) -> None:
    token = await token_of(auth, "admin", auth_pb2.ADMIN)
    await auth.registry.put("new", "371326101201")
    assert (await ticket(auth, token, camera_uid="new")).ticket
    started = time.monotonic()
    with pytest.raises(PermissionDeniedError, match=r"auth\.camera_unknown"):
        await ticket(auth, token, camera_uid="never")
    assert time.monotonic() - started >= 1


async def test_rights_follow_the_camera_when_it_moves(auth: Auth) -> None:
    token = await token_of(auth, "east", auth_pb2.VIEWER, scope="371326101")
    assert (await ticket(auth, token)).ticket
    await auth.registry.put("gate", "371326102")
    await auth.registry.put("marker", "371326102")
    await until_known(auth, "marker")
    with pytest.raises(PermissionDeniedError, match=r"auth\.outside_scope"):
        await ticket(auth, token)


async def test_a_region_is_decided_like_what_lies_in_it(auth: Auth) -> None:
    token = await token_of(auth, "east", auth_pb2.OPERATOR, scope="371326101")
    for region, reason in (
        ("regions/371326101201", "auth.allowed"),
        ("regions/371326101", "auth.allowed"),
        ("regions/371326", "auth.outside_scope"),
        ("regions/99", "auth.region_unknown"),
    ):
        assert (await authorize(auth, token, "camera.manage", region=region)).reason == reason
    audit = await authorize(auth, token, "audit.read", region="regions/371326101")
    assert audit.reason == "auth.role_missing"


async def test_altered_expired_and_foreign_tokens_open_nothing(auth: Auth) -> None:
    token = await token_of(auth, "admin", auth_pb2.ADMIN)
    issued = (await ticket(auth, token)).ticket
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["sub"] = "principals/other"
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt","kid":"x"}').rstrip(b"=").decode()
    for forged in (
        "",
        "not a token",
        f"{header}.{other}.{signature}",
        f"{none}.{payload}.",
        token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        issued,
    ):
        with pytest.raises(UnauthenticatedError):
            await ticket(auth, forged)
        with pytest.raises(UnauthenticatedError):
            await authorize(auth, forged, "live", camera_uid="gate")
    with pytest.raises(UnauthenticatedError):
        await auth.verifier.ticket(token)
    auth.clock.ahead_s = 601
    with pytest.raises(UnauthenticatedError, match=r"auth\.token_expired"):
        await ticket(auth, token)
    assert len(await auth.audit()) == 1


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"action": "watch"}, "action"),
    ({"action": "camera.manage"}, "action"),
    ({"camera_uid": ""}, "camera_uid"),
    ({"camera_uid": "a/b"}, "camera_uid"),
    ({"purpose": "x" * 501}, "purpose"),
    ({"purpose": "a\x00b"}, "purpose"),
    ({"action": "snapshot", "start": {"seconds": 1}}, "start"),
    ({"start": {"seconds": -(10**12)}}, "start"),
]


async def test_a_malformed_ticket_request_is_told_which_field(auth: Auth) -> None:
    token = await token_of(auth, "admin", auth_pb2.ADMIN)
    for fields, field in MALFORMED:
        with pytest.raises(InvalidArgumentError) as raised:
            await ticket(auth, token, **fields)
        assert raised.value.field == field
    with pytest.raises(InvalidArgumentError) as raised:
        await authorize(auth, token, "live")
    assert raised.value.field == "resource"


async def test_only_services_may_ask_for_decisions(auth: Auth) -> None:
    token = await token_of(auth, "admin", auth_pb2.ADMIN)
    async with grpc.aio.insecure_channel(auth.runtime.cluster.auth_address) as channel:
        access: auth_pb2_grpc.AccessAsyncStub = auth_pb2_grpc.AccessStub(channel)
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        metadata = [("authorization", f"Bearer {token}")]
        for call in (
            access.CreateTicket(auth_pb2.CreateTicketRequest(), metadata=metadata),
            directory.ListPrincipals(auth_pb2.ListPrincipalsRequest(), metadata=metadata),
            directory.ListPrincipals(auth_pb2.ListPrincipalsRequest()),
        ):
            with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
                await call
