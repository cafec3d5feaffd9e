"""Questions to the footage index."""

from services.storage.cameras.camera import CameraRecord
from services.storage.cameras.repository import CameraRepository
from services.storage.index.repository import Repository
from services.storage.ledger.timeline import MARGIN_MS, Span, Timeline, build_timeline
from services.storage.segment import JOIN_MS, Segment
from snowlight.clock import Clock

_DAY_MS = 86_400_000


class FootageIndex:
    """What footage of a camera exists, and why the rest does not."""

    def __init__(self, repository: Repository, cameras: CameraRepository, clock: Clock) -> None:
        self._repository = repository
        self._cameras = cameras
        self._clock = clock

    async def list_segments(
        self, camera_uid: str, start_ms: int, end_ms: int, *, fragments: bool
    ) -> list[Segment]:
        """Segments that hold a part of [start_ms, end_ms), oldest first.

        A segment holds all up to its successor's start when that is at most JOIN_MS after its own end.
        """
        around = await self._repository.list_segments(
            camera_uid, start_ms - JOIN_MS, end_ms + JOIN_MS, fragments=fragments
        )
        chosen: list[Segment] = []
        for at, segment in enumerate(around):
            successor_ms = around[at + 1].start_ms if at + 1 < len(around) else segment.end_ms
            reaches_ms = successor_ms if successor_ms - segment.end_ms <= JOIN_MS else segment.end_ms
            if segment.start_ms < end_ms and max(segment.end_ms, reaches_ms) > start_ms:
                chosen.append(segment)
        return chosen

    async def timeline(self, camera_uid: str, start_ms: int, end_ms: int) -> Timeline:
        """Spans and gaps of [start_ms, end_ms): of committed footage, and not beyond now."""
        camera = await self._cameras.get(camera_uid)
        first_ms = await self._repository.first_footage_ms(camera_uid)
        footage = await self._repository.list_footage(camera_uid, start_ms - MARGIN_MS, end_ms + MARGIN_MS)
        ledger = await self._repository.list_gaps(camera_uid, start_ms - MARGIN_MS, end_ms + MARGIN_MS)
        recordable = recordable_span(camera, first_ms, self._clock.now_ms())
        return build_timeline(Span(start_ms, end_ms), recordable, footage, ledger)


def recordable_span(camera: CameraRecord | None, first_ms: int | None, now_ms: int) -> Span:
    """When there could be footage of `camera`, the oldest of which starts at `first_ms`.

    From its creation, or the beginning of its retention, to its deletion; but always from its first footage.
    Of a camera that is not known only what its footage tells.
    """
    begins = [] if first_ms is None else [first_ms]
    if camera is not None:
        begins.append(max(camera.created_ms, now_ms - camera.kept_days * _DAY_MS))
    ends_ms = camera.deleted_ms if camera and camera.deleted_ms is not None else now_ms
    return Span(min(begins, default=ends_ms), ends_ms)
