"""Keeping scrub sheets in a bucket, with the rights that `snowlight admin init-store` gives, and without."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING

from pydantic import SecretStr
from structlog.testing import capture_logs

from services.admin.store_setup.setup import init_stores
from services.gateway.snapshot.stored import StoredSheets
from snowlight.media.preview import SheetKey
from snowlight.object_store import EvidenceSettings, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.minio import MinioServer

KEY = SheetKey("cam", 1_764_230_400_000, "0123456789abcdef")
OTHER = SheetKey("cam", 1_764_231_000_000, "0123456789abcdef")


async def test_a_gateway_keeps_sheets_and_one_that_may_not_says_so_once(
    minio_server: MinioServer, tmp_path: Path
) -> None:
    store = minio_server.store(f"kept-{secrets.token_hex(4)}")
    await asyncio.to_thread(init_stores, store, EvidenceSettings(), tmp_path, tmp_path / "users")

    def opened_by(service: str) -> StoredSheets:
        found = json.loads((tmp_path / f"users/default-{service}.json").read_text())
        keys = {"access_key": found["access_key"], "secret_key": SecretStr(found["secret_key"])}
        return StoredSheets({"default": open_store(store.model_copy(update=keys), tmp_path)})

    with capture_logs() as logs:
        gateway = opened_by("gateway")
        assert await gateway.read("default", KEY) is None
        await gateway.write("default", KEY, b"jpeg")
        assert await opened_by("gateway").read("default", KEY) == b"jpeg"
        assert await gateway.read("elsewhere", KEY) is None
        assert logs == []
        other = opened_by("ingest")  # as every gateway was before there were sheets
        assert await other.read("default", KEY) is None
        for key in (KEY, OTHER):
            await other.write("default", key, b"forged")
    assert [(entry["event"], entry["store"]) for entry in logs] == [("gateway.sheets_not_stored", "default")]
    assert await gateway.read("default", KEY) == b"jpeg"
    assert await gateway.read("default", OTHER) is None
