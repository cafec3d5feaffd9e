"""GET /snapshot/{ticket}.jpg."""

from __future__ import annotations

from aiohttp import web

from services.gateway.archive.index import YOUNG_S, FootageIndex
from services.gateway.archive.reader import FootageReader
from services.gateway.http.instants import parse_instant
from services.gateway.http.routes import Parameter, Route
from services.gateway.live.opening import LiveOpening
from services.gateway.snapshot.newest import Name, NewestPictures
from services.gateway.snapshot.picture import picture
from services.gateway.snapshot.unmarked import require_unmarked
from services.gateway.tickets import TicketCheck
from services.gateway.viewing.sending import Sending
from services.gateway.viewing.use import TicketUse
from services.gateway.workshop import Workshop
from snowlight.clock import Clock
from snowlight.errors import NotFoundError


class SnapshotRoutes:
    """Shows the newest picture, or the one of an instant in a ticket's window."""

    def __init__(
        self,
        tickets: TicketCheck,
        opening: LiveOpening,
        index: FootageIndex,
        reader: FootageReader,
        sending: Sending,
        clock: Clock,
    ) -> None:
        self._tickets = tickets
        self._opening = opening
        self._index = index
        self._reader = reader
        self._sending = sending
        self._workshop: Workshop[Name] = Workshop(
            "snapshot.busy",
            "too many pictures are being made",
            at_once=2,
            most_waiting=32,
            kept_bytes=16 << 20,
        )
        self._newest = NewestPictures(self._workshop, clock)

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/snapshot/{ticket}.jpg",
                self.read,
                "The newest picture, or the one of an instant.",
                access="ticket",
                parameters=(
                    Parameter(
                        "time",
                        "An instant in the window of a playback ticket; left out, with a ticket for live or "
                        "snapshot, the newest picture.",
                        {"type": "string", "format": "date-time"},
                    ),
                ),
                answer_type="image/jpeg",
                errors=(400, 401, 403, 404, 410, 429, 503),
            ),
        )

    async def read(self, request: web.Request) -> web.StreamResponse:
        time = request.query.get("time")
        if time is None:
            use = await self._tickets.open(request, "live", "snapshot")
            require_unmarked(use)
            hub = await self._opening.open(use)
            data = await self._newest.take(hub.uid, hub.window)
        else:
            use = await self._tickets.open(request, "playback")
            require_unmarked(use)
            data = await self._recorded(use, parse_instant(time, "time"))
        await self._tickets.still(use)  # the right may have gone while this waited
        return await self._sending.send(request, use, data, "image/jpeg", {"Cache-Control": "no-store"})

    async def _recorded(self, use: TicketUse, instant_ms: int) -> bytes:
        use.claims.require_window(instant_ms, instant_ms + 1)
        uid = use.claims.camera_uid

        async def make() -> bytes:
            return await self._workshop.work(picture, *await self._footage(uid, instant_ms))

        return await self._workshop.take((uid, 0, instant_ms), make)

    async def _footage(self, uid: str, instant_ms: int) -> tuple[bytes, bytes, int]:
        """An init section, the fragments up to the instant, and how long after their start it is, ms."""
        for max_age_s in (None, YOUNG_S):  # the newest fragments may be younger than what is known here
            holding = await self._index.holding(uid, instant_ms, max_age_s=max_age_s)
            if holding:
                break
        else:
            raise NotFoundError("vod.no_footage", "nothing was recorded at this instant")
        recording = holding[-1]
        first = recording.first_needed(instant_ms)
        end = recording.first_after(instant_ms + 1)
        offset = recording.offset(first)
        init = await self._reader.init_section(recording)
        data = await self._reader.read(recording, offset, recording.size(first, end - first))
        return init, data, instant_ms - recording.starts[first]
