"""Which cameras are this worker's, among all workers of a database, put together."""

from __future__ import annotations

from dataclasses import dataclass

from services.ingest.keeping import Keeping
from services.ingest.registry.placed import PlacedCameras
from services.ingest.registry.repository import CameraRepository
from services.ingest.reporting import Reporting
from services.ingest.shards.balancer import Balancer
from services.ingest.shards.holding import Holding
from services.ingest.shards.keeper import ShardKeeper
from services.ingest.shards.load import LoadMeter
from services.ingest.shards.membership import Membership
from services.ingest.supervisor import Supervisor
from snowlight.clock import Clock


@dataclass(frozen=True, slots=True)
class Sharing:
    """Both are to be run."""

    keeper: ShardKeeper
    balancer: Balancer


def build_sharing(
    clock: Clock,
    membership: Membership,
    cameras: CameraRepository,
    placed: PlacedCameras,
    reporting: Reporting,
    keeping: Keeping,
    supervisor: Supervisor,
    discontinuities: dict[str, int],
) -> Sharing:
    """`discontinuities`: the last sequence number of each camera; those of what is taken over come to it."""
    shards, terms = membership.shards, membership.terms
    holding = Holding(
        terms,
        cameras,
        placed,
        reporting.statuses,
        reporting.board.gaps,
        reporting.writer,
        reporting.online,
        discontinuities,
        supervisor,
        keeping.absent,
    )
    keeper = ShardKeeper(
        shards,
        membership.worker,
        terms,
        membership.fence,
        clock,
        holding.take,
        holding.give,
        supervisor.lose,
        supervisor.hand_over.stand_by,
        supervisor.hand_over.awaited,
        supervisor.cameras_by_shard,
        LoadMeter(keeping.spool, lambda: supervisor.enabled_in(terms.shards), clock).load,
    )
    return Sharing(keeper, Balancer(shards, reporting.health, clock, membership.has_duty))
