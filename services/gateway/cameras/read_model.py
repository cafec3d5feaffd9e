"""All cameras in memory, as ingest's change feed tells them."""

import asyncio
from bisect import bisect_left, bisect_right, insort
from operator import attrgetter

from services.gateway.cameras.known import KnownCamera
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import UnavailableError

_NAME, _LATITUDE = attrgetter("name"), attrgetter("latitude")


class CameraModel:
    """Every registered camera by name and by uid. Only the feed writes it."""

    def __init__(self) -> None:
        self._by_name: dict[str, KnownCamera] = {}
        self._by_uid: dict[str, KnownCamera] = {}
        self._state_ms: dict[str, int] = {}
        self._ordered: list[KnownCamera] | None = None
        """By name. Made when it is asked for, and kept in order from then on."""
        self._by_latitude: list[KnownCamera] | None = None
        """Those with a location. Made anew after one of them changed."""
        self._changed = asyncio.Event()
        self.revision = 0
        self.version = 0
        """Counts whatever changes of cameras but their states."""
        self.synced = False

    def put(self, camera: camera_pb2.Camera) -> None:
        """Take a new version of a camera; its state stays where the version tells none."""
        before = self._by_uid.get(camera.uid)
        if before is not None:
            if camera.state == camera_pb2.CAMERA_STATE_UNSPECIFIED:
                camera.state, camera.state_reason = before.camera.state, before.camera.state_reason
            self._drop(before)
        replaced = self._by_name.get(camera.name)
        if replaced is not None:
            self._drop(replaced)
        self._add(KnownCamera(camera))
        self.advance(camera.revision)

    def remove(self, uid: str, revision: int) -> None:
        """Forget a camera. Another one that took its name since stays."""
        self._state_ms.pop(uid, None)
        known = self._by_uid.get(uid)
        if known is not None:
            self._drop(known)
        self.advance(revision)

    def set_state(self, uid: str, state: camera_pb2.CameraState.ValueType, reason: str, time_ms: int) -> None:
        """Take what a camera's session does since `time_ms`."""
        self._state_ms[uid] = time_ms
        known = self._by_uid.get(uid)
        if known is not None:
            known.camera.state, known.camera.state_reason = state, reason

    def state_ms(self, uid: str) -> int | None:
        """Since when the camera is in its state, ms since 1970 UTC; None while that is not known."""
        return self._state_ms.get(uid)

    def advance(self, revision: int) -> None:
        """The registry has got this far; wakes those who wait for it."""
        self.revision = max(self.revision, revision)
        self._changed.set()
        self._changed = asyncio.Event()

    def become(self, other: "CameraModel") -> None:
        """Take over the contents of a model that a new feed has filled."""
        self._by_name, self._by_uid, self._state_ms = other._by_name, other._by_uid, other._state_ms
        self._ordered = self._by_latitude = None
        self.version += 1
        self.revision, self.synced = other.revision, True
        self.advance(other.revision)

    def by_name(self, name: str) -> camera_pb2.Camera | None:
        """The camera "cameras/{id}". Raises UnavailableError before the first sync."""
        self._require_synced()
        known = self._by_name.get(name)
        return known.camera if known is not None else None

    def by_uid(self, uid: str) -> camera_pb2.Camera | None:
        """The camera with this uid. Raises UnavailableError before the first sync."""
        self._require_synced()
        known = self._by_uid.get(uid)
        return known.camera if known is not None else None

    def uid_of(self, name: str) -> str:
        """The uid of "cameras/{id}". Of an unknown one what is no uid, so that auth alone says who may know.
        Raises UnavailableError before the first sync."""
        camera = self.by_name(name)
        return camera.uid if camera is not None else name.removeprefix("cameras/")

    def after(self, name: str) -> list[camera_pb2.Camera]:
        """Cameras whose names sort after `name`, in order. Raises UnavailableError before the first sync."""
        ordered = self.ordered()
        return [known.camera for known in ordered[bisect_right(ordered, name, key=_NAME) :]]

    def page(self, after: str, most: int) -> list[camera_pb2.Camera]:
        """At most so many of the cameras whose names sort after `after`. Raises as `after`."""
        ordered = self.ordered()
        start = bisect_right(ordered, after, key=_NAME)
        return [known.camera for known in ordered[start : start + most]]

    def ordered(self) -> list[KnownCamera]:
        """All cameras by name, to be read until the next change. Raises UnavailableError before the first
        sync."""
        self._require_synced()
        if self._ordered is None:
            self._ordered = sorted(self._by_name.values(), key=_NAME)
        return self._ordered

    def between_latitudes(self, south: float, north: float) -> list[KnownCamera]:
        """Cameras with a location in [south, north], degrees, southernmost first. Raises UnavailableError
        before the first sync."""
        self._require_synced()
        if self._by_latitude is None:
            located = (known for known in self._by_name.values() if known.is_located)
            self._by_latitude = sorted(located, key=_LATITUDE)
        first = bisect_left(self._by_latitude, south, key=_LATITUDE)
        return self._by_latitude[first : bisect_right(self._by_latitude, north, key=_LATITUDE)]

    async def reached(self, revision: int, *, timeout_s: float) -> None:
        """Wait until the feed has told `revision`, or the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.revision < revision:
                    await self._changed.wait()
        except TimeoutError:
            return

    async def appeared(self, name: str, *, timeout_s: float) -> camera_pb2.Camera | None:
        """The camera "cameras/{id}" as soon as the feed has told of it; None once the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                while (camera := self.by_name(name)) is None:
                    await self._changed.wait()
                return camera
        except TimeoutError:
            return None

    async def gone(self, uid: str, *, timeout_s: float) -> None:
        """Wait until the feed has told that the camera is deleted, or the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                while uid in self._by_uid:
                    await self._changed.wait()
        except TimeoutError:
            return

    def _add(self, known: KnownCamera) -> None:
        self._by_name[known.name] = known
        self._by_uid[known.uid] = known
        if self._ordered is not None:
            insort(self._ordered, known, key=_NAME)
        self._note_change(known)

    def _drop(self, known: KnownCamera) -> None:
        del self._by_uid[known.uid]
        if self._by_name.get(known.name) is known:
            del self._by_name[known.name]
            if self._ordered is not None:
                del self._ordered[bisect_left(self._ordered, known.name, key=_NAME)]
        self._note_change(known)

    def _note_change(self, known: KnownCamera) -> None:
        self.version += 1
        if known.is_located:
            self._by_latitude = None

    def _require_synced(self) -> None:
        if not self.synced:
            raise UnavailableError("gateway.cameras_unknown", "the cameras are not known here yet")
