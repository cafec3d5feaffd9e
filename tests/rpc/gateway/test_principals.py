"""Rights given and taken over HTTP: whoever changes what has changed meanwhile is told so."""

from __future__ import annotations

from typing import Any

from tests.parts.password import PASSWORD
from tests.rpc.gateway.people import VILLAGE
from tests.rpc.gateway.site import Site


async def created(site: Site, path: str, body: dict[str, Any]) -> dict[str, Any]:
    status, answer = await site.call("POST", path, await site.token("root"), json=body)
    assert status == 200, answer
    assert isinstance(answer, dict)
    return answer


async def test_a_stale_change_of_a_principal_is_refused(site: Site) -> None:
    token = await site.token("root")
    principal = await created(
        site,
        "/v1/principals",
        {
            "username": "newcomer",
            "password": PASSWORD,
            "line": "GOVERNMENT",
            "roles": ["VIEWER"],
            "scope": VILLAGE,
        },
    )
    path, stale = f"/v1/{principal['name']}", {"If-Match": f'"{principal["etag"]}"'}
    status, changed = await site.call("PATCH", path, token, headers=stale, json={"display_name": "甲"})
    assert (status, changed["display_name"]) == (200, "甲")
    assert changed["etag"] != principal["etag"]
    status, answer = await site.call("PATCH", path, token, headers=stale, json={"display_name": "乙"})
    assert (status, answer["code"]) == (412, "auth.principal_changed")
    body = {"display_name": "乙", "etag": principal["etag"]}
    assert (await site.call("PATCH", path, token, json=body))[0] == 409
    assert (await site.call("GET", path, token))[1]["display_name"] == "甲"


async def test_a_stale_change_of_a_jurisdiction_is_refused(site: Site) -> None:
    token = await site.token("root")
    body: dict[str, Any] = {"display_name": "节日", "region": VILLAGE, "regions": [VILLAGE], "reason": "duty"}
    made = await created(site, "/v1/jurisdictions", body)
    path, stale = f"/v1/{made['name']}", {"If-Match": f'"{made["etag"]}"'}
    assert (await site.call("PUT", path, token, headers=stale, json=body | {"reason": "more"}))[0] == 200
    status, answer = await site.call("PUT", path, token, headers=stale, json=body)
    assert (status, answer["code"]) == (412, "auth.jurisdiction_changed")
    assert (await site.call("PUT", path, token, json=body | {"etag": made["etag"]}))[0] == 409
    assert (await site.call("DELETE", path, token))[0] == 204
    assert (await site.call("DELETE", path, token))[0] == 404


async def test_the_etag_is_in_the_header_too(site: Site) -> None:
    headers = {"Authorization": f"Bearer {await site.token('root')}"}
    async with site.http.get("/v1/principals?page_size=1", headers=headers) as answer:
        [first] = (await answer.json())["principals"]
    async with site.http.get(f"/v1/{first['name']}", headers=headers) as answer:
        assert answer.headers["ETag"] == f'"{first["etag"]}"'
