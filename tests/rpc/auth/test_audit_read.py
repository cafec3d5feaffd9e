"""Who reads what of the audit: pages, filters, scopes, files, and what is refused."""

import csv
import hashlib
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.auth.app import MIGRATIONS
from services.auth.repository import audit
from snowlight.api.auth.v1 import audit_pb2, auth_pb2
from snowlight.database import open_database
from snowlight.errors import InvalidArgumentError, PermissionDeniedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.audit_log import record
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.test_admin import admin

WHOLE = audit_pb2.AuditReader(whole=True)


@pytest.fixture(autouse=True)
async def two_counties(auth: Auth) -> None:
    """Two counties of a prefecture with a village each, a camera in each village, and people who look."""
    await auth.add_region("3713", auth_pb2.PREFECTURE)
    for county in ("371326", "371327"):
        await auth.add_region(county, auth_pb2.COUNTY)
        await auth.add_region(f"{county}101", auth_pb2.TOWN)
        await auth.add_region(f"{county}101201", auth_pb2.VILLAGE)
        await auth.add_region(f"{county}101201G1", auth_pb2.GRID, parent=f"regions/{county}101201")
        await auth.registry.put(f"gate-{county}", f"{county}101201")
        await auth.registry.put(f"grid-{county}", f"{county}101201G1")
        await auth.add_person(f"viewer{county}", auth_pb2.VIEWER, scope=county)
    await auth.add_person("root", auth_pb2.ADMIN, scope="3713")


async def look(auth: Auth, username: str, camera: str, action: str = "live", **fields: Any) -> bool:
    token = (await auth.sign_in(username)).access_token
    request = auth_pb2.CreateTicketRequest(access_token=token, camera_uid=camera, action=action, **fields)
    if action in ("playback", "export"):
        request.start.FromSeconds(1_760_000_000)
        request.end.FromSeconds(1_760_003_600)
    try:
        with remote_errors("services/auth"):
            await auth.access.CreateTicket(request)
    except PermissionDeniedError:
        return False
    return True


async def auditor(auth: Auth, scope: str) -> str:
    name = f"auditor.{scope.lower()}"
    await auth.add_person(name, auth_pb2.AUDITOR, scope=scope)
    return (await auth.sign_in(name)).access_token


async def page(
    auth: Auth, reader: str | audit_pb2.AuditReader = WHOLE, token: str = "", size: int = 0, **wanted: Any
) -> audit_pb2.ListAuditRecordsResponse:
    if isinstance(reader, str):
        reader = audit_pb2.AuditReader(access_token=reader)
    with remote_errors("services/auth"):
        return await auth.audit_log.ListAuditRecords(
            audit_pb2.ListAuditRecordsRequest(
                reader=reader, page_size=size, page_token=token, filter=audit_pb2.AuditFilter(**wanted)
            )
        )


async def cameras_of(auth: Auth, reader: str, **wanted: Any) -> list[str]:
    return [record.camera_uid for record in (await page(auth, reader, **wanted)).records if record.camera_uid]


async def test_pages_come_newest_first_without_hole_or_repeat(auth: Auth) -> None:
    for number in range(5):
        await look(auth, "root", "gate-371326", purpose=str(number))
    found: list[str] = []
    token = ""
    sizes: list[int] = []
    while token or not sizes:
        answer = await page(auth, token=token, size=2, action="live")
        found += [record.purpose for record in answer.records]
        sizes.append(len(answer.records))
        token = answer.next_page_token
        await look(auth, "root", "gate-371327", purpose="later")  # comes in front of the first page
    assert (found, sizes) == (["4", "3", "2", "1", "0"], [2, 2, 1])


async def test_a_record_tells_who_what_where_and_its_place_in_the_chain(auth: Auth) -> None:
    await look(auth, "viewer371326", "grid-371326", "playback", purpose="丢牛", remote_address="192.0.2.7")
    record = (await page(auth)).records[0]
    assert (record.action, record.camera_uid, record.region) == ("playback", "grid-371326", "371326101201G1")
    assert (record.tier, record.scope, record.remote_address) == (3, "regions/371326", "192.0.2.7")
    assert record.day == record.time.ToDatetime().strftime("%Y-%m-%d")
    head = await auth.audit_log.GetAuditHead(audit_pb2.GetAuditHeadRequest())
    assert (head.day, head.count, head.hash, head.sealed) == (record.day, record.position, record.hash, False)


async def test_each_auditor_sees_their_own_region_as_it_was_then(auth: Auth) -> None:
    for county in ("371326", "371327"):
        for camera in ("gate", "grid"):
            assert await look(auth, f"viewer{county}", f"{camera}-{county}")
    east, west = ["grid-371327", "gate-371327"], ["grid-371326", "gate-371326"]
    for scope, expected in (
        ("3713", [*east, *west]),
        ("371326", west),
        ("371327101", east),
        ("371326101201", west),
        ("371326101201G1", ["grid-371326"]),
    ):
        assert await cameras_of(auth, await auditor(auth, scope)) == expected
    await auth.registry.put("gate-371326", "371327101201")  # it moves, the past does not
    await auth.registry.put("marker", "371327101201")
    while not await look(auth, "root", "marker"):
        pass  # each answer waits for the feed
    await look(auth, "root", "gate-371326")
    token = (await auth.sign_in("auditor.371326")).access_token
    assert await cameras_of(auth, token, camera_uid="gate-371326") == ["gate-371326"]


async def test_what_is_about_no_known_camera_is_about_the_scope_of_who_asked(auth: Auth) -> None:
    assert not await look(auth, "viewer371326", "nowhere")
    assert await cameras_of(auth, await auditor(auth, "371326")) == ["nowhere"]
    assert await cameras_of(auth, await auditor(auth, "371326101")) == []


async def test_changes_of_people_are_told_where_those_are(auth: Auth) -> None:
    records = (await page(auth, await auditor(auth, "371326"))).records
    assert [(record.event, record.region) for record in records] == [("change", "371326")] * 2
    assert {record.detail.split(" ")[1] for record in records} == {"created:"}


async def test_an_auditor_of_a_jurisdiction_sees_what_it_holds(auth: Auth) -> None:
    for county in ("371326", "371327"):
        for camera in ("gate", "grid"):
            await look(auth, f"viewer{county}", f"{camera}-{county}")
    wanted = auth_pb2.Jurisdiction(
        display_name="东片",
        reason="专项",
        region="regions/3713",
        regions=["regions/371327101"],
        camera_uids=["gate-371326"],
    )
    made = await auth.directory.CreateJurisdiction(auth_pb2.CreateJurisdictionRequest(jurisdiction=wanted))
    east = auth_pb2.Principal(
        username="east", line=auth_pb2.GOVERNMENT, roles=[auth_pb2.AUDITOR], scope=made.name
    )
    await auth.directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=east, password=PASSWORD))
    token = (await auth.sign_in("east")).access_token
    assert await cameras_of(auth, token) == ["grid-371327", "gate-371327", "gate-371326"]


@pytest.mark.parametrize("role", [auth_pb2.VIEWER, auth_pb2.OPERATOR, auth_pb2.ADMIN])
async def test_the_audit_is_for_auditors(auth: Auth, role: auth_pb2.Role.ValueType) -> None:
    await auth.add_person("other", role, scope="3713")
    token = (await auth.sign_in("other")).access_token
    with pytest.raises(PermissionDeniedError, match=r"auth\."):
        await page(auth, token)
    with pytest.raises(UnauthenticatedError):
        await page(auth, "no token")


async def test_filters_narrow_together(auth: Auth) -> None:
    await look(auth, "viewer371326", "gate-371326")
    await look(auth, "root", "gate-371326", "export")
    await look(auth, "root", "gate-371327", "export")
    (root,) = {r.principal for r in (await page(auth, action="export")).records}
    assert await actions(auth, principal=root) == ["export", "export"]
    assert await actions(auth, camera_uid="gate-371326") == ["export", "live"]
    assert await actions(auth, camera_uid="gate-371326", principal=root) == ["export"]
    assert await actions(auth, action="live") == ["live"]
    token = await auditor(auth, "371327")
    assert await cameras_of(auth, token, action="export", principal=root) == ["gate-371327"]
    last, middle, first = [record for record in (await page(auth)).records if record.event == "decision"]
    looked = {"camera_uid": "gate-371326"}
    assert await actions(auth, start=middle.time, **looked) == ["export"]
    assert await actions(auth, end=middle.time, **looked) == ["live"]
    assert await actions(auth, start=first.time, end=middle.time, **looked) == ["live"]
    assert await actions(auth, start=last.time, **looked) == []


async def actions(auth: Auth, **wanted: Any) -> list[str]:
    return [record.action for record in (await page(auth, **wanted)).records]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"token": "YWJj"}, "page_token"),
        ({"token": "MTIz/w"}, "page_token"),
        ({"size": -1}, "page_size"),
        ({"camera_uid": "a/b"}, "camera"),
        ({"camera_uid": "x" * 65}, "camera"),
        ({"principal": "li"}, "principal"),
        ({"action": "DROP TABLE"}, "action"),
        ({"action": "a" * 65}, "action"),
        ({"start": {"seconds": -1}}, "start"),
        ({"start": {"seconds": 5}, "end": {"seconds": 5}}, "end"),
        ({"reader": audit_pb2.AuditReader()}, "reader"),
        ({"reader": audit_pb2.AuditReader(whole=False)}, "reader"),
    ],
)
async def test_what_is_malformed_is_refused_by_its_name(
    auth: Auth, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        await page(auth, **fields)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"from_day": "2026-13-01"}, "from_day"),
        ({"to_day": "yesterday"}, "to_day"),
        ({"from_day": "2026-01-02", "to_day": "2026-01-01"}, "to_day"),
        ({"from_day": "1969-12-31"}, "from_day"),
    ],
)
async def test_days_that_are_none_are_refused(auth: Auth, fields: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/auth"):
        async for _ in auth.audit_log.VerifyAudit(audit_pb2.VerifyAuditRequest(**fields)):
            pass
    assert raised.value.field == field
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/auth"):
        await auth.audit_log.GetAuditHead(audit_pb2.GetAuditHeadRequest(day="2999-01-01"))
    assert raised.value.field == "day"


async def test_an_export_is_oldest_first_whole_and_on_record_itself(auth: Auth, tmp_path: Path) -> None:
    for number in range(3):
        await look(auth, "root", "gate-371326", purpose=f"=cmd|{number}")
    file = tmp_path / "audit.csv"
    options = ("--format", "csv", "--output", file, "--by", "王检", "--purpose", "年检")
    assert await admin(auth, "export-audit", *options) == (0, f"6 records in {file}\n", "")
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))[3:]
    assert [row["purpose"] for row in rows] == ["'=cmd|0", "'=cmd|1", "'=cmd|2"]
    assert [(row["position"], row["allowed"], row["region"]) for row in rows] == [
        *(("4", "true", "371326101201"), ("5", "true", "371326101201"), ("6", "true", "371326101201"))
    ]
    newest = (await page(auth)).records[0]
    assert (newest.event, newest.action, newest.principal) == ("view", "audit.read", "services/admin")
    assert (newest.acting_person, newest.purpose, newest.detail) == ("王检", "年检", "the audit exported")

    status, _, errors = await admin(auth, "export-audit", *options)
    assert (status, errors.startswith(f"snowlight: admin.output: {file} exists already")) == (1, True)
    lines = tmp_path / "audit.jsonl"
    await admin(auth, "export-audit", "--format", "jsonl", "--output", lines, "--to", "2999-01-01")
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [(each["action"], each["purpose"]) for each in told][5:] == [
        *(("live", "=cmd|2"), ("audit.read", "年检"))
    ]
    assert (told[5]["window_start"], told[5]["watched_s"]) == (None, 0)
    assert told[5]["policies"]


async def test_a_persons_export_holds_what_they_may_see_and_names_them(auth: Auth, database_url: str) -> None:
    await look(auth, "viewer371326", "gate-371326")
    async with (
        open_database(database_url, service="auth", migrations=MIGRATIONS) as database,
        database.write() as connection,
    ):
        for number in range(1200):  # more than go into one piece
            time_ms = auth.clock.now_ms() - 2000 + number
            await audit.add(connection, record(time_ms, camera_uid="gate-371326"))
    await look(auth, "viewer371327", "gate-371327")
    reader = audit_pb2.AuditReader(access_token=await auditor(auth, "371326"), remote_address="192.0.2.9")
    request = audit_pb2.ExportAuditRecordsRequest(reader=reader, purpose="检查")
    told = [
        record async for answer in auth.audit_log.ExportAuditRecords(request) for record in answer.records
    ]
    assert [record.camera_uid for record in told if record.camera_uid] == ["gate-371326"] * 1201
    assert len({record.record_id for record in told}) == len(told)
    times = [record.time.ToMilliseconds() for record in told]
    assert times == sorted(times)
    newest = (await page(auth)).records[0]
    assert (newest.scope, newest.remote_address, newest.purpose) == ("regions/371326", "192.0.2.9", "检查")
    viewer = (await auth.sign_in("viewer371326")).access_token
    request.reader.access_token = viewer
    with pytest.raises(PermissionDeniedError), remote_errors("services/auth"):
        async for _ in auth.audit_log.ExportAuditRecords(request):
            pass


async def test_the_tool_verifies_and_keeps_heads(auth: Auth, tmp_path: Path) -> None:
    await look(auth, "root", "gate-371326")
    status, head, _ = await admin(auth, "audit-head")
    assert (status, head.count(".")) == (0, 2)
    kept = tmp_path / "heads"
    kept.write_text(head)
    status, output, errors = await admin(auth, "verify-audit", "--heads", kept)
    assert (status, errors) == (0, "")
    assert output == "1 days with 4 records are as they were linked and signed\n"
    status, key, _ = await admin(auth, "audit-head", "--key")
    assert json.loads(key)["crv"] == "Ed25519"

    kept.write_text(f"{head}\n{head[:-9]}AAAAAAAA\n")
    status, output, errors = await admin(auth, "verify-audit", "--heads", kept)
    assert (status, "kept_head_wrong: kept head 2: the signature does not verify" in output) == (1, True)
    assert errors == "snowlight: audit.broken: 1 findings in 1 days, 4 records\n"


async def test_only_services_read_the_audit(auth: Auth) -> None:
    async with grpc.aio.insecure_channel(auth.runtime.cluster.auth_address) as channel:
        stub = type(auth.audit_log)(channel)
        with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
            await stub.ListAuditRecords(audit_pb2.ListAuditRecordsRequest(reader=WHOLE))


async def test_an_outsider_computes_the_chain_from_an_export_alone(auth: Auth, tmp_path: Path) -> None:
    """As docs/audit.md describes it, with nothing of ours."""
    await look(auth, "viewer371326", "gate-371326", "playback", purpose='丢牛 "b"')
    await look(auth, "root", "gate-371326")
    file = tmp_path / "audit.jsonl"
    await admin(auth, "export-audit", "--format", "jsonl", "--output", file)
    records = [json.loads(line) for line in file.read_text().splitlines()]
    day = records[0]["day"]
    computed = hashlib.sha256(f"snowlight audit 1 {day}".encode()).digest()
    for told in sorted(records, key=lambda told: int(told["position"])):
        members = {name: value for name, value in told.items() if name not in ("day", "position", "hash")}
        members["time_ms"] = _ms(members.pop("time"))
        window = (members.pop("window_start"), members.pop("window_end"))
        members["window_ms"] = None if window[0] is None else [_ms(instant) for instant in window]
        canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
        computed = hashlib.sha256(computed + canonical.encode()).digest()
        assert computed.hex() == told["hash"]


def _ms(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)
