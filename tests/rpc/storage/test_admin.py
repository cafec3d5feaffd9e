"""`snowlight admin` against a running storage: retention policies and holds."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from snowlight.api.auth.v1 import audit_pb2, audit_pb2_grpc
from snowlight.clock import SystemClock
from tests.rpc.storage.conftest import Cluster
from tests.waiting import eventually

COMMAND = "import sys; from services.admin import main; sys.exit(main(sys.argv[1:]))"
DAY_MS = 86_400_000


async def admin(cluster: Cluster, *arguments: str) -> tuple[int, list[Any], str]:
    """Exit status, the JSON of each line of output, and errors of one command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", COMMAND, *arguments),
        env=os.environ | cluster.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, list(map(json.loads, output.splitlines())), errors.decode()


async def test_policies_and_holds_at_the_command_line(cluster: Cluster) -> None:
    now_ms = SystemClock().now_ms()
    await cluster.registry.put("cam", retention_days=0, created_ms=now_ms - 100 * DAY_MS)
    async with cluster.ingest(), cluster.auth() as audit_log, cluster.storage():
        status, (policy,), errors = await admin(
            cluster,
            "set-retention",
            "--policy",
            "class-1",
            "--days",
            "90",
            "--minimum-days",
            "30",
            "--by",
            "chen",
        )
        assert (status, errors) == (0, "")
        assert (policy["name"], policy["days"], policy["updated_by"]) == (
            "retentionPolicies/class-1",
            90,
            "chen",
        )
        _, policies, _ = await admin(cluster, "list-retention")
        assert [each["days"] for each in policies] == [90, 30]
        _, (preview,), _ = await admin(cluster, "preview-retention", "--policy", "default", "--days", "7")
        assert preview["objects"] == "0"
        assert (await admin(cluster, "delete-retention", "--policy", "class-1"))[:2] == (0, [])
        status, _, errors = await admin(cluster, "set-retention", "--policy", "default", "--days", "100000")
        assert status == 1
        assert "days must be 1 to 3650" in errors

        hold_it = (
            *(
                "create-hold",
                "--camera",
                "cam",
                "--start",
                "2023-11-26T08:00",
                "--end",
                "2023-11-26T00:30:00+00:00",
            ),
            *("--case", "2023-0117", "--reason", "theft", "--by", "wang", "--request-id", "one"),
        )

        async def is_held() -> bool:
            return (await admin(cluster, *hold_it))[0] == 0  # once the feed has told of the camera

        await eventually(is_held, 60)
        _, (hold,), _ = await admin(cluster, *hold_it)
        assert int(hold["end_ms"]) - int(hold["start_ms"]) == 30 * 60_000, "08:00 in Shanghai is midnight UTC"
        assert [each["name"] for each in (await admin(cluster, "list-holds"))[1]] == [hold["name"]]
        status, _, errors = await admin(
            cluster, "release-hold", hold["name"], "--by", "wang", "--reason", "done"
        )
        assert (status, "hold.second_person" in errors) == (1, True)
        assert (await admin(cluster, "release-hold", hold["name"], "--by", "li", "--reason", "done"))[0] == 0
        assert (await admin(cluster, "list-holds", "--camera", "cam"))[1] == []
        assert len((await admin(cluster, "list-holds", "--camera", "cam", "--all"))[1]) == 1
        status, _, errors = await admin(cluster, *hold_it[:4], "soon", *hold_it[5:])
        assert status == 1
        assert "start must be a time" in errors

        told = [
            (record.action, record.camera_uid, record.purpose, record.acting_person, record.detail)
            for record in await newest_first(audit_log)
        ]
        assert told[:2] == [
            ("release_hold", "cam", "2023-0117", "li", f"{hold['name']} is released: done"),
            ("release_hold", "cam", "2023-0117", "wang", f"{hold['name']} is released: done"),
        ]
        assert told[2] == ("hold", "cam", "2023-0117", "wang", "a hold is made: theft")
        assert told[-1][-1] == "retentionPolicies/class-1 is set to 90 days, at least 30"
        assert told[-1][3] == "chen"


async def newest_first(audit_log: audit_pb2_grpc.AuditAsyncStub) -> Sequence[audit_pb2.AuditRecord]:
    """What is on record."""
    request = audit_pb2.ListAuditRecordsRequest(reader=audit_pb2.AuditReader(whole=True))
    return (await audit_log.ListAuditRecords(request)).records


async def test_an_export_is_on_record_before_it_begins(cluster: Cluster) -> None:
    window = ("--start", "2023-11-26T08:00", "--end", "2023-11-26T08:30")
    case = ("--case", "2023-0117", "--reason", "theft", "--by", "wang")
    async with cluster.ingest(), cluster.auth() as audit_log, cluster.storage():
        status, _, errors = await admin(
            cluster, "create-export", "--camera", "one", "--camera", "two", *window, *case
        )
        assert (status, errors.split(": ")[1]) == (1, "export.camera_unknown")
        records = await newest_first(audit_log)
    assert {(record.action, record.camera_uid, record.detail) for record in records} == {
        ("export", "one", "an export begins: theft"),
        ("export", "two", "an export begins: theft"),
    }
    assert {record.window_end.seconds - record.window_start.seconds for record in records} == {1800}


async def test_what_cannot_be_put_on_record_is_not_done(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage():
        status, _, errors = await admin(cluster, "set-retention", "--policy", "class-1", "--days", "90")
        assert (status, errors.split(": ")[1]) == (1, "auth.unavailable")
        _, policies, _ = await admin(cluster, "list-retention")
        assert [policy["name"] for policy in policies] == ["retentionPolicies/default"]
