"""Copies of erased footage in exports."""

import structlog

from services.storage.erasure.erasure import Erasure
from services.storage.erasure.repository import ErasureRepository
from services.storage.exports.evidence_store import EvidenceStore
from services.storage.exports.export import RENDERED, Export
from services.storage.exports.repository import ExportRepository
from snowlight.clock import Clock
from snowlight.errors import FailedPreconditionError
from snowlight.evidence.manifest import to_ms

log = structlog.get_logger(__name__)


class ErasedCopies:
    """Deletes a camera's footage from exports. Their manifests stay, which hold none."""

    def __init__(
        self,
        erasures: ErasureRepository,
        repository: ExportRepository,
        evidence: EvidenceStore,
        clock: Clock,
    ) -> None:
        self._erasures = erasures
        self._exports = repository
        self._evidence = evidence
        self._clock = clock

    async def erase(self, erasure: Erasure) -> list[str]:
        """What keeps copies of its footage: holds, and exports that are being made or whose lock forbids it.

        Raises UnavailableError.
        """
        kept_by: list[str] = []
        for export in await self._exports.of_window(erasure.start_ms, erasure.end_ms):
            if erasure.camera_uid in export.camera_uids:
                kept_by += await self._erase_of(export, erasure)
        return list(dict.fromkeys(kept_by))

    async def _erase_of(self, export: Export, erasure: Erasure) -> list[str]:
        folder = f"{export.folder}/{erasure.camera_uid}"
        files = {file for file in await self._evidence.files(folder) if _reaches_into(file, erasure)}
        rendered = _rendered_of(export, erasure) & await self._evidence.files(f"{export.folder}/{RENDERED}")
        if not files and not rendered:
            return []
        now_ms = self._clock.now_ms()
        held = await self._erasures.holding(erasure.camera_uid, export.start_ms, export.end_ms, now_ms)
        if held:  # an export that is being made holds its window itself
            return held
        if rendered and not await self._delete(export, f"{export.folder}/{RENDERED}", rendered):
            return [export.name]
        if files and self._evidence.immutable and now_ms < export.retain_until_ms:
            return [export.name]
        if files and not await self._delete(export, folder, files):
            return [export.name]
        await self._exports.note(
            export.id, f"footage of camera {erasure.camera_uid} was erased: {erasure.reason}"
        )
        return []

    async def _delete(self, export: Export, folder: str, files: set[str]) -> bool:
        """False when something keeps some of them."""
        try:
            await self._evidence.delete(folder, files)
        except FailedPreconditionError as error:  # a longer lock, or a legal hold
            log.warning("erasure.copy_kept", export=export.name, error=str(error))
            return False
        return True


def _rendered_of(export: Export, erasure: Erasure) -> set[str]:
    """Names of rendered files that show some of it."""
    return {
        each.told.file.rpartition("/")[2]
        for each in export.rendered
        if each.camera_uid == erasure.camera_uid
        and to_ms(each.told.start) < erasure.end_ms
        and to_ms(each.told.end) > erasure.start_ms
    }


def _reaches_into(file: str, erasure: Erasure) -> bool:
    """By its name, see ObjectKey. What does not tell its time goes with the rest."""
    try:
        start_ms, duration_ms = map(int, file.split("-")[:2])
    except ValueError:
        return True
    return start_ms < erasure.end_ms and start_ms + duration_ms > erasure.start_ms
