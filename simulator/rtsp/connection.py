"""One client's connection: requests answered in order, RTP interleaved between the answers."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from simulator.faults import Faults
from simulator.rtsp.authentication import Authenticator, Credentials
from simulator.rtsp.disturbance import DisturbedReceiver, is_disturbed
from simulator.rtsp.message import MalformedRequest, Request, read_message, response
from simulator.rtsp.programme import Programme, Receiver

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_REALM = "Snowlight village"
_BACKLOG = 8 << 20
"""Bytes a client may leave unread."""
_CONTROL = re.compile(r"/trackID=(\d+)$")
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})")


class ProgrammeNotReady(Exception):  # noqa: N818 - a state that passes
    """The camera is known but has nothing to show yet."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is found at one path. programme: ProgrammeNotReady where a client should come back later.

    session_timeout: seconds without any message after which a client is given up.
    """

    programme: Callable[[], Awaitable[Programme]]
    credentials: Credentials | None = None
    faults: Faults = field(default_factory=Faults)
    session_timeout: int = 60


class Connection:
    """Serves one client what `find` knows of the paths it asks for."""

    def __init__(
        self,
        find: Callable[[str], Endpoint | None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._find = find
        self._reader = reader
        self._writer = writer
        self._opened = asyncio.get_running_loop().time()
        self._endpoint: Endpoint | None = None
        self._authenticator: Authenticator | None = None
        self._session = secrets.token_hex(8)
        self._channels: dict[int, int] = {}
        self._programme: Programme | None = None
        self._receiver: Receiver | None = None
        self._end_of_play: asyncio.TimerHandle | None = None
        self._ended = False

    async def serve(self) -> None:
        """Serves until either side closes, the session times out or a fault ends it."""
        try:
            while not self._ended:
                async with asyncio.timeout_at(self._deadline()):
                    request = await read_message(self._reader)
                    if request is not None and not request.is_answer:
                        self._write(await self._answer(request))
        except MalformedRequest:
            self._writer.write(response(400, None))
        except (EOFError, ConnectionError, TimeoutError):
            pass
        finally:
            self._leave()
            self._writer.close()

    def _write(self, answer: bytes) -> None:
        """As the camera writes its media."""
        faults = Faults() if self._endpoint is None else self._endpoint.faults
        size = faults.write_size or len(answer) or 1
        for start in range(0, len(answer), size):
            piece = answer[start : start + size]
            if self._receiver is None:
                self._writer.write(piece)
            else:
                self._receiver.answer(piece)

    def _deadline(self) -> float:
        """When this connection ends if nothing more is heard, on the event loop's clock."""
        now = asyncio.get_running_loop().time()
        if self._endpoint is None:
            return now + 60
        deadline = now + self._endpoint.session_timeout
        if self._endpoint.faults.close_every:
            return min(deadline, self._opened + self._endpoint.faults.close_every)
        return deadline

    async def _answer(self, request: Request) -> bytes:
        """The response; nothing from a camera that is silent."""
        if request.version != "RTSP/1.0":
            return response(505, request)
        if request.method == "OPTIONS":
            return self._options(request)
        endpoint = self._find(_CONTROL.sub("", request.path))
        if endpoint is None:
            return response(404, request)
        if endpoint is not self._endpoint:
            self._turn_to(endpoint)
        if endpoint.faults.silent or (endpoint.faults.deaf and self._receiver is not None):
            return b""
        if not self._admits(request, endpoint):
            assert self._authenticator is not None
            return response(401, request, [("WWW-Authenticate", self._authenticator.challenge())])
        return await self._perform(request, endpoint)

    def _admits(self, request: Request, endpoint: Endpoint) -> bool:
        if self._authenticator is None:
            return True
        authorization = request.headers.get("authorization", "")
        admitted = (
            self._authenticator.admits(request.method, authorization) and not endpoint.faults.refuses_all
        )
        if endpoint.faults.refuses_all or (admitted and endpoint.faults.one_time_nonces):
            self._authenticator = _authenticator(endpoint)
        return admitted

    def _options(self, request: Request) -> bytes:
        endpoint = self._find(_CONTROL.sub("", request.path))
        if endpoint is not None and endpoint.faults.silent:
            return b""
        return response(200, request, [("Public", _METHODS)])

    def _turn_to(self, endpoint: Endpoint) -> None:
        self._leave()
        self._endpoint = endpoint
        self._authenticator = _authenticator(endpoint)

    async def _perform(self, request: Request, endpoint: Endpoint) -> bytes:
        match request.method:
            case "DESCRIBE" if endpoint.faults.redirect_to:
                return response(
                    302, request, [("Location", _elsewhere(request, endpoint.faults.redirect_to))]
                )
            case "DESCRIBE":
                return await self._describe(request, endpoint)
            case "SETUP":
                return await self._setup(request, endpoint)
            case "PLAY":
                return self._play(request, endpoint)
            case "GET_PARAMETER" | "SET_PARAMETER" if not self._knows(request):
                return response(454, request)
            case "GET_PARAMETER" | "SET_PARAMETER":
                return response(200, request, [("Session", self._session)] if self._channels else [])
            case "TEARDOWN":
                self._leave()
                self._ended = True
                return response(200, request)
            case _:
                return response(405, request, [("Allow", _METHODS)])

    async def _describe(self, request: Request, endpoint: Endpoint) -> bytes:
        try:
            programme = await endpoint.programme()
        except ProgrammeNotReady:
            return response(503, request, [("Retry-After", "2")])
        headers = [("Content-Type", "application/sdp"), ("Content-Base", request.url.rstrip("/") + "/")]
        return response(200, request, headers, programme.description)

    async def _setup(self, request: Request, endpoint: Endpoint) -> bytes:
        """Each track apart; only RTP/AVP/TCP (RFC 2326, 10.12)."""
        transports = request.headers.get("transport", "").split(",")
        transport = next((choice.strip() for choice in transports if "RTP/AVP/TCP" in choice), None)
        if transport is None:
            return response(461, request)
        if self._receiver is not None:
            return response(455, request)
        try:
            self._programme = await endpoint.programme()
        except ProgrammeNotReady:
            return response(503, request, [("Retry-After", "2")])
        control = _CONTROL.search(request.path)
        track = int(control[1]) if control else 0
        if track >= self._programme.track_count:
            return response(404, request)
        interleaved = _INTERLEAVED.search(transport)
        channel = int(interleaved[1]) if interleaved else 2 * track
        if channel > 254:
            return response(461, request)
        self._channels[track] = channel
        answer = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        session = f"{self._session};timeout={endpoint.session_timeout}"
        return response(200, request, [("Transport", answer), ("Session", session)])

    def _play(self, request: Request, endpoint: Endpoint) -> bytes:
        if not self._knows(request) or self._programme is None:
            return response(454, request)
        headers = [("Session", self._session), ("Range", "npt=now-")]
        if self._receiver is None:
            channels = tuple(self._channels.get(track) for track in range(self._programme.track_count))
            self._receiver = self._receive(channels, endpoint.faults)
            starts = self._programme.play(self._receiver)
            base = _CONTROL.sub("", request.url.rstrip("/"))
            tracks = ",".join(
                f"url={base}/trackID={track};seq={starts[track].sequence};rtptime={starts[track].timestamp}"
                for track in sorted(self._channels)
            )
            headers.append(("RTP-Info", tracks))
        return response(200, request, headers)

    def _knows(self, request: Request) -> bool:
        """The session that the request names, where it names one and PLAY must."""
        named = request.headers.get("session", "").partition(";")[0]
        return named == self._session or (not named and request.method != "PLAY")

    def _receive(self, channels: tuple[int | None, ...], faults: Faults) -> Receiver:
        loop = asyncio.get_running_loop()
        if faults.teardown_after:
            self._end_of_play = loop.call_later(faults.teardown_after, self._tear_down)
        elif faults.forgets_session:
            self._end_of_play = loop.call_later(faults.forgets_session, self._forget)
        if is_disturbed(faults):
            return DisturbedReceiver(self._writer.transport, channels, _BACKLOG, faults)
        return Receiver(self._writer.transport, channels, _BACKLOG)

    def _tear_down(self) -> None:
        """The camera's own request, which RFC 2326 does not have."""
        self._writer.write(f"TEARDOWN * RTSP/1.0\r\nCSeq: 1\r\nSession: {self._session}\r\n\r\n".encode())
        self._leave()

    def _forget(self) -> None:
        self._leave()
        self._session = secrets.token_hex(8)

    def _leave(self) -> None:
        if self._end_of_play is not None:
            self._end_of_play.cancel()
        if self._programme is not None and self._receiver is not None:
            self._programme.stop(self._receiver)
        self._programme = self._receiver = None
        self._channels.clear()


def _authenticator(endpoint: Endpoint) -> Authenticator | None:
    return Authenticator(endpoint.credentials, _REALM) if endpoint.credentials else None


def _elsewhere(request: Request, path: str) -> str:
    """The URL of another path on the server that `request` was sent to."""
    scheme, _, rest = request.url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{path}"
