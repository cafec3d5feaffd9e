"""Which stores there are, which region's footage goes where, and a store that is away or is another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from services.storage.stores.registry import store_of
from snowlight.api.storage.v1 import store_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.object_store import ObjectStoreSettings
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.committing import commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import START_MS, segment
from tests.waiting import eventually

if TYPE_CHECKING:
    from snowlight.api.storage.v1.store_pb2_grpc import StoresAsyncStub as Stores


@pytest.fixture
def cluster(database_url: str, tmp_path: Path) -> Cluster:
    """With a county's store beside the default one."""
    file = tmp_path / "stores.json"
    file.write_text(json.dumps([{"name": "pingyi", "url": f"file://{tmp_path}/pingyi"}]))
    return Cluster(database_url, tmp_path, ObjectStoreSettings(further_file=file))


async def listed(stores: Stores) -> store_pb2.ListStoresResponse:
    with remote_errors("services/storage"):
        return await stores.ListStores(store_pb2.ListStoresRequest())


async def set_region(stores: Stores, region: str, store: str) -> store_pb2.RegionStore:
    request = store_pb2.RegionStore(region=region, store=store)
    with remote_errors("services/storage"):
        return await stores.SetRegionStore(store_pb2.SetRegionStoreRequest(region_store=request))


def test_the_nearest_region_names_the_store() -> None:
    regions = {"3713": "linyi", "371326": "pingyi", "371326101": "town"}
    assert store_of("371326101201", regions, "default") == "town"
    assert store_of("371326102201", regions, "default") == "pingyi"
    assert store_of("3713", regions, "default") == "linyi"
    assert store_of("421381", regions, "default") == "default"


async def test_stores_are_listed_with_what_they_hold(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage() as storage, cluster.stores() as stores:
        await open_epoch(storage, 1)
        there = segment("cam")
        there.store = "pingyi"
        await commit(storage, there, segment("cam", START_MS + 60_000))

        async def are_told() -> bool:
            """The bytes as of when stores were last looked at."""
            answer = await listed(stores)
            assert answer.default_store == "default"
            return [(each.name, each.state, each.used_bytes) for each in answer.stores] == [
                ("default", store_pb2.Store.AVAILABLE, there.size),
                ("pingyi", store_pb2.Store.AVAILABLE, there.size),
            ]

        await eventually(are_told)


async def test_a_region_is_given_a_store_and_let_go_again(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage(), cluster.stores() as stores:
        await set_region(stores, "regions/371326", "default")
        told = await set_region(stores, "regions/371326", "pingyi")
        assert list((await listed(stores)).regions) == [told]
        gone = store_pb2.DeleteRegionStoreRequest(region="regions/371326")
        await stores.DeleteRegionStore(gone)
        assert not (await listed(stores)).regions
        with pytest.raises(NotFoundError), remote_errors("services/storage"):
            await stores.DeleteRegionStore(gone)


@pytest.mark.parametrize(
    ("region", "store", "field"),
    [
        ("regions/371326", "elsewhere", "region_store.store"),
        ("regions/371326", "", "region_store.store"),
        ("371326", "pingyi", "region_store.region"),
        ("regions/37132", "pingyi", "region_store.region"),
        ("", "pingyi", "region_store.region"),
    ],
)
async def test_a_malformed_region_store_names_the_field(
    cluster: Cluster, region: str, store: str, field: str
) -> None:
    async with cluster.ingest(), cluster.storage(), cluster.stores() as stores:
        with pytest.raises(InvalidArgumentError) as raised:
            await set_region(stores, region, store)
        assert raised.value.field == field
        assert not (await listed(stores)).regions


async def test_a_rebuild_of_an_unknown_store_is_refused(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage(), cluster.stores() as stores:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            async for _ in stores.RebuildIndex(store_pb2.RebuildIndexRequest(store="elsewhere")):
                pass
        assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_commit_that_names_an_unknown_store_is_refused(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage() as storage:
        await open_epoch(storage, 1)
        wrong = segment("cam")
        wrong.store = "elsewhere"
        with pytest.raises(InvalidArgumentError) as raised:
            await commit(storage, wrong)
        assert raised.value.field == "segments[0].store"


async def test_an_unmounted_folder_is_away_and_not_empty(cluster: Cluster, tmp_path: Path) -> None:
    """What answers without the store's mark is not the store it was, however healthy it looks."""
    async with cluster.ingest(), cluster.storage(), cluster.stores() as stores:

        async def state() -> tuple[int, bool]:
            of_county = (await listed(stores)).stores[1]
            return of_county.state, of_county.away_since_ms > 0

        async def is_marked() -> bool:
            return (tmp_path / "pingyi/meta/store").exists()

        async def is_away() -> bool:
            return await state() == (store_pb2.Store.AWAY, True)

        async def is_back() -> bool:
            return await state() == (store_pb2.Store.AVAILABLE, False)

        await eventually(is_marked)
        await eventually(is_back)
        shutil.move(tmp_path / "pingyi", tmp_path / "unmounted")
        (tmp_path / "pingyi").mkdir()
        await eventually(is_away)
        assert (await listed(stores)).stores[0].state == store_pb2.Store.AVAILABLE
        (tmp_path / "pingyi").rmdir()
        shutil.move(tmp_path / "unmounted", tmp_path / "pingyi")
        await eventually(is_back)


async def test_two_stores_mixed_up_are_both_away(cluster: Cluster, tmp_path: Path) -> None:
    async with cluster.ingest():
        async with cluster.storage(), cluster.stores() as stores:

            async def are_marked() -> bool:
                return all((tmp_path / name / "meta/store").exists() for name in ("footage", "pingyi"))

            await eventually(are_marked)
        shutil.move(tmp_path / "footage", tmp_path / "other")
        shutil.move(tmp_path / "pingyi", tmp_path / "footage")
        shutil.move(tmp_path / "other", tmp_path / "pingyi")
        async with cluster.storage(), cluster.stores() as stores:

            async def are_away() -> bool:
                return all(each.state == store_pb2.Store.AWAY for each in (await listed(stores)).stores)

            await eventually(are_away)
