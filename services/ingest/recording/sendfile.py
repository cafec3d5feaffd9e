"""PUT over plain HTTP by sendfile(2): from the page cache to the socket, without a copy in the process."""

import asyncio
import os
import re
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import sample
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard
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
_ENCRYPTION = ("AWS_SERVER_SIDE_ENCRYPTION", "AWS_SSE_")
"""Variables by which obstore has the store encrypt, with headers that only it sends."""


def takes_sendfile(store: "ObjectStore") -> TypeGuard[S3Store]:
    """The kernel may write bodies to `store`: no TLS, no signature of the body, and no proxy in between."""
    if not isinstance(store, S3Store):
        return False
    endpoint = urlsplit(str(store.config.get("endpoint", "")))
    if endpoint.scheme != "http" or str(store.config.get("unsigned_payload")) != "true":
        return False
    if any(name.upper().startswith(_ENCRYPTION) for name in os.environ):
        return False
    return not getproxies().keys() & {"http", "all"} or bool(proxy_bypass(endpoint.hostname or ""))


class _Answer(NamedTuple):
    status: int
    taken: bool
    """It has all, and names the object's ETag, as nothing but an object store does."""
    body: bytes
    """How it begins."""


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
        peer = await self._connect(url.hostname or "", url.port or 80)
        sending = asyncio.get_running_loop().run_in_executor(
            self._threads, _request, peer, url, path, size, replace
        )
        sending.add_done_callback(lambda ended: _close(peer, ended))
        try:
            answer = await asyncio.shield(sending)
        except asyncio.CancelledError:
            with suppress(OSError):  # the store was quicker
                peer.shutdown(socket.SHUT_RDWR)  # ends whatever the thread waits for
            await asyncio.wait([sending], timeout=_LEFT_SECONDS)
            raise
        finally:
            del sending  # an error in it leads back to here, and would wait for the garbage collector
        if answer.status in (304, 412):
            raise AlreadyExistsError(key)
        if not 200 <= answer.status < 300:
            code = _CODE.search(answer.body)
            raise OSError(f"HTTP status {answer.status} {code[1].decode() if code else ''}".rstrip())
        if not answer.taken:
            raise OSError(f"HTTP status {answer.status}, but too soon or without an ETag: no object store's")

    async def _connect(self, host: str, port: int) -> socket.socket:
        """To any address of the store's that takes it. Raises OSError."""
        loop = asyncio.get_running_loop()
        failed = OSError(f"{host} has no address")
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                # In threads of its own: those of the event loop wait for the names of cameras.
                found = await loop.run_in_executor(
                    self._threads, socket.getaddrinfo, host, port, socket.AF_UNSPEC, socket.SOCK_STREAM
                )
        except TimeoutError:
            raise TimeoutError(f"no address of {host} within {_CONNECT_SECONDS} s") from None
        for family, kind, protocol, _, address in sample(found, len(found)):  # each node has its share
            try:
                async with asyncio.timeout(_CONNECT_SECONDS / len(found)):
                    return await _connect_to(socket.socket(family, kind, protocol), address)
            except TimeoutError:
                failed = TimeoutError(f"no connection to {host} within {_CONNECT_SECONDS} s")
            except OSError as error:
                failed = error
        raise failed


async def _connect_to(peer: socket.socket, address: tuple[Any, ...]) -> socket.socket:
    try:
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, address)
    except BaseException:
        peer.close()
        raise
    return peer


def _close(peer: socket.socket, sending: "asyncio.Future[_Answer]") -> None:
    peer.close()
    if not sending.cancelled():
        sending.exception()  # is told, or nobody waits for it any more


def _request(peer: socket.socket, url: SplitResult, path: Path, size: int, replace: bool) -> _Answer:
    """What the store says to it. Blocks; RFC 9112."""
    peer.setblocking(True)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with path.open("rb") as file, closing(HTTPConnection(url.hostname or "", url.port or 80)) as connection:
        # A descriptor of its own: it closes it when it likes, and then the number may be another's.
        connection.sock = peer.dup()
        try:
            connection.putrequest("PUT", f"{url.path}?{url.query}", skip_accept_encoding=True)
            connection.putheader("Connection", "close")
            connection.putheader("Content-Length", str(size))
            if not replace:
                connection.putheader("If-None-Match", "*")
            connection.endheaders()
            whole = _send(peer.fileno(), file.fileno(), size)
            with connection.getresponse() as response:
                taken = whole and response.getheader("ETag") is not None
                return _Answer(response.status, taken, response.read(_ANSWER_BYTES))
        except (HTTPException, ConnectionError) as error:
            raise ConnectionError(f"no answer: {type(error).__name__}") from None


def _send(peer: int, file: int, size: int) -> bool:
    """Whether all was sent: a store that answers before, or that hangs up, wants no more."""
    events = select.poll()
    events.register(peer, select.POLLIN | select.POLLOUT)
    os.set_blocking(peer, False)
    sent = 0
    try:
        while sent < size:
            if any(event != select.POLLOUT for _, event in events.poll()):
                return False
            with suppress(BlockingIOError):
                taken = os.sendfile(peer, file, sent, size - sent)
                if not taken:
                    raise ValueError("the file has become shorter")
                sent += taken
    except ConnectionError:
        return False  # it may have said why
    finally:
        os.set_blocking(peer, True)
    return True
