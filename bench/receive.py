"""The way of a packet alone: from the bytes of a read to a fragment, without sockets, spool or ring.

`python -m bench receive`: 2 Mb/s of H.264 at 25 pictures/s in packets of 1,400 bytes, in reads of 0.1 s.
Whatever is counted of a stream is in it. The least of several runs is told: others are the machine's.

`python -m bench receive --keep --cameras 50`: and on into ring and spool, with so many cameras in turn, so
that the processor's caches do not have each one's objects. CPU is all threads' and the kernel's.

`--audio`: with noise in G.711 beside the pictures, in packets of 20 ms.
"""

import argparse
import struct
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from services.ingest.footage import Footage
from services.ingest.media.clock import WallClock
from services.ingest.media.held import StreamSettings
from services.ingest.media.init_section import InitSections
from services.ingest.media.numbering import Numbering
from services.ingest.media.output import StreamOutput
from services.ingest.media.ring import Ring
from services.ingest.media.stream import MediaStream
from services.ingest.media.transcoders import Transcoders
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recorder import Recorder
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.sources.rtp.audio import AudioReceiver
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.sampled import SampledDepacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.interleaved import Demultiplexer
from services.ingest.sources.source import AudioTrack, VideoTrack
from snowlight.heap import collect_rarely, keep_fragments_on_the_heap
from snowlight.schedule import Schedule

SETS = (
    bytes.fromhex("67640028acd940780227e5c044000003000400000300c83c60c658"),
    bytes.fromhex("68ebe3cb22c0"),
)
SAMPLE_RATE, SOUND_SAMPLES = 8000, 160
PICTURES_PER_SECOND, PICTURES_PER_GROUP, PICTURE_BYTES, PACKET_BYTES = 25, 50, 10_000, 1_400
ROUND_S = 0.1
GROUP = 10  # cameras read without a break


def main() -> None:
    """Run the benchmark and print its line."""
    parser = argparse.ArgumentParser(prog="bench.receive", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=120, help="of media in each run")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="in ring and spool")
    parser.add_argument("--audio", action="store_true", help="with sound")
    arguments = parser.parse_args()
    keep_fragments_on_the_heap()
    rounds = _rounds(arguments.seconds, audio=arguments.audio)
    collect_rarely()
    costs = []
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as folder:
            clock = _Clock()
            due: list[Callable[[], None]] = []  # when a group of cameras has been read
            spool = Spool(Path(folder), clock, SpoolSettings(), RecordingMetrics(CollectorRegistry()))
            transcoders = Transcoders(due.append)
            ways = [
                _Way(
                    clock,
                    _Kept(clock, spool, number) if arguments.keep else _Nowhere(),
                    transcoders,
                    audio=arguments.audio,
                )
                for number in range(arguments.cameras)
            ]
            costs.append(_run(clock, ways, rounds, due))
    cost_s = min(costs) / arguments.seconds / arguments.cameras
    print(f"{1e6 * cost_s:.0f} us of CPU a camera and second: {100 * cost_s:.4f} % of a core")


def _run(
    clock: "_Clock", ways: Sequence["_Way"], rounds: Sequence[bytes], due: list[Callable[[], None]]
) -> float:
    """CPU seconds that the rounds take of all cameras."""
    view = memoryview(bytearray(max(map(len, rounds))))
    began = time.process_time()
    for data in rounds:
        clock.seconds += ROUND_S
        for number, way in enumerate(ways):
            view[: len(data)] = data  # as the kernel does
            way.read(bytes(view[: len(data)]))
            if number % GROUP == 0 and due:
                due.pop()()
    return time.process_time() - began


class _Way:
    """One camera's."""

    def __init__(
        self, clock: "_Clock", output: StreamOutput, transcoders: Transcoders, *, audio: bool
    ) -> None:
        stream = MediaStream(
            WallClock(clock, lambda: 0), InitSections(), Numbering(), output, StreamSettings(), transcoders
        )
        sound = AudioTrack("pcma", SAMPLE_RATE, 1, b"") if audio else None
        stream.on_tracks(VideoTrack("h264", 90_000, SETS), sound)
        self._demultiplexer = Demultiplexer(lambda message: None)
        self._demultiplexer.channels[0] = VideoReceiver(
            0, 96, H264Depacketiser(SETS), stream, 8 << 20, clock.monotonic
        )
        self._demultiplexer.channels[2] = AudioReceiver(2, 8, SampledDepacketiser(), stream, clock.monotonic)

    def read(self, data: bytes) -> None:
        if self._demultiplexer.read(data, 0, len(data)) != len(data):
            raise RuntimeError("the stream was not read to its end")


def _rounds(seconds: int, *, audio: bool) -> list[bytes]:
    """What each round reads."""
    noise = Random(1)
    pending: list[bytes] = []
    rounds: list[bytes] = []
    sequence = 0
    for number in range(seconds * PICTURES_PER_SECOND):
        header = b"\x65\x88" if number % PICTURES_PER_GROUP == 0 else b"\x41\x9a"
        for payload in _fragments(header + bytes([number % 251 + 1]) * PICTURE_BYTES):
            is_last = payload[1] & 0x40
            packet = (
                struct.pack(">BBHII", 0x80, 96 | 2 * is_last, sequence & 0xFFFF, number * 3600, 7) + payload
            )
            pending.append(struct.pack(">BBH", 0x24, 0, len(packet)) + packet)
            sequence += 1
        for at in range(2 * number, 2 * number + 2) if audio else ():
            header = struct.pack(">BBHII", 0x80, 8, at & 0xFFFF, at * SOUND_SAMPLES, 8)
            pending.append(struct.pack(">BBH", 0x24, 2, len(header) + SOUND_SAMPLES) + header)
            pending.append(noise.randbytes(SOUND_SAMPLES))
        if (number + 1) * 1000 // PICTURES_PER_SECOND >= (len(rounds) + 1) * 100:
            rounds.append(b"".join(pending))
            pending.clear()
    return rounds


def _fragments(unit: bytes) -> list[bytes]:
    """FU-A payloads (RFC 6184, 5.8)."""
    body = unit[1:]
    pieces = [body[at : at + PACKET_BYTES] for at in range(0, len(body), PACKET_BYTES)]
    indicator, kind, last = (unit[0] & 0xE0) | 28, unit[0] & 0x1F, len(pieces) - 1
    return [
        bytes((indicator, kind | (0x80 if not i else 0) | (0x40 if i == last else 0))) + piece
        for i, piece in enumerate(pieces)
    ]


class _Clock:
    """Both clocks, moved by hand."""

    seconds = 1_790_000_000.0

    def now_ms(self) -> int:
        return round(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds


class _Nowhere:
    """Takes everything, and drops it."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


class _Kept(_Nowhere):
    """StreamOutput into ring and spool."""

    def __init__(self, clock: _Clock, spool: Spool, number: int) -> None:
        footage = Footage(
            clock,
            Recorder(spool, f"camera-{number}", 1, 3, lambda uid: False),
            Ring(1_250_000),
            _Nowhere(),
            Schedule.parse(""),
            ZoneInfo("UTC"),
            30.0,
        )
        self.on_init, self.on_fragment = footage.begin, footage.append


if __name__ == "__main__":
    main()
