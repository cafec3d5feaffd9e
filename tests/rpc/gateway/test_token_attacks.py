"""Every way a token can be wrong, as a table, tried on people's tokens and on tickets, over HTTP and gRPC.

Most rows are signed with auth's own key: what refuses them is not the signature.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, sign_in_pb2, sign_in_pb2_grpc
from tests.parts.password import PASSWORD
from tests.rpc.gateway.forging import Forge, auths_key, dumped, encoded
from tests.rpc.gateway.site import Site, run_site

Attack = Callable[[Forge], str]

STRANGER = Ed25519PrivateKey.generate()
STRANGERS_JWK = {"kty": "OKP", "crv": "Ed25519", "x": encoded(STRANGER.public_key().public_bytes_raw())}


def twice(forge: Forge, name: str, value: Any) -> bytes:
    """The claims with one of them given twice."""
    return dumped(forge.claims)[:-1] + b"," + dumped({name: value})[1:]


ATTACKS: dict[str, Attack] = {
    # The algorithm
    "alg none, no signature": lambda forge: forge.unsigned("none"),
    "alg None, no signature": lambda forge: forge.unsigned("None"),
    "alg none, with the good signature": lambda forge: (
        forge.unsigned("none").rstrip(".") + "." + forge.good.split(".")[2]
    ),
    "alg missing": lambda forge: forge.with_header(alg=None),
    "alg EdDSA, a name that auth does not use": lambda forge: forge.with_header(alg="EdDSA"),
    "HS256 with the public key as PEM": lambda forge: forge.by_hmac(forge.public_pem),
    "HS256 with the public key as bytes": lambda forge: forge.by_hmac(forge.public_raw),
    # The key
    "a stranger's key under the good kid": lambda forge: Forge(forge.good, STRANGER).with_claims(),
    "kid unknown": lambda forge: forge.with_header(kid="unknown"),
    "kid like a path": lambda forge: forge.with_header(kid="../../../../dev/null"),
    "kid like a query": lambda forge: forge.with_header(kid="' OR '1'='1"),
    "kid no text": lambda forge: forge.with_header(kid=["x"]),
    "kid missing": lambda forge: forge.with_header(kid=None),
    "jku": lambda forge: forge.with_header(jku="https://attacker.example/jwks.json"),
    "x5u": lambda forge: forge.with_header(x5u="https://attacker.example/key.pem"),
    "x5c": lambda forge: forge.with_header(x5c=["MIIB"]),
    "jwk of a stranger, who signs": lambda forge: Forge(forge.good, STRANGER).with_header(jwk=STRANGERS_JWK),
    # The header
    "crit": lambda forge: forge.with_header(crit=["exp"]),
    "crit of what is unknown": lambda forge: forge.with_header(crit=["x"], x=1),
    "b64 false": lambda forge: forge.with_header(b64=False, crit=["b64"]),
    "zip": lambda forge: forge.with_header(zip="DEF"),
    "typ JWT": lambda forge: forge.with_header(typ="JWT"),
    "typ of a service's token": lambda forge: forge.with_header(typ="service+jwt"),
    "typ in capitals": lambda forge: forge.with_header(typ=forge.header["typ"].upper()),
    "typ missing": lambda forge: forge.with_header(typ=None),
    "a member of the header twice": lambda forge: forge.sign(
        dumped(forge.header)[:-1] + b',"typ":"JWT"}', dumped(forge.claims)
    ),
    # For whom
    "another aud": lambda forge: forge.with_claims(aud="somebody"),
    "aud of the other kind": lambda forge: forge.with_claims(
        aud={"snowlight": "snowlight:media", "snowlight:media": "snowlight"}[forge.claims["aud"]]
    ),
    "aud a list": lambda forge: forge.with_claims(aud=[forge.claims["aud"]]),
    "aud missing": lambda forge: forge.with_claims(aud=None),
    # From whom
    "another iss": lambda forge: forge.with_claims(iss="https://attacker.example"),
    "iss of services": lambda forge: forge.with_claims(iss="urn:snowlight:service"),
    "iss missing": lambda forge: forge.with_claims(iss=None),
    # When
    "not yet valid": lambda forge: forge.with_claims(nbf=int(forge.claims["iat"]) + 3600),
    "nbf no number": lambda forge: forge.with_claims(nbf="now"),
    "no exp": lambda forge: forge.with_claims(exp=None),
    "exp as text": lambda forge: forge.with_claims(exp=str(forge.claims["exp"])),
    "exp a fraction": lambda forge: forge.with_claims(exp=forge.claims["exp"] + 0.5),
    "exp without end": lambda forge: forge.sign(
        dumped(forge.header), dumped(forge.claims).replace(b'"exp":', b'"exp":1e999,"was":')
    ),
    # Who
    "sub missing": lambda forge: forge.with_claims(sub=None),
    "sub no text": lambda forge: forge.with_claims(sub=1),
    # The bytes
    "a claim twice": lambda forge: forge.sign(dumped(forge.header), twice(forge, "sub", "principals/root")),
    "exp twice": lambda forge: forge.sign(dumped(forge.header), twice(forge, "exp", 1 << 40)),
    "claims a list": lambda forge: forge.sign(dumped(forge.header), dumped([forge.claims])),
    "claims no JSON": lambda forge: forge.sign(dumped(forge.header), b"{"),
    "claims nested deep": lambda forge: forge.sign(dumped(forge.header), b"[" * 2000 + b"]" * 2000),
    "oversize": lambda forge: forge.with_claims(padding="x" * 4000),
    "four parts": lambda forge: forge.good + ".AAAA",
    "two parts": lambda forge: forge.good.rpartition(".")[0],
    "no signature": lambda forge: forge.good.rpartition(".")[0] + ".",
    "the signature cut": lambda forge: forge.good[:-4],
    "the signature of other claims": lambda forge: (
        forge.good.rpartition(".")[0] + "." + forge.with_claims(jti="x").split(".")[2]
    ),
    "claims changed, signature kept": lambda forge: ".".join(
        (
            forge.good.split(".")[0],
            forge.with_claims(sub="principals/root").split(".")[1],
            forge.good.split(".")[2],
        )
    ),
    "empty": lambda forge: "a",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="site")
async def one_site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One site for all rows: none of them changes anything."""
    async with run_site(tmp_path_factory.mktemp("site"), live_wait_seconds=2) as running:
        await running.add_camera("gate")
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def token_forge(site: Site) -> Forge:
    async with auths_key(site) as key:
        return Forge(await site.token(), key)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ticket_forge(site: Site) -> Forge:
    async with auths_key(site) as key:
        return Forge(await site.ticket("gate", action="live"), key)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def over_http(site: Site, token: str) -> tuple[int, str]:
    """Status and code of a request with an access token."""
    status, answer = await site.call("GET", "/v1/regions", token)
    return status, answer.get("code", "")


async def over_grpc(site: Site, token: str) -> set[str]:
    """The codes with which auth's methods refuse an access token; "OK" where they do not."""
    outcomes = set()
    async with site.runtime.named("gateway").channel(site.runtime.cluster.auth_address) as channel:
        access: auth_pb2_grpc.AccessAsyncStub = auth_pb2_grpc.AccessStub(channel)
        sign_in: sign_in_pb2_grpc.SignInAsyncStub = sign_in_pb2_grpc.SignInStub(channel)
        calls: tuple[tuple[Any, Any], ...] = (
            (access.ListVisibleRegions, auth_pb2.ListVisibleRegionsRequest(access_token=token)),
            (
                access.Authorize,
                auth_pb2.AuthorizeRequest(
                    access_token=token, action="camera.read", region="regions/421381101203"
                ),
            ),
            (sign_in.ListSessions, sign_in_pb2.ListSessionsRequest(access_token=token)),
        )
        for call, request in calls:
            try:
                await call(request)
                outcomes.add("OK")
            except grpc.aio.AioRpcError as error:
                outcomes.add(error.code().name)
    return outcomes


async def with_ticket(site: Site, ticket: str) -> tuple[int, str]:
    """Status and code of a playlist's request."""
    status, answer = await site.call("GET", f"/hls/{ticket}/vod.m3u8")
    return status, answer.get("code", "")


async def test_what_is_forged_from_nothing_changed_is_let_in(
    site: Site, token_forge: Forge, ticket_forge: Forge
) -> None:
    """Else every row below would pass whatever the reason."""
    token, ticket = token_forge, ticket_forge
    assert await over_http(site, token.with_claims()) == (200, "")
    assert await over_grpc(site, token.with_claims()) == {"OK"}
    assert await with_ticket(site, ticket.with_claims()) == (403, "ticket.wrong_action")


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_wrong_access_token_is_refused(site: Site, token_forge: Forge, attack: str) -> None:
    token = ATTACKS[attack](token_forge)
    assert await over_http(site, token) == (401, "auth.token_invalid")
    assert await over_grpc(site, token) == {"UNAUTHENTICATED"}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_wrong_ticket_is_refused(site: Site, ticket_forge: Forge, attack: str) -> None:
    ticket = ATTACKS[attack](ticket_forge)
    status, _ = await with_ticket(site, ticket)
    assert status == 401


async def test_what_has_expired_is_told_to_be_that(
    site: Site, token_forge: Forge, ticket_forge: Forge
) -> None:
    token, ticket = token_forge, ticket_forge
    past = site.clock.now_ms() // 1000 - 1
    assert await over_http(site, token.with_claims(exp=past)) == (401, "auth.token_expired")
    assert await over_grpc(site, token.with_claims(exp=past)) == {"UNAUTHENTICATED"}
    assert await with_ticket(site, ticket.with_claims(exp=past)) == (410, "ticket.expired")


async def test_one_kind_of_token_is_not_taken_for_another(
    site: Site, token_forge: Forge, ticket_forge: Forge
) -> None:
    token, ticket = token_forge.good, ticket_forge.good
    form = {"grant_type": "password", "username": "chen", "password": PASSWORD}
    _, issued = await site.call("POST", "/v1/token", data=form)
    for wrong in (ticket, issued["refresh_token"], site.runtime.named("gateway").tokens.current("auth")):
        assert await over_http(site, wrong) == (401, "auth.token_invalid")
        assert await over_grpc(site, wrong) == {"UNAUTHENTICATED"}
    for wrong in (token, issued["refresh_token"], site.runtime.named("gateway").tokens.current("auth")):
        assert (await with_ticket(site, wrong))[0] == 401
    for wrong in (ticket, token):
        status, answer = await site.call(
            "POST", "/v1/token", data={"grant_type": "refresh_token", "refresh_token": wrong}
        )
        assert (status, answer["error"]) == (400, "invalid_grant")
    channel = grpc.aio.insecure_channel(site.runtime.cluster.auth_address)
    async with channel:
        access: auth_pb2_grpc.AccessAsyncStub = auth_pb2_grpc.AccessStub(channel)
        for wrong in (token, ticket):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await access.ListVisibleRegions(
                    auth_pb2.ListVisibleRegionsRequest(access_token=token),
                    metadata=[("authorization", f"Bearer {wrong}")],
                )
            assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_megabyte_of_header_is_refused_and_not_told_again(site: Site) -> None:
    async with site.http.get(
        "/v1/regions", headers={"Authorization": "Bearer " + "x" * (1 << 20)}
    ) as response:
        assert response.status == 431
        assert b"xxx" not in await response.read()
