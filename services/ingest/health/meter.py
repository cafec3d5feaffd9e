"""Looks at each camera's counts once a minute: how well its stream comes, and what to keep of the hour."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from services.ingest.health.counts import StreamCounts
from services.ingest.health.stream_health import StreamHealth

HOUR_MS = 3_600_000
TURNS = 60
"""Groups of cameras, of which one a second is looked at."""
LOOKS_PER_ROW = 10
MOST_UNWRITTEN = 200_000
"""Rows that wait for a database which is away. The oldest are given up."""


@dataclass(slots=True)
class HealthHour:
    """What came of one camera in an hour of UTC, or in a part of one."""

    camera_uid: str
    hour_ms: int
    """When the hour begins, ms since 1970 UTC."""
    bytes: int = 0
    media_ms: int = 0
    pictures: int = 0
    received: int = 0
    lost: int = 0
    jitter_ms: int = 0
    """The greatest that was measured."""
    reconnects: int = 0

    def add(self, other: "HealthHour") -> None:
        """Take in another part of the same hour."""
        for name in ("bytes", "media_ms", "pictures", "received", "lost", "reconnects"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.jitter_ms = max(self.jitter_ms, other.jitter_ms)


@dataclass(slots=True)
class _Camera:
    uid: str
    turn: int
    counts: StreamCounts = field(default_factory=StreamCounts)
    seen: StreamCounts = field(default_factory=StreamCounts)
    """The counts at the last look."""
    health: StreamHealth | None = None
    told: StreamHealth | None = None
    part: HealthHour | None = None
    """Of the hour that goes on, what is in no row yet."""
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """One camera's minute."""

    uid: str
    health: StreamHealth
    is_news: bool
    """It is materially other than what was told last."""


class HealthMeter:
    """All in memory; nothing here waits. A camera costs a look a minute, whatever comes of it."""

    def __init__(self) -> None:
        self._cameras: dict[str, _Camera] = {}
        self._turns: tuple[dict[str, _Camera], ...] = tuple({} for _ in range(TURNS))
        self._registered = 0
        self._unwritten: deque[HealthHour] = deque(maxlen=MOST_UNWRITTEN)

    def counts(self, uid: str) -> StreamCounts:
        """Where the camera's sessions count."""
        camera = self._cameras.get(uid)
        if camera is None:
            camera = self._cameras[uid] = _Camera(uid, self._registered % TURNS)
            self._turns[camera.turn][uid] = camera
            self._registered += 1
        return camera.counts

    def remove(self, uid: str) -> None:
        """The camera is not registered any more."""
        camera = self._cameras.pop(uid, None)
        if camera is not None:
            del self._turns[camera.turn][uid]

    def leave(self, uid: str, now_ms: int) -> None:
        """Another worker has the camera: what came here is in rows, and `counts` begins anew."""
        camera = self._cameras.get(uid)
        if camera is not None:
            self._look(camera, now_ms)
            self._hand_out(camera)
            self.remove(uid)

    def measure(self, turn: int, now_ms: int) -> Iterator[Measured]:
        """Look at the cameras whose `turn` it is. One of which nothing comes is left out."""
        for camera in self._turns[turn].values():
            part = self._look(camera, now_ms)
            if part is None or not camera.counts.is_coming:
                camera.health = None
                continue
            health = camera.health = _health(camera.counts, part, now_ms)
            is_news = camera.told is None or not health.is_like(camera.told)
            if is_news:
                camera.told = health
            yield Measured(camera.uid, health, is_news)

    def now(self, uid: str, now_ms: int) -> StreamHealth | None:
        """The last minute, with what is known since. Of a camera that has not been looked at since it came,
        what came so far; None while nothing does."""
        camera = self._cameras.get(uid)
        if camera is None or not camera.counts.is_coming:
            return None
        counts = camera.counts
        if camera.health is None:
            since = _since(camera, now_ms)
            return _health(counts, since, now_ms) if since.media_ms else None
        return replace(
            camera.health,
            jitter_ms=counts.jitter_ms,
            clock_offset_ms=counts.clock_offset_ms,
            last_key_ms=counts.last_key_ms or camera.health.last_key_ms,
            reconnects=counts.reconnects,
        )

    def unwritten(self, uid: str) -> list[HealthHour]:
        """What no row in the database has of the camera."""
        camera = self._cameras.get(uid)
        parts = [replace(row) for row in self._unwritten if row.camera_uid == uid]
        return [*parts, replace(camera.part)] if camera is not None and camera.part is not None else parts

    def finish(self, now_ms: int) -> None:
        """Look at all a last time, and make rows of what is in none: nothing is counted any more."""
        for camera in self._cameras.values():
            self._look(camera, now_ms)
            self._hand_out(camera)

    def take(self, most: int) -> list[HealthHour]:
        """Rows to be added to the database's, `most` at most; the same ones again until `wrote` is told."""
        return list(islice(self._unwritten, most))

    def wrote(self, rows: list[HealthHour]) -> None:
        """These, which were taken, are in the database."""
        for row in rows:
            if self._unwritten and self._unwritten[0] is row:
                self._unwritten.popleft()

    def _look(self, camera: _Camera, now_ms: int) -> HealthHour | None:
        """What came since the last look; it counts for the hour of `now_ms`. None where no picture came."""
        since = _since(camera, now_ms)
        camera.seen = replace(camera.counts)
        camera.looks += 1
        if camera.part is not None and (
            camera.part.hour_ms != since.hour_ms or camera.looks >= LOOKS_PER_ROW
        ):
            self._hand_out(camera)
        if not since.media_ms:
            return None
        if camera.part is None:
            camera.part, camera.looks = replace(since), 0
        else:
            camera.part.add(since)
        return since

    def _hand_out(self, camera: _Camera) -> None:
        if camera.part is not None:
            self._unwritten.append(camera.part)
            camera.part = None


def _since(camera: _Camera, now_ms: int) -> HealthHour:
    """What came since the last look."""
    counts, seen = camera.counts, camera.seen
    return HealthHour(
        camera.uid,
        now_ms - now_ms % HOUR_MS,
        counts.bytes - seen.bytes,
        counts.media_ms - seen.media_ms,
        counts.pictures - seen.pictures,
        counts.received - seen.received,
        counts.lost - seen.lost,
        round(counts.jitter_ms or 0),
        counts.reconnects - seen.reconnects,
    )


def _health(counts: StreamCounts, since: HealthHour, now_ms: int) -> StreamHealth:
    expected = since.received + since.lost
    return StreamHealth(
        time_ms=now_ms,
        bits_per_second=since.bytes * 8000 // since.media_ms,
        frames_per_second=round(since.pictures * 1000 / since.media_ms, 2),
        gop_ms=counts.gop_ms,
        gop_pictures=counts.gop_pictures,
        loss=since.lost / expected if expected else None,
        jitter_ms=counts.jitter_ms,
        clock_offset_ms=counts.clock_offset_ms,
        last_key_ms=counts.last_key_ms or 0,
        reconnects=counts.reconnects,
    )
