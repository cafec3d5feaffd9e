"""Commits, timelines and listings of one storage process over gRPC: `python -m bench.storage`.

Storage is a process of its own with core 1 to itself. PostgreSQL and MinIO are real ones, started for the
benchmark on core 0 beside this sender. The database is filled with rows of the last two to three days, each
with the table of a minute's 120 fragments. CPU is what the operating system charges the storage process.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from statistics import quantiles

import grpc
from prometheus_client import CollectorRegistry

from bench.hot_rows import DAY_MS, MINUTE_MS, Town
from bench.processes import running, usage, wait_for_port
from bench.recorder import SENDER_CORE, TESTED_CORE
from services.storage.app import MIGRATIONS
from services.storage.config import StorageSettings
from services.storage.index.day_objects import DayObjects
from services.storage.index.packable import PackableDay, PackableRows
from services.storage.index.packing import Closer, PackMetrics
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.stores.health import NoneAway
from simulator.ports import free_port
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.database import open_database
from snowlight.object_store import ObjectStoreSettings, open_store
from snowlight.rpc.channel import open_channel
from snowlight.steps import go_on
from tests.parts.minio import find_minio, run_minio
from tests.parts.postgres import find_postgres, run_postgres

KEY = "a key for the length of one benchmark"
IN_FLIGHT = 4
PACKED_CAMERAS = 200


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(prog="bench.storage", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="1,10", help="millions of hot rows to measure at, rising")
    parser.add_argument("--batch", type=int, default=500, help="segments a commit")
    parser.add_argument("--seconds", type=float, default=20.0, help="of commits at each size")
    arguments = parser.parse_args()
    levels = [int(float(each) * 1e6) for each in arguments.rows.split(",")]
    os.sched_setaffinity(0, {SENDER_CORE})  # PostgreSQL and MinIO inherit it
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        postgres = stack.enter_context(run_postgres(find_postgres(), durable=True))
        minio = stack.enter_context(run_minio(find_minio()))
        url = postgres.url(asyncio.run(postgres.create_database()))
        address = f"127.0.0.1:{free_port()}"
        bucket = minio.create_bucket()
        env = {
            "SNOWLIGHT_CLUSTER_KEY": KEY,
            "SNOWLIGHT_DATA_DIR": scratch,
            "SNOWLIGHT_LOG_LEVEL": "error",
            "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
            "SNOWLIGHT_STORAGE_LISTEN": address,
            "SNOWLIGHT_STORAGE_DATABASE_URL": url,
            "SNOWLIGHT_STORAGE_PACK_AFTER_HOURS": "100000",  # here only the benchmark packs
            "SNOWLIGHT_STORAGE_RECONCILE_FIRST_SECONDS": "100000",  # rows without objects are not lost
            **minio.environment(bucket),
        }
        log = Path(scratch) / "storage.log"
        command = [sys.executable, "-m", "services", "storage"]
        storage = stack.enter_context(running(command, core=TESTED_CORE, log=log, env=env))
        wait_for_port(address, process=storage)
        bench = Bench(address, storage.pid, url, minio.store(bucket), arguments.batch, arguments.seconds)
        asyncio.run(bench.run(levels))


class Bench:
    """One run against one storage process."""

    def __init__(
        self, address: str, pid: int, url: str, store: ObjectStoreSettings, batch: int, seconds: float
    ) -> None:
        self._address = address
        self._pid = pid
        self._url = url
        self._store = store
        self._batch = batch
        self._seconds = seconds

    async def run(self, levels: list[int]) -> None:
        now_ms = SystemClock().now_ms()
        begin_ms = (now_ms // DAY_MS - 2) * DAY_MS
        minutes = (now_ms - begin_ms) // MINUTE_MS
        town = Town(cameras=levels[-1] // minutes, begin_ms=begin_ms)
        print(f"{town.cameras} cameras, {minutes} minutes of footage, commits of {self._batch} segments")
        filled_from = ahead = minutes
        async with self._channel("ingest") as ingest, self._channel("gateway") as gateway:
            writer: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(ingest)
            reader: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(gateway)
            await writer.OpenEpoch(storage_pb2.OpenEpochRequest(shard=1, epoch=1, from_ms=1))
            for level in levels:
                begin = max(0, minutes - level // town.cameras)
                await town.fill(self._url, begin, filled_from)
                filled_from = begin
                print(f"\n{town.cameras * (minutes - begin) / 1e6:.1f} M hot rows")
                ahead = await self._commits(ingest, town, ahead)
                await self._reads(reader, town, "hot", begin_ms + minutes * MINUTE_MS, town.cameras)
            await self._pack(town, begin_ms // DAY_MS)
            packed = min(PACKED_CAMERAS, town.cameras)
            await self._reads(reader, town, "packed, cold", begin_ms + DAY_MS, packed, once=True)
            await self._reads(reader, town, "packed, cached", begin_ms + DAY_MS, packed)

    async def _commits(self, channel: grpc.aio.Channel, town: Town, first_minute: int) -> int:
        """Commit for a while. Returns the minute from which on nothing is committed."""
        call = channel.unary_unary(
            "/snowlight.api.storage.v1.Storage/CommitSegments",
            request_serializer=bytes,  # they are made before the clock starts
            response_deserializer=storage_pb2.CommitSegmentsResponse.FromString,
        )
        requests = iter(list(islice(town.commits(first_minute, self._batch), int(self._seconds * 40))))
        sent = 0
        stop_at = time.monotonic() + self._seconds

        async def send() -> None:
            nonlocal sent
            for request in requests:
                response = await call(request)
                assert all(
                    result.outcome == storage_pb2.CommitResult.COMMITTED for result in response.results
                )
                sent += self._batch
                if time.monotonic() > stop_at:
                    return

        before, started = usage([self._pid]), time.monotonic()
        await asyncio.gather(*(send() for _ in range(IN_FLIGHT)))
        wall_s = time.monotonic() - started
        cpu_s = usage([self._pid]).cpu_s - before.cpu_s
        print(
            f"CommitSegments   {sent / wall_s:9.0f} segments/s, {sent / cpu_s:9.0f} a CPU second "
            f"({1e6 * cpu_s / sent:.0f} us each), {sent} in {wall_s:.1f} s"
        )
        return first_minute + sent // town.cameras + 2

    async def _reads(
        self,
        stub: "storage_pb2_grpc.StorageAsyncStub",
        town: Town,
        what: str,
        end_ms: int,
        cameras: int,
        *,
        once: bool = False,
    ) -> None:
        """The day before `end_ms`: as timeline, as a list of an hour of it, as a list of all of it.

        `once`: no camera is asked for twice.
        """
        uids = [town.uid(camera) for camera in random.Random(1).sample(range(cameras), min(cameras, 200))]
        thirds = (uids[::3], uids[1::3], uids[2::3]) if once else (uids * 5, uids, uids[:50])
        start_ms = end_ms - DAY_MS
        hour_ms = end_ms - 90 * MINUTE_MS

        async def timeline(uid: str) -> None:
            request = storage_pb2.GetTimelineRequest(
                camera_uid=uid, start_ms=start_ms, end_ms=start_ms + DAY_MS
            )
            answer = await stub.GetTimeline(request)
            assert len(answer.spans) == 1, answer

        async def list_hour(uid: str) -> None:
            request = storage_pb2.ListSegmentsRequest(
                camera_uid=uid, start_ms=hour_ms, end_ms=hour_ms + 60 * MINUTE_MS
            )
            answer = await stub.ListSegments(request)
            assert len(answer.segments) == 60, len(answer.segments)

        async def list_day(uid: str) -> None:
            request = storage_pb2.ListSegmentsRequest(
                camera_uid=uid, start_ms=start_ms, end_ms=start_ms + DAY_MS
            )
            answer = await stub.ListSegments(request)
            assert len(answer.segments) > 300, len(answer.segments)

        calls = (
            ("GetTimeline day", timeline),
            ("ListSegments hour", list_hour),
            ("ListSegments day", list_day),
        )
        for (name, call), chosen in zip(calls, thirds, strict=True):
            before, latencies = usage([self._pid]), []
            for uid in chosen:
                started = time.perf_counter()
                await call(uid)
                latencies.append(1000 * (time.perf_counter() - started))
            cpu_ms = 1000 * (usage([self._pid]).cpu_s - before.cpu_s) / len(chosen)
            cut = quantiles(latencies, n=100)
            print(
                f"{name:<18}{what:<15} p50 {cut[49]:7.2f} ms, p99 {cut[98]:7.2f} ms, "
                f"{cpu_ms:6.2f} CPU ms each, {len(chosen)} calls"
            )

    async def _pack(self, town: Town, day: int) -> None:
        """Pack the oldest day of some cameras, in this process."""
        objects = DayObjects({"default": open_store(self._store, Path())}, cache_bytes=0)
        async with open_database(self._url, service="storage", migrations=MIGRATIONS) as database:
            closer = Closer(
                PackableRows(PostgresRepository(database)),
                objects,
                NoneAway(),
                StorageSettings(),
                SystemClock(),
                PackMetrics(CollectorRegistry()),
                go_on,
            )
            before, started = usage([os.getpid()]), time.monotonic()
            cameras = min(PACKED_CAMERAS, town.cameras)
            for camera in range(cameras):
                await closer.pack(PackableDay(town.uid(camera), day, "default"))
            wall_s = (time.monotonic() - started) / cameras
            cpu_s = (usage([os.getpid()]).cpu_s - before.cpu_s) / cameras
            (key,) = await objects.list_keys("default", town.uid(0))
            size = (await objects.read("default", key)).size
        print(
            f"\nPacking a camera-day of 1440 rows: {1000 * wall_s:.0f} ms, {1000 * cpu_s:.0f} CPU ms, "
            f"an index object of {size / 1000:.0f} KB"
        )

    @asynccontextmanager
    async def _channel(self, caller: str) -> AsyncIterator[grpc.aio.Channel]:
        tokens = ServiceTokens(ClusterKey(KEY), caller, SystemClock())
        async with open_channel(self._address, tokens, TlsSettings()) as channel:
            yield channel


if __name__ == "__main__":
    main()
