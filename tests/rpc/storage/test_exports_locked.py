"""Evidence in a bucket is locked, so that nobody can change it."""

import asyncio
from pathlib import Path

from services.admin.store_setup.setup import init_stores
from snowlight.api.storage.v1 import export_pb2
from snowlight.evidence.verification import verify
from snowlight.object_store import EvidenceSettings
from tests.parts.minio import MinioServer
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import KEY, storage_with_footage


async def test_evidence_in_a_bucket_is_locked_and_whole(
    postgres_url: str, minio_server: MinioServer, tmp_path: Path
) -> None:
    cluster = Cluster(postgres_url, tmp_path, minio_server.store("evidence-of-a-village"))
    await asyncio.to_thread(init_stores, cluster.store, EvidenceSettings(), tmp_path, None)
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended((await desk.create("a", "b")).name)
        assert export.error == ""
        assert export.immutable
    bucket = EvidenceSettings().store(cluster.store, tmp_path).bucket
    assert bucket is not None
    taken = tmp_path / "taken"
    client = minio_server.client()
    for each in client.list_objects(bucket_name=bucket, prefix="exp/", recursive=True):
        target = taken / str(each.object_name)
        client.fget_object(bucket_name=bucket, object_name=str(each.object_name), file_path=str(target))
        kept = client.get_object_retention(bucket_name=bucket, object_name=str(each.object_name))
        assert kept is not None
        assert kept.mode == "COMPLIANCE"
        assert abs(kept.retain_until_date.timestamp() * 1000 - export.retain_until_ms) < 1000
    verdict = verify(taken / export.manifest_key, KEY)
    assert verdict.problems == []
    assert verdict.manifest.immutable


async def test_an_evidence_bucket_without_lock_is_refused(
    postgres_url: str, minio_server: MinioServer, tmp_path: Path
) -> None:
    cluster = Cluster(postgres_url, tmp_path, minio_server.store("unlocked-village"))
    for bucket in ("unlocked-village", "unlocked-village-evidence"):
        minio_server.client().make_bucket(bucket_name=bucket)
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended((await desk.create("a")).name)
        assert export.state == export_pb2.Export.FAILED
        assert "init-store" in export.error
