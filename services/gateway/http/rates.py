"""How often one caller may ask, and what they are told of it (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from snowlight.clock import Clock
from snowlight.errors import ResourceExhaustedError

LIMITED_PREFIX = "/v1/"
"""Pictures are asked for far more often, and bounded by their viewers."""
MAX_CALLERS = 20_000
_TOLD = web.RequestKey("rate", dict[str, str])


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left after one request, or why there was nothing."""

    allowed: bool
    remaining: int
    full_in_s: float
    """Until all of the quota is back."""
    retry_in_s: float
    """Until there is one again."""


class Rates:
    """`quota` requests at once, and as many again in each window (GCRA, ITU-T I.371), for each caller.

    Of 20,000 callers; those who asked longest ago are forgotten.
    """

    def __init__(self, clock: Clock, *, quota: int, window_s: float) -> None:
        self._clock = clock
        self.quota = quota
        self.window_s = window_s
        self._each_s = window_s / quota
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str) -> Taken:
        """One request of the caller's."""
        now = self._clock.monotonic()
        full_at = max(self._full_at.pop(caller, now), now)
        allowed = full_at + self._each_s - now <= self.window_s * (1 + 1e-9)
        if allowed:
            full_at += self._each_s
        self._full_at[caller] = full_at
        if len(self._full_at) > MAX_CALLERS:
            self._full_at.popitem(last=False)
        remaining = math.floor((self.window_s - (full_at - now)) / self._each_s + 1e-6)
        retry_in_s = max(0.0, full_at + self._each_s - now - self.window_s)
        return Taken(allowed, max(0, remaining), full_at - now, retry_in_s)


def limited(rates: Rates, caller_of: Callable[[web.Request], Awaitable[str]]) -> Middleware:
    """Refuses requests over the rate. What is told goes into the answer with `rate_headers`."""
    policy = f'"default";q={rates.quota};w={math.ceil(rates.window_s)}'

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(LIMITED_PREFIX):
            return await handler(request)
        taken = rates.take(await caller_of(request))
        request[_TOLD] = {
            "RateLimit-Policy": policy,
            "RateLimit": f'"default";r={taken.remaining};t={math.ceil(taken.full_in_s)}',
        }
        if not taken.allowed:
            raise ResourceExhaustedError(
                "request.rate",
                f"at most {rates.quota} requests in {rates.window_s:g} s",
                retry_after_s=max(1, math.ceil(taken.retry_in_s)),
            )
        return await handler(request)

    return middleware


def rate_headers(request: web.BaseRequest) -> dict[str, str]:
    """What the caller is told of their rate."""
    told: dict[str, str] = request.get(_TOLD, {})
    return told
