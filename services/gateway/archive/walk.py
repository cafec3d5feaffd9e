"""The footage of a window in order, wherever it lies: what is read next, some of it ahead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from services.gateway.archive.index import HOUR_MS, FootageIndex
from services.gateway.archive.pieces import Piece
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.recording import Recording

READ_BYTES = 1 << 20
"""What is read at once, unless a fragment alone is larger."""
_AHEAD = 2
"""Reads that go on while what came before them is on its way."""


@dataclass(frozen=True, slots=True)
class Place:
    """The fragment that comes next: the same at all gateways, and wherever its recording lies."""

    recording_ms: int
    """When its recording starts, ms since 1970 UTC."""
    epoch: int
    sequence: int
    index: int
    end_ms: int
    """When the fragment before it ended."""

    @property
    def recording(self) -> tuple[int, int, int]:
        """What recordings are in order by."""
        return self.recording_ms, self.epoch, self.sequence


async def walk(
    index: FootageIndex, uid: str, start_ms: int, end_ms: int, after: Place | None = None
) -> AsyncGenerator[Piece, None]:
    """What shows [start, end), as `pieces.cut` has it, in pieces to be read at once: from `after` on, up to
    the newest footage there is. Raises UnavailableError while storage is away."""
    done = after.recording if after is not None else (-1, 0, 0)
    first = after.index if after is not None else 0
    at_ms = max(start_ms, after.recording_ms) if after is not None else start_ms
    while at_ms < end_ms:
        until_ms = min((at_ms // HOUR_MS + 1) * HOUR_MS, end_ms)
        has_grown = True
        while has_grown:  # a minute that is still being written has more once its beginning was told
            has_grown = False
            for recording in await index.between(uid, at_ms, until_ms):
                key = recording.start_ms, recording.epoch, recording.sequence
                if key < done:
                    continue
                begin = max(first if key == done else 0, recording.first_needed(start_ms))
                end = recording.first_after(end_ms)
                done, first = key, max(begin, end)
                for piece in _pieces(recording, begin, end):
                    has_grown = True
                    yield piece
        at_ms = until_ms


async def read_ahead(
    reader: FootageReader, pieces: AsyncGenerator[Piece, None]
) -> AsyncGenerator[tuple[Piece, asyncio.Task[bytes]], None]:
    """Each piece with what reads it, which is over: its result, or what went wrong."""
    coming: deque[tuple[Piece, asyncio.Task[bytes]]] = deque()
    try:
        async for piece in pieces:
            read = reader.read(piece.recording, piece.offset, piece.size)
            coming.append((piece, asyncio.create_task(read)))
            if len(coming) > _AHEAD:
                await asyncio.wait([coming[0][1]])
                yield coming.popleft()
        while coming:
            await asyncio.wait([coming[0][1]])
            yield coming.popleft()
    finally:
        for _, task in coming:
            task.cancel()
        await asyncio.gather(*(task for _, task in coming), return_exceptions=True)
        await pieces.aclose()


def _pieces(recording: Recording, first: int, end: int) -> list[Piece]:
    """Fragments [first, end), as many at a time as are read at once."""
    pieces, begin, size = [], first, 0
    for index in range(first, end):
        if size and size + recording.sizes[index] > READ_BYTES:
            pieces.append(Piece(recording, begin, index - begin))
            begin, size = index, 0
        size += recording.sizes[index]
    if begin < end:
        pieces.append(Piece(recording, begin, end - begin))
    return pieces
