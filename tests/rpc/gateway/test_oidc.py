"""People of another provider come in, and are here what the mapping says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from simulator.ports import free_port
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from tests.parts.callers import permitted_channel
from tests.rpc.gateway.oidc_provider import CLIENT_ID, Claims
from tests.rpc.gateway.oidc_world import FILE, Person, World, audit, run_world
from tests.rpc.gateway.people import COUNTY, OTHER, VILLAGE
from tests.rpc.gateway.site import run_site


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with run_world(tmp_path) as running:
        yield running


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
    "an organisation outside of the maximum": (
        {"groups": ["cadres"], "office": {"kind": "village", "name": "公安局"}, "region": COUNTY},
        "auth.oidc_beyond_maximum",
    ),
}


async def test_who_matches_no_rule_or_exceeds_the_maximum_stays_out(world: World) -> None:
    site, provider, person = world
    known = dict(provider.claims)
    for name, (claims, code) in REFUSED.items():
        provider.claims = known | claims
        assert await person.come_in() == (403, code), name
        assert await person.session() is None
    assert await audit(site) == []
    assert "your organisation there" in await told_why(person)


async def told_why(person: Person) -> str:
    async with person.http.get(await person.start()) as response:
        return await response.text()


@pytest.mark.parametrize(("algorithm", "key_id"), [("ES256", "ec"), ("EdDSA", "okp"), ("Ed25519", "okp")])
async def test_other_algorithms_that_are_taken(world: World, algorithm: str, key_id: str) -> None:
    _, provider, person = world
    provider.sign = lambda claims: provider.signed(claims, algorithm, key_id)
    assert await person.come_in() == (302, "/")


async def test_several_audiences_with_azp_are_taken(world: World) -> None:
    _, provider, person = world
    provider.claims |= {"aud": [CLIENT_ID, "x"], "azp": CLIENT_ID}
    assert await person.come_in() == (302, "/")


async def test_a_providers_new_key_is_fetched(world: World) -> None:
    site, provider, person = world
    assert await person.come_in() == (302, "/")
    provider.keys.keys.append(RSAKey.generate_key(2048, parameters={"kid": "new"}))
    provider.sign = lambda claims: provider.signed(claims, "RS256", "new")
    site.clock.ahead_s += 11
    assert await person.come_in() == (302, "/")


@pytest.mark.parametrize("named", [True, False])
async def test_a_key_that_was_replaced_under_its_id_or_has_none_is_fetched(world: World, named: bool) -> None:
    site, provider, person = world
    provider.sign = lambda claims: provider.signed(claims, "RS256", "rsa", named=named)
    assert await person.come_in() == (302, "/")
    provider.replace_rsa()
    for _ in range(3):
        assert await person.come_in() == (401, "auth.oidc_refused")
    assert provider.keys_told == 1, "not more than once in ten seconds"
    site.clock.ahead_s += 11
    assert await person.come_in() == (302, "/")
    assert await person.come_in() == (302, "/")
    assert provider.keys_told == 2


async def test_who_is_disabled_here_stays_out_and_nobody_has_a_password(world: World) -> None:
    site, _, person = world
    await person.come_in()
    body = {"username": "carrier:u-1", "password": "whatever it is"}
    assert (await site.call("POST", "/v1/session", json=body))[0] == 401
    session = await person.session()
    assert session is not None
    change = auth_pb2.UpdatePrincipalRequest(
        principal=auth_pb2.Principal(name=session["principal"]["name"], disabled=True)
    )
    change.update_mask.paths.append("disabled")
    async with permitted_channel(site.runtime, site.runtime.cluster.auth_address) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        await directory.UpdatePrincipal(change)
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
