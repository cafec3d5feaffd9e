"""Ingest asks storage where footage goes, and remembers it while storage is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.server import CameraServer
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc, store_pb2, store_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.errors import FailedPreconditionError
from snowlight.object_store import ObjectStoreSettings
from snowlight.rpc.server import Servicer
from snowlight.rpc.status import remote_errors
from snowlight.runtime import build_runtime
from tests.rpc.ingest.cluster import cluster_settings, running_ingest, until
from tests.rpc.ingest.village import GATE, fragments


class Stores(store_pb2_grpc.StoresServicer):
    """Tells what the test wants told."""

    def __init__(self) -> None:
        self.told = store_pb2.ListStoresResponse(default_store="default")
        self.asked = 0

    async def ListStores(  # noqa: N802
        self, request: store_pb2.ListStoresRequest, context: Any
    ) -> store_pb2.ListStoresResponse:
        self.asked += 1
        return self.told


class Storage(storage_pb2_grpc.StorageServicer):
    """Takes every commit."""

    def __init__(self) -> None:
        self.segments: list[storage_pb2.Segment] = []

    async def OpenEpochs(self, request: Any, context: Any) -> storage_pb2.OpenEpochsResponse:  # noqa: N802
        return storage_pb2.OpenEpochsResponse()

    async def CommitSegments(  # noqa: N802
        self, request: storage_pb2.CommitSegmentsRequest, context: Any
    ) -> storage_pb2.CommitSegmentsResponse:
        self.segments += request.segments
        return storage_pb2.CommitSegmentsResponse(
            results=[
                storage_pb2.CommitResult(key=each.key, outcome=storage_pb2.CommitResult.COMMITTED)
                for each in request.segments
            ]
        )


@asynccontextmanager
async def serving(cluster: ClusterSettings, storage: Storage, stores: Stores) -> AsyncIterator[None]:
    """A storage service of two faces, whose words the test chooses."""
    async with build_runtime("storage", cluster).serve(
        cluster.storage_address,
        Servicer("snowlight.api.storage.v1.Storage", storage_pb2_grpc.add_StorageServicer_to_server, storage),
        Servicer("snowlight.api.storage.v1.Stores", store_pb2_grpc.add_StoresServicer_to_server, stores),
    ):
        yield


@pytest.fixture
def store(tmp_path: Path) -> ObjectStoreSettings:
    """The default store, and `town` beside it."""
    further = tmp_path / "stores.json"
    further.write_text(f'[{{"name": "town", "url": "file://{tmp_path}/town"}}]')
    return ObjectStoreSettings(further_file=further)


async def test_a_regions_footage_goes_to_its_store_and_a_full_one_takes_no_camera(
    village: CameraServer,
    tmp_path: Path,
    store: ObjectStoreSettings,
) -> None:
    cluster = cluster_settings(tmp_path)
    storage, stores = Storage(), Stores()  # type: ignore[abstract]  # only these calls are made
    stores.told.regions.add(region="regions/421381001", store="town")
    stores.told.stores.add(name="town", fill=store_pb2.Store.ENOUGH)
    stores.told.stores.add(name="default", fill=store_pb2.Store.FULL)
    async with serving(cluster, storage, stores), running_ingest(cluster, store=store) as client:
        await until(lambda: _count(stores), lambda asked: asked)
        with pytest.raises(FailedPreconditionError, match="store default is full"), remote_errors("ingest"):
            await client.create("other", village.url(GATE), region="regions/3713")
        camera = await client.create("gate", village.url(GATE), region="regions/421381001002")
        with pytest.raises(FailedPreconditionError, match="store default is full"), remote_errors("ingest"):
            await client.update(camera.name, region="regions/3713")
        await client.update(camera.name, region="regions/421381001")
        await fragments(client, camera.uid, 4)
        await client.update(camera.name, enabled=False)
        await until(lambda: _segments(storage), lambda segments: segments)
    assert {segment.store for segment in storage.segments} == {"town"}
    assert (tmp_path / "town" / storage.segments[0].key).is_file()

    # Storage is away at the next start, and what it told last still holds.
    async with running_ingest(cluster, store=store) as client:
        with pytest.raises(FailedPreconditionError, match="store default is full"), remote_errors("ingest"):
            await client.create("third", village.url(GATE), region="regions/3713")


async def _count(stores: Stores) -> int:
    return stores.asked


async def _segments(storage: Storage) -> list[storage_pb2.Segment]:
    return storage.segments
