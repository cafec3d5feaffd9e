"""`snowlight admin init-store` on a real MinIO: what it makes, mends and forbids."""

import asyncio
import json
from pathlib import Path

import obstore
import pytest
from minio.commonconfig import ENABLED, Filter
from minio.error import S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.versioningconfig import VersioningConfig
from obstore.exceptions import BaseError
from pydantic import SecretStr

from services.admin.store_setup.setup import init_stores
from services.storage.exports.evidence_bucket import LockedBucket
from snowlight.clock import SystemClock
from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings, open_store
from tests.parts.minio import MinioServer

DAY_MS = 86_400_000
KEY = "rec/cam/20251126/1764145800000-60000-1-0-0a1b2c3d.mp4"
SHEET = "prv/cam/20251126/1764145800-0123456789abcdef.jpg"
THUMBNAILS = "thm/cam/20251126/1764144000-10-0123456789abcdef.jpg"


def bucket_of(store: ObjectStoreSettings) -> str:
    assert store.bucket is not None
    return store.bucket


def as_service(store: ObjectStoreSettings, folder: Path, service: str) -> ObjectStoreSettings:
    """The same store with the keys that were made for a service."""
    keys = json.loads((folder / f"default-{service}.json").read_text())
    return store.model_copy(
        update={"access_key": keys["access_key"], "secret_key": SecretStr(keys["secret_key"])}
    )


@pytest.fixture
def store(minio_server: MinioServer, request: pytest.FixtureRequest) -> ObjectStoreSettings:
    return minio_server.store(f"init-{abs(hash(request.node.nodeid)) % 10**9}")


def test_a_fresh_store_is_made_and_a_second_run_changes_nothing(
    store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    first = init_stores(store, EvidenceSettings(), tmp_path, None)
    bucket = bucket_of(store)
    assert f"bucket {bucket} made" in first.changed
    assert f"bucket {bucket}-evidence made, with object lock" in first.changed
    assert first.missing == []
    lock = minio_server.client().get_object_lock_config(bucket_name=f"{bucket}-evidence")
    assert (lock.mode, lock.duration) == ("COMPLIANCE", 365)
    again = init_stores(store, EvidenceSettings(), tmp_path, None)
    assert again.changed == []
    assert f"bucket {bucket} lets no second writer replace an object" in again.right


def test_rules_and_versions_that_would_harm_footage_are_removed(
    store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    client, bucket = minio_server.client(), bucket_of(store)
    client.make_bucket(bucket_name=bucket)
    client.set_bucket_versioning(bucket_name=bucket, config=VersioningConfig(ENABLED))
    rule = Rule(ENABLED, rule_filter=Filter(prefix=""), rule_id="tidy", expiration=Expiration(days=30))
    client.set_bucket_lifecycle(bucket_name=bucket, config=LifecycleConfig([rule]))
    report = init_stores(store, EvidenceSettings(), tmp_path, None)
    assert f"bucket {bucket}: rule tidy removed, it would delete held footage" in report.changed
    assert any("keeps no versions from now on" in line for line in report.changed)
    assert client.get_bucket_versioning(bucket_name=bucket).status != ENABLED
    assert client.get_bucket_lifecycle(bucket_name=bucket) is None


def test_a_bucket_without_object_lock_is_told_of(
    store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    evidence = f"{bucket_of(store)}-evidence"
    minio_server.client().make_bucket(bucket_name=evidence)
    report = init_stores(store, EvidenceSettings(), tmp_path, None)
    assert any(evidence in line and "without object lock" in line for line in report.missing)


def test_each_service_may_do_its_work_and_no_more(store: ObjectStoreSettings, tmp_path: Path) -> None:
    users = tmp_path / "users"
    report = init_stores(store, EvidenceSettings(), tmp_path, users)
    assert not any("secret" in line for line in report.lines())
    assert (users / "default-ingest.json").stat().st_mode & 0o077 == 0
    ingest, storage, gateway = (
        open_store(as_service(store, users, service), tmp_path)
        for service in ("ingest", "storage", "gateway")
    )
    obstore.put(ingest, KEY, b"footage", mode="create")
    assert bytes(obstore.get(gateway, KEY).bytes()) == b"footage"
    assert obstore.head(ingest, KEY)["size"] == 7
    for small in (SHEET, THUMBNAILS):
        obstore.put(gateway, small, b"sheet")
        assert bytes(obstore.get(gateway, small).bytes()) == b"sheet"
    for forbidden in (
        lambda: obstore.delete(ingest, KEY),
        lambda: obstore.put(ingest, "meta/holds/1.pb", b""),
        lambda: obstore.list(ingest, "rec/").collect(),
        lambda: obstore.put(gateway, KEY, b"other"),
        lambda: obstore.delete(gateway, KEY),
        lambda: obstore.get(gateway, "meta/holds/1.pb"),
        lambda: obstore.put(storage, KEY, b"other"),
        lambda: obstore.put(ingest, SHEET, b"sheet"),
        lambda: obstore.put(storage, SHEET, b"sheet"),
        lambda: obstore.delete(gateway, SHEET),
        lambda: obstore.delete(gateway, THUMBNAILS),
        lambda: obstore.get(ingest, SHEET),
    ):
        with pytest.raises(BaseError):
            forbidden()
    obstore.put(storage, "meta/holds/1.pb", b"hold")
    assert [each["path"] for each in obstore.list(storage, "rec/").collect()] == [KEY]
    obstore.delete(storage, KEY)
    for small, folder in ((SHEET, "prv/"), (THUMBNAILS, "thm/")):
        obstore.delete(storage, small)
        assert obstore.list(storage, folder).collect() == []
    again = init_stores(store, EvidenceSettings(), tmp_path, users)
    assert again.changed == [], "users keep their keys"
    (users / "default-gateway.json").unlink()
    renewed = init_stores(store, EvidenceSettings(), tmp_path, users)
    assert [line for line in renewed.changed if "new user" in line] == [
        f"default-gateway has a new user, its keys are in {users / 'default-gateway.json'}"
    ]


async def test_evidence_cannot_be_deleted_by_the_service_that_wrote_it(
    store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    users = tmp_path / "users"
    await asyncio.to_thread(init_stores, store, EvidenceSettings(), tmp_path, users)
    described = EvidenceSettings().store(as_service(store, users, "storage"), tmp_path)
    evidence = LockedBucket(described, "COMPLIANCE")
    until_ms = SystemClock().now_ms() + DAY_MS
    await evidence.put("exp/e1/manifest.json", b"{}", until_ms)
    assert await evidence.size("exp/e1/manifest.json") == 2
    assert await evidence.size("exp/e1/other") is None
    bucket = f"{bucket_of(store)}-evidence"
    with pytest.raises(BaseError):
        await obstore.delete_async(open_store(described, tmp_path), "exp/e1/manifest.json")
    root = minio_server.client()
    version = root.stat_object(bucket_name=bucket, object_name="exp/e1/manifest.json").version_id
    with pytest.raises(S3Error, match=r"(?i)worm|lock|retention"):
        root.remove_object(bucket_name=bucket, object_name="exp/e1/manifest.json", version_id=version)


async def test_evidence_is_refused_where_nothing_locks_it(
    store: ObjectStoreSettings, minio_server: MinioServer, tmp_path: Path
) -> None:
    described = EvidenceSettings().store(store, tmp_path)
    until_ms = SystemClock().now_ms() + DAY_MS
    with pytest.raises(FailedPreconditionError, match="init-store"):
        await LockedBucket(described, "COMPLIANCE").put("exp/e1/a.mp4", b"x", until_ms)
    minio_server.client().make_bucket(bucket_name=f"{bucket_of(store)}-evidence")
    with pytest.raises(FailedPreconditionError, match="init-store"):
        await LockedBucket(described, "COMPLIANCE").put("exp/e1/a.mp4", b"x", until_ms)


def test_a_store_that_does_not_answer_is_named(tmp_path: Path) -> None:
    away = ObjectStoreSettings(
        url="s3://away", endpoint="http://127.0.0.1:9", access_key="access", secret_key=SecretStr("secret")
    )
    with pytest.raises(UnavailableError, match="away"):
        init_stores(away, EvidenceSettings(), tmp_path, None)


def test_a_folder_says_what_it_does_not_enforce(tmp_path: Path) -> None:
    report = init_stores(ObjectStoreSettings(), EvidenceSettings(), tmp_path, None)
    assert (tmp_path / "evidence").is_dir()
    assert any("nothing enforces that evidence stays" in line for line in report.missing)
    assert init_stores(ObjectStoreSettings(), EvidenceSettings(), tmp_path, None).changed == []
