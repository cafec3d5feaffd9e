"""What is known of cameras, and kept in the database: state, gaps, time online, health; put together."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.ingest.commit import Commits
from services.ingest.health.metrics import HealthMetrics
from services.ingest.health.repository import HealthRepository
from services.ingest.health.writer import HealthWriter
from services.ingest.online.days import LocalDays
from services.ingest.online.rates import OnlineRates
from services.ingest.online.repository import OnlineRepository
from services.ingest.online.writer import OnlineWriter
from services.ingest.shards.membership import Membership
from services.ingest.shards.own import OwnShards
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import GapLedger
from services.ingest.status.kept import kept_status
from services.ingest.status.metrics import StatusMetrics
from services.ingest.status.reporter import GapReporter
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from snowlight.database import Database
from snowlight.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Reporting:
    """The parts."""

    board: StatusBoard
    statuses: StatusRepository
    gaps: GapReporter
    writer: StatusWriter
    days: LocalDays
    online: OnlineWriter
    rates: OnlineRates
    health: HealthRepository
    health_writer: HealthWriter

    def kept(self) -> AbstractAsyncContextManager[None]:
        """What changes goes to the database inside, and a last time at the end."""
        return kept_status(self.writer, self.gaps, self.online, self.health_writer)


async def open_reporting(
    runtime: Runtime, database: Database, commits: Commits, membership: Membership
) -> Reporting:
    """`online` is to be restored before it is kept. Raises UnavailableError."""
    clock, terms = runtime.clock, membership.terms
    board = StatusBoard(clock, GapLedger(), StatusMetrics(runtime.registry))
    board.metrics.count_shards(lambda: len(terms.shards))
    statuses = StatusRepository(database)
    await statuses.forget_deleted()
    gaps = GapReporter(statuses, commits.gaps)
    hours = OnlineRepository(database)
    days = LocalDays(ZoneInfo(runtime.cluster.time_zone))
    own = OwnShards(membership.worker)
    online = OnlineWriter(board.online, hours, days, clock, lambda: terms.shards, own)
    health = HealthRepository(database)
    return Reporting(
        board,
        statuses,
        gaps,
        StatusWriter(board, statuses, gaps.wake, own),
        days,
        online,
        OnlineRates(board.online, online, hours, days),
        health,
        HealthWriter(board.health, health, HealthMetrics(runtime.registry), clock, board.change_health),
    )
