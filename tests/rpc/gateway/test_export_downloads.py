"""What is taken along of an export: in ranges, while the right lasts, and until it expires."""

import asyncio
import base64
import io
import json
import time
import zipfile

import aiohttp
import pytest

from snowlight.api.auth.v1 import auth_pb2, revocation_pb2
from tests.rpc.gateway.exporting import LONG, Yard, grow, settle_yard
from tests.rpc.gateway.people import COUNTY, OTHER
from tests.rpc.gateway.site import Site
from tests.waiting import eventually


@pytest.fixture
async def yard(site: Site) -> Yard:
    return await settle_yard(site)


async def test_a_broken_download_goes_on_where_it_ended(yard: Yard) -> None:
    export = await yard.done("gate", "lane")
    path = f"/v1/{export['name']}/download"
    _, headers, whole = await yard.load(path)
    assert headers["Accept-Ranges"] == "bytes"
    size = len(whole)
    for at in (1, 30, 700, size // 2, size - 1):
        status, partial, rest = await yard.load(path, Range=f"bytes={at}-", **{"If-Range": headers["ETag"]})
        assert (status, partial["Content-Range"]) == (206, f"bytes {at}-{size - 1}/{size}")
        assert whole[:at] + rest == whole
    assert (await yard.load(path, Range="bytes=-22"))[2] == whole[-22:]
    assert (await yard.load(path, Range="bytes=5-8"))[2] == whole[5:9]
    status, refused, _ = await yard.load(path, Range=f"bytes={size}-")
    assert (status, refused["Content-Range"]) == (416, f"bytes */{size}")
    for odd in ({"Range": "bytes=1-", "If-Range": '"other"'}, {"Range": "pages=1-2"}, {"Range": "bytes=9-2"}):
        status, _, again = await yard.load(path, **odd)
        assert (status, again) == (200, whole)


async def test_its_name_tells_the_case_in_any_language(yard: Yard) -> None:
    export = await yard.done("gate", case_number='鄂/2026 "a"')
    _, headers, data = await yard.load(f"/v1/{export['name']}/download")
    told = headers["Content-Disposition"]
    assert told.startswith('attachment; filename="__2026 _a__')
    assert "filename*=UTF-8''%E9%84%82_2026%20_a__" in told
    assert zipfile.is_zipfile(io.BytesIO(data))
    token = await yard.site.token("root")
    async with yard.site.http.head(
        f"/v1/{export['name']}/download", headers={"Authorization": f"Bearer {token}"}
    ) as head:
        assert (head.status, head.content_length, await head.read()) == (200, len(data), b"")


async def test_every_download_is_on_record(yard: Yard) -> None:
    export = await yard.done("gate", "lane")
    # Making it was decided once for each time it was asked for; views are told later, at a renewal.
    before = len(await yard.site.audit(action="export", event="decision"))
    await yard.load(f"/v1/{export['name']}/download")
    records = (await yard.site.audit(action="export", event="decision"))[:-before]
    assert len(records) == 2
    assert {record.camera_uid for record in records} == set(yard.uids.values())
    assert {record.purpose for record in records} == {f"{export['case_number']}: 盗窃案"}


async def test_after_its_time_there_is_nothing_to_be_loaded(yard: Yard) -> None:
    export = await yard.done("gate")
    rendered = yard.site.runtime.cluster.data_dir / "evidence" / "exp" / export["name"][8:] / "rendered"
    assert rendered.is_dir()
    await yard.site.pass_time(7 * 86_400 + 60)
    status, _, answer = await yard.load(f"/v1/{export['name']}/download")
    assert (status, b"export.expired" in answer) == (410, True)

    async def swept() -> bool:
        return not rendered.exists()

    await eventually(swept)
    after = await yard.ended(export["name"])
    assert (after["state"], after["expired"]) == ("SUCCEEDED", True)
    assert (await yard.load(f"/v1/{export['name']}/manifest"))[0] == 200, "the evidence stays"


@pytest.mark.parametrize(("by", "sent"), [("right", "header"), ("session", "header"), ("session", "cookie")])
async def test_who_loses_the_right_gets_no_byte_after_two_seconds(yard: Yard, by: str, sent: str) -> None:
    site = yard.site
    name = await site.add_person("liu", COUNTY, auth_pb2.ADMIN)
    export = await yard.done("gate", by="liu")
    await asyncio.to_thread(grow, site, export["name"])
    token = await site.token("liu")
    path = f"/v1/{export['name']}/download?file={export['files'][0]['file']}"
    headers = {
        "header": {"Authorization": f"Bearer {token}"},
        "cookie": {"Cookie": f"snowlight_download={token}"},
    }[sent]
    received, last = 0, 0.0
    async with (
        aiohttp.ClientSession(site.url, read_bufsize=1 << 16) as http,
        http.get(path, headers=headers) as response,
    ):
        assert (response.status, response.content_length) == (200, LONG)
        received += len(await response.content.read(1 << 20))
        await take_away(site, name, token, by)
        taken_away = time.monotonic()
        with pytest.raises(aiohttp.ClientError):
            while piece := await response.content.read(1 << 16):
                received += len(piece)
                last = time.monotonic()
                await asyncio.sleep(0.02)  # a slow reader
    assert received < LONG
    assert last - taken_away < 2.5
    # Who has lost the right is told so, though it was their own export.
    assert (await site.call("GET", path, token))[0] == (403 if by == "right" else 401)


async def take_away(site: Site, name: str, token: str, by: str) -> None:
    """The person's rights, or the session that they came with."""
    if by == "session":
        payload = token.split(".")[1]
        session = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sid"]
        await site.revoke(revocation_pb2.SESSION, session)
        return
    change = auth_pb2.UpdatePrincipalRequest(
        principal=auth_pb2.Principal(name=name, roles=[auth_pb2.VIEWER], scope=OTHER)
    )
    change.update_mask.paths.extend(["roles", "scope"])
    await site.directory.UpdatePrincipal(change)
