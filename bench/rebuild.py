"""Objects a minute of a rebuild from keys: `python -m bench.rebuild [--store minio]`.

Objects of a few bytes with the names that ingest gives are made first: a rebuild from keys opens none.
Then the real storage service, on PostgreSQL or SQLite, is asked to rebuild its index, over gRPC.
"""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import obstore
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine

from services.storage.app import run_storage
from services.storage.config import StorageSettings
from simulator.ports import free_port
from snowlight.api.storage.v1 import store_pb2, store_pb2_grpc
from snowlight.buckets import ensure_bucket
from snowlight.config import ClusterSettings
from snowlight.media.fragment import ObjectKey
from snowlight.object_store import ObjectStoreSettings, open_store
from snowlight.observability.logs import configure_logs
from snowlight.runtime import build_runtime
from tests.parts.minio import find_minio, run_minio
from tests.parts.postgres import find_postgres, run_postgres

MINUTE_MS = 60_000
DAY_MINUTES = 1440
PUTS_AT_ONCE = 64
OBJECT = b"footage"


def main() -> None:
    """Run the benchmark and print its line."""
    parser = argparse.ArgumentParser(prog="bench.rebuild", description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--store", choices=("folder", "minio"), default="folder")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    configure_logs("warning")
    asyncio.run(_measure(parser.parse_args()))


async def _measure(arguments: argparse.Namespace) -> None:
    with TemporaryDirectory(prefix="snowlight-bench-") as scratch:
        folder = Path(scratch)
        async with AsyncExitStack() as stack:
            store = stack.enter_context(open_bench_store(arguments.store, folder))
            database = await stack.enter_async_context(open_bench_database(arguments.database, folder))
            began = time.monotonic()
            await ensure_bucket(store)
            await make_objects(store, folder, _keys(arguments.objects, arguments.cameras))
            print(f"made {arguments.objects} objects in {time.monotonic() - began:.0f} s")
            seconds, objects = await _rebuild(store, database, folder)
            rows = await _rows(database)
            print(
                f"{arguments.store}, {arguments.database}: {objects} objects of {arguments.cameras} cameras "
                f"in {seconds:.1f} s, {60 * objects / seconds:,.0f} objects/min, {rows} rows",
                flush=True,
            )


@contextmanager
def open_bench_store(kind: str, folder: Path) -> Iterator[ObjectStoreSettings]:
    """An empty store, "folder" or "minio", while the context is open."""
    if kind == "folder":
        yield ObjectStoreSettings(url=f"file://{folder}/footage")
        return
    with run_minio(find_minio()) as server:
        yield server.store("bench")


@asynccontextmanager
async def open_bench_database(kind: str, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database, "sqlite" or "postgres", while the context is open."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder}/storage.db"
        return
    with run_postgres(find_postgres()) as server:
        yield server.url(await server.create_database())


async def make_objects(settings: ObjectStoreSettings, folder: Path, keys: list[str]) -> None:
    """Objects of a few bytes."""
    if settings.bucket is None:
        await asyncio.to_thread(_touch, settings.folder(folder), keys)
        return
    store = open_store(settings, folder)
    waiting = iter(keys)

    async def put_some() -> None:
        for key in waiting:
            await obstore.put_async(store, key, OBJECT, use_multipart=False)

    await asyncio.gather(*(put_some() for _ in range(PUTS_AT_ONCE)))


def _keys(objects: int, cameras: int) -> list[str]:
    """Minutes of every camera up to yesterday, one after the other."""
    each = -(-objects // cameras)
    last_ms = (int(time.time() * 1000) // MINUTE_MS - DAY_MINUTES) * MINUTE_MS
    return [
        str(ObjectKey(f"cam-{camera:06}", last_ms - at * MINUTE_MS, MINUTE_MS, 1, at, "0a1b2c3d"))
        for camera in range(cameras)
        for at in range(each)
    ][:objects]


def _touch(root: Path, keys: list[str]) -> None:
    made: set[Path] = set()
    for key in keys:
        path = root / key
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_bytes(OBJECT)


async def _rebuild(store: ObjectStoreSettings, database: str, folder: Path) -> tuple[float, int]:
    """Seconds it took, and objects it told of."""
    address = f"127.0.0.1:{free_port()}"
    cluster = ClusterSettings(
        data_dir=folder,
        cluster_key=SecretStr("a key for the length of one benchmark"),
        ingest_address=f"127.0.0.1:{free_port()}",
        storage_address=address,
        log_level="warning",
    )
    runtime = build_runtime("storage", cluster)
    settings = StorageSettings(listen=address, database_url=database, store=store)
    async with run_storage(runtime, settings), runtime.named("admin").channel(address) as channel:
        stub: store_pb2_grpc.StoresAsyncStub = store_pb2_grpc.StoresStub(channel)
        began = time.monotonic()
        objects = 0
        async for told in stub.RebuildIndex(store_pb2.RebuildIndexRequest()):
            objects = told.objects
        return time.monotonic() - began, objects


async def _rows(database: str) -> int:
    engine = create_async_engine(database)
    try:
        async with engine.connect() as connection:
            return int(await connection.scalar(sa.text("SELECT count(*) FROM segments")) or 0)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    if os.geteuid() == 0:
        os.umask(0o022)  # PostgreSQL runs as somebody else and must be able to look in
    main()
