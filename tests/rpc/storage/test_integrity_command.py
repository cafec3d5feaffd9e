"""`snowlight admin integrity` against running services."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from tests.rpc.storage.days import DAY_MS, HOUR_MS, open_town

if TYPE_CHECKING:
    from tests.rpc.storage.conftest import Cluster

COMMAND = "import sys; from services.admin import main; sys.exit(main(['integrity', *sys.argv[1:]]))"


async def run(cluster: Cluster, *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of one command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", COMMAND, *arguments),
        env=os.environ | cluster.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def test_integrity_is_told_by_camera_and_by_region(cluster: Cluster) -> None:
    async with open_town(cluster) as town:
        await town.register("cam", "2024-03-01 00:00")
        await town.record("cam", "2024-03-05 00:00", "2024-03-05 18:00")
        told = {
            "start_ms": str(town.at("2024-03-05 00:00")),
            "end_ms": str(town.at("2024-03-06 00:00")),
            "cameras": 1,
            "scheduled_ms": str(DAY_MS),
            "recorded_ms": str(18 * HOUR_MS),
            "ratio": 0.75,
            "longest_gap_ms": str(6 * HOUR_MS),
            "missing": [{"cause": "unknown", "ms": str(6 * HOUR_MS)}],
            "days": [],
        }
        for subject in (("--camera", "cam"), ("--camera", "cameras/cam"), ("--region", "421381")):
            status, output, errors = await run(cluster, *subject, "--period", "2024-03-05", "--recompute")
            assert (status, errors) == (0, "")
            assert json.loads(output) == told
        _, output, _ = await run(cluster, "--camera", "cam", "--period", "2024-03-06")
        assert json.loads(output)["recorded_ms"] == "0", "nothing is told as a number too"

        status, output, errors = await run(cluster, "--region", "421381", "--period", "March")
        assert (status, output) == (1, "")
        assert errors.startswith("snowlight: request.invalid: period must be a day like")
        status, _, errors = await run(cluster, "--camera", "cameras/nobody", "--period", "2024-03")
        assert (status, errors) == (1, "snowlight: camera.unknown: there is no cameras/nobody\n")
