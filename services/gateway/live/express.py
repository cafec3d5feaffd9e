"""Live playlists, segments and parts that are in memory, answered at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from email.utils import formatdate

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.edges import ALWAYS, MEDIA_ALWAYS
from services.gateway.http.express import Answer, Caller
from services.gateway.live.hub import LiveHub, LiveHubs, Ready
from services.gateway.live.playlist import media_playlist
from services.gateway.live.routes import FLEETING, LASTING, PLAYLIST_TYPE, SEGMENT_TYPE
from services.gateway.live.window import LiveWindow
from services.gateway.metrics import GatewayMetrics
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.sending import Sending, count
from services.gateway.viewing.use import TicketUse
from snowlight.errors import SnowlightError

_PLAYLIST = b"media.m3u8"
_NAME = re.compile(rb"(?:part-([0-9]{1,16})-([0-9]{1,10})|([0-9]{1,16}))\.m4s")


class LiveExpress:
    """Answers who holds a ticket that was looked at before, of a camera that is being watched."""

    def __init__(
        self,
        desk: TicketDesk,
        cameras: CameraModel,
        hubs: LiveHubs,
        sending: Sending,
        metrics: GatewayMetrics,
    ) -> None:
        self._desk = desk
        self._cameras = cameras
        self._hubs = hubs
        self._sending = sending
        self._metrics = metrics
        self._count_playlist = metrics.counter("/hls/{ticket}/live/media.m3u8", 200)
        self._count_part = metrics.counter("/hls/{ticket}/live/part-{session}-{number}.m4s", 200)
        self._count_segment = metrics.counter("/hls/{ticket}/live/{number}.m4s", 200)

    def answer(self, target: bytes, caller: Caller) -> Answer | None:
        """To `GET /hls/{target}`; None for whatever is not there now, or not for who asks."""
        ticket, _, name = target.partition(b"/live/")
        use = self._desk.warm(ticket.decode("latin-1"))
        if use is None or use.claims.action != "live":
            return None
        hub = self._hubs.opened(use.claims.camera_uid, use.claims.ticket_id)
        if hub is None or not (hub.is_up or name != _PLAYLIST):
            return None
        ready = hub.ready.get((name, use.claims.silent)) or self._make(hub, name, silent=use.claims.silent)
        if ready is None or not self._lets_in(use, caller):
            return None
        ready.count()
        if ready.media is not None:
            self._metrics.live_bytes.inc(len(ready.body))
        return _LiveAnswer(ready, use, self._sending)

    def _lets_in(self, use: TicketUse, caller: Caller) -> bool:
        """Whether nothing speaks against it. What does is told on the usual way, which finds it again."""
        try:
            if self._cameras.by_uid(use.claims.camera_uid) is None:
                return False
            self._desk.admit(use, caller.address, caller.agent)
        except SnowlightError:
            return False
        return True

    def _make(self, hub: LiveHub, name: bytes, *, silent: bool) -> Ready | None:
        ready = self._playlist(hub) if name == _PLAYLIST else self._footage(hub.window, name, silent=silent)
        if ready is not None:
            hub.ready[name, silent] = ready
        return ready

    def _playlist(self, hub: LiveHub) -> Ready:
        text = hub.playlist("media", media_playlist)
        return Ready(_head(text, PLAYLIST_TYPE, FLEETING), text, None, self._count_playlist)

    def _footage(self, window: LiveWindow, name: bytes, *, silent: bool) -> Ready | None:
        found = _NAME.fullmatch(name)
        if found is None or not window.listed():
            return None
        data: bytes | memoryview
        if found[3] is not None:
            segment = window.segment(int(found[3]))
            if segment is None:
                return None
            data = window.silent(segment) if silent else segment.data
            media, count = (segment.number, segment.duration_ms), self._count_segment
        else:
            part = window.part(int(found[1]), int(found[2]))
            if part is None:
                return None
            data = window.silent_part(part) if silent else part.data
            media, count = (part.start_ms, part.duration_ms), self._count_part
        return Ready(_head(data, SEGMENT_TYPE, LASTING), data, media, count)


class _LiveAnswer(Answer):
    __slots__ = ("_media", "_sending", "_use")

    def __init__(self, ready: Ready, use: TicketUse, sending: Sending) -> None:
        super().__init__(ready.head, ready.body)
        self._media = ready.media
        self._use = use
        self._sending = sending

    def sent(self) -> None:
        if self._media is not None:
            count(self._use, len(self.body), self._media)

    def held(self, transport: asyncio.Transport) -> None:
        self._sending.hold(self._use, transport)

    def released(self, transport: asyncio.Transport) -> None:
        self._sending.release(self._use, transport)


def _head(body: bytes | memoryview, content_type: str, headers: Mapping[str, str]) -> bytes:
    told = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        **headers,
        **ALWAYS,
        **MEDIA_ALWAYS,
        "Date": formatdate(usegmt=True),  # it is made anew at least at each fragment (RFC 9110, 6.6.1)
    }
    lines = (f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 200 OK\r\n{''.join(lines)}\r\n".encode()
