"""All cameras in memory, as ingest's change feed tells them."""

import asyncio
from bisect import bisect_right

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import UnavailableError


class CameraModel:
    """Every registered camera by name and by uid. Only the feed writes it."""

    def __init__(self) -> None:
        self._by_name: dict[str, camera_pb2.Camera] = {}
        self._by_uid: dict[str, camera_pb2.Camera] = {}
        self._state_ms: dict[str, int] = {}
        self._ordered: list[str] | None = None
        self._changed = asyncio.Event()
        self.revision = 0
        self.synced = False

    def put(self, camera: camera_pb2.Camera) -> None:
        """Take a new version of a camera; its state stays where the version tells none."""
        before = self._by_uid.get(camera.uid)
        if before is not None:
            if camera.state == camera_pb2.CAMERA_STATE_UNSPECIFIED:
                camera.state, camera.state_reason = before.state, before.state_reason
            if before.name != camera.name:
                self._by_name.pop(before.name, None)
        replaced = self._by_name.get(camera.name)
        if replaced is not None and replaced.uid != camera.uid:
            self._by_uid.pop(replaced.uid, None)
        if replaced is None:
            self._ordered = None
        self._by_name[camera.name] = camera
        self._by_uid[camera.uid] = camera
        self.advance(camera.revision)

    def remove(self, name: str, uid: str, revision: int) -> None:
        """Forget a camera. Another one that took its name since stays."""
        self._state_ms.pop(uid, None)
        camera = self._by_uid.pop(uid, None)
        if camera is not None and self._by_name.get(name) is camera:
            del self._by_name[name]
            self._ordered = None
        self.advance(revision)

    def set_state(self, uid: str, state: camera_pb2.CameraState.ValueType, reason: str, time_ms: int) -> None:
        """Take what a camera's session does since `time_ms`."""
        self._state_ms[uid] = time_ms
        camera = self._by_uid.get(uid)
        if camera is not None:
            camera.state, camera.state_reason = state, reason

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
        self._ordered = None
        self.revision, self.synced = other.revision, True
        self.advance(other.revision)

    def by_name(self, name: str) -> camera_pb2.Camera | None:
        """The camera "cameras/{id}". Raises UnavailableError before the first sync."""
        self._require_synced()
        return self._by_name.get(name)

    def by_uid(self, uid: str) -> camera_pb2.Camera | None:
        """The camera with this uid. Raises UnavailableError before the first sync."""
        self._require_synced()
        return self._by_uid.get(uid)

    def uid_of(self, name: str) -> str:
        """The uid of "cameras/{id}". Of an unknown one what is no uid, so that auth alone says who may know.
        Raises UnavailableError before the first sync."""
        camera = self.by_name(name)
        return camera.uid if camera is not None else name.removeprefix("cameras/")

    def after(self, name: str) -> list[camera_pb2.Camera]:
        """Cameras whose names sort after `name`, in order. Raises UnavailableError before the first sync."""
        ordered = self._names()
        return [self._by_name[key] for key in ordered[bisect_right(ordered, name) :]]

    def page(self, after: str, most: int) -> list[camera_pb2.Camera]:
        """At most so many of the cameras whose names sort after `after`. Raises as `after`."""
        ordered = self._names()
        start = bisect_right(ordered, after)
        return [self._by_name[key] for key in ordered[start : start + most]]

    async def reached(self, revision: int, *, timeout_s: float) -> None:
        """Wait until the feed has told `revision`, or the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.revision < revision:
                    await self._changed.wait()
        except TimeoutError:
            return

    async def gone(self, uid: str, *, timeout_s: float) -> None:
        """Wait until the feed has told that the camera is deleted, or the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                while uid in self._by_uid:
                    await self._changed.wait()
        except TimeoutError:
            return

    def _names(self) -> list[str]:
        self._require_synced()
        if self._ordered is None:
            self._ordered = sorted(self._by_name)
        return self._ordered

    def _require_synced(self) -> None:
        if not self.synced:
            raise UnavailableError("gateway.cameras_unknown", "the cameras are not known here yet")
