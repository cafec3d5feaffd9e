"""A plain link of the console loads an export, by a cookie for reading exports and nothing else."""

from __future__ import annotations

import hashlib
import json
from http.cookies import Morsel
from typing import Any

import pytest

from tests.parts.password import PASSWORD
from tests.rpc.gateway.exporting import Yard, settle_yard
from tests.rpc.gateway.site import Site

COOKIE = "snowlight_download"


@pytest.fixture
async def yard(site: Site) -> Yard:
    return await settle_yard(site)


async def sign_in(site: Site, username: str = "root") -> Morsel[str]:
    """As the console does; the links' cookie."""
    async with site.http.post("/v1/session", json={"username": username, "password": PASSWORD}) as answer:
        assert answer.status == 200, await answer.text()
        return answer.cookies[COOKIE]


async def follow(site: Site, path: str, **headers: str) -> tuple[int, bytes]:
    """Status and body of a request without a token, as a link makes it."""
    async with site.http.get(path, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_a_link_loads_what_a_token_would_and_it_is_on_record(yard: Yard) -> None:
    site = yard.site
    export = await yard.done("gate")
    [file] = export["files"]
    path = f"/v1/{export['name']}/download?file={file['file']}"
    assert (await follow(site, path))[0] == 401
    cookie = await sign_in(site)
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/v1/exports", "Strict", True)
    assert 0 < int(cookie["max-age"]) <= 600
    # Decisions alone: what was loaded is on record as well, but when the gateway next renews the ticket.
    before = len(await site.audit(action="export", event="decision"))
    status, data = await follow(site, path, **{"Sec-Fetch-Site": "same-origin"})
    assert (status, hashlib.sha256(data).hexdigest()) == (200, file["sha256"])
    assert await follow(site, path, Range="bytes=5-8") == (206, data[5:9])
    async with site.http.head(path) as head:
        assert (head.status, head.content_length) == (200, len(data))
    records = await site.audit(action="export", event="decision")
    assert len(records) == before + 3
    assert {record.principal for record in records} == {await site.principal("root")}
    status, manifest = await follow(site, f"/v1/{export['name']}/manifest")
    assert (status, json.loads(manifest)["export"]) == (200, export["name"])
    assert (await follow(site, f"/v1/{export['name']}/signature"))[0] == 200


async def test_it_is_good_for_nothing_else(yard: Yard) -> None:
    site = yard.site
    export = await yard.done("gate")
    download = f"/v1/{export['name']}/download"
    await sign_in(site)
    assert (await follow(site, "/v1/exports"))[0] == 401
    assert (await follow(site, f"/v1/{export['name']}"))[0] == 401
    assert (await site.call("POST", "/v1/exports", json=yard.wish("gate")))[0] == 401
    assert (await site.call("POST", f"/v1/{export['name']}:cancel"))[0] == 401
    for page in ("cross-site", "same-site"):
        status, answer = await follow(site, download, **{"Sec-Fetch-Site": page})
        assert (status, json.loads(answer)["code"]) == (401, "auth.foreign_page")
    bad: dict[str, Any] = {"Authorization": "Bearer x"}
    assert (await follow(site, download, **bad))[0] == 401, "a header that is wrong is not made good by it"
    assert (await follow(site, download))[0] == 200


async def test_it_has_the_rights_of_who_signed_in(yard: Yard) -> None:
    export = await yard.done("gate")
    await sign_in(yard.site, "chen")
    assert (await follow(yard.site, f"/v1/{export['name']}/download"))[0] == 404


async def test_after_signing_out_a_link_loads_nothing(yard: Yard) -> None:
    site = yard.site
    export = await yard.done("gate")
    path = f"/v1/{export['name']}/download"
    cookie = await sign_in(site)
    assert (await follow(site, path))[0] == 200
    async with site.http.delete("/v1/session", headers={"X-Snowlight-Session": "renew"}) as answer:
        assert (answer.status, answer.cookies[COOKIE].value) == (204, "")
    assert (await follow(site, path))[0] == 401
    assert (await follow(site, path, Cookie=f"{COOKIE}={cookie.value}"))[0] == 401, "kept by somebody"
