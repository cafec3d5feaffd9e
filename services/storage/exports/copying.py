"""Carries exports out: copies footage object by object, renders it, then writes and signs the manifest."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import obstore
import structlog
from joserfc.jwk import OKPKey
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError

from services.storage.exports.evidence_store import SHORTEST_LOCK_MS, EvidenceStore
from services.storage.exports.export import OPEN_STATES, RENDERED, Export, ExportState, Phase
from services.storage.exports.footage import ExportFootage
from services.storage.exports.metrics import ExportMetrics
from services.storage.exports.rendering.renderer import CancelledExportError, Renderer
from services.storage.exports.repository import ExportRepository
from services.storage.exports.window_holds import WindowHolds
from services.storage.segment import Segment
from snowlight.clock import Clock
from snowlight.errors import (
    DataLossError,
    FailedPreconditionError,
    NotFoundError,
    SnowlightError,
    UnavailableError,
)
from snowlight.evidence.manifest import EvidenceCamera, EvidenceGap, EvidenceObject, Manifest, format_of
from snowlight.evidence.signature import SIGNATURE_SUFFIX, sign
from snowlight.instants import format_instant
from snowlight.steps import Reached

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

LOOK_SECONDS = 5.0
RETRY_SECONDS = 10.0

log = structlog.get_logger(__name__)


class ExportWorker:
    """One at a time, oldest first. What was copied before a restart is not copied again."""

    def __init__(
        self,
        repository: ExportRepository,
        holds: WindowHolds,
        footage: ExportFootage,
        stores: "Mapping[str, ObjectStore]",
        evidence: EvidenceStore,
        renderer: Renderer,
        key: OKPKey,
        clock: Clock,
        reached: Reached,
        metrics: ExportMetrics,
        *,
        rendered_days: float,
    ) -> None:
        """`rendered_days`: how long rendered files are kept."""
        self._repository = repository
        self._holds = holds
        self._footage = footage
        self._stores = stores
        self._evidence = evidence
        self._renderer = renderer
        self._clock = clock
        self._rendered_ms = round(rendered_days * 86_400_000)
        self._key = key
        self._reached = reached
        self._metrics = metrics
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is a new export."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await self._carry_on()
        finally:
            self._metrics.forget()

    async def _carry_on(self) -> None:
        forgotten = True
        await self._renderer.clear()
        while True:
            self._wake.clear()
            worked = False
            try:
                if forgotten:
                    await self._release_forgotten()
                    forgotten = False
                await self._delete_expired()
                waiting = [
                    export
                    for export in await self._repository.open_exports()
                    if self._footage.is_settled(export)
                ]
                self._metrics.show(waiting)
                for export in waiting:
                    worked = await self._carry_out(export) or worked
            except SnowlightError as error:
                log.warning("exports.unavailable", error=str(error))
            if not worked:
                await self._sleep(LOOK_SECONDS)

    async def _release_forgotten(self) -> None:
        """Let go of what an earlier run held for an export that ended with it."""
        for export_id in await self._holds.holding():
            export = await self._repository.get(export_id)
            if export is not None and export.state not in OPEN_STATES:
                await self._holds.release(export)

    async def _delete_expired(self) -> None:
        """Rendered files whose time is over, and no lock on them is left."""
        locked_ms = SHORTEST_LOCK_MS if self._evidence.immutable else 0
        for export in await self._repository.overdue(self._clock.now_ms() - locked_ms):
            folder = f"{export.folder}/{RENDERED}"
            try:
                if files := await self._evidence.files(folder):
                    await self._evidence.delete(folder, files)
            except FailedPreconditionError as error:  # a longer lock than ours, or a legal hold
                log.warning("export.rendered_kept", export=export.name, error=str(error))
            await self._repository.expire(export.id)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _carry_out(self, export: Export) -> bool:
        """True once the export is done, however it ended; False when it has to wait."""
        try:
            await self._copy(export)
        except CancelledExportError:
            pass
        except UnavailableError as error:
            log.warning("export.waits", export=export.name, error=str(error))
            await self._repository.advance(export.id, error=str(error))
            return False
        except SnowlightError as error:
            log.error("export.failed", export=export.name, error=str(error))
            await self._repository.advance(
                export.id, state=ExportState.FAILED, error=str(error), expire_ms=self._clock.now_ms()
            )
            self._metrics.failed.inc()
        await self._holds.release(export)
        return True

    async def _copy(self, export: Export) -> None:
        """Raises UnavailableError when it has to wait, any other SnowlightError when it cannot be done."""
        found = await self._footage.read(export)
        total = sum(segment.size for each in found for segment in each.segments)
        done = 0
        cameras: list[EvidenceCamera] = []
        for each in found:
            objects: list[EvidenceObject] = []
            for segment in each.segments:
                if not await self._advance(export, total, done):
                    raise CancelledExportError
                objects.append(await self._copy_object(export, segment, each.found))
                done += segment.size
            gaps = (
                EvidenceGap(
                    start=format_instant(gap.start_ms), end=format_instant(gap.end_ms), cause=gap.cause
                )
                for gap in each.gaps
            )
            clock = export.camera_clocks.get(each.uid)
            cameras.append(
                EvidenceCamera(uid=each.uid, objects=tuple(objects), gaps=tuple(gaps), clock=clock)
            )
        if export.rendering is not None:
            cameras = await self._render(export, cameras, done)
        await self._write_manifest(replace(export, immutable=self._evidence.immutable), cameras, done)

    async def _render(self, export: Export, cameras: list[EvidenceCamera], done: int) -> list[EvidenceCamera]:
        if not await self._repository.advance(
            export.id, phase=Phase.RENDERING, percent=0, bytes_done=done, error=""
        ):
            raise CancelledExportError
        rendered = await self._renderer.render(export, cameras)
        return [
            camera.model_copy(
                update={"rendered": tuple(each.told for each in rendered if each.camera_uid == camera.uid)}
            )
            for camera in cameras
        ]

    async def _advance(self, export: Export, total: int, done: int) -> bool:
        return await self._repository.advance(
            export.id,
            state=ExportState.RUNNING,
            phase=Phase.COPYING,
            percent=done * 100 // max(total, 1),
            error="",
            bytes_total=total,
            bytes_done=done,
        )

    async def _copy_object(
        self, export: Export, segment: Segment, found: Mapping[str, bytes]
    ) -> EvidenceObject:
        data = await self._read(segment)
        digest = await asyncio.to_thread(lambda: sha256(data).digest())
        # What was found later shows a change since, and is not certified as what was recorded.
        known = segment.sha256 or found.get(str(segment.key), digest)
        if len(data) != segment.size or digest != known:
            raise DataLossError("export.footage_damaged", f"{segment.key} is not what was recorded")
        file = f"{segment.camera_uid}/{str(segment.key).rpartition('/')[2]}"
        key = f"{export.folder}/{file}"
        if await self._evidence.size(key) != len(data):
            self._reached("export.copy")
            await self._evidence.put(key, data, export.retain_until_ms)
        return EvidenceObject(
            file=file,
            start=format_instant(segment.start_ms),
            end=format_instant(segment.end_ms),
            size=len(data),
            sha256=digest.hex(),
            committed_sha256=segment.sha256.hex(),
            store=segment.store,
            key=str(segment.key),
            epoch=segment.epoch,
            codecs=segment.codecs,
        )

    async def _read(self, segment: Segment) -> bytes:
        store = self._stores.get(segment.store)
        if store is None:
            raise UnavailableError("store.unknown", f"storage does not reach the store {segment.store}")
        try:
            response = await obstore.get_async(store, str(segment.key))
            return bytes(await response.bytes_async())
        except (ObjectNotFoundError, FileNotFoundError) as error:
            raise NotFoundError("export.footage_gone", f"{segment.key} is not in its store") from error
        except (BaseError, OSError) as error:
            raise UnavailableError("store.unavailable", f"store {segment.store} does not answer") from error

    async def _write_manifest(self, export: Export, cameras: list[EvidenceCamera], done: int) -> None:
        await self._repository.advance(export.id, phase=Phase.SIGNING, percent=0)
        rendered = export.rendering is not None
        manifest = Manifest(
            format=format_of(cameras, export.exporter),
            export=export.name,
            case_number=export.case_number,
            reason=export.reason,
            created_by=export.created_by,
            exporter=export.exporter,
            create_time=format_instant(export.create_ms),
            start=format_instant(export.start_ms),
            end=format_instant(export.end_ms),
            immutable=export.immutable,
            retain_until=format_instant(export.retain_until_ms),
            cameras=tuple(cameras),
        ).to_bytes()
        self._reached("export.manifest")
        await self._evidence.put(export.manifest_key, manifest, export.retain_until_ms)
        signature = sign(manifest, self._key)
        await self._evidence.put(export.manifest_key + SIGNATURE_SUFFIX, signature, export.retain_until_ms)
        await self._repository.advance(
            export.id,
            state=ExportState.SUCCEEDED,
            percent=100,
            bytes_done=done,
            immutable=export.immutable,
            expire_ms=self._clock.now_ms() + self._rendered_ms if rendered else 0,
        )
        self._metrics.succeeded.inc()
        log.info("export.succeeded", export=export.name, bytes=done)
