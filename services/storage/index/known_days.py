"""Packed days as commits see them: what lies there already is not to be committed once more."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.index.day_object import Day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import PackedDay, list_packed_of, read_day
from services.storage.index.repository import Key, key_of
from services.storage.segment import DAY_MS, MAX_DURATION_MS, Segment
from snowlight.errors import DataLossError, NotFoundError

log = structlog.get_logger(__name__)


async def list_overlapped(connection: AsyncConnection, segments: Sequence[Segment]) -> list[PackedDay]:
    """Packed days with footage of the time of any of `segments`, told by their rows alone."""
    if not segments:
        return []
    by_camera = _by_camera(segments)
    first_ms = min(segment.start_ms for segment in segments) - MAX_DURATION_MS
    last_ms = max(segment.end_ms for segment in segments)
    days = await list_packed_of(connection, list(by_camera), first_ms // DAY_MS, last_ms // DAY_MS)
    return [day for day in days if _holds_time_of(day, by_camera[day.camera_uid])]


class KnownDays:
    """The packed days that a commit has looked into."""

    def __init__(self, objects: DayObjects) -> None:
        self._objects = objects
        self._days: dict[PackedDay, Day | None] = {}
        self._missed: set[PackedDay] = set()

    def are(self, rows: Sequence[PackedDay]) -> bool:
        """Whether `rows` have been looked into as they are."""
        return all(row in self._days for row in rows)

    def near(self, segments: Sequence[Segment]) -> list[Segment]:
        """Their segments that overlap any of `segments`, without fragment tables."""
        by_camera = _by_camera(segments) if self._days else {}
        found: dict[Key, Segment] = {}
        for row, day in self._days.items():
            for segment in by_camera.get(row.camera_uid, ()) if day else ():
                assert day is not None
                for other in day.within(
                    segment.start_ms, segment.end_ms, kept_from_ms=row.kept_from_ms, fragments=False
                ):
                    found[key_of(other)] = other
        return list(found.values())

    async def read(self, row: PackedDay) -> None:
        """Look into `row`. Raises UnavailableError when its store does not answer.

        Of one whose index object is damaged or lost nothing is known: what is committed then is a row of its
        own, so that it can be played.
        """
        if row in self._days:
            return
        try:
            self._days[row] = await read_day(self._objects, row)
        except NotFoundError as error:
            if row in self._missed:
                log.error("commit.day_lost", error=str(error))
                self._days[row] = None
            self._missed.add(row)  # the first time: it may have been switched to its next generation
        except DataLossError as error:
            log.error("commit.day_damaged", error=str(error))
            self._days[row] = None


def _by_camera(segments: Iterable[Segment]) -> Mapping[str, list[Segment]]:
    by_camera: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        by_camera[segment.camera_uid].append(segment)
    return by_camera


def _holds_time_of(row: PackedDay, segments: Sequence[Segment]) -> bool:
    spans = row.footage()
    return any(
        span.start_ms < segment.end_ms and span.end_ms > segment.start_ms
        for segment in segments
        for span in spans
    )
