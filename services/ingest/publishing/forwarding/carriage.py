"""One publisher's connection, taken to one worker after another, this one among them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import grpc

from services.ingest.publishing.forwarding.outgoing import OutgoingMedia
from services.ingest.publishing.forwarding.seated import SeatedPublisher
from services.ingest.publishing.forwarding.switched import SwitchedMedia
from services.ingest.publishing.seat import Publisher, Seat
from services.ingest.sources.source import AccessUnitSink, SourceError
from snowlight.api.ingest.v1 import publishing_pb2, publishing_pb2_grpc
from snowlight.rpc.status import remote_errors

LOOK_SECONDS = 1.0
END_SECONDS = 5.0
"""How long the other worker may take to hear of the connection's end."""


class Carriage:
    """What the camera was told so far, and what it sends."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._media = SwitchedMedia()
        self._audio: bool | None = None
        self._time = asyncio.get_running_loop().time
        self.taken_at = self._time()
        """When, by the event loop's clock, a worker last took what the camera sends; first its arrival."""

    @property
    def begun(self) -> bool:
        """The camera was told to publish."""
        return self._audio is not None

    async def sit(self, seat: Seat) -> None:
        """At a seat of this worker, until the publisher ends. Raises AlreadyExistsError where another one has
        it, what the seat ends it with, and UnavailableError when it is this worker's no more."""
        seated = SeatedPublisher(self._publisher, self._begin)
        try:
            seat.take(seated)
            await asyncio.wait((seated.ended,))
            if not self._publisher.ended.done():
                await seat.check_goes_on()
                seated.ended.result()
        finally:
            self._media.disconnect()
            seated.close()
            if self.begun:
                self.taken_at = self._time()

    async def carry(
        self, publication: publishing_pb2.Publication, channel: grpc.aio.Channel, is_right: Callable[[], bool]
    ) -> None:
        """To the worker at the other end of `channel`, until the publisher's end is told there, or while
        `is_right` says so of that worker. Raises what the worker ends it with."""
        ended = self._publisher.ended
        outgoing = OutgoingMedia(publication)
        calling = asyncio.create_task(self._call(publishing_pb2_grpc.PublishingStub(channel), outgoing))
        try:
            while not calling.done() and not ended.done() and is_right():
                await asyncio.wait(
                    (calling, ended), timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            if ended.done():
                outgoing.end(ended.exception())
                await asyncio.wait((calling,), timeout=END_SECONDS)
            elif calling.done():
                calling.result()
        finally:
            self._media.disconnect()
            calling.cancel()
            await asyncio.wait((calling,))
            if not calling.cancelled():
                calling.exception()  # raised above, or of no account once the publisher is gone

    async def _call(self, worker: publishing_pb2_grpc.PublishingAsyncStub, outgoing: OutgoingMedia) -> None:
        call = worker.Forward(outgoing.requests())
        try:
            with remote_errors("services/ingest"):
                async for answer in call:
                    self._begin(outgoing, answer.audio)
        finally:
            call.cancel()
            if self.begun:
                self.taken_at = self._time()

    def _begin(self, sink: AccessUnitSink, audio: bool) -> None:
        """A worker takes what comes from here on."""
        if self._audio not in (None, audio):
            raise SourceError("camera.closed", "whether the camera's sound is wanted has changed")
        self._media.connect(sink)
        if self._audio is None:
            self._audio = audio
            self._publisher.begin(self._media, audio=audio)
