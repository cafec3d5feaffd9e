"""Stores at the command line, as an installer uses it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from tests.parts.part import ROOT
from tests.rpc.storage.bucket import put, rows
from tests.rpc.storage.objects import footage
from tests.rpc.storage.recorded_days import YESTERDAY_MS

if TYPE_CHECKING:
    from tests.rpc.storage.conftest import Cluster


async def administer(cluster: Cluster, *arguments: str) -> tuple[int, list[str], str]:
    """Exit status, lines of standard output, and standard error."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "admin", *arguments),
        cwd=ROOT,
        env=os.environ | cluster.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    return child.returncode or 0, output.decode().splitlines(), errors.decode()


async def test_regions_are_sent_to_stores_and_back(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage():
        told = await administer(cluster, "set-region-store", "--region", "371326", "--store", "default")
        assert told[0] == 0, told
        status, lines, _ = await administer(cluster, "list-stores")
        store, region = (json.loads(line) for line in lines)
        assert (status, store["name"], store["state"]) == (0, "default", "AVAILABLE")
        assert region == {"region": "regions/371326", "store": "default"}
        assert await administer(cluster, "delete-region-store", "--region", "371326") == (0, [], "")
        assert await rows(cluster, "region_stores") == []


async def test_a_rebuild_tells_how_far_it_is_and_what_was_foreign(cluster: Cluster) -> None:
    there = footage("cam", YESTERDAY_MS)
    async with cluster.ingest(), cluster.storage():
        await put(cluster, there)
        (cluster.data_dir / "footage/rec/readme.txt").write_text("not ours")
        status, lines, progress = await administer(cluster, "rebuild", "--store", "default")
        assert status == 0
        assert lines == [
            "default: 0 packed days, 1 objects, 0 gaps and 0 holds added",
            "default: foreign: rec/readme.txt",
        ]
        assert lines[0] in progress
        assert len(await rows(cluster, "segments")) == 1


async def test_a_mistake_is_told_in_a_sentence(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage():
        status, lines, errors = await administer(cluster, "rebuild", "--store", "elsewhere")
        assert (status, lines) == (1, [])
        assert "elsewhere" in errors
        assert "Traceback" not in errors
