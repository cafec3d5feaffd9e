"""Gives publishers' connections on to the workers that have their cameras."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import grpc
import structlog

from services.ingest.publishing.forwarding.outgoing import OutgoingMedia
from services.ingest.publishing.seat import Publisher
from services.ingest.sources.source import SourceError
from snowlight.api.ingest.v1 import publishing_pb2, publishing_pb2_grpc
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

END_SECONDS = 5.0
"""How long the worker that has the camera may take to hear of the connection's end."""

log = structlog.get_logger(__name__)


class Forwarder:
    """Knows for each camera the worker that has it, and carries what is published there."""

    def __init__(self, address_of: Callable[[str], str], connect: Callable[[str], grpc.aio.Channel]) -> None:
        """`address_of`: where the worker is reached that has a camera, by uid; raises UnavailableError while
        no other one has it. `connect` opens a channel."""
        self._address_of = address_of
        self._connect = connect
        self._taken: asyncio.Queue[tuple[publishing_pb2.Publication, Publisher]] = asyncio.Queue()

    def place(self, publication: publishing_pb2.Publication) -> ForwardingPlace:
        """The place at the worker that has the camera. Raises UnavailableError while there is none."""
        self._address_of(publication.camera_uid)
        return ForwardingPlace(publication, self._taken)

    async def run(self) -> None:
        """Give on what is published, until cancelled; then every publisher is hung up on."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._forward(*await self._taken.get()))

    async def _forward(self, publication: publishing_pb2.Publication, publisher: Publisher) -> None:
        camera = f"cameras/{publication.camera_id}"
        try:
            await self._carry(publication, publisher)
        except SnowlightError as error:
            log.info("publish.forward_ended", camera=camera, reason=str(error))
            publisher.refuse(error)
        except Exception:
            log.error("publish.forward_failed", camera=camera, exc_info=True)
        finally:
            publisher.refuse(SourceError("camera.closed", "the camera's pictures are given on no more"))

    async def _carry(self, publication: publishing_pb2.Publication, publisher: Publisher) -> None:
        """Until the publisher's end is told, or the other worker ends it: raises why."""
        media = OutgoingMedia(publication)
        async with self._connect(self._address_of(publication.camera_uid)) as channel:
            stub: publishing_pb2_grpc.PublishingAsyncStub = publishing_pb2_grpc.PublishingStub(channel)
            carrying = asyncio.create_task(_call(stub, media, publisher))
            try:
                await asyncio.wait((carrying, publisher.ended), return_when=asyncio.FIRST_COMPLETED)
                if not publisher.ended.done():
                    carrying.result()
                    return
                media.end(publisher.ended.exception())
                await asyncio.wait((carrying,), timeout=END_SECONDS)
            finally:
                carrying.cancel()
                await asyncio.wait((carrying,))


async def _call(
    stub: publishing_pb2_grpc.PublishingAsyncStub, media: OutgoingMedia, publisher: Publisher
) -> None:
    call = stub.Forward(media.requests())
    try:
        with remote_errors("services/ingest"):
            async for answer in call:
                publisher.begin(media, audio=answer.audio)
    finally:
        call.cancel()


@dataclass(frozen=True)
class ForwardingPlace:
    """A camera's place (`services.ingest.publishing.seat.Place`) at the worker that has it."""

    publication: publishing_pb2.Publication
    taken: asyncio.Queue[tuple[publishing_pb2.Publication, Publisher]]

    def take(self, publisher: Publisher) -> None:
        """Have that worker asked; it answers by the publisher's `begin` or `refuse`."""
        self.taken.put_nowait((self.publication, publisher))
