"""Calls for tests of what a service does rather than of who may have it done."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import grpc

from snowlight.rpc.permissions import ANYONE, PERMISSIONS
from snowlight.runtime import Runtime


def permitted_channel(runtime: Runtime, address: str) -> grpc.aio.Channel:
    """A channel to `address` whose every call is permitted."""
    return PermittedChannel(lambda caller: runtime.named(caller).channel(address))


class PermittedChannel(grpc.aio.Channel):
    """A channel that calls each method in the name of a service that may: the first by the alphabet."""

    def __init__(self, open_named: Callable[[str], grpc.aio.Channel]) -> None:
        self._open_named = open_named
        self._channels: dict[str, grpc.aio.Channel] = {}

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._permitted(method).unary_unary(method, *arguments, **options)

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._permitted(method).unary_stream(method, *arguments, **options)

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._permitted(method).stream_unary(method, *arguments, **options)

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._permitted(method).stream_stream(method, *arguments, **options)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._any().get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._any().wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._any().channel_ready()

    async def close(self, grace: float | None = None) -> None:
        for channel in self._channels.values():
            await channel.close(grace)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()

    def _permitted(self, method: str) -> grpc.aio.Channel:
        callers = sorted(PERMISSIONS.get(method, ()))
        return self._named("gateway" if not callers or ANYONE in callers else callers[0])

    def _any(self) -> grpc.aio.Channel:
        """They share one connection, being to one address."""
        return next(iter(self._channels.values())) if self._channels else self._named("gateway")

    def _named(self, caller: str) -> grpc.aio.Channel:
        if caller not in self._channels:
            self._channels[caller] = self._open_named(caller)
        return self._channels[caller]
