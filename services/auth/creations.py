"""Creations that may be asked for again (AIP-155): what each has made is kept for a day."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository import creations
from services.auth.validation import invalid
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import RequestReusedError

KEPT_MS = 86_400_000
_MAX_ID = 64
_MAX_FINGERPRINT = 64

T = TypeVar("T")


class Repeatable(Protocol):
    """A request that may be an attempt at an earlier creation."""

    request_id: str
    request_fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Creation:
    """One request: every attempt at it has the same id and fingerprint. An empty id: it is the only one."""

    request_id: str = ""
    fingerprint: bytes = b""

    async def claim(self, connection: AsyncConnection, name: str, now_ms: int) -> None:
        """Keep that this attempt makes `name`: before anything else is written in the transaction that makes
        it, which waits here for another attempt at this moment, and ends when that one has made it."""
        if not self.request_id:
            return
        since_ms = now_ms - KEPT_MS
        if not await creations.add(connection, self.request_id, self.fingerprint, name, now_ms, since_ms):
            raise _MadeMeanwhile


ONLY = Creation()
"""Not to be repeated."""


class _MadeMeanwhile(Exception):  # noqa: N818 - `Creations.once` alone sees it
    pass


class Creations:
    """Has each creation done once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def once(
        self,
        request: Repeatable,
        make: Callable[[Creation], Awaitable[T]],
        read: Callable[[str], Awaitable[T]],
    ) -> T:
        """What `make` makes, which claims it; or what `read` tells of what an earlier attempt has made.

        Raises what they raise, InvalidArgumentError, and RequestReusedError when that was at something else.
        """
        if not request.request_id:
            return await make(ONLY)
        if len(request.request_id) > _MAX_ID:
            raise invalid("request_id", f"must be at most {_MAX_ID} characters")
        if len(request.request_fingerprint) > _MAX_FINGERPRINT:
            raise invalid("request_fingerprint", f"must be at most {_MAX_FINGERPRINT} bytes")
        creation = Creation(request.request_id, request.request_fingerprint)
        name = await self._made_by(creation)
        if name is None:
            try:
                return await make(creation)
            except _MadeMeanwhile:
                name = await self._made_by(creation)
        return await (read(name) if name is not None else make(creation))

    async def remove_expired(self) -> None:
        """Forget those that are over a day old."""
        async with self._database.write() as connection:
            await creations.remove(connection, self._clock.now_ms() - KEPT_MS)

    async def _made_by(self, creation: Creation) -> str | None:
        async with self._database.ask() as connection:
            found = await creations.find(connection, creation.request_id, self._clock.now_ms() - KEPT_MS)
        if found is None:
            return None
        name, fingerprint = found
        if fingerprint != creation.fingerprint:
            raise RequestReusedError(
                "request.id_reused", "another request of this id has made something", field="request_id"
            )
        return name
