"""The keys that `snowlight admin init-store` makes for storage."""

import asyncio
import json
from pathlib import Path

from pydantic import SecretStr

from services.admin.store_setup.setup import init_stores
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings


async def restricted(store: ObjectStoreSettings, folder: Path) -> ObjectStoreSettings:
    """The same store with storage's own keys."""
    await asyncio.to_thread(init_stores, store, EvidenceSettings(), folder, folder / "users")
    found = json.loads((folder / "users/default-storage.json").read_text())
    return store.model_copy(
        update={"access_key": found["access_key"], "secret_key": SecretStr(found["secret_key"])}
    )
