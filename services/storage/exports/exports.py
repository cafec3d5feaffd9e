"""Begins exports, tells of them, ends them."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.storage.cameras.repository import CameraRepository
from services.storage.exports.copying import ExportWorker
from services.storage.exports.export import OPEN_STATES, Export, ExportState, Rendering
from services.storage.exports.repository import ExportRepository
from services.storage.exports.window_holds import WindowHolds, export_of
from services.storage.holds.hold import Hold
from snowlight.clock import Clock
from snowlight.errors import FailedPreconditionError, NotFoundError, RequestReusedError
from snowlight.evidence.manifest import EvidenceClock, EvidenceExporter

_DAY_MS = 86_400_000
_ID = re.compile(r"[0-9a-f-]{1,64}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants exported, checked."""

    camera_uids: tuple[str, ...]
    start_ms: int
    end_ms: int
    case_number: str
    reason: str
    created_by: str
    request_id: str
    rendering: Rendering | None = None
    exporter: EvidenceExporter | None = None
    camera_clocks: Mapping[str, EvidenceClock] = field(default_factory=dict)
    fingerprint: bytes = b""
    """The same for every attempt at one request; empty: what they ask for is compared."""


class Exports:
    """The exports of this cluster."""

    def __init__(
        self,
        repository: ExportRepository,
        cameras: CameraRepository,
        holds: WindowHolds,
        worker: ExportWorker,
        clock: Clock,
        *,
        retain_days: int,
    ) -> None:
        self._repository = repository
        self._cameras = cameras
        self._holds = holds
        self._worker = worker
        self._clock = clock
        self._retain_ms = retain_days * _DAY_MS

    async def create(self, wish: Wish) -> Export:
        """Begin one, or tell of the one that the same request began.

        Raises NotFoundError("export.camera_unknown") for a camera nobody has ever registered,
        AlreadyExistsError when the request's id was another request's.
        """
        for position, uid in enumerate(wish.camera_uids):
            if await self._cameras.get(uid) is None:
                raise NotFoundError(
                    "export.camera_unknown", f"no camera has the uid {uid}", field=f"camera_uids[{position}]"
                )
        now_ms = self._clock.now_ms()
        export = Export(
            id=f"{now_ms:012x}-{secrets.token_hex(5)}",
            camera_uids=wish.camera_uids,
            start_ms=wish.start_ms,
            end_ms=wish.end_ms,
            case_number=wish.case_number,
            reason=wish.reason,
            created_by=wish.created_by,
            create_ms=now_ms,
            retain_until_ms=now_ms + self._retain_ms,
            rendering=wish.rendering,
            exporter=wish.exporter,
            camera_clocks=wish.camera_clocks,
        )
        earlier = await self._repository.find_request(wish.request_id)
        if earlier is not None:
            return _same(*earlier, wish)
        await self._holds.hold(export)
        if not await self._repository.add(export, wish.request_id, wish.fingerprint):
            await self._holds.release(export)
            return await self.create(wish)
        self._worker.wake()
        return export

    async def get(self, export_id: str) -> Export:
        """Raises NotFoundError("export.unknown")."""
        export = await self._repository.get(export_id) if _ID.fullmatch(export_id) else None
        if export is None:
            raise NotFoundError("export.unknown", f"there is no export {export_id}", field="name")
        return export

    async def page(self, before: str, limit: int, created_by: str) -> list[Export]:
        """The newest exports with ids below `before` (empty: all), newest first; one person's, or all."""
        return await self._repository.page(before, limit, created_by)

    async def cancel(self, export_id: str) -> Export:
        """End one that is not done. Raises FailedPreconditionError("export.done") for one that is."""
        export = await self.get(export_id)
        now_ms = self._clock.now_ms()
        if not await self._repository.advance(export_id, state=ExportState.CANCELLED, expire_ms=now_ms):
            raise FailedPreconditionError("export.done", "it has ended already", field="name")
        await self._holds.release(export)
        return await self.get(export_id)

    async def check_release(self, hold: Hold) -> None:
        """Raises FailedPreconditionError("hold.of_export") for a hold of an export that is not done."""
        export_id = export_of(hold)
        export = await self._repository.get(export_id) if export_id else None
        if export is not None and export.state in OPEN_STATES and hold.release_ms is None:
            raise FailedPreconditionError(
                "hold.of_export",
                f"{export.name} is being made of it and lets go when it ends: cancel that",
                field="name",
            )


def _same(earlier: Export, fingerprint: bytes, wish: Wish) -> Export:
    asked = (wish.camera_uids, wish.start_ms, wish.end_ms, wish.created_by, wish.rendering)
    made = (earlier.camera_uids, earlier.start_ms, earlier.end_ms, earlier.created_by, earlier.rendering)
    told = bool(fingerprint and wish.fingerprint)
    if (fingerprint != wish.fingerprint) if told else (asked != made):
        raise RequestReusedError(
            "request.id_reused", f"another request of this id made {earlier.name}", field="request_id"
        )
    return earlier
