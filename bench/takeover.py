"""What cameras lose when their worker is killed, and when it is stopped: `python -m bench takeover`.

One sender process on core 0 plays the same 2 Mb/s stream to every camera; PostgreSQL and storage are there
too. The workers have all that is left of the machine: while one hands its cameras over they are connected to
twice, so there has to be room for as much again as it takes. One worker is killed and started again, another
one gets SIGTERM; then all stop, and the holes are those between the segments of the index. Ends with 1 when a
bound is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.build import Build
from bench.holes import Holes, Spans, spans_of, twice_ms
from bench.processes import running, wait_for_port
from bench.recorder import KEY, SENDER_CORE, Recorder, place_recorder
from bench.sender import running_sender
from services.ingest.shards.rendezvous import wanted_owners
from services.ingest.shards.repository import ShardRepository
from simulator.ports import free_port
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.database import open_database
from snowlight.rpc.channel import open_channel
from snowlight.shards import shard_of
from tests.parts.postgres import find_postgres, run_postgres

KILLED_MOST_MS = 10_000
"""At 95 of 100 cameras whose worker is killed."""
STOPPED_MOST_MS = 1_000
"""At each camera whose worker gets SIGTERM."""
_MIGRATIONS = Path("services/ingest/migrations")
_PATIENCE_S = 300.0
_SETTLED_S = 20.0
"""After the last camera is online."""


@dataclass
class Workers:
    """Processes of ingest on one database, and cameras."""

    recorder: Recorder
    database_url: str
    shards: ShardRepository
    stack: ExitStack
    ports: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    uids: Sequence[str] = ()

    def start(self, name: str) -> None:
        """Run the worker, anew if it was there before. The first one is where ingest is reached."""
        if name not in self.ports:
            self.ports[name] = f"127.0.0.1:{free_port()}" if self.ports else self.recorder.ingest
        address = self.ports[name]
        settings = {
            "WORKER": name,
            "LISTEN": address,
            "ADVERTISE": address,
            "DATABASE_URL": self.database_url,
            "SPOOL_DIR": str(self.recorder.folder / name),
        }
        process = self.stack.enter_context(
            running(
                [self.recorder.python, "-m", "services", "ingest"],
                core=None,
                log=self.recorder.folder / f"{name}.log",
                env={
                    **self.recorder.environment,
                    **{f"SNOWLIGHT_INGEST_{key}": value for key, value in settings.items()},
                    "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
                    "SNOWLIGHT_DRAIN_SECONDS": "120",
                },
            )
        )
        wait_for_port(address, _PATIENCE_S, process)
        self.processes[name] = process

    async def cameras_of(self, name: str) -> list[str]:
        """The uids of those that a worker has."""
        rows, _ = await self.shards.owners()
        return [uid for uid in self.uids if rows[shard_of(uid)].owner == name]

    async def settle(self, names: Sequence[str]) -> float:
        """Wait until these workers have their shares of the cameras and each is online; how long that took,
        seconds. Raises TimeoutError."""
        began = time.monotonic()
        async with asyncio.timeout(_PATIENCE_S):
            while not await self._is_settled(names):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.5)
        took_s = time.monotonic() - began
        await asyncio.sleep(_SETTLED_S)
        return took_s

    async def _is_settled(self, names: Sequence[str]) -> bool:
        rows, live = await self.shards.owners()
        weights = {worker.id: worker.weight for worker in live.values() if worker.weight > 0}
        if weights.keys() != set(names):
            return False
        owners = wanted_owners(weights)
        if any(row.successor or row.owner != owner for row, owner in zip(rows, owners, strict=True)):
            return False
        return await self._online() == len(self.uids)

    async def _online(self) -> int:
        online, token = 0, ""
        async with open_channel(self.recorder.ingest, _tokens("admin"), TlsSettings()) as channel:
            registry: camera_pb2_grpc.CameraRegistryAsyncStub = camera_pb2_grpc.CameraRegistryStub(channel)
            while True:
                page = await registry.ListCameras(
                    camera_pb2.ListCamerasRequest(page_size=1000, page_token=token)
                )
                online += sum(camera.state == camera_pb2.ONLINE for camera in page.cameras)
                token = page.next_page_token
                if not token:
                    return online


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(prog="bench.takeover", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--workers", type=int, default=3)
    Build.add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.workers < 3:
        parser.error("--workers must be 3 at least: one is killed, one stops, one has the cameras")
    os.sched_setaffinity(0, {SENDER_CORE})  # PostgreSQL inherits it
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch:
        good = asyncio.run(_measure(Path(scratch), Build.of(arguments), arguments.cameras, arguments.workers))
    sys.exit(0 if good else 1)


async def _measure(folder: Path, build: Build, cameras: int, count: int) -> bool:
    """Print what was measured; whether it is within the bounds."""
    names = [f"worker-{number}" for number in range(count)]
    killed, stopped = names[1], names[2]
    async with _workers(folder, build, cameras, names) as workers:
        begun_ms = _now_ms()
        print(f"all cameras online after {await workers.settle(names):.0f} s")
        of_killed = await workers.cameras_of(killed)
        killed_ms = _now_ms()
        workers.processes[killed].kill()
        left = [name for name in names if name != killed]
        print(f"killed {killed}: its cameras online after {await workers.settle(left):.1f} s")
        workers.start(killed)
        back_ms = _now_ms()
        print(f"{killed} came back: balanced after {await workers.settle(names):.0f} s")
        of_back = await workers.cameras_of(killed)
        of_stopped = await workers.cameras_of(stopped)
        stopped_ms = _now_ms()
        workers.processes[stopped].terminate()
        left = [name for name in names if name != stopped]
        print(f"stopped {stopped}: its cameras online after {await workers.settle(left):.1f} s")
        end_ms = _now_ms()
        await _stop(workers, left)
        spans = await _recorded(workers, begun_ms)
    kill = Holes.between((spans[uid] for uid in of_killed), killed_ms - 2000, back_ms)
    join = Holes.between((spans[uid] for uid in of_back), back_ms, stopped_ms)
    stop = Holes.between((spans[uid] for uid in of_stopped), stopped_ms - 2000, end_ms)
    twice = twice_ms(spans.values())
    print(f"holes, worker killed:    {kill} (bound: {KILLED_MOST_MS} ms at p95)")
    print(f"holes, worker came back: {join} (bound: {STOPPED_MOST_MS} ms each)")
    print(f"holes, worker stopped:   {stop} (bound: {STOPPED_MOST_MS} ms each)")
    print(f"recorded twice: {twice / 1000:.3f} s of all cameras (bound: none)")
    within = kill.part(95) <= KILLED_MOST_MS and max(join.most, stop.most) <= STOPPED_MOST_MS and not twice
    print("within all bounds" if within else "OUT OF BOUNDS")
    return within


@asynccontextmanager
async def _workers(folder: Path, build: Build, cameras: int, names: Sequence[str]) -> AsyncIterator[Workers]:
    """All of them, with as many cameras."""
    port = free_port()
    recorder = place_recorder(folder, None, build)
    with ExitStack() as stack:
        postgres = stack.enter_context(run_postgres(find_postgres()))
        url = postgres.url(await postgres.create_database())
        stack.enter_context(running_sender(port, folder, live=True))
        stack.enter_context(recorder.running_storage())
        async with open_database(url, service="ingest", migrations=_MIGRATIONS) as database:
            workers = Workers(recorder, url, ShardRepository(database), stack)
            for name in names:
                workers.start(name)
            urls = [f"rtsp://127.0.{number % 250}.1:{port}/c{number}" for number in range(cameras)]
            workers.uids = await recorder.register(urls, audio=False)
            yield workers


async def _stop(workers: Workers, names: Sequence[str]) -> None:
    """All of them together, with what they have recorded put and committed."""
    for name in names:
        workers.processes[name].terminate()
    for name in names:
        await asyncio.to_thread(workers.processes[name].wait, _PATIENCE_S)


async def _recorded(workers: Workers, since_ms: int) -> Mapping[str, Spans]:
    """By uid, all that the index has."""
    async with open_channel(workers.recorder.storage, _tokens("gateway"), TlsSettings()) as channel:
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        return {uid: await spans_of(storage, uid, since_ms, _now_ms()) for uid in workers.uids}


def _tokens(service: str) -> ServiceTokens:
    return ServiceTokens(ClusterKey(KEY), service, SystemClock())


def _now_ms() -> int:
    return int(time.time() * 1000)


if __name__ == "__main__":
    main()
