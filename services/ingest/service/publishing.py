"""`snowlight.api.ingest.v1.Publishing`: cameras of this worker that publish to another one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from services.ingest.publishing.desk import PublishDesk
from services.ingest.publishing.forwarding.forwarded import ForwardedPublisher
from services.ingest.publishing.seat import Seat
from services.ingest.registry.validation import invalid
from services.ingest.sources.source import SourceError
from snowlight.api.ingest.v1 import publishing_pb2, publishing_pb2_grpc
from snowlight.errors import UnavailableError

FIRST_SECONDS = 5.0
"""How long the publication is waited for."""

_Requests = AsyncIterator[publishing_pb2.ForwardRequest]


class Publishing(publishing_pb2_grpc.PublishingServicer):
    """Has what is given on take the seat, as a connection to this worker would."""

    def __init__(self, desk: PublishDesk, check_owns: Callable[[str], None]) -> None:
        """`check_owns` raises what is to be answered of a camera, by uid, that another worker has."""
        self._desk = desk
        self._check_owns = check_owns
        self._publishers: set[ForwardedPublisher] = set()
        self._stops = False

    def close(self) -> None:
        """End every stream: the process stops."""
        self._stops = True
        for publisher in tuple(self._publishers):
            publisher.refuse(SourceError("camera.closed", "the service is stopping"))

    async def Forward(  # noqa: N802
        self, requests: _Requests, context: Any
    ) -> AsyncIterator[publishing_pb2.ForwardResponse]:
        requests = aiter(requests)  # one for all that follows
        publication = await _publication(requests)
        self._check_owns(publication.camera_uid)
        seat = self._desk.seat(publication.camera_id)
        if seat is None or seat.uid != publication.camera_uid:
            raise UnavailableError("camera.not_expected", "the camera is not expected to publish now")
        publisher = ForwardedPublisher()
        self._publishers.add(publisher)
        receiving = asyncio.create_task(_receive(requests, publisher))
        try:
            self._desk.welcome(publisher, publication.key_id)
            seat.take(publisher)
            yield publishing_pb2.ForwardResponse(audio=await publisher.begun())
            await asyncio.wait((publisher.ended,))
            publisher.ended.result()
        except SourceError:
            await self._check_goes_on(seat)
            raise
        finally:
            self._publishers.discard(publisher)
            receiving.cancel()
            await asyncio.wait((receiving,))
            if not receiving.cancelled():
                receiving.exception()  # the call is over, and says so itself

    async def _check_goes_on(self, seat: Seat) -> None:
        """Raises UnavailableError where another worker may have the camera from now on."""
        if self._stops:
            raise UnavailableError("ingest.stopping", "the service is stopping")
        await seat.check_goes_on()


async def _publication(requests: _Requests) -> publishing_pb2.Publication:
    """Raises InvalidArgumentError where it is not told first, or not in time."""
    try:
        async with asyncio.timeout(FIRST_SECONDS):
            first = await anext(requests)
    except (TimeoutError, StopAsyncIteration):
        raise invalid("publication", "must come first") from None
    if not first.publication.camera_uid or not first.publication.camera_id:
        raise invalid("publication", "must come first, and name the camera")
    return first.publication


async def _receive(requests: _Requests, publisher: ForwardedPublisher) -> None:
    try:
        async for request in requests:
            publisher.receive(request)
    finally:
        publisher.refuse(SourceError("camera.closed", "the worker that the camera is connected to is gone"))
