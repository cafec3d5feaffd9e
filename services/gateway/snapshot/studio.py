"""Makes snapshots a few at a time, each once for all who ask for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from services.gateway.snapshot.picture import picture
from services.gateway.workshop import Workshop

Key = tuple[str, int, int]
"""A camera's uid, and which of its pictures: session and part, or the instant."""
Footage = tuple[bytes, bytes, int | None]
"""An init section, fragments, and how long after their start, ms; None: at their end."""

AT_ONCE = 2
MOST_WAITING = 32
KEPT_BYTES = 16 << 20
"""Of pictures kept for whoever asks next."""


class Studio:
    """Decodes in threads, so that nobody else waits for it."""

    def __init__(self) -> None:
        self._workshop: Workshop[Key] = Workshop(
            "snapshot.busy",
            "too many snapshots are being made",
            at_once=AT_ONCE,
            most_waiting=MOST_WAITING,
            kept_bytes=KEPT_BYTES,
        )

    async def take(self, key: Key, footage: Callable[[], Awaitable[Footage]]) -> bytes:
        """The JPEG of `key`, made from `footage` if it is not here yet.

        Raises ResourceExhaustedError when too many wait already, and what `footage` raises.
        """

        async def prepare() -> Callable[[], bytes]:
            return partial(picture, *await footage())

        return await self._workshop.take(key, prepare)
