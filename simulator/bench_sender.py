"""Benchmark source: any number of clients, each sent the same 1080p25 H.264 stream at any path.

`python -m simulator.bench_sender --port P --loop FILE` makes the loop when the file is missing. Each client
has a stream of its own that begins with a key frame at once, so that key frames are spread
over time as those of real cameras are. One write for each picture; clients are spread over the ticks of a
frame interval.
"""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import uvloop

from simulator.faults import Faults
from simulator.loop.elementary import Loop, read_loop
from simulator.loop.encode import encode_loop
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.connection import Endpoint
from simulator.rtsp.packets import VIDEO_CLOCK, video_packets
from simulator.rtsp.programme import Programme, Receiver, TrackStart
from simulator.rtsp.sdp import describe
from simulator.rtsp.server import listen
from simulator.scene.fonts import Fonts
from simulator.scene.scenery import Scenery
from simulator.whole_file import replacing

BENCH_LOOP = LoopParameters(
    title="基准 1080p25",
    latin_title="Benchmark 1080p25",
    scenery=Scenery.ROAD,
    profile=Profile.H264,
    width=1920,
    height=1080,
    frame_rate=25,
    bit_rate=2_000_000,
    noise=6,
)
_TICK = 0.01
"""Seconds between two groups of clients."""


class BenchProgramme:
    """A loop without sound, sent to each receiver from its beginning and over and over."""

    def __init__(self, loop: Loop) -> None:
        self._track = video_packets(loop.video, Faults())
        self._interval = 1 / loop.video.frame_rate
        self._duration = len(loop.video.access_units) * VIDEO_CLOCK // loop.video.frame_rate
        self.description = describe(Loop(loop.video, None), "benchmark", Faults())
        self.track_count = 1
        groups = max(1, round(self._interval / _TICK))
        self._groups: list[dict[Receiver, int]] = [{} for _ in range(groups)]

    @property
    def receivers(self) -> int:
        return sum(map(len, self._groups))

    def play(self, receiver: Receiver) -> Sequence[TrackStart]:
        """Puts `receiver` in the smallest group, at its first picture."""
        min(self._groups, key=len)[receiver] = 0
        return [TrackStart(0, 0)]

    def stop(self, receiver: Receiver) -> None:
        for group in self._groups:
            group.pop(receiver, None)

    async def run(self) -> None:
        """Sends until cancelled."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            for group in self._groups:
                self._send(group)
                due += self._interval / len(self._groups)
                await asyncio.sleep(max(0.0, due - clock()))

    def _send(self, group: dict[Receiver, int]) -> None:
        """One picture to each receiver of a group."""
        blocks, packets = self._track.blocks, self._track.packets
        for receiver, number in list(group.items()):
            turn, picture = divmod(number, len(blocks))
            channel = receiver.channels[0]
            if channel is not None:
                receiver.send(blocks[picture].stamped(channel, turn * packets, turn * self._duration, 0x5EED))
            group[receiver] = number + 1


@asynccontextmanager
async def serve_bench(loop: Path, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Serves the H.264 or H.265 file `loop` at every path until the context ends; yields the port."""
    programme = BenchProgramme(read_loop(loop))

    async def ready() -> Programme:
        return programme

    endpoint = Endpoint(ready)
    sending = asyncio.create_task(programme.run())
    try:
        async with listen(host, port, lambda _: endpoint) as bound:
            yield bound
    finally:
        sending.cancel()


def make_bench_loop(path: Path, kbps: int = BENCH_LOOP.bit_rate // 1000) -> None:
    """Encodes a minute of 1080p25 H.264 with a GOP of 50; takes some ten seconds of one core."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        encode_loop(replace(BENCH_LOOP, bit_rate=1000 * kbps), partial, Fonts(), clock=False)


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve_bench(arguments.loop, host=arguments.host, port=arguments.port) as port:
        print(f"rtsp://{arguments.host}:{port}/", flush=True)
        gc.freeze()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulator.bench_sender", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8554, help="0 lets the system choose (%(default)s)")
    parser.add_argument("--loop", type=Path, required=True, help="the file to play, made if it is missing")
    parser.add_argument("--kbps", type=int, default=2000, help="kilobits a second, when it is made")
    arguments = parser.parse_args()
    if not arguments.loop.exists():
        print(f"encoding {arguments.loop}", file=sys.stderr, flush=True)
        make_bench_loop(arguments.loop, arguments.kbps)
    uvloop.run(_run(arguments))


if __name__ == "__main__":
    main()
