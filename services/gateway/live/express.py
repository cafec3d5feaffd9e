"""Live playlists, segments and parts that are in memory, answered at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from email.utils import formatdate

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.edges import ALWAYS
from services.gateway.http.express import Answer, Caller, Wait, field_lines
from services.gateway.live.hub import LiveHub, LiveHubs, Ready
from services.gateway.live.reload import Reload
from services.gateway.live.reports import media_playlist_of
from services.gateway.live.routes import FLEETING, LASTING, PLAYLIST_TYPE, SEGMENT_TYPE
from services.gateway.metrics import GatewayMetrics
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.sending import Sending, count
from services.gateway.viewing.use import TicketUse
from snowlight.errors import InvalidArgumentError, SnowlightError
from snowlight.media.rendition import MAIN, RENDITIONS

_PLAYLIST = b"media.m3u8"
_RENDITIONS = {name.encode(): name for name in RENDITIONS if name != MAIN} | {b"": MAIN}
"""By the folder that they lie in, below that of live pictures."""
_RELOAD = re.compile(rb"media\.m3u8\?_HLS_msn=([0-9]{1,16})(?:&_HLS_part=([0-9]{1,16}))?")
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
        self._of_main = _Counters(metrics, "/hls/{ticket}/live")
        self._of_others = _Counters(metrics, "/hls/{ticket}/live/{rendition}")

    def answer(self, target: bytes, caller: Caller) -> Answer | Wait | None:
        """To `GET /hls/{target}`; None for whatever is not there now, or not for who asks."""
        ticket, _, path = target.partition(b"/live/")
        folder, _, name = path.rpartition(b"/")
        use = self._desk.warm(ticket.decode("latin-1"))
        rendition = _RENDITIONS.get(folder)
        if use is None or use.claims.action != "live" or rendition is None:
            return None
        hub = self._hubs.opened(use.claims.camera_uid, use.claims.ticket_id, rendition)
        found = self._find(hub, name, silent=use.claims.silent) if hub is not None else None
        if found is None or not self._lets_in(use, caller):
            return None
        if isinstance(found, _LiveWait):
            return found
        if self._sending.room.refusal(use, found.body) is not None:
            return None
        found.count()
        if found.media is not None:
            self._metrics.live_bytes.inc(len(found.body))
        return _LiveAnswer(found, use, caller, self._sending)

    def _lets_in(self, use: TicketUse, caller: Caller) -> bool:
        """Whether nothing speaks against it. What does is told on the usual way, which finds it again."""
        try:
            if self._cameras.by_uid(use.claims.camera_uid) is None:
                return False
            self._desk.admit(use, caller.address, caller.agent)
        except SnowlightError:
            return False
        return True

    def _find(self, hub: LiveHub, name: bytes, *, silent: bool) -> Ready | _LiveWait | None:
        if name.startswith(_PLAYLIST):
            if not hub.is_up:
                return None
            if name != _PLAYLIST:
                wait = _read_wait(hub, name)
                if wait is None or not wait.is_over():
                    return wait
                name = _PLAYLIST
        ready = hub.ready.get((name, silent))
        if ready is None:
            ready = self._playlist(hub) if name == _PLAYLIST else self._footage(hub, name, silent=silent)
            if ready is not None:
                hub.ready[name, silent] = ready
        return ready

    def _playlist(self, hub: LiveHub) -> Ready:
        text = media_playlist_of(hub, self._hubs)
        return Ready(_head(text, PLAYLIST_TYPE, FLEETING), text, None, self._counters(hub).playlist)

    def _footage(self, hub: LiveHub, name: bytes, *, silent: bool) -> Ready | None:
        window, counters = hub.window, self._counters(hub)
        found = _NAME.fullmatch(name)
        if found is None or not window.listed():
            return None
        data: bytes | memoryview
        if found[3] is not None:
            segment = window.segment(int(found[3]))
            if segment is None:
                return None
            data = window.segment_data(segment, silent=silent)
            media, count = (segment.number, segment.duration_ms), counters.segment
        else:
            part = window.part(int(found[1]), int(found[2]))
            if part is None:
                return None
            data = window.part_data(part, silent=silent)
            media, count = (part.start_ms, part.duration_ms), counters.part
        return Ready(_head(data, SEGMENT_TYPE, LASTING), data, media, count)

    def _counters(self, hub: LiveHub) -> _Counters:
        return self._of_main if hub.rendition == MAIN else self._of_others


class _Counters:
    """Of requests in one folder, by what is asked for."""

    def __init__(self, metrics: GatewayMetrics, folder: str) -> None:
        self.playlist = metrics.counter(f"{folder}/media.m3u8", 200)
        self.part = metrics.counter(f"{folder}/part-{{session}}-{{number}}.m4s", 200)
        self.segment = metrics.counter(f"{folder}/{{number}}.m4s", 200)


class _LiveAnswer(Answer):
    __slots__ = ("_media", "_sending", "_use")

    def __init__(self, ready: Ready, use: TicketUse, caller: Caller, sending: Sending) -> None:
        super().__init__(ready.head + caller.fields, ready.body)
        self._media = ready.media
        self._use = use
        self._sending = sending

    def sent(self) -> None:
        if self._media is not None:
            count(self._use, len(self.body), self._media)

    def held(self, transport: asyncio.Transport) -> None:
        self._sending.hold(self._use, transport, self.body)

    def released(self, transport: asyncio.Transport) -> None:
        self._sending.release(self._use, transport, self.body)


class _LiveWait:
    """For a playlist that has what a blocking reload asks for (RFC 8216bis section 6.2.5.2)."""

    __slots__ = ("_hub", "_reload", "wake")

    wake: Callable[[], None]

    def __init__(self, hub: LiveHub, reload: Reload) -> None:
        self._hub = hub
        self._reload = reload

    def is_over(self) -> bool:
        return self._hub.window.reached(self._reload.segment, self._reload.part)

    def begin(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self._hub.waiting.add(self)

    def end(self) -> None:
        self._hub.waiting.discard(self)


def _read_wait(hub: LiveHub, name: bytes) -> _LiveWait | None:
    """None for a playlist that nobody may wait for."""
    asked = _RELOAD.fullmatch(name)
    if asked is None:
        return None
    reload = Reload(int(asked[1]), int(asked[2]) if asked[2] else None)
    try:
        reload.check(hub.window)
    except InvalidArgumentError:
        return None
    return _LiveWait(hub, reload)


def _head(body: bytes | memoryview, content_type: str, headers: Mapping[str, str]) -> bytes:
    """What is the same for all who ask."""
    told = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        **headers,
        **ALWAYS,
        "Date": formatdate(usegmt=True),  # it is made anew at least at each fragment (RFC 9110, 6.6.1)
    }
    return b"HTTP/1.1 200 OK\r\n" + field_lines(told)
