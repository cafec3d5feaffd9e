"""The RTSP source: from a URL to access units, and everything that ends it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace

from services.ingest.sources.address import Address, parse_address
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.rtp.video import VideoReceiver
from services.ingest.sources.rtsp.authentication import Authenticator
from services.ingest.sources.rtsp.client.connection import Connection, connect
from services.ingest.sources.rtsp.client.delivery import Delivery
from services.ingest.sources.rtsp.client.dialogue import Dialogue, Presentation, RedirectedError
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.client.silence import SilenceTimer
from services.ingest.sources.rtsp.client.tracks import receive_audio, receive_video
from services.ingest.sources.rtsp.message import Request
from services.ingest.sources.rtsp.sdp import (
    choose_audio,
    choose_video,
    resolve_control,
)
from services.ingest.sources.source import (
    AccessUnitSink,
    AudioTrack,
    SourceError,
    SourceSettings,
    VideoTrack,
)

_DEFAULT_PORT = 554
_MAX_REDIRECTS = 5

Tracks = tuple[VideoTrack, AudioTrack | None]


class RtspSource:
    """Plays one camera over RTSP; `delivery` is how its RTP is to come."""

    def __init__(
        self,
        address: Address,
        *,
        delivery: Callable[[Connection], Delivery],
        audio: bool,
        network: SourceNetwork,
        rounds: ReadRounds,
        settings: SourceSettings,
    ) -> None:
        self._address = address
        self._delivery = delivery
        self._audio = audio
        self._network = network
        self._rounds = rounds
        self._settings = settings
        self._tracks: Tracks | None = None
        self._connection: Connection | None = None

    @property
    def skipped(self) -> int:
        """Bytes of noise that the present connection brought between frames."""
        return self._connection.skipped if self._connection else 0

    async def run(self, sink: AccessUnitSink) -> None:
        """Feed `sink` until the camera says goodbye (RTCP BYE); any other end is a SourceError."""
        address = self._address
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                await self._play(address, sink)
                return
            except RedirectedError as redirect:
                address = self._follow(redirect.location)
        raise SourceError("camera.protocol_error", f"the camera redirects over {_MAX_REDIRECTS} times")

    def _follow(self, location: str) -> Address:
        target = parse_address(location)
        if target.scheme != "rtsp" or not target.host:
            raise SourceError("camera.protocol_error", "the camera redirects to what is no RTSP URL")
        return replace(target, credentials=target.credentials or self._address.credentials)

    async def _play(self, address: Address, sink: AccessUnitSink) -> None:
        patience = self._settings
        port = address.port or _DEFAULT_PORT
        addresses = await self._network.resolve(address.host, port, within=patience.connect_timeout)
        connection = await connect(
            addresses, port, self._on_request, self._rounds, within=patience.connect_timeout
        )
        self._connection = connection
        delivery = self._delivery(connection)
        authenticator = Authenticator(address.credentials, basic_allowed=address.host == self._address.host)
        dialogue = Dialogue(connection, address.url, authenticator, timeout=patience.response_timeout)
        aggregate = address.url
        try:
            presentation = await dialogue.describe()
            aggregate = presentation.aggregate
            video = await self._set_up(dialogue, presentation, connection, delivery, sink)
            await dialogue.play(aggregate)
            delivery.begin()
            await self._watch(connection, video, dialogue.keep_alive(aggregate), sink)
        finally:
            delivery.close()
            dialogue.tear_down(aggregate)

    async def _set_up(
        self,
        dialogue: Dialogue,
        presentation: Presentation,
        connection: Connection,
        delivery: Delivery,
        sink: AccessUnitSink,
    ) -> VideoReceiver:
        """Set up the wanted tracks and put their readers on the channels granted."""
        media, track = choose_video(presentation.description)
        track = replace(track, arrival_ms=delivery.arrival_ms)
        channels = await delivery.set_up(dialogue, resolve_control(presentation.base, media.control))
        audio = await self._set_up_audio(dialogue, presentation, connection, delivery, sink)
        video = receive_video(connection, channels, media, track, sink, self._settings.max_access_unit)
        self._tell_tracks(track, audio, sink)
        return video

    async def _set_up_audio(
        self,
        dialogue: Dialogue,
        presentation: Presentation,
        connection: Connection,
        delivery: Delivery,
        sink: AccessUnitSink,
    ) -> AudioTrack | None:
        """Audio is a bonus: what is not offered, not carried or not granted is left out."""
        chosen = choose_audio(presentation.description) if self._audio else None
        if chosen is None:
            return None
        media, track = chosen
        try:
            channels = await delivery.set_up(dialogue, resolve_control(presentation.base, media.control))
        except SourceError as error:
            if error.code in ("camera.protocol_error", "camera.not_found"):
                return None
            raise
        receive_audio(connection, channels, media, track, sink)
        return track

    def _tell_tracks(self, video: VideoTrack, audio: AudioTrack | None, sink: AccessUnitSink) -> None:
        """The sink hears of tracks once, though a redirect while playing may lead to others."""
        if self._tracks is None:
            sink.on_tracks(video, audio)
        elif not _are_alike(self._tracks, (video, audio)):
            raise SourceError("camera.closed", "the camera redirected to a stream of other tracks")
        elif video.parameter_sets and video.parameter_sets != self._tracks[0].parameter_sets:
            sink.on_parameter_sets(video.parameter_sets)
        self._tracks = (video, audio)

    async def _watch(
        self,
        connection: Connection,
        video: VideoReceiver,
        keep_alive: Coroutine[None, None, None],
        sink: AccessUnitSink,
    ) -> None:
        """Wait for the end: goodbye, a failure, or `silence_timeout` seconds without video."""
        keeper = asyncio.create_task(keep_alive)
        silence = SilenceTimer(video, connection.end, self._settings.silence_timeout, sink.on_received)
        try:
            ended, _ = await asyncio.wait((connection.closed, keeper), return_when=asyncio.FIRST_COMPLETED)
            for end in ended:
                end.result()
        finally:
            silence.cancel()
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError, SourceError, RedirectedError):
                await keeper

    def _on_request(self, request: Request) -> None:
        connection = self._connection
        if connection is None:
            return
        if request.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE", "PLAY_NOTIFY"):
            connection.respond(request, 200, "OK")
        elif request.method == "REDIRECT" and request.headers.get("location"):
            connection.respond(request, 200, "OK")
            connection.end(RedirectedError(request.headers.get("location")))
        elif request.method == "TEARDOWN":
            connection.respond(request, 200, "OK")
            connection.end(SourceError("camera.closed", "the camera ended the session"))
        else:
            connection.respond(request, 501, "Not Implemented")


def _are_alike(old: Tracks, new: Tracks) -> bool:
    """Whether a mux of the old tracks can go on with the new ones."""
    return (old[0].codec, old[0].clock_rate, old[1]) == (new[0].codec, new[0].clock_rate, new[1])
