"""What is recorded and is in no store yet: spool, uploads and what is lost of it, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random

import structlog

from services.ingest.commit import Commits
from services.ingest.config import IngestSettings
from services.ingest.recording.absent import AbsentSpools
from services.ingest.recording.absent_repository import AbsentRepository
from services.ingest.recording.aging import Aging
from services.ingest.recording.lost import LostSpools
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.recovery import Recovered, recover
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.recording.uploader import Uploader, UploadSettings
from services.ingest.recording.uploads import Uploads
from services.ingest.recording.volume import SpoolVolumes, Unaccounted
from services.ingest.registry.record import PlacedCamera
from services.ingest.shards.membership import Membership
from services.ingest.status.gaps import GapLedger
from services.ingest.status.reporter import GapReporter
from services.ingest.status.repository import StatusRepository
from services.ingest.stores.placement import Placement
from snowlight.buckets import ensure_bucket
from snowlight.database import Database
from snowlight.object_store import open_store
from snowlight.runtime import Runtime

LOOK_SECONDS = 0.05

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Keeping:
    """The parts."""

    spool: Spool
    uploads: Uploads
    aging: Aging
    lost: LostSpools
    absent: AbsentSpools
    commits: Commits

    async def recorded(self, uid: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """(start, end) of a camera's footage within the range, here or in a store. Raises SnowlightError."""
        spooled = [(file.start_ms, file.end_ms) for file in self.spool.list_spool(uid, start_ms, end_ms)]
        return spooled + await self.commits.committed(uid, start_ms, end_ms)

    @asynccontextmanager
    async def drained(self, seconds: float) -> AsyncIterator[None]:
        """At the end what the sessions closed is uploaded, as far as time allows."""
        yield
        try:
            async with asyncio.timeout(seconds):
                while self.spool.cameras():  # noqa: ASYNC110 - the spool tells nobody
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            log.info("spool.left", cameras=len(self.spool.cameras()))


async def open_keeping(
    runtime: Runtime,
    settings: IngestSettings,
    database: Database,
    spool: Spool,
    membership: Membership,
    commits: Commits,
    placement: Placement,
    cameras: Sequence[PlacedCamera],
    ledger: GapLedger,
    statuses: StatusRepository,
    reporter: GapReporter,
    *,
    is_clock_right: Callable[[], bool],
) -> Keeping:
    """Recover what an earlier run left, and account for the time since then. Nothing is recorded before.

    What is others' by the end of the recovery is accounted for by them. Raises as `Membership.renew`, and
    OSError.
    """
    terms = membership.terms
    volumes = SpoolVolumes(database, settings.worker)
    is_lost = await volumes.is_lost(spool.folder)
    recovered = await recover(spool, reporter.record)
    await membership.renew()
    cameras = [camera for camera in cameras if terms.owns(camera.uid)]
    ledger.restore(gap for gap in await statuses.open_gaps() if terms.owns(gap.uid))
    now_ms = runtime.clock.now_ms()
    await volumes.adopt(spool.folder, _unaccounted(cameras, ledger, now_ms) if is_lost else [])
    left_behind = AbsentRepository(database)
    await left_behind.came_back(settings.worker, is_lost=is_lost)
    if is_lost:
        log.error("spool.volume_lost", folder=str(spool.folder))
    _begin_restart_gaps(ledger, recovered, {camera.uid for camera in cameras}, now_ms if is_lost else None)
    uploads = Uploads(spool, _uploaders(runtime, settings, spool, commits), placement.store_of)
    aging = Aging(
        spool,
        runtime.clock,
        longest_hours=settings.spool_age_hours,
        is_store_out=uploads.is_store_out,
        is_clock_right=is_clock_right,
        record=reporter.record,
    )
    lost = LostSpools(volumes, commits.last_committed, statuses.gaps, reporter.record)
    absent = AbsentSpools(
        left_behind,
        commits.unexplained,
        commits.committed,
        statuses.gaps,
        reporter.record,
        terms.owns,
        runtime.clock,
        longest_hours=settings.spool_age_hours,
        grace_hours=settings.spool_grace_hours,
    )
    return Keeping(spool, uploads, aging, lost, absent, commits)


def open_spool(runtime: Runtime, settings: IngestSettings) -> Spool:
    """The folder of the settings, made if it is not there. Raises OSError."""
    return Spool(
        settings.spool_dir or runtime.cluster.data_dir / "spool",
        runtime.clock,
        SpoolSettings(capacity_bytes=settings.spool_bytes),
        RecordingMetrics(runtime.registry),
        reached=runtime.reached,
    )


def _uploaders(
    runtime: Runtime, settings: IngestSettings, spool: Spool, commits: Commits
) -> dict[str, Uploader]:
    upload = UploadSettings(
        least=settings.uploads_least,
        most=settings.uploads_most,
        slow_seconds=settings.upload_slow_seconds,
        put_seconds=settings.upload_timeout_seconds,
        backlog_bytes_per_second=settings.backlog_bytes_per_second,
    )
    random = Random()  # noqa: S311 - jitter
    uploaders = {}
    for name, store in settings.store.by_name().items():
        # Retries are the uploader's own: what a store refuses tells how much it can take.
        opened = open_store(
            store, runtime.cluster.data_dir, timeout_seconds=settings.upload_timeout_seconds, retries=0
        )
        uploaders[name] = Uploader(
            spool,
            opened,
            name,
            commits.segments,
            runtime.clock,
            upload,
            random,
            partial(ensure_bucket, store),
        )
    return uploaders


def _unaccounted(cameras: Sequence[PlacedCamera], ledger: GapLedger, now_ms: int) -> list[Unaccounted]:
    """Until when each camera was recorded: a gap that goes on began there, without one it is until now."""
    lost = []
    for camera in cameras:
        gap = ledger.open_gap(camera.uid)
        until_ms = min(gap.start_ms, now_ms) if gap else now_ms
        if until_ms > camera.create_time_ms:
            lost.append(Unaccounted(camera.uid, camera.create_time_ms, until_ms))
    return lost


def _begin_restart_gaps(
    ledger: GapLedger, recovered: Recovered, registered: set[str], lost_ms: int | None
) -> None:
    """Begin a gap where a run that was killed had recorded until.

    `lost_ms`: now, when the spool was lost; where the others were recorded until then is told apart.
    """
    lost = {gap.uid for gap in recovered.lost}
    for uid, end_ms in recovered.end_ms.items():
        known = ledger.open_gap(uid)
        if uid in registered and (known is None or known.start_ms < end_ms):
            ledger.start(uid, end_ms, "ingest_restart", however_short=uid in lost)
    if lost_ms is not None:
        for uid in registered:
            if ledger.open_gap(uid) is None:
                ledger.start(uid, lost_ms, "ingest_restart", however_short=True)
