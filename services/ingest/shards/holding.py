"""What goes with a shard: its cameras' gaps, online time and numbers."""

from collections.abc import Collection, Sequence

from services.ingest.online.writer import OnlineWriter
from services.ingest.registry.repository import CameraRepository
from services.ingest.shards.lease import FENCE_SECONDS
from services.ingest.shards.repository import Taken
from services.ingest.shards.terms import Terms
from services.ingest.status.gaps import GapLedger
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from services.ingest.supervisor import Supervisor
from snowlight.shards import shard_of


class Holding:
    """Takes over where another worker ended."""

    def __init__(
        self,
        terms: Terms,
        cameras: CameraRepository,
        statuses: StatusRepository,
        gaps: GapLedger,
        writer: StatusWriter,
        online: OnlineWriter,
        discontinuities: dict[str, int],
        supervisor: Supervisor,
    ) -> None:
        """`discontinuities` is brought up to date."""
        self._terms = terms
        self._cameras = cameras
        self._statuses = statuses
        self._gaps = gaps
        self._writer = writer
        self._online = online
        self._discontinuities = discontinuities
        self._supervisor = supervisor

    async def take(self, taken: Sequence[Taken]) -> None:
        """Record the cameras of these shards. Where one has no gap, it was recorded until its owner was last
        heard of: a gap begins there. Raises UnavailableError, and has begun nothing then.
        """
        shards = {each.shard: each for each in taken}
        open_gaps = [gap for gap in await self._statuses.open_gaps() if shard_of(gap.uid) in shards]
        seen = await self._statuses.discontinuities()
        cameras = [camera for camera in await self._cameras.placed() if shard_of(camera.uid) in shards]
        await self._online.restore(shards)
        self._gaps.restore(open_gaps)
        self._discontinuities.update(seen)
        for camera in cameras:
            ended_ms = shards[shard_of(camera.uid)].ended_ms
            if ended_ms and self._gaps.open_gap(camera.uid) is None:
                self._gaps.start(camera.uid, max(ended_ms, camera.create_time_ms), "ingest_restart")
        self._terms.take(taken)
        fence_ms = int(FENCE_SECONDS * 1000)
        self._supervisor.hand_over.take(
            {each.shard: each.ended_ms + fence_ms if each.ended_ms else 0 for each in taken}
        )

    async def give(self, shards: Collection[int]) -> None:
        """End the cameras of `shards`, and have everything about them in the database. Raises
        UnavailableError; they are not recorded then either."""
        await self._supervisor.hand_over.end(shards)
        await self._writer.flush()
        await self._online.round()
        for shard in shards:
            self._terms.drop(shard)
        self._supervisor.review(shards)
