"""A camera that publishes, as a source and as a session."""

import asyncio

from services.ingest.publishing.desk import PublishDesk
from services.ingest.publishing.seat import Publisher, Seat
from services.ingest.sources.source import AccessUnitSink, SourceError, SourceSettings
from services.ingest.supervised import Session

_LOOK_S = 1.0
_PATIENT = SourceSettings()


class PublishedSource:
    """The publisher that waits at a seat; it was let in before."""

    def __init__(self, seat: Seat, settings: SourceSettings = _PATIENT) -> None:
        self._seat = seat
        self._silence_timeout = settings.silence_timeout

    async def run(self, sink: AccessUnitSink) -> None:
        """Feed `sink` until the camera says goodbye; any other end is a SourceError."""
        publisher = self._seat.begin(sink)
        try:
            await self._watch(publisher)
        finally:
            self._seat.leave(publisher)

    async def _watch(self, publisher: Publisher) -> None:
        """Wait for the end, or `silence_timeout` seconds without a picture."""
        loop = asyncio.get_running_loop()
        pictures = publisher.pictures
        while True:
            await asyncio.wait((publisher.ended,), timeout=_LOOK_S)
            if publisher.ended.done():
                publisher.ended.result()
                return
            if publisher.pictures != pictures:
                pictures, self._seat.heard_at = publisher.pictures, loop.time()
            elif loop.time() - self._seat.heard_at >= self._silence_timeout:
                raise SourceError("camera.timeout", f"no video for {self._silence_timeout:g} s")


class PublishedSession:
    """A session that holds its camera's seat as long as it runs."""

    def __init__(self, session: Session, seat: Seat, desk: PublishDesk) -> None:
        self._session = session
        self._seat = seat
        self._desk = desk

    @property
    def recorded_until_ms(self) -> int | None:
        """As of the session inside."""
        return self._session.recorded_until_ms

    async def finish(self) -> None:
        """As of the session inside."""
        await self._session.finish()

    async def run(self) -> None:
        """Record until cancelled."""
        with self._desk.expecting(self._seat):
            await self._session.run()
