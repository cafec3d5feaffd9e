"""A creation repeated with its Idempotency-Key makes nothing twice, whichever gateway is asked."""

import asyncio
from typing import Any

import aiohttp

from tests.parts.password import PASSWORD
from tests.rpc.gateway.people import VILLAGE
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.street import DAY_MS, MINUTE_MS, Street

BODY = {"display_name": "a", "region": VILLAGE, "source_url": "rtsp://u:p@10.0.0.1/a"}


async def create(
    site: Site, key: str, username: str = "root", path: str = "/v1/cameras", **fields: Any
) -> tuple[int, Any]:
    return await site.call(
        "POST", path, await site.token(username), json=BODY | fields, headers={"Idempotency-Key": key}
    )


async def count(site: Site) -> int:
    return int((await site.call("GET", "/v1/cameras", await site.token("root")))[1]["total_size"])


async def test_the_same_once_more_is_answered_with_what_the_first_has_made(site: Site) -> None:
    status, first = await create(site, '"one"')
    assert status == 200
    assert (await create(site, '"one"'))[1] == first
    assert (await create(site, "one"))[1] == first, "bare, as most clients write it"
    token = await site.token("root")
    async with site.another_gateway() as url, aiohttp.ClientSession(url) as http:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": '"one"'}
        async with http.post("/v1/cameras", json=dict(reversed(BODY.items())), headers=headers) as answer:
            assert (await answer.json())["uid"] == first["uid"]
    assert await count(site) == 1
    assert (await create(site, '"two"'))[1]["uid"] != first["uid"]
    assert (await create(site, '"one"', "second"))[1]["uid"] != first["uid"], "a key is its caller's"


async def test_attempts_at_one_moment_make_one_camera(site: Site) -> None:
    token = await site.token("root")
    answers = await asyncio.gather(
        *(
            site.call("POST", "/v1/cameras", token, json=BODY, headers={"Idempotency-Key": "k"})
            for _ in range(8)
        )
    )
    assert {status for status, _ in answers} == {200}
    assert len({camera["uid"] for _, camera in answers}) == 1
    assert await count(site) == 1


async def test_another_body_under_the_same_key_is_refused(site: Site) -> None:
    await create(site, "k")
    for fields in ({"display_name": "b"}, {"source_url": "rtsp://u:q@10.0.0.1/a"}):
        status, problem = await create(site, "k", **fields)
        assert (status, problem["code"]) == (422, "request.id_reused")
    assert (await create(site, "k", path="/v1/cameras?camera_id=x"))[0] == 422
    assert await count(site) == 1


async def test_what_was_refused_may_be_asked_for_again(site: Site) -> None:
    assert (await create(site, "k", region="regions/429999"))[0] == 400
    assert (await create(site, "k"))[0] == 200


async def test_a_key_is_kept_for_a_day(site: Site) -> None:
    _, first = await create(site, "k")
    await site.pass_time(86_000)
    assert (await create(site, "k"))[1]["uid"] == first["uid"]
    await site.pass_time(401)
    assert (await create(site, "k"))[1]["uid"] != first["uid"]


async def test_what_was_deleted_is_not_made_anew(site: Site) -> None:
    _, first = await create(site, "k")
    path = f"/v1/{first['name']}"
    assert (await site.call("DELETE", path, await site.token("root")))[0] == 204
    assert (await create(site, "k"))[0] == 404
    assert await count(site) == 0


async def test_holds_are_made_once_too(site: Site) -> None:
    await site.add_camera("gate-1")
    body = {
        "camera": "cameras/gate-1",
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T01:00:00Z",
        "case_number": "A1",
        "reason": "theft",
    }
    root = await site.token("root")
    headers = {"Idempotency-Key": "h"}
    first = await site.call("POST", "/v1/holds", root, json=body, headers=headers)
    assert first[0] == 200
    assert await site.call("POST", "/v1/holds", root, json=body, headers=headers) == first
    other = await site.call("POST", "/v1/holds", root, json=body | {"reason": "x"}, headers=headers)
    assert (other[0], other[1]["code"]) == (422, "request.id_reused")


async def test_what_auth_makes_is_made_once_too(street: Street) -> None:
    window = {"window_start": street.ahead(-2 * MINUTE_MS), "window_end": street.ahead(-MINUTE_MS)}
    consent = {"audience": {"principal": await street.name("chen")}, "end_time": street.ahead(DAY_MS)}
    bodies: dict[str, tuple[str, str, dict[str, Any]]] = {
        "principals": (
            "root",
            "display_name",
            {"username": "new", "line": "GOVERNMENT", "roles": ["VIEWER"], "scope": VILLAGE}
            | {"password": PASSWORD},
        ),
        "jurisdictions": ("root", "reason", {"display_name": "a", "region": VILLAGE, "regions": [VILLAGE]}),
        "consents": ("owner", "paper_reference", {"camera": "cameras/home", "actions": ["live"]} | consent),
        "grants": (
            "wang",
            "reason",
            {"kind": "case", "cameras": ["cameras/home"], "actions": ["live"]}
            | {"case_number": "A1", "duration_s": 3600},
        ),
        "subjectRequests": (
            "wang",
            "reason",
            {"camera": "cameras/home", "applicant_reference": "a", "identity_checked_by": "b"} | window,
        ),
        "wall_layouts": ("root", "display_name", {"tiles": 1}),
    }
    async with street.site.another_gateway() as url, aiohttp.ClientSession(url) as other:
        for kind, (by, text, fields) in bodies.items():
            body = fields | {text: "one"}
            token, headers = await street.site.token(by), {"Idempotency-Key": "k"}
            path = f"/v1/{kind}"
            status, first = await street.site.call("POST", path, token, json=body, headers=headers)
            assert status == 200, (kind, first)
            headers |= {"Authorization": f"Bearer {token}"}
            async with other.post(path, json=body, headers=headers) as answer:
                assert (answer.status, await answer.json()) == (200, first), kind
            async with other.post(path, json=body | {text: "two"}, headers=headers) as answer:
                assert (answer.status, (await answer.json())["code"]) == (422, "request.id_reused"), kind
            status, refused = await street.site.call(
                "POST", path, token, json=body, headers={"Idempotency-Key": ""}
            )
            assert (status, refused["field"]) == (400, "Idempotency-Key"), kind


async def test_a_key_that_is_none_is_refused(site: Site) -> None:
    for key in ("", '""', '"a', "é", "x" * 256, 'a"b'):
        status, problem = await create(site, key)
        assert (status, problem["field"]) == (400, "Idempotency-Key"), key
