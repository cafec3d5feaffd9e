"""The past through one gateway: `python -m bench archive`.

Each camera has a day of footage, a minute an object, 1080p25 of 2 Mb/s. A playlist of all of it is asked for
when the gateway knows none of it and once more when it does; then one viewer jumps about in it. The gateway
has core 1; the other services, the folder's reads apart, and the viewer share core 0. CPU is the gateway's.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode, urljoin

import aiohttp

from bench.day import DAY_MINUTES, MINUTE_MS, Minute, commit_day, encoded_minute
from bench.pictures import first_picture, percentiles
from bench.processes import usage
from bench.registration import register_cameras
from bench.servers import CLUSTER_KEY, Cluster, cluster, tickets
from simulator.bench_sender import make_bench_loop
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.storage.v1 import storage_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.media.preview import LAPSE_MS
from snowlight.rpc.channel import open_channel

LOOP = Path(".cache/bench/2000kbit-1080p25.mp4")
NOBODY = "rtsp://127.0.0.1:9/nobody"
"""The cameras themselves are away."""


@dataclass(frozen=True)
class Day:
    """A camera's ticket to a day, and its playlist."""

    base: str
    """The URL of /hls/{ticket}/."""
    preview: str
    """The URL of its previews."""
    start_ms: int

    def whole_sheets(self) -> range:
        """When the sheets of thumbnails begin that show nothing but this day, ms."""
        end_ms = self.start_ms + DAY_MINUTES * MINUTE_MS
        return range(-(-self.start_ms // LAPSE_MS) * LAPSE_MS, end_ms - LAPSE_MS + 1, LAPSE_MS)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench archive", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--seeks", type=int, default=200)
    options = parser.parse_args()
    if not LOOP.exists():
        make_bench_loop(LOOP)
    minute = encoded_minute(LOOP)
    with (
        tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch,
        cluster(Path(scratch), auth_pb2.VIEWER) as site,
    ):
        start_ms = (SystemClock().now_ms() // MINUTE_MS - DAY_MINUTES) * MINUTE_MS
        asyncio.run(_record(site, options.cameras, minute, start_ms))
        window = {"start": _instant(start_ms), "end": _instant(start_ms + DAY_MINUTES * MINUTE_MS)}
        wanted = [
            {"camera": f"cameras/bench-{number}", "action": "playback", **window}
            for number in range(options.cameras)
        ]
        days = []
        for each in tickets(site.root, wanted):
            ticket = each["ticket"]
            base = f"{site.root}/hls/{ticket}/"
            days.append(Day(base, f"{site.root}/snapshot/{ticket}/preview.jpg", start_ms))
        asyncio.run(_measure(site, days, options.seeks))


async def _record(site: Cluster, cameras: int, minute: Minute, start_ms: int) -> None:
    uids = await register_cameras(site.addresses["ingest"], CLUSTER_KEY, [NOBODY] * cameras, retention_days=7)
    tokens = ServiceTokens(ClusterKey(CLUSTER_KEY), "ingest", SystemClock())
    async with open_channel(site.addresses["storage"], tokens, TlsSettings()) as channel:
        storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        for uid in uids:
            await commit_day(storage, site.footage, uid, minute, start_ms)


async def _measure(site: Cluster, days: Sequence[Day], seeks: int) -> None:
    chance = random.Random(1)
    async with aiohttp.ClientSession() as http:
        viewer = Viewer(http)
        jumps = [chance.choice(days) for _ in range(seeks)]
        print(f"{'':<42}{'p50 ms':>8}{'p95 ms':>8}{'bound':>7}{'CPU ms':>8}{'samples':>9}")

        async def row(
            name: str, bound: int, what: Callable[[Day], Awaitable[float]], of: Sequence[Day]
        ) -> None:
            before = usage([site.pids["gateway"]])
            took = [1000 * await what(day) for day in of]
            cpu_ms = 1000 * (usage([site.pids["gateway"]]).cpu_s - before.cpu_s) / len(of)
            middle, late = percentiles(took)
            print(f"{name:<42}{middle:>8.0f}{late:>8.0f}{bound:>7}{cpu_ms:>8.1f}{len(of):>9}", flush=True)

        await row("playlist of 24 h, index not read before", 100, viewer.playlist, days)
        await row("playlist of 24 h, once more", 100, viewer.playlist, days)
        await row("first byte after a seek", 300, viewer.first_byte, jumps)
        await row("first picture after a seek, decoded", 1500, viewer.first_picture, jumps)
        await row("preview under the pointer", 150, viewer.preview, jumps)
        sheets = [day for day in days for _ in day.whole_sheets()]
        await row("thumbnails of 4 h, made", 1000, viewer.thumbnails, sheets)
        await row("thumbnails of 4 h, from the store", 100, viewer.thumbnails, sheets)


class Viewer:
    """What one person at a timeline asks for; each method tells how long it took, seconds."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._chance = random.Random(2)
        self._segments: dict[str, list[str]] = {}
        self._inits: dict[str, bytes] = {}
        self._sheets: dict[Day, Iterator[int]] = {}

    async def playlist(self, day: Day) -> float:
        """The whole day's."""
        began = time.perf_counter()
        text = (await self._get(day.base + "vod.m3u8")).decode()
        took = time.perf_counter() - began
        self._segments[day.base] = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert len(self._segments[day.base]) > 10 * DAY_MINUTES - 1440, text[:500]
        if day.base not in self._inits:
            init = text.partition('#EXT-X-MAP:URI="')[2].partition('"')[0]
            self._inits[day.base] = await self._get(urljoin(day.base, init))
        return took

    async def first_byte(self, day: Day) -> float:
        """Of a segment's body; the rest is read, and not counted."""
        began = time.perf_counter()
        async with self._http.get(self._somewhere(day)) as answer:
            answer.raise_for_status()
            await answer.content.readexactly(1)
            took = time.perf_counter() - began
            await answer.read()
        return took

    async def first_picture(self, day: Day) -> float:
        """A player that is set up has the init section."""
        began = time.perf_counter()
        first_picture(self._inits[day.base] + await self._get(self._somewhere(day)))
        return time.perf_counter() - began

    async def preview(self, day: Day) -> float:
        """At an instant nobody has pointed at."""
        instant = self._chance.randrange(day.start_ms, day.start_ms + DAY_MINUTES * MINUTE_MS)
        began = time.perf_counter()
        await self._get(f"{day.preview}?{urlencode({'time': _instant(instant)})}")
        return time.perf_counter() - began

    async def thumbnails(self, day: Day) -> float:
        """The next sheet of the day; after its last one the first again."""
        start_ms = next(self._sheets.setdefault(day, cycle(day.whole_sheets())))
        began = time.perf_counter()
        await self._get(urljoin(day.preview, f"timelapse-{start_ms // 1000}.jpg"))
        return time.perf_counter() - began

    def _somewhere(self, day: Day) -> str:
        return urljoin(day.base, self._chance.choice(self._segments[day.base]))

    async def _get(self, url: str) -> bytes:
        async with self._http.get(url) as answer:
            answer.raise_for_status()
            return await answer.read()


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


if __name__ == "__main__":
    main()
