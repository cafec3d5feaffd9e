"""Live pictures through the door: `python -m bench door_live`.

Cameras of 2 Mb/s, and so many streams of them, by a few connections with mutual TLS. The gateway has core 1;
the cameras, the other services and the readers share core 0. What one stream costs is told by the CPU time
that the operating system charges the gateway, which the neighbours disturb least.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from bench.door_site import Door, open_door
from bench.pictures import percentiles
from bench.processes import usage
from bench.registration import register_cameras
from bench.servers import BEHIND_CORE, CLUSTER_KEY
from bench.serving import sender
from snowlight.api.access.v1 import media_pb2
from snowlight.rpc.channel import raw_stream

KBPS = 2_000
STREAMS_A_CONNECTION = 25
READY_S = 90.0
BETWEEN_CALLS_S = 0.1
BOUND_S = 0.5
_FRAGMENT, _ACCESS_UNIT = 0x12, 0x1A
"""First bytes of messages with media (`snowlight.media.access_envelope`)."""


@dataclass
class Seen:
    """What all readers have had."""

    messages: int = 0
    size: int = 0
    first_s: list[float] = field(default_factory=list)
    """From each call to its first media."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def first_media(self, after_s: float) -> None:
        """A call's first came."""
        self.first_s.append(after_s)
        self._news.set()

    async def all_have_media(self, calls: int) -> None:
        while len(self.first_s) < calls:
            self._news.clear()
            await self._news.wait()


def main() -> None:
    """Run the benchmark and print what was seen."""
    parser = argparse.ArgumentParser(prog="bench door_live", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--access-units", action="store_true", help="in place of fragments")
    options = parser.parse_args()
    os.sched_setaffinity(0, {BEHIND_CORE})
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        source = stack.enter_context(sender(folder, KBPS))
        door = stack.enter_context(open_door(folder))
        urls = [f"{source}{number}" for number in range(options.cameras)]
        asyncio.run(register_cameras(door.site.addresses["ingest"], CLUSTER_KEY, urls))
        asyncio.run(_measure(door, options))


async def _measure(door: Door, options: argparse.Namespace) -> None:
    load = os.getloadavg()[0]
    watching = Watching(door, access_units=options.access_units)
    gateway = [door.site.pids["gateway"]]
    first_s = [await watching.until_shown(number) for number in range(options.cameras)]
    idle = usage(gateway)
    async with asyncio.TaskGroup() as group:
        seen = Seen()
        readers = []
        for number in range(options.streams):
            readers.append(group.create_task(watching.read(number % options.cameras, seen)))
            await asyncio.sleep(BETWEEN_CALLS_S)
        await seen.all_have_media(options.streams)
        messages, size, before, begun = seen.messages, seen.size, usage(gateway), time.monotonic()
        await asyncio.sleep(options.seconds)
        after, took_s = usage(gateway), time.monotonic() - begun
        messages, size = seen.messages - messages, seen.size - size
        for reader in readers:
            reader.cancel()
    await watching.close()
    cpu = (after.cpu_s - before.cpu_s) / took_s
    mbps = size * 8 / took_s / 1e6
    print(f"load of the machine: {load:.0f} before, {os.getloadavg()[0]:.0f} after")
    print(
        f"{options.streams} streams of {options.cameras} cameras: {mbps:.0f} Mb/s, "
        f"{messages / took_s:.0f} messages/s"
    )
    print(f"gateway: {100 * cpu:.1f} % of a core, {after.resident_mb:.0f} MB ({idle.resident_mb:.0f} before)")
    print(f"streams of 2 Mb/s a core: {mbps / 2 / cpu:.0f}")
    for whose, found in (("that nobody watches", first_s), ("that is watched", seen.first_s)):
        middle, late = percentiles(found)
        print(f"first media of a camera {whose}: p50 {middle:.3f} s, p95 {late:.3f} s (bound {BOUND_S} s)")


class Watching:
    """Calls of WatchLive over a few connections."""

    def __init__(self, door: Door, *, access_units: bool) -> None:
        self._door = door
        self._packaging = media_pb2.PACKAGING_ACCESS_UNITS if access_units else media_pb2.PACKAGING_FRAGMENTS
        self._officer = door.officer()
        self._channels: list[grpc.aio.Channel] = []
        self._calls = 0

    async def until_shown(self, camera: int) -> float:
        """Once it has pictures, of which nobody has taken any yet: seconds from the call to its first media.
        Raises TimeoutError."""
        async with asyncio.timeout(READY_S):
            while True:
                begun, call = time.monotonic(), self._call(camera)
                try:
                    async for message in call:
                        if message[0] in (_FRAGMENT, _ACCESS_UNIT):
                            return time.monotonic() - begun
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.5)
                finally:
                    call.cancel()

    async def read(self, camera: int, seen: Seen) -> None:
        """Take all that comes, until cancelled."""
        begun, is_first = time.monotonic(), True
        async for message in self._call(camera):
            seen.messages += 1
            seen.size += len(message)
            if is_first and message[0] in (_FRAGMENT, _ACCESS_UNIT):
                seen.first_media(time.monotonic() - begun)
                is_first = False

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()

    def _call(self, camera: int) -> Any:
        if self._calls % STREAMS_A_CONNECTION == 0:
            self._channels.append(self._door.connect())
        self._calls += 1
        stream = raw_stream(
            self._channels[-1],
            "/snowlight.api.access.v1.Media/WatchLive",
            media_pb2.WatchLiveRequest.SerializeToString,
        )
        request = media_pb2.WatchLiveRequest(camera=f"cameras/bench-{camera}", packaging=self._packaging)
        return stream(request, metadata=self._officer)


if __name__ == "__main__":
    main()
