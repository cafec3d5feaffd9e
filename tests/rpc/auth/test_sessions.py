"""Sessions: listed, ended, told to be over; passwords changed by their owners."""

import pytest

from snowlight.api.auth.v1 import auth_pb2, sign_in_pb2
from snowlight.errors import (
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
)
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.told import ended_sessions

NEW_PASSWORD = "another password"


@pytest.fixture
async def someone(auth: Auth) -> auth_pb2.Principal:
    await auth.add_region("371326", auth_pb2.COUNTY)
    return await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope="371326")


async def session_of(auth: Auth, answer: auth_pb2.IssueTokenResponse) -> str:
    return (await auth.verifier.access_token(answer.access_token)).session_id


async def sessions(auth: Auth, answer: auth_pb2.IssueTokenResponse) -> list[sign_in_pb2.Session]:
    with remote_errors("services/auth"):
        listed = await auth.sign_in_stub.ListSessions(
            sign_in_pb2.ListSessionsRequest(access_token=answer.access_token)
        )
    return list(listed.sessions)


async def change(auth: Auth, answer: auth_pb2.IssueTokenResponse, current: str, new: str) -> None:
    with remote_errors("services/auth"):
        await auth.sign_in_stub.ChangePassword(
            sign_in_pb2.ChangePasswordRequest(
                access_token=answer.access_token, current_password=current, new_password=new
            )
        )


async def end(auth: Auth, answer: auth_pb2.IssueTokenResponse, session_id: str) -> None:
    with remote_errors("services/auth"):
        await auth.sign_in_stub.EndSession(
            sign_in_pb2.EndSessionRequest(access_token=answer.access_token, name=f"sessions/{session_id}")
        )


async def test_an_access_token_says_tier_line_roles_region_and_session(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    answer = await auth.sign_in("zhang.wei")
    claims = await auth.verifier.access_claims(answer.access_token)
    assert set(claims) == {
        *("iss", "aud", "sub", "sid", "line", "roles", "region", "tier", "iat", "nbf", "exp", "jti")
    }
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("urn:snowlight:auth", "snowlight", someone.name)
    assert (claims["line"], claims["roles"]) == ("government", ["viewer"])
    assert (claims["region"], claims["tier"]) == ("regions/371326", 3)
    assert claims["exp"] - int(claims["iat"]) == 600
    again = await auth.verifier.access_claims((await auth.refresh(answer.refresh_token)).access_token)
    assert (again["sid"], again["jti"] != claims["jti"]) == (claims["sid"], True)


async def test_a_person_lists_and_ends_their_own_sessions_alone(
    auth: Auth, someone: auth_pb2.Principal, database_url: str
) -> None:
    await auth.add_person("li.na", auth_pb2.VIEWER, scope="371326")
    desk = await auth.sign_in("zhang.wei", address="198.51.100.1")
    auth.clock.ahead_s = 1
    phone = await auth.sign_in("zhang.wei", address="198.51.100.2")
    stranger = await auth.sign_in("li.na")
    listed = await sessions(auth, desk)
    assert [(one.remote_address, one.way, one.current) for one in listed] == [
        ("198.51.100.2", "password", False),
        ("198.51.100.1", "password", True),
    ]
    phones = await session_of(auth, phone)
    for wrong in (stranger, desk):
        with pytest.raises(NotFoundError):
            await end(auth, wrong, phones if wrong is stranger else "unknown")
    await end(auth, desk, phones)
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.refresh(phone.refresh_token)
    with pytest.raises(UnauthenticatedError, match=r"auth\.session_(over|revoked)"):
        await sessions(auth, phone)
    assert [one.current for one in await sessions(auth, desk)] == [True]
    assert await ended_sessions(database_url) == [phones]
    record = (await auth.audit("change"))[0]
    assert (record.event, record.action, record.principal) == ("change", "session.end", someone.name)
    assert record.detail == f"sessions/{phones} ended by its owner"


async def test_a_reused_refresh_token_ends_its_session_which_is_told_and_on_record(
    auth: Auth, someone: auth_pb2.Principal, database_url: str
) -> None:
    first = await auth.sign_in("zhang.wei")
    stolen = await auth.refresh(first.refresh_token)
    auth.clock.ahead_s = 11
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.refresh(first.refresh_token)
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.refresh(stolen.refresh_token)
    assert await ended_sessions(database_url) == [await session_of(auth, first)]
    record = (await auth.audit("change"))[0]
    assert (record.action, record.principal) == ("session.end", someone.name)
    assert "used again" in record.detail


async def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(
    auth: Auth, someone: auth_pb2.Principal, database_url: str
) -> None:
    here, elsewhere = await auth.sign_in("zhang.wei"), await auth.sign_in("zhang.wei")
    await change(auth, here, PASSWORD, NEW_PASSWORD)
    assert (await auth.refresh(here.refresh_token)).access_token
    for attempt in (auth.refresh(elsewhere.refresh_token), auth.sign_in("zhang.wei")):
        with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
            await attempt
    assert (await auth.sign_in("zhang.wei", NEW_PASSWORD)).access_token
    assert await ended_sessions(database_url) == [await session_of(auth, elsewhere)]
    record = (await auth.audit("change"))[0]
    assert (record.action, record.detail) == (
        "password.change",
        "own password changed, 1 other sessions ended",
    )


async def test_a_stolen_access_token_is_not_enough_to_guess_the_password(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    here = await auth.sign_in("zhang.wei")
    for _ in range(5):
        with pytest.raises(PermissionDeniedError, match=r"auth\.wrong_password"):
            await change(auth, here, "wrong password", NEW_PASSWORD)
    with pytest.raises(ResourceExhaustedError):
        await change(auth, here, PASSWORD, NEW_PASSWORD)


async def test_a_new_password_is_refused_when_it_is_weak(auth: Auth, someone: auth_pb2.Principal) -> None:
    here = await auth.sign_in("zhang.wei")
    with pytest.raises(InvalidArgumentError, match=r"auth\.password_weak"):
        await change(auth, here, PASSWORD, "short")
    assert (await auth.sign_in("zhang.wei")).access_token


async def test_an_administrators_new_password_ends_all_sessions_which_is_told(
    auth: Auth, someone: auth_pb2.Principal, database_url: str
) -> None:
    begun = {await session_of(auth, await auth.sign_in("zhang.wei")) for _ in range(2)}
    await auth.directory.SetPassword(auth_pb2.SetPasswordRequest(name=someone.name, password=NEW_PASSWORD))
    assert set(await ended_sessions(database_url)) == begun


async def test_a_system_changes_no_password_and_lists_no_sessions(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    system = await auth.add_system("police-platform", "371326")
    answer = await auth.tokens.IssueToken(
        auth_pb2.IssueTokenRequest(
            grant_type="client_credentials",
            client=auth_pb2.ClientCredentials(
                client_id=system.client.name.removeprefix("clients/"), client_secret=system.client_secret
            ),
        )
    )
    with pytest.raises(PermissionDeniedError, match=r"auth\.person_required"):
        await sessions(auth, answer)
    with pytest.raises(PermissionDeniedError, match=r"auth\.person_required"):
        await change(auth, answer, PASSWORD, NEW_PASSWORD)
