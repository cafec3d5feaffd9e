"""Counts, of each camera and hour of UTC, the time it was enabled and that it was online."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

from services.ingest.status.change import State
from snowlight.api.ingest.v1 import camera_pb2

HOUR_MS = 3_600_000
LONGEST_MS = 9 * 24 * HOUR_MS
"""Between two looks at the clock, and longer than any outage that counts. What is longer, a clock that was
set has made: one that began in 1970 would make half a million hours of every camera."""
MOST_UNWRITTEN = 200_000
"""Hours that wait for a database which is away. The oldest are given up."""


class Phase(IntEnum):
    """What counts of a camera's state. Numbers are in the database."""

    DISABLED = 0
    OFFLINE = 1
    ONLINE = 2


@dataclass(frozen=True, slots=True)
class CameraHour:
    """Of one camera and hour, as far as `until_ms`; from there on it is in `phase`."""

    camera_uid: str
    hour_ms: int
    """When the hour begins, ms since 1970 UTC."""
    enabled_ms: int
    online_ms: int
    until_ms: int
    phase: int


@dataclass(slots=True)
class _Count:
    uid: str
    hour_ms: int
    until_ms: int
    phase: Phase
    enabled_ms: int = 0
    online_ms: int = 0
    changed: bool = True
    """Since it was last handed out."""

    def add(self, to_ms: int) -> None:
        lasted_ms = to_ms - self.until_ms
        if self.phase is not Phase.DISABLED:
            self.enabled_ms += lasted_ms
        if self.phase is Phase.ONLINE:
            self.online_ms += lasted_ms
        self.until_ms = to_ms

    def begin(self, time_ms: int) -> None:
        """Begin anew there, in the same phase."""
        self.hour_ms, self.until_ms = time_ms - time_ms % HOUR_MS, time_ms
        self.enabled_ms = self.online_ms = 0
        self.changed = False

    def row(self) -> CameraHour:
        return CameraHour(
            self.uid, self.hour_ms, self.enabled_ms, self.online_ms, self.until_ms, int(self.phase)
        )


class OnlineMeter:
    """All in memory. Whoever writes it down takes rows until there are none (`take`, `wrote`)."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self._unwritten: deque[CameraHour] = deque(maxlen=MOST_UNWRITTEN)

    def restore(self, rows: Iterable[CameraHour], seen_ms: int, counted_from_ms: int) -> None:
        """Go on from the newest row of each camera. From `seen_ms` on nobody has looked: an enabled camera
        counts as offline from there until it is heard of, and for nothing before `counted_from_ms`."""
        for row in rows:
            count = _Count(
                row.camera_uid,
                row.hour_ms,
                row.until_ms,
                Phase(row.phase),
                row.enabled_ms,
                row.online_ms,
                changed=False,
            )
            self._counts[row.camera_uid] = count
            self._advance(count, seen_ms)
            if count.phase is Phase.ONLINE:
                count.phase, count.changed = Phase.OFFLINE, True
            if counted_from_ms > count.until_ms:
                self._advance_hours(count, count.hour_ms + HOUR_MS)
                count.begin(counted_from_ms)

    def change(self, uid: str, state: State, time_ms: int) -> None:
        """The camera is in this state from `time_ms` on. A time before the last one counts as that."""
        phase = _phase(state)
        count = self._counts.get(uid)
        if count is None:
            self._counts[uid] = _Count(uid, time_ms - time_ms % HOUR_MS, time_ms, phase)
        elif count.phase is not phase:
            self._advance(count, time_ms)
            count.phase, count.changed = phase, True

    def remove(self, uid: str) -> None:
        """The camera is not counted here any more."""
        self._counts.pop(uid, None)

    def take(self, now_ms: int, most: int) -> list[CameraHour]:
        """Rows to be written, about `most`; the same ones again until `wrote` is told. None at last: then all
        that ended before `now_ms` is written, and each camera is in the hour of `now_ms`."""
        if not self._unwritten:
            for count in self._counts.values():
                self._advance_hours(count, now_ms)
                if count.changed:
                    self._unwritten.append(count.row())
                    count.changed = False
                if len(self._unwritten) >= most:
                    break
        return list(islice(self._unwritten, most))

    def wrote(self, rows: list[CameraHour]) -> None:
        """These, which were taken, are in the database."""
        for row in rows:
            if self._unwritten and self._unwritten[0] is row:
                self._unwritten.popleft()

    def counts(self, uid: str) -> bool:
        """The camera's time is counted here."""
        return uid in self._counts

    def current(self, uid: str, now_ms: int) -> tuple[int, int]:
        """Of the hour that the camera is in, up to `now_ms`: time enabled, and time online, ms."""
        count = self._counts.get(uid)
        if count is None:
            return 0, 0
        lasted_ms = max(now_ms - count.until_ms, 0)
        return (
            count.enabled_ms + (lasted_ms if count.phase is not Phase.DISABLED else 0),
            count.online_ms + (lasted_ms if count.phase is Phase.ONLINE else 0),
        )

    def _advance(self, count: _Count, to_ms: int) -> None:
        if to_ms > count.until_ms:
            self._advance_hours(count, to_ms)
            count.add(to_ms)

    def _advance_hours(self, count: _Count, to_ms: int) -> None:
        """Hand out the hours that have ended by `to_ms`."""
        if to_ms - count.until_ms > LONGEST_MS:
            if count.enabled_ms:
                self._unwritten.append(count.row())
            count.begin(to_ms)
        while (end_ms := count.hour_ms + HOUR_MS) <= to_ms:
            count.add(end_ms)
            if count.enabled_ms:
                self._unwritten.append(count.row())
            count.begin(end_ms)


def _phase(state: State) -> Phase:
    if state == camera_pb2.DISABLED:
        return Phase.DISABLED
    return Phase.ONLINE if state == camera_pb2.ONLINE else Phase.OFFLINE
