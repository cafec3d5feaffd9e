"""Has the meter look at the cameras in turn, tells of what changed, and takes its rows to the database."""

import asyncio
from collections.abc import Callable

import structlog

from services.ingest.health.meter import HOUR_MS, TURNS, HealthMeter
from services.ingest.health.metrics import HealthMetrics
from services.ingest.health.repository import HealthRepository
from services.ingest.health.stream_health import StreamHealth
from snowlight.clock import Clock
from snowlight.errors import UnavailableError

TURN_SECONDS = 1.0
ROWS_AT_ONCE = 5_000
HOURS_KEPT_MS = 31 * 24 * HOUR_MS
_TURNS_PER_TIDY = 60 * TURNS

log = structlog.get_logger(__name__)


class HealthWriter:
    """One for the process."""

    def __init__(
        self,
        meter: HealthMeter,
        repository: HealthRepository,
        metrics: HealthMetrics,
        clock: Clock,
        tell: Callable[[str, StreamHealth], None],
    ) -> None:
        """`tell` hears of a camera, by uid, whose health is materially other than before."""
        self._meter = meter
        self._repository = repository
        self._metrics = metrics
        self._clock = clock
        self._tell = tell

    def look(self, turn: int) -> None:
        """Measure the cameras whose turn it is."""
        for measured in self._meter.measure(turn, self._clock.now_ms()):
            self._metrics.observe(measured.health)
            if measured.is_news:
                self._tell(measured.uid, measured.health)

    async def flush(self) -> None:
        """Write what is there. Raises UnavailableError; what is unwritten is kept then."""
        while rows := self._meter.take(ROWS_AT_ONCE):
            await self._repository.add(rows)
            self._meter.wrote(rows)

    async def finish(self) -> None:
        """Write all: ingest stops. Raises UnavailableError."""
        self._meter.finish(self._clock.now_ms())
        await self.flush()

    async def run(self) -> None:
        """A turn each second, rows once a minute, and once an hour drop what is old, until cancelled."""
        turns = 0
        while True:
            self.look(turns % TURNS)
            try:
                if turns % TURNS == 0:
                    await self.flush()
                if turns % _TURNS_PER_TIDY == 0:
                    await self._repository.forget(self._clock.now_ms() - HOURS_KEPT_MS)
            except UnavailableError as error:
                log.warning("health.unwritten", reason=str(error))
            turns += 1
            await asyncio.sleep(TURN_SECONDS)
