"""Benchmark source: any number of clients, each sent the same 1080p25 H.264 stream at any path.

`python -m simulator.bench_sender --port P --loop FILE` makes the loop when the file is missing. Each client
has a stream of its own that begins with a key frame at once, so that key frames are spread
over time as those of real cameras are. With `--live` a path is a camera, whose clients all get the same
pictures. One write for each picture; clients are spread over the ticks of a frame interval. What a picture is
sent as is made once for all clients that come to it within two minutes, so that one core has time for
thousands of them.
"""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from random import Random
from zlib import crc32

import uvloop

from simulator.faults import Faults
from simulator.loop.elementary import AudioCodec, AudioTrack, Loop, read_loop
from simulator.loop.encode import G711_RATE, encode_loop
from simulator.loop.parameters import LOOP_SECONDS, LoopParameters, Profile
from simulator.rtsp.connection import Endpoint
from simulator.rtsp.live import audio_due
from simulator.rtsp.packets import PacketBlock, PacketTrack, audio_packets, video_packets
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
_PHASES = 1 << 16


class BenchProgramme:
    """A loop, sent to each receiver from its beginning and over and over."""

    def __init__(self, loop: Loop) -> None:
        self._video = video_packets(loop.video, Faults())
        self._audio = None if loop.audio is None else audio_packets(loop.audio, Faults())
        self._due = audio_due(self._audio, len(self._video.blocks), loop)
        self._interval = 1 / loop.video.frame_rate
        self._seconds = len(loop.video.access_units) // loop.video.frame_rate
        self.description = describe(loop, "benchmark", Faults())
        self.track_count = 1 if self._audio is None else 2
        groups = max(1, round(self._interval / _TICK))
        self._groups: list[dict[Receiver, int]] = [{} for _ in range(groups)]
        self._oldest_first: dict[Receiver, None] = {}
        self._made = lru_cache(2 * len(self._video.blocks))(self._make)
        self._sent = [0] * groups

    @property
    def receivers(self) -> int:
        return len(self._oldest_first)

    def play(self, receiver: Receiver) -> Sequence[TrackStart]:
        """Puts `receiver` in the smallest group, at its first picture."""
        min(self._groups, key=len)[receiver] = 0
        self._oldest_first[receiver] = None
        starts = [TrackStart(0, 0)]
        if self._audio is not None:
            first = next(block for blocks in self._due for block in blocks)
            starts.append(TrackStart(first.sequences[0] & 0xFFFF, first.timestamp & 0xFFFFFFFF))
        return starts

    def join(self, receiver: Receiver, phase: int) -> Sequence[TrackStart]:
        """Puts `receiver` beside all others of its `phase`: they get the same pictures at the same time."""
        group = phase % len(self._groups)
        number = self._groups[group][receiver] = phase + self._sent[group]
        self._oldest_first[receiver] = None
        turn, picture = divmod(number, len(self._video.blocks))
        starts = [self._start(self._video, self._video.blocks[picture], turn)]
        if self._audio is not None:
            due = next(blocks for blocks in (*self._due[picture:], *self._due) if blocks)
            starts.append(self._start(self._audio, due[0], turn))
        return starts

    def stop(self, receiver: Receiver) -> None:
        self._oldest_first.pop(receiver, None)
        for group in self._groups:
            group.pop(receiver, None)

    async def cut(self, each_s: float) -> None:
        """Closes one connection after another, the oldest first, so that none is much older than `each_s`,
        until cancelled."""
        while True:
            await asyncio.sleep(each_s / max(1, self.receivers))
            if (oldest := next(iter(self._oldest_first), None)) is not None:
                self.stop(oldest)
                oldest.cut()

    async def run(self) -> None:
        """Sends until cancelled."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            for place, group in enumerate(self._groups):
                self._send(group)
                self._sent[place] += 1
                due += self._interval / len(self._groups)
                await asyncio.sleep(max(0.0, due - clock()))

    def _send(self, group: dict[Receiver, int]) -> None:
        """One picture to each receiver of a group."""
        for receiver, number in list(group.items()):
            receiver.send(self._made(number, receiver.channels))
            group[receiver] = number + 1

    def _make(self, number: int, channels: tuple[int | None, ...]) -> bytes:
        """What a client with these channels gets in the time of its picture `number`."""
        turn, picture = divmod(number, len(self._video.blocks))
        data = self._stamped(self._video, [self._video.blocks[picture]], channels[0], turn)
        if self._audio is not None:
            data += self._stamped(self._audio, self._due[picture], channels[1], turn)
        return bytes(data)

    def _start(self, track: PacketTrack, block: PacketBlock, turn: int) -> TrackStart:
        sequence = block.sequences[0] + turn * track.packets
        stamp = block.timestamp + turn * self._seconds * track.clock_rate
        return TrackStart(sequence & 0xFFFF, stamp & 0xFFFFFFFF)

    def _stamped(
        self, track: PacketTrack, blocks: Sequence[PacketBlock], channel: int | None, turn: int
    ) -> bytearray:
        """What a picture's time holds of a track; nothing of one that was not set up."""
        data = bytearray()
        if channel is not None:
            stamp = turn * self._seconds * track.clock_rate
            for block in blocks:
                stamped = block.stamped(channel, turn * track.packets, stamp, 0x5EED + channel)
                data = data + stamped if data else stamped
        return data


class BenchCamera:
    """A camera: all its clients get the same pictures, from wherever it is on."""

    def __init__(self, programme: BenchProgramme, path: str) -> None:
        self._programme = programme
        self._phase = crc32(path.encode()) % _PHASES
        self.description = programme.description
        self.track_count = programme.track_count

    def play(self, receiver: Receiver) -> Sequence[TrackStart]:
        """Sends to `receiver` what its other clients get."""
        return self._programme.join(receiver, self._phase)

    def stop(self, receiver: Receiver) -> None:
        """As of the programme."""
        self._programme.stop(receiver)


def with_noise(loop: Loop) -> Loop:
    """The loop with a minute of noise in G.711, which no encoder finds easy."""
    random, samples = Random(1), 320  # 40 ms
    frames = tuple(random.randbytes(samples) for _ in range(LOOP_SECONDS * G711_RATE // samples))
    return Loop(loop.video, AudioTrack(AudioCodec.PCMA, G711_RATE, b"", samples, frames))


@asynccontextmanager
async def serve_bench(
    loop: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    noise: bool = False,
    live: bool = False,
    cut_each_s: float = 0,
) -> AsyncIterator[int]:
    """Serves the H.264 or H.265 file `loop`, a minute long, at every path until the context ends; yields the
    port. `noise`: with G.711 sound. `live`: all clients of a path get the same pictures. `cut_each_s`: how
    old a connection becomes, 0 for as it likes."""
    played = replace(read_loop(loop), audio=None)
    programme = BenchProgramme(with_noise(played) if noise else played)

    async def ready(path: str) -> Programme:
        return BenchCamera(programme, path) if live else programme

    endpoints: dict[str, Endpoint] = {}

    def find(path: str) -> Endpoint:
        camera = path if live else ""
        if camera not in endpoints:
            endpoints[camera] = Endpoint(partial(ready, camera))
        return endpoints[camera]

    works = [asyncio.create_task(programme.run())]
    if cut_each_s:
        works.append(asyncio.create_task(programme.cut(cut_each_s)))
    try:
        async with listen(host, port, find) as bound:
            yield bound
    finally:
        for work in works:
            work.cancel()


def make_bench_loop(path: Path, kbps: int = BENCH_LOOP.bit_rate // 1000) -> None:
    """Encodes a minute of 1080p25 H.264 with a GOP of 50; takes some ten seconds of one core."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        encode_loop(replace(BENCH_LOOP, bit_rate=1000 * kbps), partial, Fonts(), clock=False)


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve_bench(
        arguments.loop,
        host=arguments.host,
        port=arguments.port,
        noise=arguments.audio,
        live=arguments.live,
        cut_each_s=arguments.cut_each,
    ) as port:
        print(f"rtsp://{arguments.host}:{port}/", flush=True)
        gc.freeze()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulator.bench_sender", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8554, help="0 lets the system choose (%(default)s)")
    parser.add_argument("--loop", type=Path, required=True, help="the file to play, made if it is missing")
    parser.add_argument("--audio", action="store_true", help="with noise in G.711 as its sound")
    parser.add_argument("--live", action="store_true", help="clients of a path get the same pictures")
    parser.add_argument("--kbps", type=int, default=2000, help="kilobits a second, when it is made")
    parser.add_argument(
        "--cut-each", type=float, default=0, help="seconds after which each connection is closed, 0 for never"
    )
    arguments = parser.parse_args()
    if not arguments.loop.exists():
        print(f"encoding {arguments.loop}", file=sys.stderr, flush=True)
        make_bench_loop(arguments.loop, arguments.kbps)
    uvloop.run(_run(arguments))


if __name__ == "__main__":
    main()
