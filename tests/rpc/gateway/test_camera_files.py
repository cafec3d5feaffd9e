"""A file of cameras, imported and exported."""

import asyncio
import csv
import io
import json
from typing import Any

import aiohttp

from snowlight.api.auth.v1 import audit_pb2
from tests.rpc.gateway.people import COUNTY, OTHER, VILLAGE
from tests.rpc.gateway.site import Site

HEAD = "camera_id,display_name,region,source_url"
CODE = VILLAGE.removeprefix("regions/")


async def take(
    site: Site, text: str | bytes, username: str = "root", query: str = ""
) -> tuple[int, dict[str, Any]]:
    return await site.call(
        "POST",
        f"/v1/cameras:import{query}",
        await site.token(username),
        data=text.encode() if isinstance(text, str) else text,
        headers={"Content-Type": "text/csv"},
    )


def told(answer: dict[str, Any]) -> list[tuple[int, str, list[tuple[str, str]]]]:
    return [
        (line["line"], line["action"], [(error["field"], error["code"]) for error in line["errors"]])
        for line in answer["lines"]
    ]


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in ("created", "updated", "unchanged", "refused"))


async def test_good_lines_are_done_although_others_are_refused(site: Site) -> None:
    await site.add_camera("known")
    file = "\n".join(
        (
            f"{HEAD},camera_class,latitude,longitude,owner,dossier.maker",
            f"gate-1,村口,{CODE},rtsp://u:secret@10.0.0.1/a,1,31.5,-113.2,,海康",
            f'"gate-2","a ""b""\nc",{CODE},rtsp://10.0.0.2/a,,,,,',
            f"gate-3,=cmd(),{CODE},rtsp://10.0.0.3/a,,,,,@x",
            f"Gate 4,d,{CODE},rtsp://10.0.0.4/a,,,,,",
            f"gate-5,e,{CODE},,x,31,,,",
            f"gate-1,again,{CODE},rtsp://10.0.0.1/a,,,,,",
            "gate-6,f",
            f"known,other,{CODE},rtsp://127.0.0.1/x,,,,,",
            ",,,,,,,,",
            f"gate-7,ok,{CODE},rtsp://10.0.0.7/a,,,,,",
        )
    )
    expected = [
        (2, "create", []),
        (4, "refused", [("display_name", "request.invalid")]),
        (5, "refused", [("display_name", "import.formula"), ("dossier.maker", "import.formula")]),
        (6, "refused", [("camera_id", "request.invalid")]),
        (7, "refused", [("camera_class", "request.invalid"), ("longitude", "request.required")]),
        (8, "refused", [("camera_id", "import.twice")]),
        (9, "refused", [("file", "import.file")]),
        (10, "refused", [("display_name", "camera.exists")]),
        (12, "create", []),
    ]
    status, dry = await take(site, file, query="?dry_run=true")
    assert (status, told(dry), counts(dry), dry["dry_run"]) == (200, expected, (2, 0, 0, 7), True)
    assert (await site.call("GET", "/v1/cameras/gate-1", await site.token("root")))[0] == 404

    status, done = await take(site, file)
    assert (status, told(done), counts(done), done["dry_run"]) == (200, expected, (2, 0, 0, 7), False)
    assert "secret" not in json.dumps(done)
    _, camera = await site.call("GET", "/v1/cameras/gate-1", await site.token("root"))
    assert (camera["display_name"], camera["region"], camera["enabled"]) == ("村口", VILLAGE, True)
    assert camera["location"] == {"latitude": 31.5, "longitude": -113.2}
    assert (camera["source_url"], camera["dossier"]) == ("rtsp://10.0.0.1/a", {"maker": "海康"})

    again = (await take(site, file))[1]
    assert counts(again) == (0, 0, 2, 7), "the same once more changes nothing"


async def test_an_update_changes_what_differs_and_nothing_else(site: Site) -> None:
    first = f"{HEAD},dossier.maker\ngate-1,old,{CODE},rtsp://u:p@10.0.0.1/a,A\ngate-2,same,{CODE},rtsp://10.0.0.2/a,"
    assert counts((await take(site, first))[1]) == (2, 0, 0, 0)
    root = await site.token("root")
    before = (await site.call("GET", "/v1/cameras/gate-1", root))[1]
    assert counts((await take(site, first, query="?update=true"))[1]) == (0, 0, 2, 0)
    assert (await site.call("GET", "/v1/cameras/gate-1", root))[1]["etag"] == before["etag"]

    names = "编号,名称,档案.model\ngate-1,new,M\ngate-2,,"
    dry = (await take(site, names, query="?update=true&dry_run=true"))[1]
    assert told(dry) == [(2, "update", []), (3, "unchanged", [])]
    assert (await site.call("GET", "/v1/cameras/gate-1", root))[1]["display_name"] == "old"
    assert told((await take(site, names, query="?update=true"))[1]) == told(dry)
    changed = (await site.call("GET", "/v1/cameras/gate-1", root))[1]
    assert (changed["display_name"], changed["dossier"]) == ("new", {"maker": "A", "model": "M"})

    password = "camera_id,source_url\ngate-1,rtsp://u:other@10.0.0.1/a"
    assert told((await take(site, password, query="?update=true"))[1]) == [(2, "update", [])]
    assert told((await take(site, password, query="?update=true"))[1]) == [(2, "unchanged", [])]


async def test_each_line_is_decided_as_a_post_or_a_patch_is(site: Site) -> None:
    hidden = {"region": OTHER, "source_url": "rtsp://127.0.0.1/x"}
    status, _ = await site.call("POST", "/v1/cameras?camera_id=hidden", await site.token("away"), json=hidden)
    assert status == 200
    await site.add_camera("gate-1")
    file = (
        f"{HEAD}\nmine,a,{CODE},rtsp://10.0.0.1/a\nelse,b,{OTHER},rtsp://10.0.0.2/a\n"
        f"nowhere,c,421399,rtsp://10.0.0.3/a\nhidden,x,{CODE},rtsp://127.0.0.1/x\n"
        f"gate-1,gate-1,{OTHER},rtsp://127.0.0.1/x"
    )
    token = await site.token("root")
    codes = []
    for name, region in (("else", OTHER), ("nowhere", "regions/421399"), ("hidden", VILLAGE)):
        body = {"display_name": "x", "region": region, "source_url": "rtsp://10.0.0.1/a"}
        codes.append((await site.call("POST", f"/v1/cameras?camera_id={name}", token, json=body))[1]["code"])
    codes.append((await site.call("PATCH", "/v1/cameras/gate-1", token, json={"region": OTHER}))[1]["code"])
    for query in ("?update=true&dry_run=true", "?update=true"):
        mine, *others = (await take(site, file, "root", query))[1]["lines"]
        assert mine["action"] == "create"
        assert [line["action"] for line in others] == ["refused"] * 4
        assert [line["errors"][0]["code"] for line in others] == codes
    assert len(set(codes)) >= 3
    assert counts((await take(site, file, "chen", "?update=true"))[1])[3] == 4, "but for what is as it says"


async def test_utf8_with_a_mark_and_gbk_are_both_taken(site: Site) -> None:
    file = f"编号,名称,区域,视频地址\r\ngate-1,村口一号,{CODE},rtsp://10.0.0.1/a\r\n"
    for data, encoding in ((file.encode("utf-8-sig"), "utf-8"), (file.encode("gbk"), "gb18030")):
        status, answer = await take(site, data)
        assert (status, answer["encoding"], answer["refused"]) == (200, encoding, 0)
    camera = (await site.call("GET", "/v1/cameras/gate-1", await site.token("root")))[1]
    assert camera["display_name"] == "村口一号"


async def test_what_is_no_file_of_cameras_is_refused_whole(site: Site) -> None:
    for data, said in (
        ("", "lacks columns"),
        ("display_name\nx", "lacks columns ['camera_id']"),
        ("camera_id,colour\nx,red", "unknown columns ['colour']"),
        ("camera_id,编号\nx,y", "columns twice"),
        ("camera_id" + ",dossier.x" * 256, "over 256 columns"),
        (f"camera_id,dossier.{'x' * 200}", "unknown columns"),
        ("camera_id" + ",dossier.x" * 20_000, "a row of over 65536 characters"),
        (file_utf_16(), "neither UTF-8 nor GB 18030"),
    ):
        status, answer = await take(site, data)
        assert (status, answer["field"]) == (400, "file"), data
        assert said in answer["detail"]
    status, answer = await take(site, f'{HEAD}\ngate-1,"open,{CODE},x\n')
    assert (status, told(answer)) == (200, [(2, "refused", [("file", "import.file")])])
    token = await site.token("root")
    status, answer = await site.call("POST", "/v1/cameras:import", token, json={})
    assert (status, answer["code"]) == (400, "request.content_type")
    assert (await take(site, "camera_id", query="?dry_run=yes"))[1]["field"] == "dry_run"


def file_utf_16() -> bytes:
    return "camera_id\n村\n".encode("utf-16")


async def test_what_is_exported_can_be_imported_again(site: Site) -> None:
    await site.add_camera("gate-1", display_name="=1+1", location={"latitude": -1.5, "longitude": 113.25})
    await site.add_camera(
        "gate-2", source_url="rtsp://u:secret@10.0.0.2/a", dossier={"maker": "海康"}, camera_class=1
    )
    await site.add_camera("county", region=COUNTY)
    headers = {"Authorization": f"Bearer {await site.token('chen')}"}
    async with site.http.get("/v1/cameras:export", headers=headers) as response:
        assert response.content_type == "text/csv"
        data = await response.read()
    assert b"secret" not in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["camera_id"] for row in rows] == ["gate-1", "gate-2"]
    assert (rows[0]["display_name"], rows[0]["latitude"]) == ("'=1+1", "-1.5")
    assert rows[1]["dossier.maker"] == "海康"
    assert counts((await take(site, data, query="?update=true"))[1]) == (0, 0, 2, 0)
    token = await site.token("chen")
    assert (await site.call("GET", f"/v1/cameras:export?region={OTHER}", token))[0] == 404


async def test_a_gateway_works_on_two_imports_at_a_time(site: Site) -> None:
    begin = asyncio.Event()

    async def slow() -> Any:
        yield f"{HEAD}\n".encode()
        await begin.wait()
        yield f"x,x,{CODE},rtsp://10.0.0.1/a\n".encode()

    headers = {"Authorization": f"Bearer {await site.token('root')}", "Content-Type": "text/csv"}

    async def one() -> int:
        async with site.http.post("/v1/cameras:import?dry_run=true", data=slow(), headers=headers) as answer:
            await answer.read()
            return answer.status

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(3)]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == [429]
        begin.set()
    assert sorted(task.result() for task in tasks) == [200, 200, 429]


async def test_each_of_many_lines_is_decided_and_on_record(site: Site) -> None:
    def file(name: str) -> str:
        lines = (
            f"gate-{number},{name},{OTHER if number % 3 == 0 else CODE},rtsp://10.0.0.1/{number}"
            for number in range(230)
        )
        return "\n".join((HEAD, *lines))

    async def decided() -> tuple[int, int]:
        whole = audit_pb2.AuditReader(whole=True)
        wanted = audit_pb2.ListAuditRecordsRequest(reader=whole, page_size=1000)
        records = (await site.audit_log.ListAuditRecords(wanted)).records
        made = [one for one in records if (one.event, one.action) == ("decision", "camera.manage")]
        return len([one for one in made if one.allowed]), len([one for one in made if not one.allowed])

    _, answer = await take(site, file("a"))
    assert [line for line, action, _ in told(answer) if action == "refused"] == list(range(2, 232, 3))
    assert counts(answer) == (153, 0, 0, 77)
    assert await decided() == (153, 77)
    assert counts((await take(site, file("b"), query="?update=true"))[1]) == (0, 153, 0, 77)
    assert await decided() == (2 * 153, 2 * 77)


async def test_a_file_has_thirty_thousand_lines_at_most(site: Site) -> None:
    lines = f"{HEAD}\n" + f",{'n' * 60},{CODE},\n" * 30_500
    status, answer = await take(site, lines)
    assert (status, counts(answer)) == (200, (0, 0, 0, 30_001)), "what is too many ends it"
    *others, last = told(answer)
    assert {(action, tuple(errors)) for _, action, errors in others} == {
        ("refused", (("camera_id", "request.required"),))
    }
    assert last == (30_002, "refused", [("file", "import.too_long")])


async def test_of_a_file_of_a_gigabyte_no_more_is_taken_than_a_file_may_have(site: Site) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        yield f"{HEAD}\n".encode()
        for _ in range(1024):
            sent += 1
            yield b"x" * (1 << 20)

    headers = {"Authorization": f"Bearer {await site.token('root')}", "Content-Type": "text/csv"}
    try:
        async with site.http.post("/v1/cameras:import", data=endless(), headers=headers) as answer:
            assert answer.status == 413
    except (
        aiohttp.ClientError
    ):  # it hung up while we were sending: the answer may be lost with the connection
        pass
    assert 64 <= sent < 128


async def test_an_import_that_breaks_off_is_finished_by_the_same_file(site: Site) -> None:
    rows = "\n".join(f"gate-{number},村口 {number},{CODE},rtsp://10.0.0.1/{number}" for number in range(600))
    headers = {"Authorization": f"Bearer {await site.token('root')}", "Content-Type": "text/csv"}
    file = f"{HEAD}\n{rows}".encode()
    async with site.http.post("/v1/cameras:import", data=file, headers=headers) as answer:
        await answer.content.readuntil(b'"camera":"cameras/gate-0"')
        answer.close()
    status, report = await take(site, file)
    assert (status, report["refused"], report["updated"]) == (200, 0, 0)
    assert report["created"] + report["unchanged"] == 600
    assert report["unchanged"] > 0
    status, report = await take(site, file)
    assert (status, counts(report)) == (200, (0, 0, 600, 0))
