"""`snowlight admin` against a running storage: retention policies and holds."""

import asyncio
import json
import os
import sys
from typing import Any

from snowlight.clock import SystemClock
from tests.rpc.storage.conftest import Cluster
from tests.waiting import eventually

COMMAND = "import sys; from services.admin import main; sys.exit(main(sys.argv[1:]))"
DAY_MS = 86_400_000


async def admin(cluster: Cluster, *arguments: str) -> tuple[int, list[Any], str]:
    """Exit status, the JSON of each line of output, and errors of one command."""
    settings = cluster.runtime("admin").cluster
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", COMMAND, *arguments),
        env=os.environ
        | {
            "SNOWLIGHT_CLUSTER_KEY": settings.cluster_key.get_secret_value() if settings.cluster_key else "",
            "SNOWLIGHT_STORAGE_ADDRESS": settings.storage_address,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, list(map(json.loads, output.splitlines())), errors.decode()


async def test_policies_and_holds_at_the_command_line(cluster: Cluster) -> None:
    now_ms = SystemClock().now_ms()
    await cluster.registry.put("cam", retention_days=0, created_ms=now_ms - 100 * DAY_MS)
    async with cluster.ingest(), cluster.storage():
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
