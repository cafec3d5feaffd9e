"""An export end to end on MinIO: asked for over HTTP, copied to an evidence bucket of its own, rendered by
the worker, loaded in ranges, and verified offline. Each service has the keys that `init-store` made."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from minio.commonconfig import COMPLIANCE
from pydantic import SecretStr

from services.admin.store_setup.setup import init_stores
from snowlight.evidence.signature import evidence_key, public_jwk
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings
from tests.parts.minio import MinioServer
from tests.rpc.gateway.exporting import Yard, settle_yard
from tests.rpc.gateway.site import run_site

PIECE = 5_000


@dataclass
class Buckets:
    """Footage and evidence, on one server."""

    footage: str
    evidence: str


@pytest.fixture
def buckets() -> Buckets:
    mark = secrets.token_hex(4)
    return Buckets(f"footage-{mark}", f"chain-{mark}")


@pytest.fixture
async def yard(minio_server: MinioServer, buckets: Buckets, tmp_path: Path) -> AsyncIterator[Yard]:
    root = minio_server.store(buckets.footage)
    evidence = EvidenceSettings(url=f"s3://{buckets.evidence}", retain_days=1)
    users = tmp_path / "users"
    await asyncio.to_thread(init_stores, root, evidence, tmp_path, users)
    storage, gateway = (with_keys(root, users, service) for service in ("storage", "gateway"))
    async with run_site(
        tmp_path / "site",
        storage_settings={"store": storage, "evidence": evidence},
        recorded_to=root,
        store=gateway,
        evidence=evidence,
    ) as site:
        yield await settle_yard(site)


def with_keys(store: ObjectStoreSettings, users: Path, service: str) -> ObjectStoreSettings:
    keys = json.loads((users / f"default-{service}.json").read_text())
    update = {"access_key": keys["access_key"], "secret_key": SecretStr(keys["secret_key"])}
    return store.model_copy(update=update)


async def test_from_the_wish_to_the_verdict(
    yard: Yard, minio_server: MinioServer, buckets: Buckets, tmp_path: Path
) -> None:
    export = await yard.done("gate", "lane")
    assert (export["state"], export["error"]) == ("SUCCEEDED", "")
    path = f"/v1/{export['name']}/download"

    package, size, etag = b"", 1, ""
    while len(package) < size:  # as a browser that is broken off again and again
        end = len(package) + PIECE - 1
        condition = {"If-Range": etag} if etag else {}
        status, headers, piece = await yard.load(path, Range=f"bytes={len(package)}-{end}", **condition)
        assert status == 206
        size, etag = int(headers["Content-Range"].rpartition("/")[2]), headers["ETag"]
        package += piece
    assert size > 2 * PIECE, "more than one range"
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path / "taken")
    (manifest,) = (tmp_path / "taken").rglob("manifest.json")
    key = tmp_path / "cluster.jwk"
    key.write_text(public_jwk(evidence_key(yard.site.runtime.key)))
    status, said = await asyncio.to_thread(verify, manifest, key)
    assert status == 0, said

    await asyncio.to_thread(is_kept_apart, minio_server, buckets, export["name"].removeprefix("exports/"))
    file = next((manifest.parent / "rendered").iterdir())
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    status, said = await asyncio.to_thread(verify, manifest, key)
    assert (status, file.name in said) == (1, True)


def verify(manifest: Path, key: Path) -> tuple[int, str]:
    """Exit status and words of `snowlight verify`, which has neither services nor network."""
    command = [sys.executable, "-m", "services", "verify", str(manifest), "--key", str(key)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def is_kept_apart(minio_server: MinioServer, buckets: Buckets, export_id: str) -> None:
    """All of it lies in the evidence bucket, locked, and nothing of it beside the footage."""
    client = minio_server.client()
    kept = [each.object_name for each in client.list_objects(buckets.evidence, recursive=True)]
    assert f"exp/{export_id}/manifest.json" in kept
    assert [each for each in kept if f"exp/{export_id}/rendered/" in str(each)]
    locked = client.get_object_retention(
        bucket_name=buckets.evidence, object_name=f"exp/{export_id}/manifest.json"
    )
    assert locked is not None
    assert locked.mode == COMPLIANCE
    assert not list(client.list_objects(buckets.footage, prefix="exp/", recursive=True))
