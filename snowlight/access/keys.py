"""The public keys that auth signs with, kept fresh."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from joserfc.jwk import KeySet

from snowlight.clock import Clock
from snowlight.errors import UnavailableError

MIN_REFRESH_INTERVAL_S = 5.0


class PublicKeys:
    """Auth's key set (RFC 7517), fetched when first needed and again when a token names an unknown key.

    `fetch` returns the set as JSON. It is asked at most once in five seconds, whatever callers present; those
    who come while it is asked wait for its answer.
    """

    def __init__(self, fetch: Callable[[], Awaitable[str]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def for_key_id(self, key_id: str) -> KeySet:
        """The key set, refreshed if it lacks `key_id`. Raises UnavailableError while there is none."""
        if self._lacks(key_id):
            async with self._fetching:
                if (
                    self._lacks(key_id)
                    and self._clock.monotonic() - self._fetched_at >= MIN_REFRESH_INTERVAL_S
                ):
                    self._fetched_at = self._clock.monotonic()
                    self._keys = KeySet.import_key_set(json.loads(await self._fetch()))
        if self._keys is None:
            raise UnavailableError("auth.keys_unavailable", "auth's keys are not known yet")
        return self._keys

    def _lacks(self, key_id: str) -> bool:
        return self._keys is None or all(key.kid != key_id for key in self._keys.keys)
