"""Camera-days a second of the comparison of bucket and index: `python -m bench.reconcile [--store minio]`.

Packed camera-days of 1,440 objects of a few bytes, all of them there: what it meets day after day.
"""

import argparse
import asyncio
import hashlib
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from bench.rebuild import DAY_MINUTES, MINUTE_MS, OBJECT, make_objects, open_bench_database, open_bench_store
from services.storage.app import MIGRATIONS
from services.storage.catalogue.completion import Completion
from services.storage.config import StorageSettings
from services.storage.index.day_object import DayKey, decode_day, encode_day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import insert_packed, row_of
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.reconcile.build import build_comparison
from services.storage.reconcile.metrics import ReconcileMetrics
from services.storage.reconcile.rows import CameraDay
from services.storage.segment import DAY_MS, Segment
from services.storage.stores.prober import StoreProber
from snowlight.api.storage.v1 import storage_pb2
from snowlight.buckets import ensure_bucket
from snowlight.config import ClusterSettings
from snowlight.database import open_database
from snowlight.media.fragment import ObjectKey
from snowlight.object_store import ObjectStoreSettings, open_stores
from snowlight.observability.logs import configure_logs
from snowlight.runtime import build_runtime

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

FRAGMENTS = 120
DAYS_AT_ONCE = 2
UID = "cam-000000"


def main() -> None:
    """Run the benchmark and print its line."""
    parser = argparse.ArgumentParser(prog="bench.reconcile", description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--store", choices=("folder", "minio"), default="folder")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    configure_logs("warning")
    asyncio.run(_measure(parser.parse_args()))


async def _measure(arguments: argparse.Namespace) -> None:
    with TemporaryDirectory(prefix="snowlight-bench-") as scratch:
        folder = Path(scratch)
        async with AsyncExitStack() as stack:
            described = stack.enter_context(open_bench_store(arguments.store, folder))
            url = await stack.enter_async_context(open_bench_database(arguments.database, folder))
            database = await stack.enter_async_context(
                open_database(url, service="storage", migrations=MIGRATIONS)
            )
            await ensure_bucket(described)
            stores = open_stores(described, folder)
            repository = PostgresRepository(database) if database.is_postgres else Repository(database)
            days = await _make_days(described, folder, stores, repository, arguments.days)
            runtime = build_runtime(
                "bench",
                ClusterSettings(
                    data_dir=folder, cluster_key=SecretStr("a key for the length of a benchmark")
                ),
            )
            prober = StoreProber(
                stores, described.by_name(), database, runtime.clock, runtime.registry, probe_seconds=5
            )
            _, comparison = build_comparison(
                runtime,
                StorageSettings(store=described),
                repository,
                stores,
                prober,
                Completion(database, stores),
                ReconcileMetrics(CollectorRegistry()),
            )
            began, used = time.monotonic(), time.process_time()
            places = asyncio.Semaphore(DAYS_AT_ONCE)

            async def compare(day: CameraDay) -> None:
                async with places:
                    await comparison.compare(day)

            await asyncio.gather(*(compare(day) for day in days))
            seconds, used = time.monotonic() - began, time.process_time() - used
            print(
                f"{arguments.store}, {arguments.database}: {len(days)} camera-days of {DAY_MINUTES} objects "
                f"in {seconds:.2f} s, {len(days) / seconds:.1f} camera-days/s, "
                f"{1000 * used / len(days):.0f} ms of CPU each",
                flush=True,
            )


async def _make_days(
    described: ObjectStoreSettings,
    folder: Path,
    stores: "Mapping[str, ObjectStore]",
    repository: Repository,
    count: int,
) -> list[CameraDay]:
    """Objects, index object and row of each day."""
    today = int(time.time() * 1000) // DAY_MS
    objects = DayObjects(stores, cache_bytes=0)
    table = storage_pb2.FragmentTable(
        duration_ms=[500] * FRAGMENTS, size=[130_000] * FRAGMENTS, flags=[1, 0] * (FRAGMENTS // 2)
    ).SerializeToString()
    days: list[CameraDay] = []
    for day in range(today - count, today):
        keys = [
            ObjectKey(UID, day * DAY_MS + at * MINUTE_MS, MINUTE_MS, 1, at, "0a1b2c3d")
            for at in range(DAY_MINUTES)
        ]
        await make_objects(described, folder, [str(key) for key in keys])
        segments = [
            Segment(
                *(key.uid, key.start_ms, key.duration_ms, key.epoch, key.sequence, key.init8),
                *("default", len(OBJECT), key.start_ms // 1000, 800, "avc1.640028"),
                hashlib.sha256(str(key).encode()).digest(),
                table,
            )
            for key in keys
        ]
        data = encode_day(UID, day, "default", segments)
        await objects.write("default", DayKey(UID, day, 1), data)
        async with repository.database.write() as connection:
            await insert_packed(connection, row_of(decode_day(data, "it"), 1))
        days.append(CameraDay(UID, day, "default"))
    return days


if __name__ == "__main__":
    main()
