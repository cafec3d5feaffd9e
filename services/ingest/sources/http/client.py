"""GET over HTTP/1.1 (RFC 9112), for one thread, in allowed networks only."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import partial
from http.client import HTTPException, HTTPResponse
from http.cookiejar import CookieJar
from urllib.parse import quote, urlsplit
from urllib.request import Request

from services.ingest.sources.address import Address, parse_address
from services.ingest.sources.http.body import Body
from services.ingest.sources.http.failure import explain, refusal
from services.ingest.sources.rtsp.authentication import Authenticator
from services.ingest.sources.source import SourceError, SourceSettings

Resolve = Callable[[str, int], Sequence[str]]
"""The checked addresses of a name. Blocks; raises SourceError."""

_PORTS = {"http": 80, "https": 443}
_MAX_ATTEMPTS = 4
_MAX_COOKIES = 50
_ASCII = "".join(map(chr, range(0x21, 0x7F)))  # stands in a request as it stands in the URL


class HttpClient:
    """One camera's requests: each resolves its host, connects to a checked address, and follows no redirect.

    Credentials go to the camera's own scheme, host and port alone. Cookies are kept.
    """

    def __init__(
        self, camera: Address, resolve: Resolve, tls: ssl.SSLContext, settings: SourceSettings
    ) -> None:
        self._origin = _origin(camera)
        self._authenticator = Authenticator(camera.credentials)
        self._resolve = resolve
        self._tls = tls
        self._settings = settings
        self._cookies = CookieJar()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._interrupted = False

    def get(self, url: str, begin: int = 0, end: int | None = None) -> Body:
        """The bytes of `url` from `begin` to before `end`. Raises SourceError."""
        address = parse_address(url.replace(" ", "%20"))
        if address.scheme not in _PORTS or not address.host:
            raise SourceError("camera.protocol_unsupported", "what is named there is no HTTP URL")
        own = _origin(address) == self._origin
        authenticator = self._authenticator if own else Authenticator(address.credentials)
        for _ in range(_MAX_ATTEMPTS):
            response, connection = self._ask(address, authenticator, begin, end)
            if 200 <= response.status < 300:
                authenticator.accept()
                if begin and response.status != 206:
                    self._let_go(connection)
                    raise SourceError("camera.protocol_error", "the server does not send parts of files")
                most = None if end is None else end - begin
                return Body(response, most, partial(self._let_go, connection))
            self._let_go(connection)
            if response.status != 401:
                raise refusal(response.status)
            authenticator.refuse(response.headers.get_all("WWW-Authenticate", []))
        raise SourceError("camera.auth_failed", "the server keeps asking for credentials")

    def interrupt(self) -> None:
        """From any thread: end what is being waited for, and let nothing begin."""
        with self._lock:
            self._interrupted = True
            for connection in self._connections:
                with contextlib.suppress(OSError):  # not connected yet, or no more
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)  # below TLS, which is not ours

    def close(self) -> None:
        """From the client's own thread, last: close what was left open."""
        self.interrupt()
        for connection in list(self._connections):
            self._let_go(connection)

    def _ask(
        self, address: Address, authenticator: Authenticator, begin: int, end: int | None
    ) -> tuple[HTTPResponse, socket.socket]:
        """Send one request on a connection of its own, and read the answer up to its body."""
        cookies = Request(address.url)  # noqa: S310 - never opened: what http.cookiejar knows a request by
        self._cookies.add_cookie_header(cookies)
        connection = self._connect(address)
        try:
            connection.settimeout(self._settings.response_timeout)
            connection.sendall(_request(address, authenticator, cookies.get_header("Cookie", ""), begin, end))
            response = HTTPResponse(connection, method="GET")
            response.begin()
            connection.settimeout(self._settings.silence_timeout)
        except (OSError, HTTPException, ValueError) as error:
            self._let_go(connection)
            raise explain(error) from None
        if len(self._cookies) > _MAX_COOKIES:
            self._cookies.clear()
        self._cookies.extract_cookies(response, cookies)
        return response, connection

    def _connect(self, address: Address) -> socket.socket:
        """Connect to the first checked address that takes it."""
        _, host, port = _origin(address)
        failure = SourceError("camera.unreachable", "no address to connect to")
        if self._interrupted:
            raise failure
        for literal in self._resolve(host, port):
            connection = socket.socket(socket.AF_INET6 if ":" in literal else socket.AF_INET)
            try:
                self._hold(connection)
                connection.settimeout(self._settings.connect_timeout)
                connection.connect((literal, port))
                return self._secure(connection, host) if address.scheme == "https" else connection
            except (OSError, ValueError) as error:
                self._let_go(connection)
                failure = explain(error)
        raise failure

    def _secure(self, connection: socket.socket, host: str) -> ssl.SSLSocket:
        """TLS with a server whose certificate names `host`, whatever address it was reached by."""
        with self._lock:
            self._connections.discard(connection)
        secured = self._tls.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
        try:
            self._hold(secured)
            secured.do_handshake()
        except OSError:
            self._let_go(secured)
            raise
        return secured

    def _hold(self, connection: socket.socket) -> None:
        with self._lock:
            if self._interrupted:
                raise ConnectionAbortedError
            self._connections.add(connection)

    def _let_go(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)
        connection.close()


def _origin(address: Address) -> tuple[str, str, int]:
    """RFC 6454, 4."""
    return address.scheme, address.host, address.port or _PORTS[address.scheme]


def _request(
    address: Address, authenticator: Authenticator, cookies: str, begin: int, end: int | None
) -> bytes:
    """RFC 9112, 3 and 5. Raises ValueError where a value would break out of its line."""
    parts = urlsplit(address.url)
    target = quote(parts.path or "/", safe=_ASCII)
    if parts.query:
        target += "?" + quote(parts.query, safe=_ASCII)
    fields = {
        "Host": _host_field(address),
        "User-Agent": "Snowlight",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **authenticator.authorize("GET", target),
    }
    if cookies:
        fields["Cookie"] = cookies
    if begin or end is not None:
        fields["Range"] = f"bytes={begin}-{'' if end is None else end - 1}"
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in a header field")
    return "\r\n".join([*lines, "", ""]).encode()


def _host_field(address: Address) -> str:
    """The name that was asked for (RFC 9110, 7.2)."""
    host = f"[{address.host}]" if ":" in address.host else address.host.encode("idna").decode()
    return f"{host}:{address.port}" if address.port else host
