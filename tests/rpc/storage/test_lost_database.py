"""A database is lost: nothing goes before holds, policies and cameras are back."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import obstore
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

import services.storage.catalogue.restore as restore_module
import services.storage.stores.objects as objects_module
from services.storage.catalogue.ledger_batches import LedgerBatches
from services.storage.catalogue.restore import Restore
from services.storage.retention.lock import lock_deletion
from services.storage.retention.policy import DEFAULT_DAYS
from services.storage.tables import cameras
from simulator.ports import free_port
from snowlight.api.storage.v1 import hold_pb2, retention_pb2, stored_pb2
from snowlight.clock import SystemClock
from snowlight.errors import UnavailableError
from snowlight.object_store import ObjectStoreSettings
from snowlight.steps import go_on
from tests.rpc.storage.bucket import database, is_flushed, keys, opened, put, rows
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import footage
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from google.protobuf.message import Message
    from obstore.store import ObjectStore

    from snowlight.database import Database

DAY_MS = 86_400_000
NOW_MS = SystemClock().now_ms()
CREATED_MS = NOW_MS - 200 * DAY_MS
OLD_MS = NOW_MS - (DEFAULT_DAYS + 10) * DAY_MS
AT_ONCE = {"reconcile_first_seconds": 0.0, "reconcile_hours": 0.2 / 3600, "reconcile_grace_seconds": 0.0}
POLICY = retention_pb2.RetentionPolicy(name="retentionPolicies/class-3", days=90, minimum_days=90)
HOLD = hold_pb2.Hold(
    name="holds/h1",
    camera_uid="held",
    start_ms=OLD_MS,
    end_ms=OLD_MS + DAY_MS,
    case_number="371326-7",
    reason="a theft",
    created_by="principals/wang",
    create_ms=NOW_MS,
)


@pytest.fixture
def cluster(database_url: str, tmp_path: Path) -> Cluster:
    file = tmp_path / "stores.json"
    file.write_text(json.dumps([{"name": "pingyi", "url": f"file://{tmp_path}/pingyi"}]))
    settings = ObjectStoreSettings(url=f"file://{tmp_path}/footage", further_file=file)
    return Cluster(database_url, tmp_path, settings)


def away(there: ObjectStoreSettings) -> ObjectStoreSettings:
    """The same stores, of which the default one does not answer."""
    return ObjectStoreSettings(
        url="s3://away",
        endpoint=f"http://127.0.0.1:{free_port()}",
        access_key="nobody",
        secret_key=SecretStr("is there"),
        further_file=there.further_file,
    )


async def keep(cluster: Cluster, key: str, message: Message) -> None:
    """Beside the footage."""
    await obstore.put_async(opened(cluster), key, message.SerializeToString())


def kept_camera(uid: str, camera_class: int) -> stored_pb2.KeptCamera:
    version = stored_pb2.CameraVersion(
        from_ms=CREATED_MS, region="421381", camera_class=camera_class, ownership=1, enabled=True
    )
    return stored_pb2.KeptCamera(uid=uid, created_ms=CREATED_MS, versions=[version])


async def test_nothing_goes_before_the_catalogue_is_back(cluster: Cluster) -> None:
    """Its store is away and another one answers, which holds footage older than the built-in time. A policy
    keeps the one, a hold the other; what was set aside is kept as long."""
    await cluster.registry.put("cam", retention_days=0, created_ms=CREATED_MS)
    await cluster.registry.put("held", retention_days=0, created_ms=CREATED_MS, camera_class=2)
    kept, held = (footage(uid, OLD_MS, store="pingyi") for uid in ("cam", "held"))
    superseded = footage("cam", OLD_MS + 3_600_000, store="pingyi")
    await put(cluster, kept, held)
    await obstore.put_async(opened(cluster, "pingyi"), f"aside/{superseded.key}", superseded.data)
    await keep(cluster, "meta/policies.pb", retention_pb2.ListRetentionPoliciesResponse(policies=[POLICY]))
    await keep(cluster, "meta/holds/h1.pb", HOLD)
    there = keys(cluster, "rec", "pingyi") | keys(cluster, "aside", "pingyi")
    whole, cluster.store = cluster.store, away(cluster.store)
    cluster.storage_settings = dict(AT_ONCE)

    async def has_all() -> bool:
        return (keys(cluster, "rec", "pingyi") | keys(cluster, "aside", "pingyi")) == there

    async with cluster.ingest():
        async with cluster.storage():

            async def has_failed_often() -> bool:
                """Ever more seldom: meanwhile there is time enough to adopt and to sweep."""
                assert await has_all()
                assert not await rows(cluster, "segments", "start_ms")
                known = len(await rows(cluster, "cameras", "uid")) == 2
                return known and (cluster.metric("snowlight_storage_catalogue_failures_total") or 0) >= 5

            await eventually(has_failed_often, 60)
        cluster.store = whole
        async with cluster.storage():

            async def is_adopted_and_swept() -> bool:
                assert await has_all()
                adopted = len(await rows(cluster, "segments", "start_ms")) == 2
                return adopted and bool(cluster.metric("snowlight_storage_last_sweep_seconds"))

            await eventually(is_adopted_and_swept, 60)
            swept = cluster.metric("snowlight_storage_last_sweep_seconds")

            async def is_swept_again() -> bool:
                return cluster.metric("snowlight_storage_last_sweep_seconds") != swept

            await eventually(is_swept_again)
            assert await has_all()
            assert sorted(await rows(cluster, "cameras", "uid", "kept_days")) == [("cam", 90), ("held", 30)]
            assert await rows(cluster, "segments", "tombstone_ms") == [(None,), (None,)]


async def test_a_damaged_part_of_the_catalogue_keeps_everything(cluster: Cluster) -> None:
    """Whatever it held: what can be read is in force, and nothing is written over it."""
    await cluster.registry.put("held", retention_days=0, created_ms=CREATED_MS, camera_class=2)
    held = footage("held", OLD_MS, store="pingyi")
    await put(cluster, held)
    await keep(cluster, "meta/policies.pb", retention_pb2.ListRetentionPoliciesResponse(policies=[POLICY]))
    await obstore.put_async(opened(cluster), "meta/holds/h1.pb", b"\xff\xff not a message")
    cluster.storage_settings = dict(AT_ONCE)
    async with cluster.ingest(), cluster.storage():

        async def has_failed_twice() -> bool:
            known = bool(await rows(cluster, "cameras", "uid"))
            return known and (cluster.metric("snowlight_storage_catalogue_failures_total") or 0) >= 2

        await eventually(has_failed_twice)
        assert not await rows(cluster, "segments", "start_ms")
        assert await rows(cluster, "retention_policies", "days") == [(90,)]
        await keep(cluster, "meta/holds/h1.pb", HOLD)

        async def is_adopted() -> bool:
            return bool(await rows(cluster, "segments", "start_ms"))

        await eventually(is_adopted, 60)
        await eventually(lambda: is_flushed(cluster))
        assert keys(cluster, "rec", "pingyi") == {held.key}


@asynccontextmanager
async def restoring(cluster: Cluster) -> AsyncIterator[tuple[Database, Restore]]:
    clock, store = SystemClock(), opened(cluster)
    async with database(cluster) as there:
        yield there, Restore(there, store, LedgerBatches(store, clock, go_on), clock)


async def test_a_restore_that_is_cut_short_lets_nothing_seem_expired(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the cameras that are in by then, and of those that the feed was the first to tell of."""
    uids = [f"cam-{at}" for at in range(5)]
    for uid in uids:
        await keep(cluster, f"meta/cameras/{uid}.pb", kept_camera(uid, 3))
    await keep(cluster, "meta/policies.pb", retention_pb2.ListRetentionPoliciesResponse(policies=[POLICY]))
    read, answers = objects_module.read, 3

    async def three_times(store: ObjectStore, key: str) -> bytes | None:
        nonlocal answers
        if key.startswith("meta/cameras/"):
            answers -= 1
            if answers < 0:
                raise UnavailableError("store.unavailable", "the store does not answer")
        return await read(store, key)

    monkeypatch.setattr(objects_module, "LIST_CHUNK", 1)
    monkeypatch.setattr(restore_module, "read", three_times)
    async with restoring(cluster) as (there, restore):
        told = kept_camera("told", 3)
        by_feed = {
            **{"uid": "told", "retention_days": 0, "created_ms": CREATED_MS, "region": "421381"},
            **{"camera_class": 3, "ownership": told.versions[0].ownership},
            **{"kept_days": DEFAULT_DAYS, "minimum_days": DEFAULT_DAYS},
        }
        async with there.write() as connection:
            await connection.execute(sa.insert(cameras), [by_feed])
        with pytest.raises(UnavailableError):
            await restore.once()
        found = await rows(cluster, "cameras", "uid", "kept_days", "minimum_days")
        assert len(found) == 4, "three of five, and the one that was there"
        assert {row[1:] for row in found} == {(90, 90)}
        assert not await rows(cluster, "feeds", "name")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_holds_come_back_while_nothing_is_deleted(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion that is under way has read the holds that there were: one that comes back waits for it.

    On SQLite each transaction that writes is alone.
    """
    read = objects_module.read
    async with restoring(cluster) as (there, restore), AsyncExitStack() as deleting:

        async def as_a_deletion_begins(store: ObjectStore, key: str) -> bytes | None:
            if key == "meta/holds/h1.pb":
                await lock_deletion(await deleting.enter_async_context(there.write()), now_ms=0)
            return await read(store, key)

        async def waits() -> bool:
            query = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            async with there.read() as connection:
                assert not await rows(cluster, "holds", "id")
                return bool(await connection.scalar(query))

        await keep(cluster, "meta/holds/h1.pb", HOLD)
        monkeypatch.setattr(restore_module, "read", as_a_deletion_begins)
        restoration = asyncio.create_task(restore.read_back())
        await eventually(waits)
        await deleting.aclose()
        assert (await restoration).holds == 1
