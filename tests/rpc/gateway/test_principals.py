"""Rights given and taken over HTTP: whoever changes what has changed meanwhile is told so."""

from __future__ import annotations

from typing import Any

from snowlight.api.auth.v1 import audit_pb2
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


async def test_a_forgotten_password_is_reset_and_changed_at_the_next_sign_in(site: Site) -> None:
    path = f"/v1/{await site.principal('chen')}:resetPassword"
    for username in ("chen", "resident", "away"):
        status, _ = await site.call("POST", path, await site.token(username))
        assert status in (403, 404)
    watching = await site.token("chen")
    status, answer = await site.call("POST", path, await site.token("root"))
    assert (status, list(answer)) == (200, ["temporary_password"])
    temporary = answer["temporary_password"]
    assert (await site.call("GET", "/v1/sessions", watching))[0] == 401, "what they had open has ended"

    body = {"username": "chen", "password": temporary}
    status, answer = await site.call("POST", "/v1/session", json=body)
    assert (status, answer["code"], answer["field"]) == (403, "auth.password_must_change", "new_password")
    form = {"grant_type": "password", "username": "chen", "password": temporary}
    async with site.http.post("/v1/token", data=form) as refused:
        assert (refused.status, (await refused.json())["code"]) == (403, "auth.password_must_change")
    status, answer = await site.call("POST", "/v1/session", json=body | {"new_password": "short"})
    assert (status, answer["field"]) == (400, "new_password")
    status, answer = await site.call("POST", "/v1/session", json=body | {"new_password": PASSWORD})
    assert (status, "access_token" in answer) == (200, True)
    assert (await site.call("GET", "/v1/sessions", await site.token("chen")))[0] == 200
    records = await site.audit_log.ListAuditRecords(
        audit_pb2.ListAuditRecordsRequest(reader=audit_pb2.AuditReader(whole=True), page_size=1000)
    )
    assert any("given a temporary password" in record.detail for record in records.records)
    assert temporary not in str(records)
