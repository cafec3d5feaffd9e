"""Spreads connections over time: so many a second for the worker, and so many for each site."""

import asyncio
from collections import deque

_CATCH_UP_S = 0.1
"""How much of the time that the event loop was held up is made up for; more would be a burst."""


class Pace:
    """Says when a connection may begin. Sites have turns in rotation, and those of one site in the order of
    asking: a site of thousands, or one whose cameras time out and ask again, holds no other site up."""

    def __init__(self, per_second: float, per_site: float) -> None:
        """How many connections begin in a second, in all and at one site."""
        self._interval = 1 / per_second
        self._site_interval = 1 / per_site
        self._due = 0.0
        self._site_due: dict[str, float] = {}  # of sites that were connected to just now, the first due first
        self._waiting: dict[str | None, deque[asyncio.Future[None]]] = {}  # in the order of their turns
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, site: str | None) -> None:
        """Return when a connection to `site` may begin. None: at no site, only the worker's pace counts."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            self._due = max(self._due, loop.time())  # time that nobody wanted is not made up for
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(site, deque()).append(turn)
        self._let_pass()
        await turn

    def _let_pass(self) -> None:
        """Let all pass who may now, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._waiting:
            site = self._next(now)
            wait_s = max(self._due, self._due_at(site)) - now
            if wait_s > 0:
                self._timer = loop.call_later(wait_s, self._let_pass)
                return
            turn = self._take(site)
            if turn is not None:
                turn.set_result(None)
                self._count(site, now)

    def _next(self, now: float) -> str | None:
        """The first site in the rotation that may be connected to, else the one that may be first."""
        for site in self._waiting:
            if self._due_at(site) <= now:
                return site
        return min(self._waiting, key=self._due_at)

    def _due_at(self, site: str | None) -> float:
        return 0.0 if site is None else self._site_due.get(site, 0.0)

    def _take(self, site: str | None) -> asyncio.Future[None] | None:
        """The first of a site that still waits, and the site goes to the end of the rotation."""
        queue = self._waiting.pop(site)
        while queue:
            turn = queue.popleft()
            if not turn.done():  # else its camera is not wanted any more
                if queue:
                    self._waiting[site] = queue
                return turn
        return None

    def _count(self, site: str | None, now: float) -> None:
        self._due = max(self._due, now - _CATCH_UP_S) + self._interval
        if site is None:
            return
        while self._site_due and self._site_due[first := next(iter(self._site_due))] <= now:
            del self._site_due[first]
        self._site_due[site] = now + self._site_interval
