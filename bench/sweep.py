"""Expired footage swept: `python -m bench.sweep`, `python -m bench.sweep --objects 100000 --only minio`.

Objects of 1 KiB lie in a store, in packed days of 1,440 or as rows of the index, each with the table of a
minute's 120 fragments, and all of them are expired. Measured is one whole sweep: unpack or bury, doom, delete
the objects, delete the rows, delete the index objects. Setting up is not. PostgreSQL and MinIO are real ones
and share the machine with the sweeper. TMPDIR says where local folders, and SQLite, are.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import obstore
import sqlalchemy as sa
from obstore.store import LocalStore
from prometheus_client import CollectorRegistry

from services.storage.app import MIGRATIONS
from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.index.day_object import decode_day, encode_day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import insert_packed, row_of
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.retention.assembly import build_retention
from services.storage.segment import DAY_MS, Segment
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.clock import SystemClock
from snowlight.database import Database, open_database
from snowlight.object_store import ObjectStoreSettings, open_stores
from snowlight.steps import go_on
from tests.parts.minio import find_minio, run_minio
from tests.parts.postgres import find_postgres, run_postgres

MINUTES = 1440
BODY = bytes(1024)
AGE_DAYS = 60
PUTS_AT_ONCE = 64
TABLE = storage_pb2.FragmentTable(
    duration_ms=[500] * 120,
    size=[125_000 + 37 * at for at in range(120)],
    flags=[int(at % 4 == 0) for at in range(120)],
).SerializeToString()


@dataclass(frozen=True)
class Case:
    """Where the footage and its index lie."""

    store: str
    database: str
    packed: bool

    @property
    def name(self) -> str:
        return f"{self.store}-{self.database}-{'packed' if self.packed else 'rows'}"


CASES = tuple(
    Case(store, database, packed)
    for store in ("folder", "minio")
    for database in ("sqlite", "postgres")
    for packed in (True, False)
)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench.sweep", description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=100_800, help="rounded to whole camera-days")
    parser.add_argument("--only", default="", help="cases whose name begins so, such as minio-postgres")
    arguments = parser.parse_args()
    cameras = max(1, arguments.objects // MINUTES)
    print(f"{'case':<26}{'objects':>9}{'seconds':>9}{'objects/min':>13}{'CPU us/object':>15}")
    for case in CASES:
        if case.name.startswith(arguments.only):
            seconds, cpu = measure(case, cameras)
            objects = cameras * MINUTES
            print(
                f"{case.name:<26}{objects:>9}{seconds:>9.1f}{objects / seconds * 60:>13,.0f}"
                f"{cpu / objects * 1e6:>15.1f}",
                flush=True,
            )


def measure(case: Case, cameras: int) -> tuple[float, float]:
    """Seconds of one sweep of `cameras` camera-days, and CPU seconds of this process in it."""
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        store = stack.enter_context(_store(case.store, folder))
        url = stack.enter_context(_database(case.database, folder))
        return asyncio.run(_measure(case, cameras, folder, store, url))


@contextmanager
def _store(kind: str, folder: Path) -> Iterator[ObjectStoreSettings]:
    if kind == "folder":
        yield ObjectStoreSettings(url=f"file://{folder}/footage")
        return
    with run_minio(find_minio()) as server:
        yield server.store(server.create_bucket())


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder}/storage.db"
        return
    with run_postgres(find_postgres()) as server:
        yield server.url(asyncio.run(server.create_database()))


async def _measure(
    case: Case, cameras: int, folder: Path, described: ObjectStoreSettings, url: str
) -> tuple[float, float]:
    stores = open_stores(described, folder)
    async with open_database(url, service="storage", migrations=MIGRATIONS) as database:
        repository = PostgresRepository(database) if database.is_postgres else Repository(database)
        known = CameraRepository(database, SystemClock())
        first_ms = (SystemClock().now_ms() // DAY_MS - AGE_DAYS) * DAY_MS
        for number in range(cameras):
            uid = f"cam{number:05}"
            camera = camera_pb2.Camera(uid=uid, region="regions/371326", camera_class=3, enabled=True)
            camera.create_time.FromMilliseconds(first_ms)
            await known.apply([camera], None)
            await _record(case, repository, stores["default"], _day(uid, first_ms))
        await _settle(database)
        retention = build_retention(
            repository,
            known,
            stores,
            StorageSettings(store=described, grace_seconds=0),
            folder,
            SystemClock(),
            CollectorRegistry(),
            go_on,
            check=_is_right,
        )
        started, cpu = time.perf_counter(), time.process_time()
        await retention.sweeper.sweep()
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    left = [meta["path"] for batch in obstore.list(stores["default"]) for meta in batch]
    assert not left, f"{len(left)} objects are left"
    return seconds, cpu


async def _record(
    case: Case, repository: Repository, store: "obstore.store.ObjectStore", day: Sequence[Segment]
) -> None:
    await _put(store, [str(segment.key) for segment in day])
    async with repository.database.write() as connection:
        await connection.execute(sa.select(1))  # which begins the transaction
        if not case.packed:
            for at in range(0, len(day), 500):
                await repository.insert_segments(connection, day[at : at + 500])
            return
        uid, number = day[0].camera_uid, day[0].start_ms // DAY_MS
        data = encode_day(uid, number, "default", day)
        row = row_of(decode_day(data, uid), 1)
        await DayObjects({"default": store}, 0).write("default", row.key, data)
        await insert_packed(connection, row)


async def _put(store: "obstore.store.ObjectStore", keys: Sequence[str]) -> None:
    if isinstance(store, LocalStore):
        for key in keys:
            path = Path(str(store.prefix), key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(BODY)  # noqa: ASYNC240 - nothing else is going on
        return
    waiting = asyncio.Semaphore(PUTS_AT_ONCE)

    async def put(key: str) -> None:
        async with waiting:
            await obstore.put_async(store, key, BODY, use_multipart=False)

    async with asyncio.TaskGroup() as tasks:
        for key in keys:
            tasks.create_task(put(key))


async def _settle(database: Database) -> None:
    """The planner knows the tables, as it does in a database that has run for a while."""
    async with database.write() as connection:
        await connection.exec_driver_sql("ANALYZE")
    os.sync()


def _day(uid: str, first_ms: int) -> list[Segment]:
    named = ("0a1b2c3d", "default", len(BODY), first_ms // 1000, 800, "avc1.640028")
    return [
        Segment(uid, first_ms + at * 60_000, 60_000, 1, at, *named, os.urandom(32), TABLE)
        for at in range(MINUTES)
    ]


async def _is_right(store: str) -> None:
    """The store is the one that was just made."""


if __name__ == "__main__":
    main()
