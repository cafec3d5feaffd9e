"""What goes with a shard: its cameras' gaps, online time and numbers."""

from collections.abc import Collection, Container, Mapping, Sequence

from services.ingest.online.writer import OnlineWriter
from services.ingest.recording.absent import AbsentSpools, LeftBehind
from services.ingest.registry.placed import PlacedCameras
from services.ingest.registry.record import PlacedCamera
from services.ingest.registry.repository import CameraRepository
from services.ingest.shards.lease import FENCE_SECONDS
from services.ingest.shards.rows import Taken
from services.ingest.shards.terms import Terms
from services.ingest.status.gaps import Gap, GapLedger
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from services.ingest.supervisor import Supervisor
from services.ingest.uid_parts import UIDS_AT_ONCE
from snowlight.shards import shard_of


class Holding:
    """Takes over where another worker ended."""

    def __init__(
        self,
        terms: Terms,
        cameras: CameraRepository,
        placed: PlacedCameras,
        statuses: StatusRepository,
        gaps: GapLedger,
        writer: StatusWriter,
        online: OnlineWriter,
        discontinuities: dict[str, int],
        supervisor: Supervisor,
        absent: AbsentSpools,
    ) -> None:
        """`discontinuities` is brought up to date."""
        self._terms = terms
        self._cameras = cameras
        self._placed = placed
        self._statuses = statuses
        self._gaps = gaps
        self._writer = writer
        self._online = online
        self._discontinuities = discontinuities
        self._supervisor = supervisor
        self._absent = absent

    async def take(self, taken: Sequence[Taken]) -> None:
        """Record the cameras of these shards. Where one has no gap, it was recorded until its owner was last
        heard of: a gap begins there. Raises UnavailableError, and has begun nothing then.
        """
        shards = {each.shard: each for each in taken}
        uids = await self._uids(shards)
        open_gaps = await self._statuses.open_gaps_of(uids)
        seen = await self._statuses.discontinuities_of(uids)
        cameras = await self._placed.of(uids)
        await self._absent.note(_left_behind(cameras, shards, open_gaps))
        await self._online.restore(shards, uids)
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

    async def _uids(self, shards: Container[int]) -> list[str]:
        """Of all cameras of `shards`, with those that the registry has and the supervisor not yet."""
        uids = dict.fromkeys(self._supervisor.uids_in(shards))
        revision = self._supervisor.revision
        while changes := await self._cameras.changes_after(revision, UIDS_AT_ONCE):
            uids |= {change.uid: None for change in changes if shard_of(change.uid) in shards}
            revision = changes[-1].revision
        return list(uids)


def _left_behind(
    cameras: Sequence[PlacedCamera], shards: Mapping[int, Taken], open_gaps: Sequence[Gap]
) -> list[LeftBehind]:
    """What owners that died may have recorded and not committed: up to a gap that goes on, or until they were
    last heard of."""
    gap_ms = {gap.uid: gap.start_ms for gap in open_gaps}
    left = []
    for camera in cameras:
        taken = shards[shard_of(camera.uid)]
        until_ms = min(taken.ended_ms, gap_ms.get(camera.uid, taken.ended_ms))
        if until_ms > camera.create_time_ms:
            left.append(LeftBehind(taken.previous, camera.uid, camera.create_time_ms, until_ms))
    return left
