"""GET /hls/{ticket}/dvr.m3u8: back through the last hour from now."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from aiohttp import web

from services.gateway.archive.dvr import SKIPPING, Listing, Window, dvr_playlist, listing, read_skip
from services.gateway.archive.grid import LONGEST_MS, Numbered, era_of, needed_from, numbered
from services.gateway.archive.index import FootageIndex
from services.gateway.archive.recording import Recording
from services.gateway.archive.routes import ERRORS, PLAYLIST_TYPE, playlist
from services.gateway.http.routes import Route
from services.gateway.live.reload import BLOCKING, SEGMENTS_AHEAD, TARGETS_LONG, read_reload
from services.gateway.tickets import TicketCheck
from snowlight.access.token import TicketClaims
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, NotFoundError, UnavailableError

_LOOK_S = 0.5
"""How often somebody who waits looks for what has come, and the index asks for all of them."""
_NEWEST_MS = 10_000
"""What is asked for then: the hours in which this lies that came last."""
_CAMERAS_KEPT = 64
_BEYOND_MS = 60_000
"""What follows a window tells where the segment ends that holds its end."""


class DvrRoutes:
    """Lists the last hour up to now."""

    def __init__(self, tickets: TicketCheck, index: FootageIndex, clock: Clock) -> None:
        self._tickets = tickets
        self._index = index
        self._clock = clock
        # by camera, era, and where footage ends for a window that is over
        self._made: OrderedDict[tuple[str, int, int], tuple[float, Numbered]] = OrderedDict()

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/hls/{ticket}/dvr.m3u8",
                self.read,
                "The last hour of the ticket's window up to now, growing until the window ends.",
                access="ticket",
                parameters=(*BLOCKING, SKIPPING),
                answer_type=PLAYLIST_TYPE,
                errors=ERRORS,
            ),
        )

    async def read(self, request: web.Request) -> web.Response:
        reload, skip = read_reload(request.query), read_skip(request.query)
        use = await self._tickets.open(request, "playback")
        listed = await self._listing(use.claims)
        if reload is not None:
            listed = await self._reached(use.claims, listed, reload.segment)
        await self._tickets.still(use)  # the right may have gone while this waited
        return playlist(dvr_playlist(listed, skip=skip))

    async def _reached(self, claims: TicketClaims, listed: Listing, number: int) -> Listing:
        """The listing, once it has the segment (RFC 8216bis section 6.2.5.2) or is over.

        Raises InvalidArgumentError when that is too far ahead, and UnavailableError when it does not come in
        three target durations.
        """
        if number > listed.reached + SEGMENTS_AHEAD and not listed.ended:
            raise InvalidArgumentError(
                "live.too_far_ahead",
                f"_HLS_msn may be {listed.reached + SEGMENTS_AHEAD} at most",
                field="_HLS_msn",
            )
        try:
            async with asyncio.timeout(TARGETS_LONG * LONGEST_MS / 1000):
                while listed.reached < number and not listed.ended:
                    await asyncio.sleep(_LOOK_S)
                    listed = await self._listing(claims)
        except TimeoutError as error:
            raise UnavailableError("dvr.no_segment", "no more footage has come") from error
        return listed

    async def _listing(self, claims: TicketClaims) -> Listing:
        now_ms = self._clock.now_ms()
        window = Window(claims.window_start_ms, claims.window_end_ms)
        era_ms = era_of(window.listed_from(now_ms))
        until_ms = min(now_ms, window.end_ms + _BEYOND_MS)
        if until_ms == now_ms:
            await self._index.between(claims.camera_uid, now_ms - _NEWEST_MS, now_ms, max_age_s=_LOOK_S)
        from_ms = needed_from(era_ms)
        recordings = await self._index.between(claims.camera_uid, min(window.start_ms, from_ms), until_ms)
        first = next(
            (place for place, recording in enumerate(recordings) if recording.end_ms > from_ms),
            len(recordings),
        )
        key = (claims.camera_uid, era_ms, until_ms if until_ms < now_ms else 0)
        found = self._numbered(key, recordings[first:], now_ms)
        own = [recording for recording in recordings if recording.end_ms > window.start_ms]
        listed = listing(found, own, window, now_ms)
        if listed is None:
            raise NotFoundError("vod.no_footage", "nothing was recorded in the last hour of this window")
        return listed

    def _numbered(self, key: tuple[str, int, int], recordings: Sequence[Recording], now_ms: int) -> Numbered:
        """Made once in a while for all who watch the camera."""
        now = self._clock.monotonic()
        known = self._made.get(key)
        if known is None or now - known[0] >= _LOOK_S:
            known = self._made[key] = now, numbered(recordings, key[1], now_ms)
            self._made.move_to_end(key)
            while len(self._made) > _CAMERAS_KEPT:
                self._made.popitem(last=False)
        return known[1]
