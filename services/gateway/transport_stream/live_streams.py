"""Live segments as transport streams, each made once for all who watch."""

from __future__ import annotations

import weakref

from services.gateway.live.segment import LiveSegment
from services.gateway.transport_stream.remux import remux
from services.gateway.workshop import Workshop

AT_ONCE = 2
MOST_WAITING = 64
KEPT_BYTES = 64 << 20

_Key = tuple[str, int, bool]
"""A camera's uid, a media sequence number, and whether it is without sound."""


class LiveStreams:
    """They are kept no longer than the segments that they were made of."""

    def __init__(self) -> None:
        self._workshop: Workshop[_Key] = Workshop(
            "ts.busy",
            "too many transport streams are being made",
            at_once=AT_ONCE,
            most_waiting=MOST_WAITING,
            kept_bytes=KEPT_BYTES,
        )

    def __len__(self) -> int:
        """How many are kept, or being made."""
        return len(self._workshop)

    async def take(self, uid: str, segment: LiveSegment, *, silent: bool) -> bytes:
        """The segment of the camera; `silent`: without the sound.

        Raises ResourceExhaustedError when too many wait already, and DataLossError as `remux`.
        """
        key = uid, segment.number, silent

        async def make() -> bytes:
            weakref.finalize(segment, self._workshop.forget, key).atexit = False
            return await self._workshop.work(remux, segment.init.data, segment.data, silent=silent)

        return await self._workshop.take(key, make)
