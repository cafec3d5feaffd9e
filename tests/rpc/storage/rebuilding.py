"""A rebuild of the index, and the loss that calls for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services.storage.tables import metadata
from snowlight.api.storage.v1 import store_pb2
from snowlight.object_store import ObjectStoreSettings
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.bucket import database
from tests.rpc.storage.conftest import Cluster

if TYPE_CHECKING:
    from pathlib import Path


async def rebuild(cluster: Cluster, store: str = "") -> store_pb2.RebuildIndexResponse:
    """Returns the last progress told."""
    request = store_pb2.RebuildIndexRequest(store=store)
    async with cluster.stores() as stores:
        with remote_errors("services/storage"):
            told = [each async for each in stores.RebuildIndex(request)]
    assert [each.done for each in told] == [False] * (len(told) - 1) + [True]
    return told[-1]


async def lose_rows(cluster: Cluster, table: str) -> None:
    async with database(cluster) as there, there.write() as connection:
        await connection.execute(sa.delete(metadata.tables[table]))


def beside_a_county(store: ObjectStoreSettings, folder: Path) -> ObjectStoreSettings:
    """The settings of a default store beside which a county has a store of its own, in `folder`."""
    file = folder / "stores.json"
    file.write_text(json.dumps([{"name": "pingyi", "url": f"file://{folder}/pingyi"}]))
    return store.model_copy(update={"further_file": file})
