"""What is told about tokens, and to whom (RFC 7662); who may end them (RFC 7009)."""

import json

import pytest

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, client_pb2
from snowlight.errors import PermissionDeniedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.told import ended_sessions

import grpc  # isort: skip


@pytest.fixture
async def someone(auth: Auth) -> auth_pb2.IssueTokenResponse:
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope="371326")
    return await auth.sign_in("zhang.wei")


@pytest.fixture
async def system(auth: Auth, someone: auth_pb2.IssueTokenResponse) -> auth_pb2.ClientCredentials:
    return credentials(await auth.add_system("police-platform", "371326"))


def credentials(made: client_pb2.CreateClientResponse) -> auth_pb2.ClientCredentials:
    return auth_pb2.ClientCredentials(
        client_id=made.client.name.removeprefix("clients/"), client_secret=made.client_secret
    )


async def access_token(auth: Auth, client: auth_pb2.ClientCredentials) -> str:
    request = auth_pb2.IssueTokenRequest(grant_type="client_credentials", client=client)
    return (await auth.tokens.IssueToken(request)).access_token


async def told(
    auth: Auth, token: str, client: auth_pb2.ClientCredentials | None = None, by: str = ""
) -> auth_pb2.IntrospectTokenResponse:
    with remote_errors("services/auth"):
        return await auth.tokens.IntrospectToken(
            auth_pb2.IntrospectTokenRequest(token=token, client=client, access_token=by)
        )


async def revoke(auth: Auth, token: str, client: auth_pb2.ClientCredentials | None = None) -> None:
    with remote_errors("services/auth"):
        await auth.tokens.RevokeToken(auth_pb2.RevokeTokenRequest(token=token, client=client))


async def test_a_system_is_told_whose_an_access_token_is(
    auth: Auth, someone: auth_pb2.IssueTokenResponse, system: auth_pb2.ClientCredentials
) -> None:
    for answer in (
        await told(auth, someone.access_token, system),
        await told(auth, someone.access_token, by=await access_token(auth, system)),
        await told(auth, someone.access_token),  # the call carries the gateway's own token
    ):
        assert (answer.active, answer.token_kind, answer.username) == (True, "access_token", "zhang.wei")
        claims = json.loads(answer.claims_json)
        assert claims == await auth.verifier.access_claims(someone.access_token)


async def test_nobody_is_told_why_a_token_is_not_valid(
    auth: Auth, someone: auth_pb2.IssueTokenResponse, system: auth_pb2.ClientCredentials
) -> None:
    elsewhere = await auth.sign_in("zhang.wei")
    await revoke(auth, elsewhere.refresh_token)
    expired = (await auth.sign_in("zhang.wei")).access_token
    auth.clock.ahead_s = 601
    nothing = auth_pb2.IntrospectTokenResponse()
    for token in ("garbage", "a.b.c", expired, elsewhere.access_token, elsewhere.refresh_token):
        assert await told(auth, token, system) == nothing
    # A refresh token of somebody else's is nobody's business.
    assert await told(auth, someone.refresh_token, system) == nothing
    assert (await told(auth, someone.refresh_token)).token_kind == "refresh_token"


async def test_people_and_strangers_may_not_ask(
    auth: Auth, someone: auth_pb2.IssueTokenResponse, system: auth_pb2.ClientCredentials
) -> None:
    with pytest.raises(PermissionDeniedError, match=r"auth\.system_required"):
        await told(auth, someone.access_token, by=someone.access_token)
    with pytest.raises(UnauthenticatedError, match=r"auth\.invalid_client"):
        await told(
            auth,
            someone.access_token,
            auth_pb2.ClientCredentials(client_id=system.client_id, client_secret="x"),
        )
    address = auth.runtime.cluster.auth_address
    async with grpc.aio.insecure_channel(address) as channel:  # no service's token
        stub: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
        with pytest.raises(UnauthenticatedError, match=r"auth\.token_missing"), remote_errors("x"):
            await stub.IntrospectToken(auth_pb2.IntrospectTokenRequest(token=someone.access_token))


async def test_an_access_token_ends_its_session_like_a_refresh_token_does(
    auth: Auth, someone: auth_pb2.IssueTokenResponse, database_url: str
) -> None:
    await revoke(auth, someone.access_token)
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.refresh(someone.refresh_token)
    session = (await auth.verifier.access_token(someone.access_token)).session_id
    assert await ended_sessions(database_url) == [session]
    await revoke(auth, someone.access_token)
    assert await ended_sessions(database_url) == [session], "once is enough"
    assert (await auth.audit("change"))[0].detail == f"sessions/{session} ended by its token"


async def test_a_client_ends_its_own_tokens_alone(
    auth: Auth, someone: auth_pb2.IssueTokenResponse, system: auth_pb2.ClientCredentials
) -> None:
    other = credentials(await auth.add_system("road-platform", "371326"))
    token = await access_token(auth, system)
    for wrong in (other, None):
        with pytest.raises(PermissionDeniedError, match=r"auth\.unauthorized_client"):
            await revoke(auth, token, wrong)
    with pytest.raises(PermissionDeniedError, match=r"auth\.unauthorized_client"):
        await revoke(auth, someone.refresh_token, system)
    with pytest.raises(UnauthenticatedError, match=r"auth\.invalid_client"):
        await revoke(auth, token, auth_pb2.ClientCredentials(client_id=system.client_id))
    assert (await told(auth, token, system)).active
    await revoke(auth, token, system)
    assert not (await told(auth, token, system)).active


async def test_a_strangers_word_about_an_address_or_a_certificate_is_not_believed(
    auth: Auth, someone: auth_pb2.IssueTokenResponse
) -> None:
    async with grpc.aio.insecure_channel(auth.runtime.cluster.auth_address) as channel:
        stub: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
        codes = []
        for number in range(7):
            request = auth_pb2.IssueTokenRequest(
                grant_type="password",
                username="zhang.wei",
                password="wrong password",
                remote_address=f"192.0.2.{number}",
            )
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await stub.IssueToken(request)
            codes.append(raised.value.code().name)
    assert codes == ["UNAUTHENTICATED"] * 5 + ["RESOURCE_EXHAUSTED"] * 2
