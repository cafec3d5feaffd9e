"""Requests and what their answers mean (RFC 2326, 10 and 11), for one session on one connection."""

import asyncio
import re
from dataclasses import dataclass

from services.ingest.sources.address import join_url
from services.ingest.sources.rtsp.authentication import Authenticator
from services.ingest.sources.rtsp.client.connection import Connection
from services.ingest.sources.rtsp.message import Response
from services.ingest.sources.rtsp.sdp import SessionDescription, parse_session_description, resolve_control
from services.ingest.sources.source import SourceError

_DEFAULT_SESSION_TIMEOUT = 60
_LONGEST_KEEPALIVE = 30.0
_MAX_ATTEMPTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_TIMEOUT = re.compile(r"timeout=(\d{1,6})", re.IGNORECASE)


class RedirectedError(Exception):
    """The server sends the client elsewhere; `location` is absolute."""

    def __init__(self, location: str) -> None:
        super().__init__("redirected")
        self.location = location


@dataclass(frozen=True, slots=True)
class Presentation:
    """What DESCRIBE told, and the URL that its relative controls start from."""

    description: SessionDescription
    base: str

    @property
    def aggregate(self) -> str:
        """The URL that PLAY and TEARDOWN speak of."""
        return resolve_control(self.base, self.description.control)


class Dialogue:
    """Asks, authenticates, and keeps the session alive."""

    def __init__(
        self, connection: Connection, url: str, authenticator: Authenticator, *, timeout: float
    ) -> None:
        self._connection = connection
        self._url = url
        self._authenticator = authenticator
        self._timeout = timeout
        self._session = ""
        self._session_timeout = _DEFAULT_SESSION_TIMEOUT
        self._keepalive_method = "OPTIONS"

    async def describe(self) -> Presentation:
        """OPTIONS, of which only the methods matter, and DESCRIBE."""
        options = await self._request("OPTIONS", self._url)
        methods = ",".join(options.headers.all("public")).upper()
        if "GET_PARAMETER" in (method.strip() for method in methods.split(",")):
            self._keepalive_method = "GET_PARAMETER"
        response = await self._request("DESCRIBE", self._url, {"Accept": "application/sdp"})
        _require_success("DESCRIBE", response)
        base = response.headers.get("content-base") or response.headers.get("content-location")
        return Presentation(
            parse_session_description(response.body.decode("utf-8", "replace")),
            join_url(self._url, base) if base else self._url,
        )

    async def setup(self, url: str, transport: str) -> str:
        """Set one track up with the `transport` asked for (RFC 2326, 12.39). Returns the one granted."""
        response = await self._request("SETUP", url, {"Transport": transport})
        if response.status == 461:
            over = "TCP" if "TCP" in transport else "UDP"
            raise SourceError("camera.protocol_unsupported", f"the camera does not offer RTP over {over}")
        _require_success("SETUP", response)
        session, _, parameters = response.headers.get("session").partition(";")
        self._session = session.strip() or self._session
        if (timeout := _TIMEOUT.search(parameters)) and int(timeout[1]):
            self._session_timeout = int(timeout[1])
        return response.headers.get("transport")

    async def play(self, url: str) -> None:
        """Start all tracks; some servers refuse a Range, and play without one."""
        response = await self._request("PLAY", url, {"Range": "npt=0.000-"})
        if response.status in (456, 457):
            response = await self._request("PLAY", url)
        _require_success("PLAY", response)

    async def keep_alive(self, url: str) -> None:
        """Ask something at every half of the session's timeout, until cancelled.

        A camera that streams on without answering is let be; the silence of its media is watched elsewhere.
        """
        interval = max(1.0, min(self._session_timeout / 2, _LONGEST_KEEPALIVE))
        while True:
            await asyncio.sleep(interval)
            try:
                response = await self._request(self._keepalive_method, url)
            except SourceError as error:
                if error.code != "camera.timeout":
                    raise
                continue
            if response.status == 454:
                raise SourceError("camera.closed", "the camera forgot the session")
            if response.status >= 400:
                self._keepalive_method = "OPTIONS"

    def tear_down(self, url: str) -> None:
        """Tell the server that the session is over, if there is one, and close the connection."""
        if self._session:
            self._connection.send("TEARDOWN", url, self._headers("TEARDOWN", url))
        self._connection.close(farewell=bool(self._session))

    async def _request(self, method: str, uri: str, headers: dict[str, str] | None = None) -> Response:
        """Ask until the server is content with the credentials. Raises RedirectedError and SourceError."""
        for _ in range(_MAX_ATTEMPTS):
            fields = {**self._headers(method, uri), **(headers or {})}
            response = await self._connection.request(method, uri, fields, within=self._timeout)
            if response.status == 401:
                self._authenticator.refuse(response.headers.all("www-authenticate"))
                continue
            self._authenticator.accept()
            location = response.headers.get("location")
            if response.status in _REDIRECTS and location:
                raise RedirectedError(join_url(self._url, location))
            return response
        raise SourceError("camera.auth_failed", "the camera keeps asking for credentials")

    def _headers(self, method: str, uri: str) -> dict[str, str]:
        session = {"Session": self._session} if self._session else {}
        return {**session, **self._authenticator.authorize(method, uri)}


def _require_success(method: str, response: Response) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    if status in (404, 410):
        raise SourceError("camera.not_found", f"the camera does not know this path ({status})")
    if status == 403:
        raise SourceError("camera.auth_failed", "403: these credentials may not see this stream")
    raise SourceError("camera.protocol_error", f"the camera answered {method} with {status}")
