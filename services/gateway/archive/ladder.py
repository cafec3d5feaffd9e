"""What recorded footage may be encoded anew as: the variants that are listed beside what was recorded."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from services.gateway.archive.multivariant import Ladder, Rung
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.recording import Recording
from services.gateway.peers import INGEST, Peers
from snowlight.api.ingest.v1 import live_pb2, transcoding_pb2
from snowlight.errors import SnowlightError
from snowlight.media.boxes import VIDEO_TIMESCALE, iterate, parse_moof
from snowlight.media.description import describe
from snowlight.media.rendition import H264
from snowlight.rpc.status import remote_errors

MOST_SOURCES = 8
"""Of a range. Footage that changes more often has no ladder: each would have to be looked into."""
PATIENCE_S = 1.0
"""A playlist waits for ingest no longer; what was recorded is always there."""
_HEAD = 16 << 10
"""Bytes of a fragment in which its `moof` lies."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Source:
    """Footage with one init section, and what it may be encoded as."""

    pictures: live_pb2.Rendition
    rungs: dict[str, live_pb2.Rendition]


class Ladders:
    """Reads how large recorded pictures are, and asks ingest for the rungs below."""

    def __init__(self, peers: Peers, reader: FootageReader) -> None:
        self._peers = peers
        self._reader = reader

    async def of(self, recordings: Sequence[Recording]) -> Ladder | None:
        """The ladder of footage, one recording for each init section that it has.

        None where that cannot be known now: footage or ingest is away, or it is damaged.
        """
        if not 0 < len(recordings) <= MOST_SOURCES:
            return None
        try:
            return _common([await self._source(recording) for recording in recordings])
        except (SnowlightError, ValueError, LookupError, struct.error) as error:
            log.debug("gateway.ladder_unknown", camera=recordings[0].camera_uid, error=str(error))
            return None

    async def _source(self, recording: Recording) -> _Source:
        told = describe(await self._reader.init_section(recording))
        head = await self._reader.read(recording, recording.offset(0), min(recording.sizes[0], _HEAD))
        pictures = live_pb2.Rendition(
            codecs=told.codecs,
            width=told.width,
            height=told.height,
            frames_per_second=_frames_per_second(head),
        )
        with remote_errors(INGEST):
            answer = await self._peers.transcodes.ListRungs(
                transcoding_pb2.ListRungsRequest(source=pictures), timeout=PATIENCE_S
            )
        return _Source(pictures, {rung.name: rung for rung in answer.rungs})


def _frames_per_second(head: bytes) -> float:
    """Of a fragment that begins with `head`. Raises ValueError where that does not tell."""
    for kind, content, _ in iterate(head):
        if kind == b"moof":
            movie = parse_moof(head, content - 8)
            if movie.duration:
                return movie.samples * VIDEO_TIMESCALE / movie.duration
            break
    raise ValueError("the fragment does not tell its frame rate")


def _common(sources: Sequence[_Source]) -> Ladder:
    """The rungs that all have; that of the same size only where something is to be gained by it."""
    names = [name for name in sources[0].rungs if all(name in source.rungs for source in sources)]
    if all(source.pictures.codecs.startswith("avc1") for source in sources):
        names = [name for name in names if name != H264]
    rungs = [_rung(name, [source.rungs[name] for source in sources]) for name in names]
    size, frames_per_second = _largest([source.pictures for source in sources])
    return Ladder(size, frames_per_second, tuple(rungs))


def _rung(name: str, each: Sequence[live_pb2.Rendition]) -> Rung:
    size, frames_per_second = _largest(each)
    return Rung(
        name=name,
        codecs=tuple(rung.codecs for rung in each),
        size=size,
        frames_per_second=frames_per_second,
        bits_per_second=max(rung.bits_per_second for rung in each),
    )


def _largest(each: Sequence[live_pb2.Rendition]) -> tuple[tuple[int, int], float]:
    """Width and height of the largest pictures, and the highest frame rate."""
    largest = max(each, key=lambda one: one.width * one.height)
    return (largest.width, largest.height), max(one.frames_per_second for one in each)
