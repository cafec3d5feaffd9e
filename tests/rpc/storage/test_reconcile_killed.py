"""Bucket and index compared, and killed at every step: whoever comes next finishes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
import pytest

from snowlight.api.storage.v1 import stored_pb2
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.bucket import keys, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import footage
from tests.rpc.storage.reconciling import causes, listed, record, run_until_killed
from tests.rpc.storage.recorded_days import MINUTE_MS, PACKED_MS, YESTERDAY_MS, minutes, pack
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.minio import MinioServer

STEPS = ("reconcile.adopt", "reconcile.lose", "reconcile.set_aside", "catalogue.put")


@pytest.mark.parametrize("step", STEPS)
async def test_it_may_be_killed_at_every_step(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, step: str
) -> None:
    """On SQLite and a folder, and on PostgreSQL and MinIO."""
    if database_url.startswith("sqlite"):
        store = ObjectStoreSettings(url=f"file://{tmp_path}/footage")
    else:
        server: MinioServer = request.getfixturevalue("minio_server")
        store = server.store(request.getfixturevalue("minio_bucket"))
    cluster = Cluster(database_url, tmp_path, store)
    there = minutes("cam", YESTERDAY_MS, 6)
    packed = minutes("cam", PACKED_MS, 6)
    orphan = footage("cam", YESTERDAY_MS + 10 * MINUTE_MS)
    refused = footage("cam", YESTERDAY_MS + 5 * MINUTE_MS + 30_000, epoch=1, sequence=9)
    async with cluster.ingest():
        await record(cluster, *there)
        await put(cluster, orphan, refused, *packed)
        await pack(cluster, *packed)
        whole = (*there[:2], *there[3:], *packed[:2], *packed[3:], orphan)
        aside = f"aside/{refused.key}"
        for gone in (there[2], packed[2]):
            await obstore.delete_async(opened(cluster), gone.key)
        for times in (1, 2):
            await run_until_killed(cluster, step, times)
        async with cluster.storage() as storage:

            async def is_mended() -> bool:
                return (
                    await causes(storage, YESTERDAY_MS, 6) == [(2, 3, "lost_object")]
                    and await causes(storage, PACKED_MS, 6) == [(2, 3, "lost_object")]
                    and keys(cluster, "rec") == {each.key for each in whole}
                    and await listed(storage) == {each.key for each in whole}
                    and not await rows(cluster, "outbox", "id")
                )

            await eventually(is_mended, 60)
            # Killed between copy and deletion, it has copied twice.
            assert {key[: len(aside)] for key in keys(cluster, "aside")} == {aside}
            kept = {(row.camera_uid, row.start_ms) for batch in ledger_batches(cluster) for row in batch.gaps}
            assert kept == {("cam", each.segment.start_ms) for each in (there[2], packed[2])}


def ledger_batches(cluster: Cluster) -> list[stored_pb2.LedgerBatch]:
    store = opened(cluster)
    return [
        stored_pb2.LedgerBatch.FromString(bytes(obstore.get(store, key).bytes()))
        for key in keys(cluster, "meta/ledger")
    ]
