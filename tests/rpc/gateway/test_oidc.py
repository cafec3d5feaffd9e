"""People of another provider come in, and nobody else by their way."""

import base64
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from tests.rpc.gateway.oidc_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    Claims,
    OidcProvider,
    run_provider,
)
from tests.rpc.gateway.site import COUNTY, OTHER, VILLAGE, Site, free_port, run_site

RENEW = {"X-Snowlight-Session": "renew"}
FILE = """
[[provider]]
name = "carrier"
issuer = "{issuer}"
client_id = "snowlight"
client_secret_file = "{secret}"
redirect_uri = "{redirect_uri}"

[provider.maximum]
lines = ["carrier", "government"]
roles = ["viewer", "operator"]
scope = "regions/421381"

[[provider.rule]]
when = {{ groups = "operators" }}
line = "carrier"
roles = ["operator"]
scope = "regions/421381"
organisation = "Carrier of the county"

[[provider.rule]]
when = {{ groups = ["cadres", "officials"], "office.kind" = "village" }}
line = "government"
roles = ["viewer"]
scope_claim = "region"
organisation_claim = "office.name"
"""


class Person:
    """A browser of its own."""

    def __init__(self, site: Site, http: aiohttp.ClientSession) -> None:
        self.site = site
        self.http = http

    async def start(self) -> str:
        """Go to the provider, and stop where it leads back to: path and query."""
        async with self.http.get("/v1/oidc/start", allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            cookie = response.headers["Set-Cookie"]
            for attribute in ("HttpOnly", "SameSite=Lax", "Path=/v1/oidc", "Max-Age=600"):
                assert attribute in cookie
            location = response.headers["Location"]
        async with self.http.get(location, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            return response.headers["Location"].removeprefix(self.site.url)

    async def come_back(self, path: str) -> tuple[int, str]:
        """Status, and the problem's code or where it leads to."""
        async with self.http.get(path, allow_redirects=False) as response:
            if response.status == 302:
                return 302, response.headers["Location"]
            return response.status, str((await response.json(content_type=None))["code"])

    async def come_in(self) -> tuple[int, str]:
        """All the way."""
        return await self.come_back(await self.start())

    async def session(self) -> dict[str, Any] | None:
        """The console's session, when there is one."""
        async with self.http.post("/v1/session", headers=RENEW) as response:
            return dict(await response.json()) if response.status == 200 else None


@asynccontextmanager
async def browser(site: Site) -> AsyncIterator[Person]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(site.url, cookie_jar=jar) as http:
        yield Person(site, http)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[tuple[Site, OidcProvider, Person]]:
    port, provider_port = free_port(), free_port()
    redirect_uri = f"http://127.0.0.1:{port}/v1/oidc/callback"
    async with run_provider(redirect_uri, provider_port) as provider:
        secret, file = tmp_path / "secret", tmp_path / "oidc.toml"
        secret.write_text(CLIENT_SECRET + "\n")
        file.write_text(FILE.format(issuer=provider.issuer, secret=secret, redirect_uri=redirect_uri))
        async with (
            run_site(tmp_path / "site", port=port, auth_settings={"oidc_file": file}) as site,
            browser(site) as person,
        ):
            yield site, provider, person


World = tuple[Site, OidcProvider, Person]


async def audit(site: Site) -> list[auth_pb2.AuditRecord]:
    async with site.runtime.channel(site.runtime.cluster.auth_address) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        answer = await directory.ListAuditRecords(auth_pb2.ListAuditRecordsRequest())
        return [record for record in answer.records if record.action == "principal.map"]


async def test_who_the_provider_knows_comes_in_as_a_rule_says(world: World) -> None:
    site, _, person = world
    assert await person.come_in() == (302, "/")
    session = await person.session()
    assert session is not None
    principal = session["principal"]
    assert (principal["display_name"], principal["line"], principal["roles"], principal["scope"]) == (
        "王五",
        "CARRIER",
        ["OPERATOR"],
        COUNTY,
    )
    _, listed = await site.call("GET", "/v1/sessions", session["access_token"])
    assert [(one["way"], one["current"]) for one in listed["sessions"]] == [("oidc", True)]
    (record,) = await audit(site)
    assert record.detail == f"{principal['name']} created by provider carrier: carrier, operator, {COUNTY}"


async def test_a_browser_is_led_there_and_back_and_the_second_time_is_the_same_person(world: World) -> None:
    site, _, person = world
    for _ in range(2):
        async with person.http.get("/v1/oidc/start?provider=carrier") as response:
            assert response.url.path == "/"
            assert len(response.history) == 3
    assert len(await audit(site)) == 1


async def test_what_somebody_is_follows_their_claims(world: World) -> None:
    site, provider, person = world
    await person.come_in()
    before = await person.session()
    office = {"kind": "village", "name": "应山村委会"}
    provider.claims |= {"groups": ["cadres"], "office": office, "region": VILLAGE.removeprefix("regions/")}
    await person.come_in()
    after = await person.session()
    assert before is not None
    assert after is not None
    assert after["principal"]["name"] == before["principal"]["name"]
    assert (after["principal"]["line"], after["principal"]["scope"]) == ("GOVERNMENT", VILLAGE)
    assert [record.organisation for record in await audit(site)] == ["应山村委会", "Carrier of the county"]


REFUSED: dict[str, tuple[Claims, str]] = {
    "no rule": ({"groups": ["visitors"]}, "auth.oidc_no_rule"),
    "no groups": ({"groups": None}, "auth.oidc_no_rule"),
    "groups no list": ({"groups": {"operators": True}}, "auth.oidc_no_rule"),
    "half a rule": ({"groups": ["cadres"], "region": VILLAGE}, "auth.oidc_no_rule"),
    "a region outside of the maximum": (
        {"groups": ["cadres"], "office": {"kind": "village"}, "region": OTHER},
        "auth.oidc_beyond_maximum",
    ),
    "a region that does not exist": (
        {"groups": ["cadres"], "office": {"kind": "village"}, "region": "999999"},
        "auth.oidc_beyond_maximum",
    ),
    "no region": ({"groups": ["cadres"], "office": {"kind": "village"}}, "auth.oidc_no_rule"),
}


async def test_who_matches_no_rule_or_exceeds_the_maximum_stays_out(world: World) -> None:
    site, provider, person = world
    known = dict(provider.claims)
    for name, (claims, code) in REFUSED.items():
        provider.claims = known | claims
        assert await person.come_in() == (403, code), name
        assert await person.session() is None
    assert await audit(site) == []


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


@pytest.mark.parametrize(("algorithm", "key_id"), [("ES256", "ec"), ("EdDSA", "okp"), ("Ed25519", "okp")])
async def test_other_algorithms_that_are_taken(world: World, algorithm: str, key_id: str) -> None:
    _, provider, person = world
    provider.sign = lambda claims: provider.signed(claims, algorithm, key_id)
    assert await person.come_in() == (302, "/")


async def test_several_audiences_with_azp_are_taken(world: World) -> None:
    _, provider, person = world
    provider.claims |= {"aud": [CLIENT_ID, "x"], "azp": CLIENT_ID}
    assert await person.come_in() == (302, "/")


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
    back = await person.start()
    site.clock.ahead_s += 601
    assert await person.come_back(back) == (401, "auth.oidc_refused")
    site.clock.ahead_s = 0
    provider.answers_issuer = "https://id.example"  # RFC 9207: another provider's answer
    assert await person.come_in() == (401, "auth.oidc_refused")
    provider.answers_issuer = ""
    for path in ("/v1/oidc/callback", "/v1/oidc/callback?error=access_denied&state=x"):
        assert await person.come_back(path) == (401, "auth.oidc_refused")
    assert await person.come_back("/v1/oidc/callback?code=a&code=b") == (400, "request.invalid")
    assert await person.come_back("/v1/oidc/start?provider=unknown") == (404, "auth.oidc_unknown")


async def test_a_providers_new_key_is_fetched(world: World) -> None:
    site, provider, person = world
    assert await person.come_in() == (302, "/")
    provider.keys.keys.append(RSAKey.generate_key(2048, parameters={"kid": "new"}))
    provider.sign = lambda claims: provider.signed(claims, "RS256", "new")
    site.clock.ahead_s += 11
    assert await person.come_in() == (302, "/")


async def test_who_is_disabled_here_stays_out_and_nobody_has_a_password(world: World) -> None:
    site, _, person = world
    await person.come_in()
    body = {"username": "carrier:u-1", "password": "whatever it is"}
    assert (await site.call("POST", "/v1/session", json=body))[0] == 401
    with sqlite3.connect(site.runtime.cluster.data_dir / "auth.db", timeout=10) as database:
        database.execute("UPDATE principals SET disabled = 1 WHERE username = 'carrier:u-1'")
    database.close()
    assert await person.come_in() == (403, "auth.principal_disabled")
    assert await person.session() is None


async def test_while_the_provider_is_away_that_is_said(tmp_path: Path) -> None:
    secret, file = tmp_path / "secret", tmp_path / "oidc.toml"
    secret.write_text("x")
    issuer = f"http://127.0.0.1:{free_port()}"
    file.write_text(FILE.format(issuer=issuer, secret=secret, redirect_uri="http://127.0.0.1:1/cb"))
    async with run_site(tmp_path / "site", auth_settings={"oidc_file": file}) as site:
        status, answer = await site.call("GET", "/v1/oidc/start")
        assert (status, answer["code"]) == (503, "auth.oidc_unavailable")
        assert issuer not in answer["detail"]
