"""PUT over plain HTTP by sendfile(2): from the page cache to the socket, without a copy in the process."""

import asyncio
import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, IncompleteRead
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

_CONNECT_SECONDS = 5.0
_LEFT_SECONDS = 1.0
"""A thread that the disk keeps for longer is not waited for: what it does then goes nowhere."""
_SIGNED_FOR = timedelta(minutes=15)
"""As long as S3 takes any other signature: clocks may be that far apart."""
_ANSWER_BYTES = 16 << 10
_CODE = re.compile(rb"<Code>(\w{1,64})</Code>")


def takes_sendfile(store: "ObjectStore") -> TypeGuard[S3Store]:
    """The kernel may write bodies to `store`: no TLS, no signature of the body, and no proxy in between."""
    if not isinstance(store, S3Store):
        return False
    endpoint = urlsplit(str(store.config.get("endpoint", "")))
    if endpoint.scheme != "http" or str(store.config.get("unsigned_payload")) != "true":
        return False
    return "http" not in getproxies() or bool(proxy_bypass(endpoint.hostname or ""))


class SendfilePut:
    """Puts files into one bucket, each by a connection of its own: a minute is worth one."""

    def __init__(self, store: S3Store, most: int) -> None:
        """`store`: one that takes it. `most`: how many PUTs run at a time."""
        self._store = store
        self._threads = ThreadPoolExecutor(most, "sendfile")

    async def put(self, path: Path, size: int, key: str, *, replace: bool) -> None:
        """The file's first `size` bytes are the object `key` when this returns.

        Raises AlreadyExistsError where there is one that must not be replaced, OSError for what else the
        store or the network says, ValueError where the file has become shorter. Once it is cancelled nothing
        more is sent.
        """
        url = urlsplit(obstore.sign(self._store, "PUT", key, _SIGNED_FOR))
        connected = await _connect(url)
        sending = asyncio.get_running_loop().run_in_executor(
            self._threads, _request, connected, url, path, size, replace
        )
        sending.add_done_callback(lambda _: connected.close())
        try:
            status, answer = await asyncio.shield(sending)
        except asyncio.CancelledError:
            with suppress(OSError):  # the store was quicker
                connected.shutdown(socket.SHUT_RDWR)  # ends whatever the thread waits for
            await asyncio.wait([sending], timeout=_LEFT_SECONDS)
            raise
        if status == 412:
            raise AlreadyExistsError(key)
        if not 200 <= status < 300:
            code = _CODE.search(answer)
            raise OSError(f"HTTP status {status} {code[1].decode() if code else ''}".rstrip())


async def _connect(url: SplitResult) -> socket.socket:
    """To the first address that takes it. Raises OSError."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await _connect_first(url.hostname or "", url.port or 80)
    except TimeoutError:
        raise TimeoutError(f"no connection to {url.netloc} within {_CONNECT_SECONDS} s") from None


async def _connect_first(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    refused = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        connecting = socket.socket(family, kind, protocol)
        try:
            connecting.setblocking(False)
            await loop.sock_connect(connecting, address)
        except OSError as error:
            connecting.close()
            refused = error
        except BaseException:
            connecting.close()
            raise
        else:
            return connecting
    raise refused


def _request(
    connected: socket.socket, url: SplitResult, path: Path, size: int, replace: bool
) -> tuple[int, bytes]:
    """Status and the beginning of the body. Blocks; RFC 9112."""
    connected.setblocking(True)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with closing(HTTPConnection(url.netloc)) as connection, path.open("rb") as file:
        # A descriptor of its own: it closes it when it likes, and then the number may be another's.
        connection.sock = connected.dup()
        connection.putrequest("PUT", f"{url.path}?{url.query}", skip_accept_encoding=True)
        connection.putheader("Connection", "close")
        connection.putheader("Content-Length", str(size))
        if not replace:
            connection.putheader("If-None-Match", "*")
        hung_up: OSError | None = None
        try:
            connection.endheaders()
            _send(connected.fileno(), file.fileno(), size)
        except ConnectionError as error:
            hung_up = error  # perhaps not without a word
        try:
            return _answer(connection)
        except (HTTPException, OSError) as error:
            raise hung_up or ConnectionError(f"no answer: {type(error).__name__}") from error


def _answer(connection: HTTPConnection) -> tuple[int, bytes]:
    with connection.getresponse() as response:
        if not (response.getheader("Content-Length") or response.getheader("Transfer-Encoding")):
            raise IncompleteRead(b"")  # it may be cut off anywhere: RFC 9112, 6.3
        return response.status, response.read(_ANSWER_BYTES)


def _send(connected: int, file: int, size: int) -> None:
    sent = 0
    while sent < size:
        taken = os.sendfile(connected, file, sent, size - sent)
        if not taken:
            raise ValueError("the file has become shorter")
        sent += taken
