"""Footage that is being copied is held, so that nothing deletes it meanwhile."""

from contextlib import suppress

from services.storage.exports.export import Export
from services.storage.holds.hold import Hold
from services.storage.holds.repository import HoldRepository
from snowlight.errors import FailedPreconditionError

LONGEST_MS = 90 * 86_400_000
"""A hold that its export forgot, since storage was killed in between, lets go by itself."""
COPIER = "services/storage"
_COLLECTION = "exports"
_PAGE = 500


class WindowHolds:
    """A hold for each camera of an export, by the export's name. Every call may be repeated."""

    def __init__(self, holds: HoldRepository) -> None:
        self._holds = holds

    async def hold(self, export: Export) -> None:
        """Raises NotFoundError for a camera that nobody ever registered."""
        for uid in export.camera_uids:
            await self._of_camera(export, uid)

    async def release(self, export: Export) -> None:
        """Let go of what `hold` held."""
        for uid in export.camera_uids:
            hold = await self._of_camera(export, uid)
            with suppress(FailedPreconditionError):  # somebody else has let go of it
                await self._holds.release(hold.id, COPIER, f"{export.name} has ended")

    async def holding(self) -> set[str]:
        """The ids of exports that hold footage."""
        found: set[str] = set()
        before = ""
        while page := await self._holds.list("", inactive=False, before_id=before, limit=_PAGE):
            found |= {export_id for hold in page if (export_id := export_of(hold))}
            before = page[-1].id
        return found

    async def _of_camera(self, export: Export, uid: str) -> Hold:
        wanted = Hold(
            id="",
            camera_uid=uid,
            start_ms=export.start_ms,
            end_ms=export.end_ms,
            case_number=export.case_number,
            reason=f"is being copied to {export.name}",
            expire_ms=export.create_ms + LONGEST_MS,
            created_by=export.name,
            create_ms=0,
        )
        return await self._holds.create(wanted, f"{export.name}/{uid}")


def export_of(hold: Hold) -> str:
    """The id of the export that holds; empty where it is no export."""
    collection, slash, export_id = hold.created_by.partition("/")
    return export_id if collection == _COLLECTION and slash else ""
