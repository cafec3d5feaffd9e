"""Recorded footage through the door: `python -m bench door_recording`.

A day of each of some cameras, 1080p25 of 2 Mb/s, a minute an object in a local folder. So many readers take
hours of it as fast as they can, each by a connection of its own, by mutual TLS. The gateway has core 1; the
other services and the readers share core 0. What one core of the gateway sends is told by the CPU time that
the operating system charges it, which the neighbours disturb least.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from bench.archive import LOOP, NOBODY
from bench.day import DAY_MINUTES, MINUTE_MS, commit_day, encoded_minute
from bench.door_site import Door, open_door
from bench.processes import usage
from bench.registration import register_cameras
from bench.servers import BEHIND_CORE, CLUSTER_KEY
from simulator.bench_sender import make_bench_loop
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.access.v1 import media_pb2
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.media.access_envelope import to_timestamp
from snowlight.rpc.channel import open_channel, raw_stream

HOUR_MS = 60 * MINUTE_MS
READY_S = 15.0
"""Until all services know the cameras."""


def main() -> None:
    """Run the benchmark and print what was seen."""
    parser = argparse.ArgumentParser(prog="bench door_recording", description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--hours", type=int, default=3, help="of each reader")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.sched_setaffinity(0, {BEHIND_CORE})
    if not LOOP.exists():
        make_bench_loop(LOOP)
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, open_door(Path(scratch)) as door:
        start_ms = (SystemClock().now_ms() // HOUR_MS - DAY_MINUTES // 60) * HOUR_MS
        asyncio.run(_record(door, options.readers, start_ms))
        time.sleep(READY_S)
        print(f"{'readers':>8}{'MB':>8}{'MB/s':>8}{'MB/s per core':>15}{'first ms':>10}{'MB resident':>13}")
        for _ in range(options.rounds):
            asyncio.run(_round(door, options.readers, options.hours, start_ms))


async def _record(door: Door, cameras: int, start_ms: int) -> None:
    minute = encoded_minute(LOOP)
    addresses = door.site.addresses
    uids = await register_cameras(addresses["ingest"], CLUSTER_KEY, [NOBODY] * cameras, retention_days=7)
    tokens = ServiceTokens(ClusterKey(CLUSTER_KEY), "ingest", SystemClock())
    async with open_channel(addresses["storage"], tokens, TlsSettings()) as channel:
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        for uid in uids:
            await commit_day(storage, door.site.footage, uid, minute, start_ms)


async def _round(door: Door, readers: int, hours: int, start_ms: int) -> None:
    gateway = [door.site.pids["gateway"]]
    before, begun = usage(gateway), time.monotonic()
    async with asyncio.TaskGroup() as group:
        reading = [
            group.create_task(_read(door, f"cameras/bench-{number}", start_ms, start_ms + hours * HOUR_MS))
            for number in range(readers)
        ]
    after, took_s = usage(gateway), time.monotonic() - begun
    size_mb = sum(task.result()[0] for task in reading) / 1e6
    first_ms = 1000 * max(task.result()[1] for task in reading)
    per_core = size_mb / (after.cpu_s - before.cpu_s)
    print(
        f"{readers:>8}{size_mb:>8,.0f}{size_mb / took_s:>8.0f}{per_core:>15.0f}{first_ms:>10.0f}"
        f"{after.resident_mb:>13.0f}",
        flush=True,
    )


async def _read(door: Door, camera: str, start_ms: int, end_ms: int) -> tuple[int, float]:
    """Bytes, and after how many seconds the first fragment came."""
    request = media_pb2.StreamRecordingRequest(
        camera=camera, start_time=to_timestamp(start_ms), end_time=to_timestamp(end_ms)
    )
    size, messages, first_s, begun = 0, 0, 0.0, time.monotonic()
    async with door.connect() as channel:
        await channel.channel_ready()
        call = raw_stream(
            channel,
            "/snowlight.api.access.v1.Media/StreamRecording",
            media_pb2.StreamRecordingRequest.SerializeToString,
        )
        async for message in call(request, metadata=door.officer()):
            size += len(message)
            messages += 1
            if messages == 2:
                first_s = time.monotonic() - begun
    return size, first_s


if __name__ == "__main__":
    main()
