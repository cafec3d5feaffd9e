"""What a worker is to do about shards, by what the database shows it. Pure: no database, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from services.ingest.shards.rendezvous import Zones, wanted_owners
from services.ingest.shards.rows import LiveWorker, ShardRow, View

MOST_MOVING = 256
"""Shards that one worker takes from others at a time."""
MOST_CAMERAS = 100
"""And about so many cameras, which it connects to within a second."""
SILENT_MS = 2500
"""A worker that was not heard of for so long may have died. A successor is given nothing then, and what it
was given and has not taken is taken back: while shards move it beats eight times as often."""
FEARED_MS = 3000
"""After so long, others connect to its cameras: two looks later, so that a moment in which the database told
nobody anything is none."""


@dataclass(frozen=True)
class Outlook:
    """One worker's, by its id."""

    view: View
    worker: str

    @property
    def moves(self) -> bool:
        """This worker's shards change hands, or some worker's soon may have to."""
        return any(self.worker in (row.owner, row.successor) for row in self.view.foreign) or any(
            self._is_silent(worker) for worker in self.view.live
        )

    @property
    def is_needed(self) -> bool:
        """It has shards, or has let go of some that nobody has taken yet."""
        return self.view.owned > 0 or any(
            not row.owner and row.previous == self.worker for row in self.view.foreign
        )

    def orphans(self) -> list[int]:
        """Shards whose owner is gone or has let go, and that are this worker's to take."""
        rows = self.view.foreign
        return [row.shard for row in rows if row.owner not in self.view.live and self._is_heir(row)]

    def coming(self) -> set[int]:
        """Shards of others that this worker is about to have, by agreement."""
        return {
            row.shard
            for row in self.view.foreign
            if row.successor == self.worker != row.owner and self._takes(row.successor)
        }

    def unready(self) -> set[int]:
        """Those of them of which it has not said that it has their pictures."""
        ready = {row.shard for row in self.view.foreign if row.ready}
        return self.coming() - ready

    def feared(self) -> set[int]:
        """Shards that this worker will take if their owner, which is silent, has died."""
        live = self.view.live
        heard = {worker.id: worker for worker in live.values() if worker.silent_ms <= FEARED_MS}
        if len(heard) == len(live):
            return set()
        wanted = self._wanted_of(heard.values())
        return {
            row.shard
            for row in self.view.foreign
            if row.owner in live
            and row.owner not in heard
            and not self._takes(row.successor)
            and row.shard in wanted
        }

    def wanted(self, cameras: Mapping[int, int]) -> list[int]:
        """Shards of others that all would name this worker for, and nobody gets ready for, as many as it
        may take at a time. `cameras`: how many each shard has."""
        room = MOST_CAMERAS - sum(
            cameras[row.shard] for row in self.view.foreign if row.successor == self.worker
        )
        chosen: list[int] = []
        for row in self.view.foreign:
            if room <= 0 or len(chosen) == MOST_MOVING:
                break
            if (
                row.owner in self.view.live
                and row.owner != self.worker
                and not self._takes(row.successor)
                and row.shard in self._wanted
            ):
                chosen.append(row.shard)
                room -= cameras[row.shard]
        return chosen

    def asked_for(self) -> set[int]:
        """This worker's shards that another is ready for."""
        return {
            row.shard
            for row in self.view.foreign
            if row.owner == self.worker
            and row.ready
            and self._takes(row.successor)
            and not self._is_silent(row.successor)
        }

    def _is_heir(self, row: ShardRow) -> bool:
        if self._takes(row.successor):
            return row.successor == self.worker or self._is_let_down(row)
        return row.shard in self._wanted

    def _is_let_down(self, row: ShardRow) -> bool:
        """This worker has let go of the shard for one that fell silent. It is nobody's: who takes it first
        has it."""
        return not row.owner and row.previous == self.worker and self._is_silent(row.successor)

    @cached_property
    def _wanted(self) -> frozenset[int]:
        """The shards that all name this worker for."""
        return self._wanted_of(self.view.live.values())

    def _wanted_of(self, workers: Iterable[LiveWorker]) -> frozenset[int]:
        """The same, were only these alive."""
        weights = {worker.id: worker.weight for worker in workers if worker.weight > 0}
        if self.worker not in weights:
            return frozenset()
        zones = Zones({worker.id: worker.zone for worker in self.view.live.values()}, self.view.zones)
        owners = wanted_owners(weights, zones)
        return frozenset(shard for shard, owner in enumerate(owners) if owner == self.worker)

    def _takes(self, worker: str) -> bool:
        """It is alive and does not stop."""
        return worker in self.view.live and self.view.live[worker].weight > 0

    def _is_silent(self, worker: str) -> bool:
        """It is alive as far as is known, and may have died."""
        return self.view.live[worker].silent_ms > SILENT_MS
