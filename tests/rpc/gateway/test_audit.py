"""The audit over HTTP."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from tests.rpc.gateway.site import Site

CANARY = '=1+1 丢牛, "找"'


async def audit(site: Site, token: str, **query: str) -> list[dict[str, Any]]:
    status, answer = await site.call("GET", "/v1/audit", token, params=query)
    assert status == 200, answer
    records: list[dict[str, Any]] = answer["records"]
    return records


async def test_an_auditor_sees_who_looked_and_others_do_not(site: Site) -> None:
    uid = await site.add_camera("gate")
    await site.ticket("gate", action="live", purpose=CANARY)
    status, _ = await site.call(
        "POST", "/v1/cameras/gate/tickets", await site.token("auditor"), json={"action": "live"}
    )
    assert status in (403, 404)
    auditor = await site.token("auditor")
    looked = (await audit(site, auditor, camera="cameras/gate"))[-1]
    assert (looked["action"], looked["camera_uid"], looked["purpose"]) == ("live", uid, CANARY)
    assert (looked["allowed"], looked["region"], looked["tier"]) == (True, "421381101203", 5)
    assert looked["remote_address"] == "127.0.0.1"
    assert (looked["day"], len(looked["hash"])) == (looked["time"][:10], 64)
    assert await audit(site, auditor, camera=uid) == await audit(site, auditor, camera="cameras/gate")
    assert await audit(site, auditor, camera="cameras/none") == []
    assert await audit(site, auditor, principal=looked["principal"], action="live", start=looked["time"])
    for username in ("root", "chen", "resident", "away"):
        status, answer = await site.call("GET", "/v1/audit", await site.token(username))
        assert (status, answer["code"][:5]) == (403, "auth.")
    assert (await site.call("GET", "/v1/audit"))[0] == 401
    assert (await site.call("GET", "/v1/audit:export?format=csv"))[0] == 401


async def test_pages_go_on_where_the_one_before_ended(site: Site) -> None:
    await site.add_camera("gate")
    for number in range(5):
        await site.ticket("gate", action="live", purpose=str(number))
    auditor = await site.token("auditor")
    found: list[str] = []
    token = ""
    while token or not found:
        query = {"page_size": "2", "action": "live"} | ({"page_token": token} if token else {})
        status, answer = await site.call("GET", "/v1/audit", auditor, params=query)
        assert status == 200
        found += [record["purpose"] for record in answer["records"]]
        token = answer["next_page_token"]
    assert found == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/audit?page_size=0", "page_size"),
        ("/v1/audit?page_size=1001", "page_size"),
        ("/v1/audit?page_token=x", "page_token"),
        ("/v1/audit?start=yesterday", "start"),
        ("/v1/audit?start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:00Z", "end"),
        ("/v1/audit?end=", "end"),
        ("/v1/audit?principal=li", "principal"),
        ("/v1/audit?action=%00", "action"),
        ("/v1/audit?camera=a%2Fb", "camera"),
        ("/v1/audit?camera=" + "x" * 501, "camera"),
        ("/v1/audit?camera=a&camera=b", "camera"),
        ("/v1/audit?region=421381", "region"),
        ("/v1/audit:export", "format"),
        ("/v1/audit:export?format=xls", "format"),
        ("/v1/audit:export?format=csv&page_size=5", "page_size"),
        ("/v1/audit:export?format=csv&purpose=" + "x" * 501, "purpose"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_its_name(site: Site, path: str, field: str) -> None:
    status, answer = await site.call("GET", path, await site.token("auditor"))
    assert (status, answer.get("field")) == (400, field), answer


async def test_the_audit_is_taken_as_csv_and_as_json_lines(site: Site) -> None:
    await site.add_camera("gate")
    for _ in range(2):
        await site.ticket("gate", action="live", purpose=CANARY)
    headers = {"Authorization": f"Bearer {await site.token('auditor')}"}
    path = "/v1/audit:export?purpose=year&action=live&format="
    async with site.http.get(path + "csv", headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/csv")
        assert response.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
        rows = list(csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert [row["purpose"] for row in rows] == [f"'{CANARY}"] * 2  # no spreadsheet runs it
    async with site.http.get(path + "jsonl", headers=headers) as response:
        assert (response.status, response.content_type) == (200, "application/jsonl")
        told = [json.loads(line) for line in (await response.read()).splitlines()]
    assert [record["purpose"] for record in told] == [CANARY] * 2
    async with site.http.head(path + "csv", headers=headers) as response:
        assert response.status == 200
    async with site.http.get(
        path + "csv", headers={"Authorization": f"Bearer {await site.token()}"}
    ) as refused:
        assert (refused.status, (await refused.json(content_type=None))["code"]) == (403, "auth.role_missing")

    exports = await audit(site, await site.token("auditor"), action="audit.read")
    assert [(each["event"], each["purpose"], each["remote_address"]) for each in exports] == [
        ("view", "year", "127.0.0.1")
    ] * 2
    assert exports[0]["detail"] == "the audit exported: action live"


async def test_a_long_export_is_sent_as_it_is_read(site: Site, tmp_path: Path) -> None:
    """Twenty thousand records; a caller who leaves in the middle disturbs nobody."""
    await site.add_camera("gate")
    await site.ticket("gate", action="live")
    async with aiosqlite.connect(tmp_path / "auth.db", timeout=30) as database:
        names = [
            row[1]
            for row in await database.execute_fetchall("PRAGMA table_info(audit_records)")
            if row[1] != "record_id"
        ]
        columns = ", ".join(names)
        await database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
            f"INSERT INTO audit_records ({columns}) "
            f"SELECT {columns} FROM audit_records, n WHERE action = 'live'"
        )
        await database.commit()
    auditor = await site.token("auditor")
    headers = {"Authorization": f"Bearer {auditor}"}
    path = "/v1/audit:export?format=jsonl&action=live"
    async with site.http.get(path, headers=headers) as response:
        assert await response.content.readline()
        response.close()
    count = 0
    async with asyncio.timeout(60), site.http.get(path, headers=headers) as response:
        async for line in response.content:
            assert line.endswith(b"\n")
            count += 1
    assert count == 20_001
    assert len(await audit(site, auditor, action="audit.read")) == 2


async def test_the_routes_are_documented(site: Site) -> None:
    _, document = await site.call("GET", "/v1/openapi.json")
    assert {"/v1/audit", "/v1/audit:export"} <= document["paths"].keys()
