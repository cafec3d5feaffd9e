"""The audit as it is taken away: files, heads, and the chain that an outsider computes."""

import csv
import hashlib
import io
import json
from datetime import datetime
from pathlib import Path

import pytest

from services.auth.app import MIGRATIONS
from services.auth.repository import audit
from snowlight.api.auth.v1 import audit_pb2
from snowlight.database import open_database
from snowlight.errors import PermissionDeniedError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.audit_log import auditor, look, page, record
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.test_admin import admin

pytestmark = pytest.mark.usefixtures("two_counties")
MADE = 12
"""Records of making the two counties: nine regions, three people."""


async def test_an_export_is_oldest_first_whole_and_on_record_itself(auth: Auth, tmp_path: Path) -> None:
    for number in range(3):
        await look(auth, "root", "gate-371326", purpose=f"=cmd|{number}")
    file = tmp_path / "audit.csv"
    options = ("--format", "csv", "--output", file, "--by", "王检", "--purpose", "年检")
    assert await admin(auth, "export-audit", *options) == (0, f"{MADE + 3} records in {file}\n", "")
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))[MADE:]
    assert [row["purpose"] for row in rows] == ["'=cmd|0", "'=cmd|1", "'=cmd|2"]
    assert [(row["position"], row["allowed"], row["region"]) for row in rows] == [
        (str(MADE + number), "true", "371326101201") for number in (1, 2, 3)
    ]
    newest = (await page(auth)).records[0]
    assert (newest.event, newest.action, newest.principal) == ("view", "audit.read", "services/admin")
    assert (newest.acting_person, newest.purpose, newest.detail) == ("王检", "年检", "the audit exported")

    status, _, errors = await admin(auth, "export-audit", *options)
    assert (status, errors.startswith(f"snowlight: admin.output: {file} exists already")) == (1, True)
    lines = tmp_path / "audit.jsonl"
    await admin(auth, "export-audit", "--format", "jsonl", "--output", lines, "--to", "2999-01-01")
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [(each["action"], each["purpose"]) for each in told][MADE + 2 :] == [
        *(("live", "=cmd|2"), ("audit.read", "年检"))
    ]
    assert (told[MADE + 2]["window_start"], told[MADE + 2]["watched_s"]) == (None, 0)
    assert told[MADE + 2]["policies"]


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
    assert output == f"1 days with {MADE + 1} records are as they were linked and signed\n"
    status, key, _ = await admin(auth, "audit-head", "--key")
    assert json.loads(key)["crv"] == "Ed25519"

    kept.write_text(f"{head}\n{head[:-9]}AAAAAAAA\n")
    status, output, errors = await admin(auth, "verify-audit", "--heads", kept)
    assert (status, "kept_head_wrong: kept head 2: the signature does not verify" in output) == (1, True)
    assert errors == f"snowlight: audit.broken: 1 findings in 1 days, {MADE + 1} records\n"


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
