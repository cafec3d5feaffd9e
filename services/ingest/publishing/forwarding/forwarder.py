"""Takes publishers' connections to the workers that have their cameras, as these change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import grpc
import structlog

from services.ingest.publishing.desk import PublishDesk
from services.ingest.publishing.forwarding.carriage import Carriage
from services.ingest.publishing.registered import RegisteredPublishers
from services.ingest.publishing.seat import Publisher
from services.ingest.sources.source import SourceError
from snowlight.api.ingest.v1 import publishing_pb2
from snowlight.errors import SnowlightError, UnavailableError

RETRY_SECONDS = 0.5
PATIENCE_SECONDS = 30.0
"""So long a camera stays connected while no worker takes what it publishes: a dead worker's shards are taken
sooner."""
FIRST_PATIENCE_SECONDS = 8.0
"""So long one waits that has not begun to publish."""
_TO_BE_TAKEN = frozenset(
    {
        "camera.not_expected",
        "camera.not_recorded",
        "ingest.cancelled",
        "ingest.stopping",
        "ingest.unavailable",
        "ingest.unowned",
        "ingest.wrong_worker",
    }
)
"""What is answered while a camera changes hands."""

log = structlog.get_logger(__name__)


class Forwarder:
    """Looks for each camera's worker, and takes what is published there."""

    def __init__(
        self,
        desk: PublishDesk,
        registered: RegisteredPublishers,
        address_of: Callable[[str], str],
        connect: Callable[[str], grpc.aio.Channel],
    ) -> None:
        """`address_of`: where the worker is reached that has a camera, by uid, this one too; raises
        UnavailableError while there is none. `connect` opens a channel."""
        self._desk = desk
        self._registered = registered
        self._address_of = address_of
        self._connect = connect
        self._taken: asyncio.Queue[tuple[publishing_pb2.Publication, Publisher]] = asyncio.Queue()

    def place(self, publication: publishing_pb2.Publication) -> ForwardingPlace:
        """The camera's place, wherever it is."""
        return ForwardingPlace(publication, self._taken)

    async def run(self) -> None:
        """Take on what is published, until cancelled; then every publisher is hung up on."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._serve(*await self._taken.get()))

    async def _serve(self, publication: publishing_pb2.Publication, publisher: Publisher) -> None:
        try:
            await self._follow(publication, publisher)
        except SnowlightError as error:
            log.info("publish.ended", camera=publication.camera_id, reason=str(error))
            publisher.refuse(error)
        except Exception:
            log.error("publish.failed", camera=publication.camera_id, exc_info=True)
            publisher.refuse(SourceError("camera.closed", "internal error"))
        except asyncio.CancelledError:
            publisher.refuse(SourceError("camera.closed", "the service stops"))
            raise

    async def _follow(self, publication: publishing_pb2.Publication, publisher: Publisher) -> None:
        """Until the publisher ends. Raises why it may publish no more."""
        carriage = Carriage(publisher)
        while not publisher.ended.done():
            seat = self._desk.seat(publication.camera_id)
            try:
                if seat is not None and seat.uid == publication.camera_uid:
                    await carriage.sit(seat)
                else:
                    await self._carry(publication, carriage)
            except SnowlightError as error:
                if error.code not in _TO_BE_TAKEN or self._gives_up(carriage):
                    raise
            if not publisher.ended.done():
                await self._pause(publication)

    async def _carry(self, publication: publishing_pb2.Publication, carriage: Carriage) -> None:
        uid = publication.camera_uid
        address = self._address_of(uid)

        def is_right() -> bool:
            try:
                return self._address_of(uid) == address
            except UnavailableError:
                return False

        async with self._connect(address) as channel:
            await carriage.carry(publication, channel, is_right)

    def _gives_up(self, carriage: Carriage) -> bool:
        patience = PATIENCE_SECONDS if carriage.begun else FIRST_PATIENCE_SECONDS
        return asyncio.get_running_loop().time() - carriage.taken_at > patience

    async def _pause(self, publication: publishing_pb2.Publication) -> None:
        """Before the next attempt. Raises SourceError where the camera is not to publish any more."""
        await asyncio.sleep(RETRY_SECONDS)
        try:
            uid = await self._registered.uid(publication.camera_id)
        except UnavailableError:
            return  # it was to publish before
        if uid != publication.camera_uid:
            raise SourceError("camera.closed", "the camera is not to publish any more")


@dataclass(frozen=True)
class ForwardingPlace:
    """A camera's place (`services.ingest.publishing.seat.Place`), looked for among all workers."""

    publication: publishing_pb2.Publication
    taken: asyncio.Queue[tuple[publishing_pb2.Publication, Publisher]]

    def take(self, publisher: Publisher) -> None:
        """Have the worker asked; it answers by the publisher's `begin` or `refuse`."""
        self.taken.put_nowait((self.publication, publisher))
