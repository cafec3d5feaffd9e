"""A channel whose certificates can be renewed while it is in use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary, WeakSet

import grpc

from snowlight.rpc.certificates import CertificateFiles, Certificates

Connect = Callable[[Certificates], grpc.aio.Channel]


class _Connection:
    """A channel of one set of certificates, and its methods."""

    def __init__(self, certificates: Certificates, channel: grpc.aio.Channel) -> None:
        self.certificates = certificates
        self.channel = channel
        self._methods: WeakKeyDictionary[_Method, Any] = WeakKeyDictionary()
        self._calls: WeakSet[grpc.aio.Call] = WeakSet()  # one that its caller lets go of is cancelled

    def call(self, method: _Method, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Begin a call."""
        call = self._method(method)(*arguments, **options)
        self._calls.add(call)
        return call

    def is_idle(self) -> bool:
        """Whether no call runs."""
        return all(call.done() for call in self._calls)

    def _method(self, described: _Method) -> Any:
        found = self._methods.get(described)
        if found is None:
            make = getattr(self.channel, described.kind)
            found = self._methods[described] = make(*described.arguments, **described.options)
        return found


class RenewedChannel(grpc.aio.Channel):
    """Calls over the certificates that lie on disk at that moment.

    gRPC keeps a channel's certificates for its life, so there is a new channel once they are renewed. Calls
    that run go on over the old one, which is closed at the first call after the last of them has ended.
    """

    def __init__(self, files: CertificateFiles, connect: Connect) -> None:
        self._files = files
        self._connect = connect
        self._connection = self._open(files.current())
        self._former: list[_Connection] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def unary_unary(self, *arguments: Any, **options: Any) -> Any:
        """A method by its full name, with its serializers, as in any channel."""
        return _Method(self, "unary_unary", arguments, options)

    def unary_stream(self, *arguments: Any, **options: Any) -> Any:
        """As `unary_unary`."""
        return _Method(self, "unary_stream", arguments, options)

    def stream_unary(self, *arguments: Any, **options: Any) -> Any:
        """As `unary_unary`."""
        return _Method(self, "stream_unary", arguments, options)

    def stream_stream(self, *arguments: Any, **options: Any) -> Any:
        """As `unary_unary`."""
        return _Method(self, "stream_stream", arguments, options)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Of the connection that the next call would take."""
        return self._current().channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Of the connection that the next call would take."""
        await self._current().channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Return once connected."""
        await self._current().channel.channel_ready()

    async def close(self, grace: float | None = None) -> None:
        """Take no more calls; cancel those still running after `grace` seconds."""
        self._is_closed = True
        channels = [connection.channel for connection in (self._connection, *self._former)]
        await asyncio.gather(*self._closing, *(channel.close(grace) for channel in channels))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    def call(self, method: _Method, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Begin a call."""
        return self._current().call(method, arguments, options)

    def _current(self) -> _Connection:
        if not self._is_closed:
            certificates = self._files.current()
            if certificates is not self._connection.certificates:
                self._former.append(self._connection)
                self._connection = self._open(certificates)
            if self._former:
                self._close_idle()
        return self._connection

    def _close_idle(self) -> None:
        idle = [connection for connection in self._former if connection.is_idle()]
        for connection in idle:
            self._former.remove(connection)
            closing = asyncio.ensure_future(connection.channel.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _open(self, certificates: Certificates) -> _Connection:
        return _Connection(certificates, self._connect(certificates))


class _Method:
    """A method that a stub keeps for longer than a connection may last."""

    def __init__(
        self, channel: RenewedChannel, kind: str, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        self._channel = channel
        self.kind = kind
        self.arguments = arguments
        self.options = options

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._channel.call(self, arguments, options)
