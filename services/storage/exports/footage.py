"""What an export is to copy, and what it is to say of the rest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.storage.cameras.camera import CameraRecord
from services.storage.exports.account import account, may_come
from services.storage.exports.export import Export
from services.storage.ledger.causes import STORE_OUTAGE
from services.storage.ledger.days import SETTLE_MS
from services.storage.ledger.timeline import Gap, Timeline
from services.storage.segment import Segment
from services.storage.spans import Span
from snowlight.clock import Clock
from snowlight.errors import UnavailableError
from snowlight.instants import format_instant


class FootageOfCamera(Protocol):
    """What an export asks of the index (`services.storage.index.queries.FootageIndex`)."""

    async def list_segments(
        self, camera_uid: str, start_ms: int, end_ms: int, *, fragments: bool, playable: bool
    ) -> list[Segment]: ...

    async def timeline(self, camera_uid: str, start_ms: int, end_ms: int) -> Timeline: ...


class Cameras(Protocol):
    """What storage knows of cameras (`services.storage.cameras.repository.CameraRepository`)."""

    async def get(self, uid: str) -> CameraRecord | None: ...


class Hashes(Protocol):
    """Hashes made up later (`services.storage.index.found_hashes.FoundHashes`)."""

    async def list(self, camera_uid: str, start_ms: int, end_ms: int) -> dict[str, bytes]: ...


@dataclass(frozen=True, slots=True)
class CameraFootage:
    """One camera's part of the window. Segments and gaps account for all of it."""

    uid: str
    segments: Sequence[Segment]
    gaps: Sequence[Gap]
    found: Mapping[str, bytes]
    """SHA-256 by key of objects of which none was committed, as they were found later."""


class ExportFootage:
    """Reads what exports are made of."""

    def __init__(
        self,
        index: FootageOfCamera,
        cameras: Cameras,
        hashes: Hashes,
        stores: Iterable[str],
        is_away: Callable[[str], bool],
        clock: Clock,
        *,
        wait_seconds: float,
    ) -> None:
        """`wait_seconds`: how long footage is waited for that may still lie in a spool."""
        self._index = index
        self._cameras = cameras
        self._hashes = hashes
        self._stores = tuple(stores)
        self._is_away = is_away
        self._clock = clock
        self._wait_ms = int(wait_seconds * 1000)

    def is_settled(self, export: Export) -> bool:
        """In the ordinary way all of its window is in the index by now."""
        return export.end_ms + SETTLE_MS <= self._clock.now_ms()

    async def read(self, export: Export) -> list[CameraFootage]:
        """By camera. Raises UnavailableError when that has to wait, and for what."""
        return [await self._of_camera(export, uid) for uid in export.camera_uids]

    async def _of_camera(self, export: Export, uid: str) -> CameraFootage:
        start_ms, end_ms = export.start_ms, export.end_ms
        segments = await self._index.list_segments(uid, start_ms, end_ms, fragments=False, playable=False)
        timeline = await self._index.timeline(uid, start_ms, end_ms)
        self._require_stores(timeline)
        camera, now_ms = await self._cameras.get(uid), self._clock.now_ms()
        gaps = account(Span(start_ms, end_ms), segments, timeline, camera)
        waits_until_ms = max(export.create_ms, end_ms + SETTLE_MS) + self._wait_ms
        if now_ms < waits_until_ms and may_come(gaps, now_ms):
            raise UnavailableError(
                "export.footage_awaited",
                f"footage of camera {uid} may still be on its way: "
                f"waits until {format_instant(waits_until_ms)}",
            )
        return CameraFootage(uid, segments, gaps, await self._hashes.list(uid, start_ms, end_ms))

    def _require_stores(self, timeline: Timeline) -> None:
        """Footage that cannot be reached now is waited for, not left out."""
        away = sorted(name for name in self._stores if self._is_away(name))
        if away and any(gap.cause == STORE_OUTAGE for gap in timeline.gaps):
            raise UnavailableError("export.store_away", f"waits for store {', '.join(away)}")
