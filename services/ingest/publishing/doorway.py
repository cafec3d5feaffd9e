"""How many strangers may stand at the door, and for how long."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from services.ingest.publishing.admission import Admission
from services.ingest.publishing.metrics import PublishingMetrics
from services.ingest.publishing.seat import Place, Publisher
from services.ingest.sources.source import SourceError
from snowlight.counted_address import counted_address
from snowlight.errors import ResourceExhaustedError, SnowlightError

MOST_WAITING = 512
MOST_OF_ADDRESS = 64
"""Of those: a whole village may come back at once from behind one address. Of IPv6 a /64 is one."""
PATIENCE_S = 10.0
"""From the connection to the first word of media."""

log = structlog.get_logger(__name__)


class Visit:
    """One connection that is not let in yet."""

    def __init__(self, doorway: Doorway, address: str, turn_away: Callable[[Exception], None]) -> None:
        self.address = address
        self.turn_away = turn_away
        self._doorway = doorway
        self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, doorway.dismiss, self)

    def end(self) -> None:
        """It was let in, or is gone. May be called again."""
        self._timer.cancel()
        self._doorway.left(self)


class Doorway:
    """Bounds the connections of all listeners together that have shown no key yet."""

    def __init__(
        self,
        admission: Admission,
        start: Callable[[Coroutine[Any, Any, None]], object],
        metrics: PublishingMetrics,
    ) -> None:
        """`start` runs what asks for a connection, and owns it."""
        self._admission = admission
        self._start = start
        self._metrics = metrics
        self._visits: dict[Visit, str] = {}  # and the address as each is counted by it
        self._of_address: Counter[str] = Counter()

    def enter(self, address: str, turn_away: Callable[[Exception], None]) -> Visit:
        """A new connection, which `turn_away` ends. Raises ResourceExhaustedError when too many wait."""
        counted = counted_address(address)
        if len(self._visits) >= MOST_WAITING or self._of_address[counted] >= MOST_OF_ADDRESS:
            self._metrics.refused.labels("camera.too_many_connections").inc()
            raise ResourceExhaustedError(
                "camera.too_many_connections", "too many connections wait to publish"
            )
        visit = Visit(self, address, turn_away)
        self._visits[visit] = counted
        self._of_address[counted] += 1
        return visit

    def left(self, visit: Visit) -> None:
        """A visit is over."""
        counted = self._visits.pop(visit, None)
        if counted is None:
            return
        self._of_address[counted] -= 1
        if not self._of_address[counted]:
            del self._of_address[counted]

    def dismiss(self, visit: Visit) -> None:
        """A visit has taken its time without a word of media."""
        self._metrics.refused.labels("camera.timeout").inc()
        visit.turn_away(SourceError("camera.timeout", f"nothing was published within {PATIENCE_S:g} s"))

    def close(self) -> None:
        """The listeners end: turn everybody away."""
        for visit in tuple(self._visits):
            visit.turn_away(SourceError("camera.closed", "the service stops"))

    def ask(
        self, publisher: Publisher, camera_id: str, key: str, address: str, on_place: Callable[[Place], None]
    ) -> None:
        """Have `on_place` called once the key was found right, or else `publisher.refuse`."""
        self._start(self._ask(publisher, camera_id, key, address, on_place))

    async def _ask(
        self, publisher: Publisher, camera_id: str, key: str, address: str, on_place: Callable[[Place], None]
    ) -> None:
        try:
            place = await self._admission.admit(publisher, camera_id, key, address)
            if not publisher.ended.done():
                self._metrics.publishers.inc()
                publisher.ended.add_done_callback(lambda _ended: self._metrics.publishers.dec())
                on_place(place)
        except SnowlightError as error:
            self._metrics.refused.labels(error.code).inc()
            log.info("publish.refused", camera=camera_id, reason=error.code, address=address)
            publisher.refuse(error)
