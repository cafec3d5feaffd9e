"""One RTSP connection that publishes (RFC 2326: ANNOUNCE, SETUP, RECORD), with RTP on the same connection."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from services.ingest.publishing.address import read_place
from services.ingest.publishing.doorway import Doorway, Visit
from services.ingest.publishing.seat import Place
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.client.tracks import Channels, receive_audio, receive_video
from services.ingest.sources.rtsp.message import Request
from services.ingest.sources.rtsp.sdp import (
    SessionDescription,
    choose_audio,
    choose_video,
    parse_session_description,
    resolve_control,
)
from services.ingest.sources.source import AccessUnitSink, SourceError
from snowlight.errors import (
    AlreadyExistsError,
    ResourceExhaustedError,
    SnowlightError,
    UnauthenticatedError,
)

_METHODS = "OPTIONS, ANNOUNCE, SETUP, RECORD, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Snowlight"'}
_CHANNELS = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?", re.IGNORECASE)
_MOST_TRACKS = 8
_LINGER_S = 0.2


@dataclass(slots=True)
class _Announced:
    """`channels` by the track's place in the description."""

    base: str
    description: SessionDescription
    place: Place
    channels: dict[int, Channels] = field(default_factory=dict)


class RtspPublisher:
    """A publisher (`services.ingest.publishing.seat.Publisher`); `connection` is its protocol."""

    def __init__(self, doorway: Doorway, rounds: ReadRounds, max_access_unit: int) -> None:
        self.connection = _Connection(self._on_request, rounds, self._on_made)
        self.connection.closed.add_done_callback(self._on_closed)
        self._doorway = doorway
        self._max_access_unit = max_access_unit
        self._visit: Visit | None = None
        self._pending: Request | None = None
        """The request that waits for auth, or for the session."""
        self._announced: _Announced | None = None
        self._video: VideoReceiver | None = None
        self._session = secrets.token_hex(8)

    @property
    def ended(self) -> asyncio.Future[None]:
        """As of the connection."""
        return self.connection.closed

    @property
    def pictures(self) -> int:
        """Runs of frames with pictures."""
        return self._video.runs if self._video is not None else 0

    def begin(self, sink: AccessUnitSink, *, audio: bool) -> None:
        """Answer RECORD: media comes from here on."""
        announced, request = self._announced, self._pending
        assert announced is not None
        assert request is not None
        self._pending = None
        self._leave_doorway()
        description = announced.description
        media, track = choose_video(description)
        sound = choose_audio(description) if audio else None
        sound_channels = announced.channels.get(description.media.index(sound[0])) if sound else None
        channels = announced.channels[description.media.index(media)]
        sink.on_tracks(track, sound[1] if sound and sound_channels else None)
        self._video = receive_video(self.connection, channels, media, track, sink, self._max_access_unit)
        if sound and sound_channels:
            receive_audio(self.connection, sound_channels, *sound, sink)
        self._answer(request)
        self.connection.read_in_rounds()

    def refuse(self, error: Exception) -> None:
        """Answer what waits for an answer, and hang up."""
        request, self._pending = self._pending, None
        if request is not None and isinstance(error, SnowlightError) and not self.ended.done():
            self._refuse_request(request, error)
        self.connection.end(error)

    def _on_made(self) -> None:
        try:
            self._visit = self._doorway.enter(str(self.connection.remote[0]), self.refuse)
        except ResourceExhaustedError as error:
            self.refuse(error)

    def _on_closed(self, _closed: asyncio.Future[None]) -> None:
        self._leave_doorway()
        # a moment later: what was answered last is to be read
        asyncio.get_running_loop().call_later(_LINGER_S, lambda: self.connection.close(farewell=False))

    def _leave_doorway(self) -> None:
        if self._visit is not None:
            self._visit.end()

    def _on_request(self, request: Request) -> None:
        if self.ended.done():
            return
        if self._pending is not None:
            raise SourceError("camera.protocol_error", "the camera does not wait for an answer")
        handle = {
            "ANNOUNCE": self._on_announce,
            "SETUP": self._on_setup,
            "RECORD": self._on_record,
            "TEARDOWN": self._on_teardown,
        }.get(request.method)
        if handle is not None:
            try:
                handle(request)
            except SnowlightError as error:
                self._refuse_request(request, error)
        elif request.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER"):
            self._answer(request, Public=_METHODS)
        else:
            self.connection.respond(request, 501, "Not Implemented")

    def _on_announce(self, request: Request) -> None:
        if self._announced is not None or self._visit is None:
            raise SourceError("camera.protocol_error", "the camera announces twice")
        camera_id, key = read_place(request.uri.partition("://")[2])
        key = key or _basic_password(request.headers.get("authorization"))
        if not key:
            raise UnauthenticatedError("camera.key_missing", "a publish key is required")
        description = parse_session_description(request.body.decode("utf-8", "replace"))
        del description.media[_MOST_TRACKS:]
        choose_video(description)
        self._pending = request

        def admitted(place: Place) -> None:
            self._announced = _Announced(request.uri, description, place)
            self._pending = None
            self._answer(request)

        self._doorway.ask(self, camera_id, key, self._visit.address, admitted)

    def _on_setup(self, request: Request) -> None:
        announced = self._announced
        if announced is None or self._video is not None:
            raise SourceError("camera.protocol_error", "SETUP at the wrong moment")
        transport = request.headers.get("transport")
        match = _CHANNELS.search(transport)
        if "TCP" not in transport.upper() or match is None:
            raise SourceError(
                "camera.protocol_unsupported", "RTP is taken on the RTSP connection only (RTP/AVP/TCP)"
            )
        rtp = int(match[1])
        rtcp = int(match[2]) if match[2] else rtp + 1
        taken = {channel for pair in announced.channels.values() for channel in pair}
        if max(rtp, rtcp) > 255 or rtp == rtcp or taken & {rtp, rtcp}:
            raise SourceError("camera.protocol_error", "the camera asks for an impossible channel")
        announced.channels[self._track_of(request.uri, announced)] = (rtp, rtcp)
        self._answer(request, Transport=f"RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp};mode=record")

    def _track_of(self, uri: str, announced: _Announced) -> int:
        """By its control attribute; cameras that write another than they announced set up in order."""
        media = announced.description.media
        for place, each in enumerate(media):
            if each.control and uri in (each.control, resolve_control(announced.base, each.control)):
                return place
        place = len(announced.channels)
        if place >= len(media):
            raise SourceError("camera.protocol_error", "SETUP of more tracks than were announced")
        return place

    def _on_record(self, request: Request) -> None:
        announced = self._announced
        if announced is None or self._video is not None:
            raise SourceError("camera.protocol_error", "RECORD at the wrong moment")
        media, _ = choose_video(announced.description)
        if announced.description.media.index(media) not in announced.channels:
            raise SourceError("camera.protocol_error", "RECORD before the video was set up")
        announced.place.take(self)
        self._pending = request  # answered by `begin`

    def _on_teardown(self, request: Request) -> None:
        self._answer(request)
        self.connection.end()

    def _answer(self, request: Request, **headers: str) -> None:
        self.connection.respond(request, 200, "OK", {"Session": self._session, **headers})

    def _refuse_request(self, request: Request, error: SnowlightError) -> None:
        """The status is RTSP's own; the reason names what is wrong."""
        status = next((code for kind, code in _STATUSES if isinstance(error, kind)), 400)
        if error.code == "camera.protocol_unsupported":
            status = 461
        elif error.code in ("camera.codec_unsupported", "camera.no_video"):
            status = 415
        self.connection.respond(request, status, str(error), _CHALLENGE if status == 401 else None)


_STATUSES: tuple[tuple[type[SnowlightError], int], ...] = (
    (UnauthenticatedError, 401),
    (AlreadyExistsError, 403),
    (ResourceExhaustedError, 453),
    (SourceError, 400),
)


class _Connection(Connection):
    """Tells when the socket is there."""

    __slots__ = ("_on_made",)

    def __init__(
        self, on_request: Callable[[Request], None], rounds: ReadRounds, on_made: Callable[[], None]
    ) -> None:
        super().__init__(on_request, rounds)
        self._on_made = on_made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if transport.get_extra_info("peername") is None:  # reset before it was accepted
            cast(asyncio.Transport, transport).abort()
            return
        self._on_made()


def _basic_password(authorization: str) -> str:
    """The password of Basic credentials; empty for others, since Digest needs a key whole and only hashes are
    kept."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip()).decode().partition(":")[2]
    except (binascii.Error, UnicodeError):
        return ""
