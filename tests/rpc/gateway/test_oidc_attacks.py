"""Nobody else comes in by the way of a provider's people."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from tests.rpc.gateway.oidc_provider import CLIENT_ID, CLIENT_SECRET, Claims, OidcProvider
from tests.rpc.gateway.oidc_world import Person, World, audit, browser, run_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with run_world(tmp_path) as running:
        yield running


STRANGER = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
Bent = Callable[[OidcProvider, Claims], str]


def rs256(provider: OidcProvider, claims: Claims) -> str:
    told = {name: value for name, value in claims.items() if value is not None}
    return provider.signed(told, "RS256", "rsa")


def with_key(key: Any, algorithm: str) -> Bent:
    def sign(_provider: OidcProvider, claims: Claims) -> str:
        header = {"alg": algorithm, "kid": "rsa"}
        return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[algorithm])

    return sign


def hs256_with_public_key(provider: OidcProvider, claims: Claims) -> str:
    public = next(key for key in provider.keys.keys if key.kid == "rsa").as_dict(private=False)
    return with_key(OctKey.import_key(json.dumps(public)), "HS256")(provider, claims)


def unsigned(provider: OidcProvider, claims: Claims) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"rsa"}').decode().rstrip("=")
    return f"{header}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."


def claim_twice(provider: OidcProvider, claims: Claims) -> str:
    key = next(key for key in provider.keys.keys if key.kid == "rsa")
    body = json.dumps(claims)[:-1].encode() + b', "sub": "root"}'
    return jws.serialize_compact({"alg": "RS256", "kid": "rsa"}, body, key, algorithms=["RS256"])


BENT: dict[str, Bent] = {
    "wrong nonce": lambda provider, claims: rs256(provider, claims | {"nonce": "another"}),
    "no nonce": lambda provider, claims: rs256(provider, claims | {"nonce": None}),
    "nonce no text": lambda provider, claims: rs256(provider, claims | {"nonce": 1}),
    "wrong aud": lambda provider, claims: rs256(provider, claims | {"aud": "another"}),
    "no aud": lambda provider, claims: rs256(provider, claims | {"aud": None}),
    "several aud and no azp": lambda provider, claims: rs256(provider, claims | {"aud": [CLIENT_ID, "x"]}),
    "azp of another": lambda provider, claims: rs256(provider, claims | {"azp": "another"}),
    "wrong iss": lambda provider, claims: rs256(provider, claims | {"iss": "https://id.example"}),
    "expired": lambda provider, claims: rs256(provider, claims | {"exp": claims["iat"] - 61}),
    "no exp": lambda provider, claims: rs256(provider, claims | {"exp": None}),
    "issued in the future": lambda provider, claims: rs256(provider, claims | {"iat": claims["iat"] + 3600}),
    "nbf in the future": lambda provider, claims: rs256(provider, claims | {"nbf": claims["iat"] + 3600}),
    "nbf no number": lambda provider, claims: rs256(provider, claims | {"nbf": "now"}),
    "no sub": lambda provider, claims: rs256(provider, claims | {"sub": None}),
    "sub empty": lambda provider, claims: rs256(provider, claims | {"sub": ""}),
    "sub with a line break": lambda provider, claims: rs256(provider, claims | {"sub": "a\nb"}),
    "sub without end": lambda provider, claims: rs256(provider, claims | {"sub": "x" * 256}),
    "alg none": unsigned,
    "HS256 with the client's secret": with_key(OctKey.import_key(CLIENT_SECRET), "HS256"),
    "HS256 with the public key": hs256_with_public_key,
    "PS256, which is not taken": lambda provider, claims: provider.signed(claims, "PS256", "rsa"),
    "a stranger's key": with_key(STRANGER, "RS256"),
    "kid of another kind of key": lambda provider, claims: rs256(provider, claims).replace(
        rs256(provider, claims).split(".")[0], provider.signed(claims, "ES256", "ec").split(".")[0]
    ),
    "a claim twice": claim_twice,
    "oversize": lambda provider, claims: rs256(provider, claims | {"padding": "x" * 20_000}),
    "no token": lambda provider, claims: "",
    "garbage": lambda provider, claims: "a.b.c",
}


async def test_an_id_token_that_is_wrong_lets_nobody_in(world: World) -> None:
    site, provider, person = world
    for name, bent in BENT.items():
        provider.sign = lambda claims, bent=bent: bent(provider, claims)  # type: ignore[misc]
        assert await person.come_in() == (401, "auth.oidc_refused"), name
        assert await person.session() is None
    assert await audit(site) == []
    provider.sign = lambda claims: rs256(provider, claims)
    assert await person.come_in() == (302, "/"), "and a good one does"


async def test_a_sign_in_is_finished_by_the_browser_that_began_it(world: World) -> None:
    site, _, attacker = world
    back = await attacker.start()
    async with browser(site) as victim:
        assert await victim.come_back(back) == (401, "auth.oidc_refused")
        await victim.start()  # the victim has begun one of their own, so has a cookie
        assert await victim.come_back(back) == (401, "auth.oidc_refused")
        assert await victim.session() is None


async def test_anothers_code_is_of_no_use(world: World) -> None:
    site, _, attacker = world
    async with browser(site) as victim:
        code = dict(part.split("=") for part in (await victim.start()).partition("?")[2].split("&"))["code"]
    own = await attacker.start()
    own_code = dict(part.split("=") for part in own.partition("?")[2].split("&"))["code"]
    assert await attacker.come_back(own.replace(own_code, code)) == (401, "auth.oidc_refused")
    assert await attacker.session() is None


async def test_a_code_works_once_even_when_the_provider_would_take_it_again(world: World) -> None:
    site, provider, person = world
    for single_use in (True, False):
        provider.single_use = single_use
        back = await person.start()
        kept = {cookie.key: cookie.value for cookie in person.http.cookie_jar}["snowlight_oidc"]
        assert await person.come_back(back) == (302, "/")
        assert await person.come_back(back) == (401, "auth.oidc_refused"), "the cookie is gone"
        async with aiohttp.ClientSession(site.url, cookies={"snowlight_oidc": kept}) as http:
            assert await Person(site, http).come_back(back) == (401, "auth.oidc_refused")


async def test_what_takes_too_long_or_comes_from_elsewhere_is_refused(world: World) -> None:
    site, provider, person = world
    provider.answers_issuer = "https://id.example"  # RFC 9207: another provider's answer
    assert await person.come_in() == (401, "auth.oidc_refused")
    provider.answers_issuer = ""
    for path in ("/v1/oidc/callback", "/v1/oidc/callback?error=access_denied&state=x"):
        assert await person.come_back(path) == (401, "auth.oidc_refused")
    assert await person.come_back("/v1/oidc/callback?code=a&code=b") == (400, "request.invalid")
    assert await person.come_back("/v1/oidc/start?provider=unknown") == (404, "auth.oidc_unknown")
    back = await person.start()
    site.clock.ahead_s += 601
    assert await person.come_back(back) == (401, "auth.oidc_refused")
