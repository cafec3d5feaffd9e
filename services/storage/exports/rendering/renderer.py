"""Renders an export's copies, file by file. What was made before a restart is not made again."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from services.storage.exports.evidence_store import EvidenceStore
from services.storage.exports.export import RENDERED, Cut, Export, Phase, Rendered
from services.storage.exports.rendering.job import Job, Made
from services.storage.exports.rendering.plan import FilePlan, plan_files
from services.storage.exports.rendering.process import render
from services.storage.exports.repository import ExportRepository
from snowlight.clock import Clock
from snowlight.errors import DataLossError, UnavailableError
from snowlight.evidence.manifest import EvidenceCamera, EvidenceRendering, EvidenceSpan, RenderedPart, to_ms
from snowlight.instants import format_instant
from snowlight.steps import Reached

MOST_CRASHES = 3
"""A renderer that is ended so often over one file will be again."""
NOTE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class CancelledExportError(Exception):
    """Somebody has ended the export."""


@dataclass(slots=True)
class _Progress:
    """Bytes of the footage that is to be rendered."""

    total: int
    done: int = 0
    within: int = 0

    @property
    def percent(self) -> int:
        return min(99, (self.done + self.within) * 100 // max(self.total, 1))


class Renderer:
    """One file at a time, each in a process of its own."""

    def __init__(
        self,
        repository: ExportRepository,
        evidence: EvidenceStore,
        folder: Path,
        time_zone: str,
        clock: Clock,
        reached: Reached,
    ) -> None:
        """`folder`: where files are made, before they go to the evidence store."""
        self._repository = repository
        self._evidence = evidence
        self._folder = folder
        self._time_zone = time_zone
        self._clock = clock
        self._reached = reached

    async def clear(self) -> None:
        """Remove what an earlier run has left half done."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def render(self, export: Export, cameras: Sequence[EvidenceCamera]) -> tuple[Rendered, ...]:
        """All files, which the export tells of as they become whole.

        Raises CancelledExportError, UnavailableError and DataLossError.
        """
        assert export.rendering is not None
        plans = [plan for camera in cameras for plan in plan_files(camera.uid, camera.objects)]
        progress = _Progress(sum(plan.size for plan in plans))
        made: tuple[Rendered, ...] = ()
        for plan in plans:
            mark = plan.mark(export.rendering.mark)
            known = tuple(each for each in export.rendered if each.plan == mark)
            made += known or await self._make(export, plan, mark, made, progress)
            progress.done += plan.size
            progress.within = 0
        return made

    async def _make(
        self, export: Export, plan: FilePlan, mark: str, before: tuple[Rendered, ...], progress: _Progress
    ) -> tuple[Rendered, ...]:
        folder = self._folder / export.id
        for crash in range(1, MOST_CRASHES + 1):
            try:
                await asyncio.to_thread(_make_anew, folder)
                files = await self._watched(export, plan, folder, progress)
                break
            except UnavailableError as error:
                if error.code != "export.renderer_killed":
                    raise
                log.warning("export.renderer_killed", export=export.name, times=crash)
        else:
            raise DataLossError(
                "export.not_rendered", f"the renderer was ended {MOST_CRASHES} times over one file"
            )
        rendered = tuple([await self._keep(export, plan, mark, folder, each) for each in files])
        self._reached("export.rendered")
        if not await self._repository.add_rendered(export.id, [*before, *rendered]):
            raise CancelledExportError
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return rendered

    async def _watched(self, export: Export, plan: FilePlan, folder: Path, progress: _Progress) -> list[Made]:
        """Raises CancelledExportError, once the process is gone, when the export was ended."""
        sizes = {to_ms(each.start): each.size for each in plan.objects}

        def progressed(at_ms: int) -> None:
            progress.within += sizes.get(at_ms, 0)

        work = asyncio.create_task(
            render(self._job(export, plan, folder), self._objects(export, plan), progressed)
        )
        try:
            while not (await asyncio.wait([work], timeout=NOTE_SECONDS))[0]:
                if not await self._repository.advance(
                    export.id, phase=Phase.RENDERING, percent=progress.percent
                ):
                    raise CancelledExportError
            return work.result()
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            work.cancel()
            await asyncio.wait([work])

    def _job(self, export: Export, plan: FilePlan, folder: Path) -> Job:
        rendering = export.rendering
        assert rendering is not None
        return Job(
            folder=str(folder),
            exact=rendering.cut is Cut.EXACT,
            mark=f"{export.created_by} {export.id}" if rendering.burn_in else "",
            time_zone=self._time_zone,
            silent=plan.camera_uid in rendering.silent,
            start_ms=export.start_ms,
            end_ms=export.end_ms,
        )

    async def _objects(self, export: Export, plan: FilePlan) -> AsyncIterator[tuple[int, bytes]]:
        for each in plan.objects:
            data = await self._evidence.read(f"{export.folder}/{each.file}")
            if (await asyncio.to_thread(sha256, data)).hexdigest() != each.sha256:
                raise DataLossError("export.copy_damaged", f"{each.file} is not what was copied")
            yield to_ms(each.start), data

    async def _keep(self, export: Export, plan: FilePlan, mark: str, folder: Path, made: Made) -> Rendered:
        assert export.rendering is not None
        label = export.rendering.label(export.camera_uids, plan.camera_uid)
        begin = datetime.fromtimestamp(made.parts[0].start_ms / 1000, ZoneInfo(self._time_zone))
        file = f"{RENDERED}/{label}_{begin:%Y%m%d-%H%M%S}-{made.parts[0].start_ms % 1000:03d}.mp4"
        self._reached("export.upload")
        await self._evidence.put_file(f"{export.folder}/{file}", folder / made.path, self._clock.now_ms())
        told = EvidenceRendering(
            file=file,
            start=format_instant(made.parts[0].start_ms),
            end=format_instant(made.parts[-1].end_ms),
            duration_ms=made.duration_ms,
            size=made.size,
            sha256=made.sha256,
            codecs=made.codecs,
            reencoded=tuple(
                EvidenceSpan(start=format_instant(span.start_ms), end=format_instant(span.end_ms))
                for span in made.reencoded
            ),
            burnt_in=export.rendering.burn_in,
            silent=plan.camera_uid in export.rendering.silent,
            parts=tuple(
                RenderedPart(
                    start=format_instant(part.start_ms),
                    end=format_instant(part.end_ms),
                    offset_ms=part.offset_ms,
                )
                for part in made.parts
            ),
        )
        return Rendered(plan.camera_uid, mark, made.crc32, told)


def _make_anew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
