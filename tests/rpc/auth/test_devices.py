"""Set-top boxes are let in by a code that a person types (RFC 8628)."""

import pytest

from snowlight.api.auth.v1 import auth_pb2, client_pb2, sign_in_pb2
from snowlight.errors import (
    FailedPreconditionError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
)
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.told import ended_sessions

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
VILLAGE = "371326101203"


@pytest.fixture
async def resident(auth: Auth) -> auth_pb2.IssueTokenResponse:
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_region(VILLAGE, auth_pb2.VILLAGE)
    await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope=VILLAGE, line=auth_pb2.RESIDENT)
    return await auth.sign_in("zhang.wei")


@pytest.fixture
async def box(auth: Auth) -> str:
    """The client id of a model of set-top boxes."""
    request = client_pb2.CreateClientRequest(display_name="机顶盒 A1")
    return (await auth.clients.CreateClient(request)).client.name.removeprefix("clients/")


async def begin(auth: Auth, box: str, address: str = "10.8.0.4") -> sign_in_pb2.AuthorizeDeviceResponse:
    with remote_errors("services/auth"):
        return await auth.sign_in_stub.AuthorizeDevice(
            sign_in_pb2.AuthorizeDeviceRequest(client_id=box, remote_address=address)
        )


async def poll(auth: Auth, box: str, device_code: str) -> auth_pb2.IssueTokenResponse:
    request = auth_pb2.IssueTokenRequest(
        grant_type=DEVICE_CODE,
        device_code=device_code,
        client=auth_pb2.ClientCredentials(client_id=box),
    )
    with remote_errors("services/auth"):
        return await auth.tokens.IssueToken(request)


async def told(auth: Auth, box: str, device_code: str) -> str:
    """What the device is told instead of getting a token."""
    with pytest.raises((FailedPreconditionError, UnauthenticatedError)) as raised:
        await poll(auth, box, device_code)
    return raised.value.code


async def show(auth: Auth, person: auth_pb2.IssueTokenResponse, user_code: str) -> sign_in_pb2.Device:
    with remote_errors("services/auth"):
        return await auth.sign_in_stub.GetDevice(
            sign_in_pb2.GetDeviceRequest(access_token=person.access_token, user_code=user_code)
        )


async def decide(auth: Auth, person: auth_pb2.IssueTokenResponse, user_code: str, *, approve: bool) -> None:
    with remote_errors("services/auth"):
        await auth.sign_in_stub.DecideDevice(
            sign_in_pb2.DecideDeviceRequest(
                access_token=person.access_token, user_code=user_code, approve=approve
            )
        )


async def test_a_box_is_let_in_by_a_person_and_speaks_for_them(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str, database_url: str
) -> None:
    begun = await begin(auth, box)
    assert (begun.expires_in, begun.interval, len(begun.user_code)) == (600, 5, 9)
    assert await told(auth, box, begun.device_code) == "auth.authorization_pending"
    typed = begun.user_code.lower().replace("-", " ")
    waiting = await show(auth, resident, typed)
    assert (waiting.display_name, waiting.remote_address) == ("机顶盒 A1", "10.8.0.4")
    assert [region.name for region in waiting.regions] == [f"regions/{VILLAGE}"]
    await decide(auth, resident, typed, approve=True)
    auth.clock.ahead_s = 5
    answer = await poll(auth, box, begun.device_code)
    caller = await auth.verifier.access_token(answer.access_token)
    assert (caller.principal, caller.client_id) == (resident.principal.name, box)
    assert await told(auth, box, begun.device_code) == "auth.invalid_grant", "a code works once"

    record = (await auth.audit("change"))[0]
    assert (record.action, record.principal) == ("device.decide", resident.principal.name)
    assert "let in" in record.detail
    listed = await auth.sign_in_stub.ListSessions(
        sign_in_pb2.ListSessionsRequest(access_token=resident.access_token)
    )
    (boxes,) = [session for session in listed.sessions if session.way == "device"]
    await auth.sign_in_stub.EndSession(
        sign_in_pb2.EndSessionRequest(access_token=resident.access_token, name=boxes.name)
    )
    assert await ended_sessions(database_url) == [caller.session_id]
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await refresh(auth, answer.refresh_token, box)


async def refresh(auth: Auth, refresh_token: str, client_id: str) -> auth_pb2.IssueTokenResponse:
    return await auth.tokens.IssueToken(
        auth_pb2.IssueTokenRequest(
            grant_type="refresh_token",
            refresh_token=refresh_token,
            client=auth_pb2.ClientCredentials(client_id=client_id),
        )
    )


async def test_a_boxs_refresh_token_is_of_use_to_its_client_alone_and_for_weeks(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    begun = await begin(auth, box)
    await decide(auth, resident, begun.user_code, approve=True)
    token = (await poll(auth, box, begun.device_code)).refresh_token
    other = await auth.clients.CreateClient(client_pb2.CreateClientRequest(display_name="other"))
    for client in ("", other.client.name.removeprefix("clients/")):
        with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
            await refresh(auth, token, client)
    auth.clock.ahead_s = 60 * 86_400
    assert (await refresh(auth, token, box)).access_token


async def test_a_box_that_asks_too_often_has_to_slow_down(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    begun = await begin(auth, box)
    assert await told(auth, box, begun.device_code) == "auth.authorization_pending"
    assert await told(auth, box, begun.device_code) == "auth.slow_down"
    auth.clock.ahead_s = 6
    assert await told(auth, box, begun.device_code) == "auth.slow_down", "ten seconds from now on"
    auth.clock.ahead_s = 6 + 15
    assert await told(auth, box, begun.device_code) == "auth.authorization_pending"


async def test_a_box_that_is_turned_away_or_late_stays_out(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    denied, late = await begin(auth, box), await begin(auth, box)
    await decide(auth, resident, denied.user_code, approve=False)
    with pytest.raises(NotFoundError):  # it is decided
        await decide(auth, resident, denied.user_code, approve=True)
    assert await told(auth, box, denied.device_code) == "auth.access_denied"
    auth.clock.ahead_s = 600
    again = await auth.sign_in("zhang.wei")
    with pytest.raises(NotFoundError):
        await decide(auth, again, late.user_code, approve=True)
    assert await told(auth, box, late.device_code) == "auth.expired_token"
    assert await told(auth, box, "never given out") == "auth.invalid_grant"


async def test_guessing_user_codes_is_limited(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    begun = await begin(auth, box)
    for _ in range(10):
        with pytest.raises(NotFoundError):
            await show(auth, resident, "BCDF-GHJK")
    with pytest.raises(ResourceExhaustedError) as raised:
        await show(auth, resident, begun.user_code)
    assert raised.value.retry_after_s is not None
    auth.clock.ahead_s = 300
    assert (await show(auth, resident, begun.user_code)).user_code == begun.user_code


async def test_an_address_cannot_fill_the_waiting_room(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    for _ in range(20):
        await begin(auth, box)
    with pytest.raises(ResourceExhaustedError):
        await begin(auth, box)
    assert await begin(auth, box, "10.8.0.5")


async def test_a_household_of_ipv6_cannot_fill_the_waiting_room_either(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    for number in range(20):
        await begin(auth, box, f"2001:db8::{number:x}")
    with pytest.raises(ResourceExhaustedError):
        await begin(auth, box, "2001:db8::ffff")
    assert await begin(auth, box, "2001:db8:0:1::1")


async def test_an_admins_box_has_a_viewers_rights_and_shows_what_is_live(auth: Auth, box: str) -> None:
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_person("wang.gang", auth_pb2.ADMIN, auth_pb2.VIEWER, scope="371326")
    admin = await auth.sign_in("wang.gang")
    await auth.registry.put("gate", "371326")
    begun = await begin(auth, box)
    await decide(auth, admin, begun.user_code, approve=True)
    inside = await poll(auth, box, begun.device_code)

    async def allowed(person: auth_pb2.IssueTokenResponse, action: str) -> tuple[bool, str]:
        answer = await auth.access.Authorize(
            auth_pb2.AuthorizeRequest(
                access_token=person.access_token, action=action, camera_uid="gate", purpose="case 20261127"
            )
        )
        return answer.allowed, answer.reason

    for action in ("live", "playback", "camera.manage"):
        assert (await allowed(admin, action))[0], action
    assert (await allowed(inside, "live"))[0]
    for action in ("playback", "camera.manage"):
        assert await allowed(inside, action) == (False, "auth.device_live_only")


async def test_a_person_is_told_all_and_only_what_a_box_will_be_able_to_see(auth: Auth, box: str) -> None:
    await auth.add_region("371326", auth_pb2.COUNTY)
    for village in (VILLAGE, "371326101204", "371326101205"):
        await auth.add_region(village, auth_pb2.VILLAGE)

    async def jurisdiction(village: str, *members: str) -> str:
        wanted = auth_pb2.Jurisdiction(
            display_name="station",
            region="regions/371326",
            regions=[f"regions/{village}"],
            members=members,
            reason="its district",
        )
        request = auth_pb2.CreateJurisdictionRequest(jurisdiction=wanted)
        return (await auth.directory.CreateJurisdiction(request)).name

    officer = auth_pb2.Principal(
        username="wang.gang",
        line=auth_pb2.POLICE,
        roles=[auth_pb2.VIEWER],
        scope=await jurisdiction(VILLAGE),
    )
    made = await auth.directory.CreatePrincipal(
        auth_pb2.CreatePrincipalRequest(principal=officer, password=PASSWORD)
    )
    await jurisdiction("371326101204", made.name)
    waiting = await show(auth, await auth.sign_in("wang.gang"), (await begin(auth, box)).user_code)
    assert [region.name for region in waiting.regions] == [f"regions/{VILLAGE}", "regions/371326101204"]


async def test_a_box_lets_in_no_further_one(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    first, second = await begin(auth, box), await begin(auth, box)
    await decide(auth, resident, first.user_code, approve=True)
    inside = await poll(auth, box, first.device_code)
    with pytest.raises(PermissionDeniedError, match=r"auth\.person_required"):
        await decide(auth, inside, second.user_code, approve=True)


async def test_a_system_or_nobody_asks_for_no_code(
    auth: Auth, resident: auth_pb2.IssueTokenResponse, box: str
) -> None:
    system = await auth.add_system("police-platform", VILLAGE)
    for client in (system.client.name.removeprefix("clients/"), "unknown"):
        with pytest.raises(UnauthenticatedError, match=r"auth\.invalid_client"):
            await begin(auth, client)
