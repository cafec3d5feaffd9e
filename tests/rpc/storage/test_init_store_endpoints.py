"""`snowlight admin init-store` with stores on two servers, each of which has users of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError
from pydantic import SecretStr

from services.admin.store_setup.setup import init_stores
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings, StoreDescription, open_store
from tests.parts.minio import MinioServer, run_minio

KEY = "rec/cam/20251126/1764145800000-60000-1-0-0a1b2c3d.mp4"


@pytest.fixture
def second_server(minio_server: MinioServer) -> Iterator[MinioServer]:
    with run_minio(minio_server.program) as server:
        yield server


def keys_of(users: Path, name: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((users / f"{name}.json").read_text())
    return found


def described(server: MinioServer, bucket: str, users: Path, name: str) -> StoreDescription:
    """The bucket with the keys that were made for a service."""
    keys = keys_of(users, name)
    return StoreDescription(
        url=f"s3://{bucket}",
        endpoint=server.endpoint,
        access_key=keys["access_key"],
        secret_key=SecretStr(keys["secret_key"]),
    )


def test_users_of_two_endpoints_are_kept_apart_though_their_buckets_are_named_alike(
    minio_server: MinioServer, second_server: MinioServer, tmp_path: Path
) -> None:
    users, bucket = tmp_path / "users", "two-endpoints"
    further = second_server.store(bucket)
    assert further.secret_key is not None
    (tmp_path / "further.json").write_text(
        json.dumps(
            [
                {
                    "name": "pingyi",
                    "url": further.url,
                    "endpoint": further.endpoint,
                    "access_key": further.access_key,
                    "secret_key": further.secret_key.get_secret_value(),
                }
            ]
        )
    )
    store = minio_server.store(bucket).model_copy(update={"further_file": tmp_path / "further.json"})
    first = init_stores(store, EvidenceSettings(), tmp_path, users)
    assert len([line for line in first.changed if "new user" in line]) == 6
    again = init_stores(store, EvidenceSettings(), tmp_path, users)
    assert again.changed == []
    for server, name in ((minio_server, "default"), (second_server, "pingyi")):
        writer = open_store(described(server, bucket, users, f"{name}-ingest"), tmp_path)
        reader = open_store(described(server, bucket, users, f"{name}-gateway"), tmp_path)
        obstore.put(writer, KEY, name.encode(), mode="create")
        assert bytes(obstore.get(reader, KEY).bytes()) == name.encode()


def test_evidence_on_an_endpoint_of_its_own(
    minio_server: MinioServer, second_server: MinioServer, tmp_path: Path
) -> None:
    users, store = tmp_path / "users", minio_server.store("footage-apart")
    evidence = EvidenceSettings(
        url="s3://evidence-apart",
        endpoint=second_server.endpoint,
        access_key=second_server.access_key,
        secret_key=SecretStr(second_server.secret_key),
    )
    init_stores(store, evidence, tmp_path, users)
    assert {path.stem for path in users.iterdir()} == {
        "default-ingest",
        "default-storage",
        "default-gateway",
        "evidence-storage",
        "evidence-gateway",
    }
    assert init_stores(store, evidence, tmp_path, users).changed == []
    writer = open_store(described(second_server, "evidence-apart", users, "evidence-storage"), tmp_path)
    obstore.put(writer, "exp/e1/manifest.json", b"{}")
    with pytest.raises(BaseError):
        obstore.delete(writer, "exp/e1/manifest.json")
    reader = open_store(described(second_server, "evidence-apart", users, "evidence-gateway"), tmp_path)
    assert bytes(obstore.get_range(reader, "exp/e1/manifest.json", start=0, end=1)) == b"{"
    with pytest.raises(FileNotFoundError):
        obstore.get(reader, "exp/e1/rendered/a.mp4")
    with pytest.raises(BaseError):
        obstore.put(reader, "exp/e1/other.json", b"{}")
    with pytest.raises(BaseError):
        obstore.delete(reader, "exp/e1/manifest.json")


def test_evidence_beside_footage_in_a_folder(second_server: MinioServer, tmp_path: Path) -> None:
    evidence = EvidenceSettings(
        url="s3://evidence-alone",
        endpoint=second_server.endpoint,
        access_key=second_server.access_key,
        secret_key=SecretStr(second_server.secret_key),
    )
    init_stores(ObjectStoreSettings(), evidence, tmp_path, tmp_path / "users")
    assert {path.stem for path in (tmp_path / "users").iterdir()} == {"evidence-storage", "evidence-gateway"}
