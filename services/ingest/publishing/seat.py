"""The one place of a camera at which it may publish."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from services.ingest.sources.source import AccessUnitSink, SourceError
from snowlight.errors import AlreadyExistsError, UnavailableError

SILENT_S = 5.0
"""Whoever sends no picture for so long makes room for a newer connection of the same camera."""
CLOSING_S = 0.5
"""So long a session may take from letting go of its publisher to its end."""


class Publisher(Protocol):
    """A camera's connection to a listener."""

    @property
    def ended(self) -> asyncio.Future[None]:
        """Done when it is over; a SourceError says why, nothing says that the camera said goodbye."""

    @property
    def pictures(self) -> int:
        """Grows as pictures arrive."""

    def begin(self, sink: AccessUnitSink, *, audio: bool) -> None:
        """Let the camera publish, into `sink`."""

    def refuse(self, error: Exception) -> None:
        """Tell the camera why it may not publish, or may no more, and hang up."""


class Place(Protocol):
    """Where a publisher may begin that was let in."""

    def take(self, publisher: Publisher) -> None:
        """Have the publisher begin, or be refused. Raises AlreadyExistsError while another publishes."""


class Seat:
    """Held by a camera's session; taken by one publisher, and waited at by its successor."""

    def __init__(self, uid: str, camera_id: str, *, audio: bool) -> None:
        self.uid = uid
        self.camera_id = camera_id
        self.audio = audio
        """The sound is wanted."""
        self.heard_at = float("-inf")
        """When, by the event loop's clock, the publisher last sent a picture."""
        self.closed = asyncio.Event()
        """The session has ended: the camera may be another worker's."""
        self._arrived = asyncio.Event()
        self._waiting: Publisher | None = None
        self._publisher: Publisher | None = None

    def check_free(self) -> None:
        """Raises AlreadyExistsError while the camera publishes."""
        silent_s = asyncio.get_running_loop().time() - self.heard_at
        if self._waiting is not None or (self._publisher is not None and silent_s <= SILENT_S):
            raise AlreadyExistsError(
                "camera.already_published", "another connection publishes to this camera"
            )

    def take(self, publisher: Publisher) -> None:
        """Wait for the session, in the place of a publisher that fell silent. Raises AlreadyExistsError."""
        self.check_free()
        if self._publisher is not None:
            self._publisher.refuse(SourceError("camera.closed", "a newer connection of the camera took over"))
        self._waiting = publisher
        self._arrived.set()
        publisher.ended.add_done_callback(lambda _ended: self._withdraw(publisher))

    async def arrival(self) -> None:
        """Return once a publisher is there."""
        await self._arrived.wait()

    def begin(self, sink: AccessUnitSink) -> Publisher:
        """Let the publisher that waits begin. Raises SourceError camera.closed if it is gone."""
        publisher = self._waiting
        self._forget_waiting()
        if publisher is None or publisher.ended.done():
            raise SourceError("camera.closed", "the camera hung up before it could publish")
        self._publisher = publisher
        self.heard_at = asyncio.get_running_loop().time()
        try:
            publisher.begin(sink, audio=self.audio)
        except SourceError:
            self.leave(publisher)
            raise
        return publisher

    def leave(self, publisher: Publisher) -> None:
        """The publisher's time is over."""
        publisher.refuse(SourceError("camera.closed", "the camera is not recorded any more"))
        if self._publisher is publisher:
            self._publisher = None

    async def check_goes_on(self) -> None:
        """After a publisher was let go of. Raises UnavailableError when the session ends, which lets go of it
        first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await self.closed.wait()
        if self.closed.is_set():
            raise UnavailableError("camera.not_recorded", "the camera is not recorded here any more")

    def close(self) -> None:
        """The session ends: nobody is waited for."""
        self.closed.set()
        waiting = self._waiting
        self._forget_waiting()
        if waiting is not None:
            waiting.refuse(SourceError("camera.closed", "the camera is not recorded any more"))

    def _withdraw(self, publisher: Publisher) -> None:
        if self._waiting is publisher:
            self._forget_waiting()

    def _forget_waiting(self) -> None:
        self._waiting = None
        self._arrived.clear()
