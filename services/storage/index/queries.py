"""Questions to the footage index."""

from collections.abc import Callable, Sequence

from services.storage.cameras.camera import CameraRecord
from services.storage.cameras.repository import CameraRepository
from services.storage.index.day_object import order_of
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import PackedDay, list_packed, read_day
from services.storage.index.repository import Repository, key_of
from services.storage.ledger.timeline import MARGIN_MS, Timeline, build_timeline
from services.storage.segment import DAY_MS, JOIN_MS, Segment
from services.storage.spans import Span
from services.storage.stores.health import StoreHealth
from snowlight.clock import Clock
from snowlight.errors import DataLossError, NotFoundError

_ATTEMPTS = 3


class FootageIndex:
    """What footage of a camera exists, and why the rest does not."""

    def __init__(
        self,
        repository: Repository,
        cameras: CameraRepository,
        objects: DayObjects,
        health: StoreHealth,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._cameras = cameras
        self._objects = objects
        self._health = health
        self._clock = clock

    async def list_segments(
        self, camera_uid: str, start_ms: int, end_ms: int, *, fragments: bool, playable: bool = True
    ) -> list[Segment]:
        """Segments that hold a part of [start_ms, end_ms), oldest first.

        A segment holds all up to its successor's start when that is at most JOIN_MS after its own end.
        `playable` leaves out what lies in a store that is away. Raises UnavailableError when a store that was
        not known to be away gives no index object, DataLossError when an index object is damaged or lost.
        """
        is_left_out = self._health.is_away if playable else _never
        around = await self._list_around(
            camera_uid, start_ms - JOIN_MS, end_ms + JOIN_MS, fragments, is_left_out
        )
        chosen: list[Segment] = []
        for at, segment in enumerate(around):
            successor_ms = around[at + 1].start_ms if at + 1 < len(around) else segment.end_ms
            reaches_ms = successor_ms if successor_ms - segment.end_ms <= JOIN_MS else segment.end_ms
            if segment.start_ms < end_ms and max(segment.end_ms, reaches_ms) > start_ms:
                chosen.append(segment)
        return chosen

    async def timeline(self, camera_uid: str, start_ms: int, end_ms: int) -> Timeline:
        """Spans and gaps of [start_ms, end_ms): of committed footage, and not beyond now.

        Footage in a store that is away is a gap of cause `store_outage`. What retention or a full store
        deleted is one of cause `expired`, and so is what is older than the retention and not in the ledger.
        """
        camera = await self._cameras.get(camera_uid)
        recorded = await self._repository.read_recorded(camera_uid, start_ms - MARGIN_MS, end_ms + MARGIN_MS)
        now_ms = self._clock.now_ms()
        away = {store for store in recorded.by_store if self._health.is_away(store)}
        return build_timeline(
            Span(start_ms, end_ms),
            recordable_span(camera, recorded.first_ms, now_ms),
            recorded.footage(recorded.by_store.keys() - away),
            recorded.ledger,
            recorded.footage(away),
            max(recorded.deleted_until_ms, now_ms - camera.kept_days * DAY_MS if camera else 0),
        )

    async def _list_around(
        self,
        camera_uid: str,
        start_ms: int,
        end_ms: int,
        fragments: bool,
        is_left_out: Callable[[str], bool],
    ) -> list[Segment]:
        """Rows and segments of packed days that lie in the range or reach into it, in order."""
        missing: NotFoundError | None = None
        for _ in range(_ATTEMPTS):
            async with self._repository.database.read() as connection:
                await self._repository.begin_answer(connection)
                packed = await list_packed(connection, camera_uid, start_ms, end_ms)
                rows = await self._repository.list_segments(
                    connection, camera_uid, start_ms, end_ms, fragments=fragments
                )
            found = [segment for segment in rows if not is_left_out(segment.store)]
            try:
                for row in packed:
                    if not is_left_out(row.store):
                        found += await self._read(row, start_ms, end_ms, fragments)
            except NotFoundError as error:
                missing = error  # switched to its next generation since we looked: look again
            else:
                return _merged(found) if packed else found
        assert missing is not None
        raise DataLossError(missing.code, missing.detail) from missing

    async def _read(self, row: PackedDay, start_ms: int, end_ms: int, fragments: bool) -> list[Segment]:
        day = await read_day(self._objects, row)
        return day.within(start_ms, end_ms, kept_from_ms=row.kept_from_ms, fragments=fragments)


def recordable_span(camera: CameraRecord | None, first_ms: int | None, now_ms: int) -> Span:
    """When there could be footage of `camera`, the oldest of which starts at `first_ms`.

    From its creation to its deletion; but always from its first footage. Of a camera that is not known only
    what its footage tells.
    """
    begins = [] if first_ms is None else [first_ms]
    if camera is not None:
        begins.append(camera.created_ms)
    ends_ms = camera.deleted_ms if camera and camera.deleted_ms is not None else now_ms
    return Span(min(begins, default=ends_ms), ends_ms)


def _merged(found: Sequence[Segment]) -> list[Segment]:
    """Each once: what was committed while its day's index object could not be read, or with a hash that the
    day has not, may be there twice. The row, which comes first, knows more.
    """
    return sorted({key_of(segment): segment for segment in reversed(found)}.values(), key=order_of)


def _never(_store: str) -> bool:
    return False
