"""Signing in, staying signed in, and being signed out."""

import asyncio
import json
from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError, ResourceExhaustedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth


@pytest.fixture
async def someone(auth: Auth) -> auth_pb2.Principal:
    await auth.add_region("371326", auth_pb2.COUNTY)
    return await auth.add_person("Zhang.Wei", auth_pb2.VIEWER, scope="371326")


async def test_a_sign_in_gives_a_token_that_verifies_by_the_published_keys(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    answer = await auth.sign_in(" zhang.wei ")
    assert (answer.expires_in, answer.token_type) == (600, "Bearer")
    assert answer.principal == someone
    assert (await auth.verifier.access_token(answer.access_token)).principal == someone.name
    assert "private" not in (await auth.tokens.GetJwks(auth_pb2.GetJwksRequest())).jwks_json

    auth.clock.ahead_s = 601
    with pytest.raises(UnauthenticatedError, match=r"auth\.token_expired"):
        await auth.verifier.access_token(answer.access_token)


async def test_the_published_keys_hold_nothing_private(auth: Auth) -> None:
    keys = json.loads((await auth.tokens.GetJwks(auth_pb2.GetJwksRequest())).jwks_json)["keys"]
    assert [set(key) for key in keys] == [{"kty", "crv", "x", "kid", "use", "alg"}]
    assert (keys[0]["kty"], keys[0]["crv"], keys[0]["alg"]) == ("OKP", "Ed25519", "Ed25519")


async def test_a_wrong_name_a_wrong_password_and_a_disabled_account_look_alike(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    await auth.add_person("left.us", auth_pb2.VIEWER, scope="371326", disabled=True)
    told = set()
    for username, password in (("nobody", PASSWORD), ("zhang.wei", "wrong password"), ("left.us", PASSWORD)):
        with pytest.raises(UnauthenticatedError) as raised, remote_errors("services/auth"):
            await auth.sign_in(username, password)
        told.add(str(raised.value))
    assert told == {"auth.invalid_grant: user name or password is wrong"}


async def test_after_five_failures_an_address_has_to_wait(auth: Auth, someone: auth_pb2.Principal) -> None:
    answers = await asyncio.gather(
        *(auth.sign_in("zhang.wei", "wrong password") for _ in range(7)), return_exceptions=True
    )
    codes = sorted(answer.code().name for answer in answers)  # type: ignore[union-attr]
    assert codes == ["RESOURCE_EXHAUSTED"] * 2 + ["UNAUTHENTICATED"] * 5
    with (
        pytest.raises(ResourceExhaustedError, match=r"auth\.too_many_attempts"),
        remote_errors("services/auth"),
    ):
        await auth.sign_in("zhang.wei")
    assert (await auth.sign_in("zhang.wei", address="192.0.2.2")).access_token
    auth.clock.ahead_s = 301
    assert (await auth.sign_in("zhang.wei")).access_token


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_whole_family(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    first = await auth.sign_in("zhang.wei")
    other_device = await auth.sign_in("zhang.wei")
    second = await auth.refresh(first.refresh_token)
    assert (await auth.verifier.access_token(second.access_token)).principal == someone.name
    third = await auth.refresh(second.refresh_token)

    auth.clock.ahead_s = 11
    for token in (first.refresh_token, third.refresh_token):
        with (
            pytest.raises(UnauthenticatedError, match=r"auth\.invalid_grant"),
            remote_errors("services/auth"),
        ):
            await auth.refresh(token)
    assert (await auth.refresh(other_device.refresh_token)).access_token


async def test_a_refresh_whose_answer_was_lost_can_be_repeated_at_once(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    first = await auth.sign_in("zhang.wei")
    lost = await auth.refresh(first.refresh_token)
    again = await auth.refresh(first.refresh_token)
    assert again.refresh_token not in (first.refresh_token, lost.refresh_token)
    auth.clock.ahead_s = 11
    assert (await auth.refresh(again.refresh_token)).access_token


async def test_a_refresh_token_dies_of_idleness_and_of_age(auth: Auth, someone: auth_pb2.Principal) -> None:
    token = (await auth.sign_in("zhang.wei")).refresh_token
    hour = 3600
    for hours in range(11, 30 * 24, 11):
        auth.clock.ahead_s = hours * hour
        token = (await auth.refresh(token)).refresh_token
    auth.clock.ahead_s = 30 * 24 * hour + 1
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.refresh(token)

    token = (await auth.sign_in("zhang.wei")).refresh_token
    auth.clock.ahead_s += 12 * hour + 1
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.refresh(token)


async def test_revoking_ends_the_family_and_unknown_tokens_are_no_error(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    first = await auth.sign_in("zhang.wei")
    second = await auth.refresh(first.refresh_token)
    await auth.tokens.RevokeToken(auth_pb2.RevokeTokenRequest(token=first.refresh_token))
    await auth.tokens.RevokeToken(auth_pb2.RevokeTokenRequest(token="never given out"))
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.refresh(second.refresh_token)


async def test_a_new_password_ends_the_sessions_of_the_old_one(
    auth: Auth, someone: auth_pb2.Principal
) -> None:
    before = await auth.sign_in("zhang.wei")
    await auth.directory.SetPassword(
        auth_pb2.SetPasswordRequest(name=someone.name, password="another password")
    )
    for attempt in (auth.refresh(before.refresh_token), auth.sign_in("zhang.wei")):
        with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
            await attempt
    assert (await auth.sign_in("zhang.wei", "another password")).access_token


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"grant_type": "magic"}, "grant_type"),
    ({"grant_type": "client_credentials"}, "client_id"),
    ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "device_code"),
    ({"grant_type": "password", "password": "x"}, "username"),
    ({"grant_type": "password", "username": "a\x00b", "password": "x"}, "username"),
    ({"grant_type": "password", "username": "someone"}, "password"),
    ({"grant_type": "password", "username": "someone", "password": "x" * 129}, "password"),
    ({"grant_type": "refresh_token"}, "refresh_token"),
]


async def test_a_malformed_request_is_told_which_field(auth: Auth) -> None:
    for fields, field in MALFORMED:
        with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/auth"):
            await auth.tokens.IssueToken(auth_pb2.IssueTokenRequest(**fields))
        assert raised.value.field == field
