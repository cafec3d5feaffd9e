"""Footage of one place taken along: `python -m bench package`.

Eight cameras, ten minutes, 1080p25 of 2 Mb/s each, in objects of a minute in the local folder. Measured is
from the wish until the export has SUCCEEDED (copied, hashed, rendered to files that play everywhere, signed),
and then the package's download over loopback. The gateway has core 1; storage, its renderer, which is niced,
and the others share core 0: CPU tells what it would take there alone.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from bench.archive import LOOP, NOBODY
from bench.day import MINUTE_MS, Minute, commit_minutes, encoded_minute
from bench.processes import children_cpu_s, cpu_s
from bench.registration import register_cameras
from bench.servers import CLUSTER_KEY, Cluster, cluster, sign_in
from simulator.bench_sender import make_bench_loop
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.instants import format_instant
from snowlight.rpc.channel import open_channel

BOUND_S = 30
SETTLED_MINUTES = 10
"""Ago: what is younger may still be on its way."""
PIECE = 1 << 20


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench package", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not LOOP.exists():
        make_bench_loop(LOOP)
    minute = encoded_minute(LOOP)
    with (
        tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch,
        cluster(Path(scratch), auth_pb2.ADMIN) as site,
    ):
        end_ms = (SystemClock().now_ms() // MINUTE_MS - SETTLED_MINUTES) * MINUTE_MS
        start_ms = end_ms - options.minutes * MINUTE_MS
        asyncio.run(_record(site, options.cameras, minute, start_ms, options.minutes))
        wish = {
            "cameras": [f"cameras/bench-{number}" for number in range(options.cameras)],
            "start": format_instant(start_ms),
            "end": format_instant(end_ms),
            "case_number": "bench 2026",
            "reason": "a place",
        }
        asyncio.run(_measure(site, wish, options.rounds))


async def _record(site: Cluster, cameras: int, minute: Minute, start_ms: int, minutes: int) -> None:
    uids = await register_cameras(site.addresses["ingest"], CLUSTER_KEY, [NOBODY] * cameras, retention_days=7)
    tokens = ServiceTokens(ClusterKey(CLUSTER_KEY), "ingest", SystemClock())
    async with open_channel(site.addresses["storage"], tokens, TlsSettings()) as channel:
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        for uid in uids:
            await commit_minutes(storage, site.footage, uid, minute, start_ms, minutes)


async def _measure(site: Cluster, wish: dict[str, Any], rounds: int) -> None:
    headers = {"Authorization": f"Bearer {sign_in(site.root)}"}
    storage, gateway = site.pids["storage"], [site.pids["gateway"]]
    titles = ("MB", "ready s", "bound", "storage CPU s", "renderer CPU s", "MB/s loaded", "gateway CPU s/GB")
    print("".join(f"{title:>18}" for title in titles))
    async with aiohttp.ClientSession(site.root, headers=headers) as http:
        for _ in range(rounds):
            copied, rendered, began = cpu_s([storage]), children_cpu_s(storage), time.perf_counter()
            name = await _ready(http, wish)
            ready_s = time.perf_counter() - began
            copied, rendered = cpu_s([storage]) - copied, children_cpu_s(storage) - rendered
            before, began = cpu_s(gateway), time.perf_counter()
            size = await _load(http, name)
            took_s, gateway_s = time.perf_counter() - began, cpu_s(gateway) - before
            loaded = size / 1e6 / took_s
            figures = (size / 1e6, ready_s, BOUND_S, copied, rendered, loaded, gateway_s * 1e9 / size)
            print("".join(f"{figure:>18.1f}" for figure in figures), flush=True)


async def _ready(http: aiohttp.ClientSession, wish: dict[str, Any]) -> str:
    """The name of an export that is whole."""
    export = await _created(http, wish)
    while export["state"] in ("PENDING", "RUNNING"):
        await asyncio.sleep(0.2)
        async with http.get(f"/v1/{export['name']}") as answer:
            export = await answer.json()
    assert export["state"] == "SUCCEEDED", export
    return str(export["name"])


async def _created(http: aiohttp.ClientSession, wish: dict[str, Any]) -> dict[str, Any]:
    """Asked for until auth and the gateway know all cameras."""
    async with asyncio.timeout(60):
        while True:
            async with http.post("/v1/exports", json=wish) as answer:
                told: dict[str, Any] = await answer.json()
                if answer.status == 200:
                    return told
            assert answer.status == 404, told
            await asyncio.sleep(0.5)


async def _load(http: aiohttp.ClientSession, name: str) -> int:
    """Bytes of the package."""
    async with http.get(f"/v1/{name}/download") as answer:
        answer.raise_for_status()
        return sum([len(piece) async for piece in answer.content.iter_chunked(PIECE)])


if __name__ == "__main__":
    main()
