"""A source running against a real server, and what it told."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import Credentials, SourceError, SourceSettings
from tests.unit.sources.packets import sized
from tests.unit.sources.recorder import Recorder

LOOPBACK = SourceNetwork((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
HASTY = SourceSettings(connect_timeout=1.0, response_timeout=1.0, silence_timeout=1.0)


@dataclass
class Playing:
    """`task` ends when the source does."""

    sink: Recorder
    task: asyncio.Task[None]

    async def pictures(self, count: int) -> list[tuple[bytes, int, bool]]:
        """The first `count` access units; the source's own error if it ends before."""
        await self.sink.until(lambda: len(self.sink.video) >= count or self.task.done())
        if len(self.sink.video) < count:
            self.task.result()
            raise AssertionError("the source ended without an error")
        return self.sink.video[:count]


@asynccontextmanager
async def playing(
    url: str,
    *,
    audio: bool = True,
    credentials: Credentials | None = None,
    media_dir: Path | None = None,
    network: SourceNetwork = LOOPBACK,
    settings: SourceSettings | None = None,
) -> AsyncIterator[Playing]:
    """Run the source of `url` for the length of the block."""
    source = open_source(
        url,
        credentials,
        audio=audio,
        network=network,
        media_dir=media_dir,
        rounds=ReadRounds(),
        settings=settings or SourceSettings(),
    )
    sink = Recorder()
    task = asyncio.create_task(source.run(sink))
    try:
        yield Playing(sink, task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def failure(url: str, *, settings: SourceSettings = HASTY, **options: object) -> SourceError:
    """The error that playing `url` ends with."""
    try:
        async with playing(url, settings=settings, **options) as camera:  # type: ignore[arg-type]
            await asyncio.wait_for(asyncio.shield(camera.task), 20)
    except SourceError as error:
        return error
    raise AssertionError("the source ended without an error")


def annex_b(data: bytes) -> bytes:
    """An access unit with start codes for its NAL units' lengths (ISO/IEC 14496-10, B.1)."""
    units = bytearray(data)
    position = 0
    while position < len(units):
        size = int.from_bytes(units[position : position + 4], "big")
        units[position : position + 4] = b"\x00\x00\x00\x01"
        position += 4 + size
    assert position == len(units)
    return bytes(units)


def decoded(playing: Playing) -> int:
    """How many pictures a decoder makes of what came, the parameter sets told first."""
    video, _ = playing.sink.tracks[0]
    decoder = av.CodecContext.create("hevc" if video.codec == "h265" else "h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    sets = playing.sink.parameter_sets[0] if playing.sink.parameter_sets else video.parameter_sets
    units = [annex_b(sized(*sets))]
    units += [annex_b(data) for data, _, _ in playing.sink.video]
    first_key = next(i for i, (_, _, key) in enumerate(playing.sink.video) if key)
    units[1] = units[0] + units[1 + first_key]
    packets = [av.Packet(unit) for unit in units[1:2] + units[2 + first_key :]]
    return sum(len(decoder.decode(packet)) for packet in [*packets, None])
