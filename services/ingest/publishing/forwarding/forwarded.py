"""A camera that publishes to another worker, as a publisher of this one."""

import asyncio

from services.ingest.publishing.forwarding.media import feed
from services.ingest.sources.ending import tell_end
from services.ingest.sources.source import AccessUnitSink, SourceError
from snowlight.api.ingest.v1 import publishing_pb2


class ForwardedPublisher:
    """A publisher (`services.ingest.publishing.seat.Publisher`) whose connection is another worker's."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.pictures = 0
        self._begun: asyncio.Future[bool] = loop.create_future()
        self._sink: AccessUnitSink | None = None

    async def begun(self) -> bool:
        """Wait until the camera may publish: whether its sound is wanted. Raises what it is refused with."""
        await asyncio.wait((self._begun, self.ended), return_when=asyncio.FIRST_COMPLETED)
        if not self._begun.done():
            self.ended.result()
            raise SourceError("camera.closed", "the camera hung up before it could publish")
        return self._begun.result()

    def begin(self, sink: AccessUnitSink, *, audio: bool) -> None:
        """Have the other worker told."""
        self._sink = sink
        self._begun.set_result(audio)

    def refuse(self, error: Exception) -> None:
        """Let `ended` say why it is over, if nothing said so before."""
        self._end(error)

    def receive(self, request: publishing_pb2.ForwardRequest) -> None:
        """What the other worker gives on. Whatever is wrong with it ends this publisher alone."""
        try:
            for event in request.events:
                if self.ended.done():
                    return
                self._receive(event)
        except Exception as error:  # noqa: BLE001 - a sink's failure belongs to whoever runs the source
            self._end(error)
        if request.HasField("end"):
            end = request.end
            self._end(SourceError(end.code, end.detail) if end.code else None)

    def _receive(self, event: publishing_pb2.MediaEvent) -> None:
        if self._sink is None:
            raise SourceError("camera.protocol_error", "a worker gives on what it was not asked for yet")
        self.pictures += event.HasField("video")
        feed(event, self._sink)

    def _end(self, error: Exception | None) -> None:
        self._sink = None
        tell_end(self.ended, error)
