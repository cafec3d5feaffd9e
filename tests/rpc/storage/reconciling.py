"""A storage that reconciles at once, and what came of it; also as a process that is killed on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

import sqlalchemy as sa
from pydantic import SecretStr

from services.storage.tables import leases
from snowlight.api.storage.v1 import storage_pb2
from tests.parts.part import ROOT
from tests.rpc.storage.bucket import database, put, rows
from tests.rpc.storage.committing import COMMITTED, commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import Footage
from tests.rpc.storage.recorded_days import DAY_MS, MINUTE_MS, PACKED_MS, YESTERDAY_MS
from tests.waiting import eventually

if TYPE_CHECKING:
    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage

AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600, "reconcile_grace_seconds": 0.0}


async def timeline(storage: Storage, start_ms: int, count: int) -> storage_pb2.GetTimelineResponse:
    """Of `count` minutes."""
    request = storage_pb2.GetTimelineRequest(
        camera_uid="cam", start_ms=start_ms, end_ms=start_ms + count * MINUTE_MS
    )
    return await storage.GetTimeline(request)


async def causes(storage: Storage, start_ms: int, count: int) -> list[tuple[int, int, str]]:
    """Gaps of the minutes from `start_ms` on, in minutes."""
    return [
        ((each.start_ms - start_ms) // MINUTE_MS, (each.end_ms - start_ms) // MINUTE_MS, each.cause)
        for each in (await timeline(storage, start_ms, count)).gaps
    ]


async def listed(storage: Storage) -> set[str]:
    """Keys of all that can be played of the two days."""
    found: set[str] = set()
    for day_ms in (PACKED_MS, YESTERDAY_MS):
        request = storage_pb2.ListSegmentsRequest(camera_uid="cam", start_ms=day_ms, end_ms=day_ms + DAY_MS)
        found |= {each.key for each in (await storage.ListSegments(request)).segments}
    return found


async def checked_twice(cluster: Cluster) -> None:
    """Return once every day was compared two times more: whatever was to happen has happened."""
    for _ in range(2):
        began = cluster.metric("snowlight_storage_days_reconciled_total") or 0
        days = max(1, len(await rows(cluster, "checked_days")))

        async def were_compared(wanted: float = began + days) -> bool:
            return (cluster.metric("snowlight_storage_days_reconciled_total") or 0) >= wanted

        await eventually(were_compared, 60)


async def record(cluster: Cluster, *objects: Footage, epoch: int = 1) -> None:
    """Put and commit, before a storage runs that reconciles at once."""
    cluster.storage_settings = {}
    async with cluster.storage() as storage:
        await put(cluster, *objects)
        await open_epoch(storage, epoch)
        told = [each.segment for each in objects]
        assert await commit(storage, *told) == [COMMITTED] * len(told)
    cluster.storage_settings = dict(AT_ONCE)


async def run_until_killed(cluster: Cluster, step: str, times: int) -> None:
    """A process of its own, killed when it reaches `step` for the `times`th time. With nothing left to do
    that often it ends in order. Its leases run out."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.rpc.storage.killed", step, str(times)),
        cwd=ROOT,
        env={**os.environ, **cluster.environment, **variables(cluster)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(15):
            assert await child.wait() == -signal.SIGKILL
    except TimeoutError:
        assert times > 1, "it never came to that step"
        child.terminate()
        assert await child.wait() == 0
    async with database(cluster) as there, there.write() as connection:
        await connection.execute(sa.delete(leases))


def variables(cluster: Cluster) -> dict[str, str]:
    """The settings of a storage that reconciles at once, as a process is told them."""
    store = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in cluster.store
        if value is not None
    }
    own = {"database_url": cluster.database_url, "catalogue_seconds": 0.1, "probe_seconds": 0.1, **AT_ONCE}
    return {
        "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
        "SNOWLIGHT_STORAGE_LISTEN": cluster.environment["SNOWLIGHT_STORAGE_ADDRESS"],
        **{f"SNOWLIGHT_STORE_{name.upper()}": value for name, value in store.items()},
        **{f"SNOWLIGHT_STORAGE_{name.upper()}": str(value) for name, value in own.items()},
    }
