"""What a model is told of how far it is complete."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.camera_feed import CameraChange, CameraFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class Model:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.kept = 0
        self.uids: list[str] = []
        self.applied_together: list[int] = []
        self.applied = asyncio.Condition()

    async def revision(self) -> int:
        return self.kept

    async def apply(self, changes: Sequence[CameraChange], revision: int | None) -> None:
        async with self.applied:
            self.uids += [change.uid for change in changes]
            self.applied_together.append(len(changes))
            self.kept = self.kept if revision is None else revision
            self.applied.notify_all()

    async def forget(self) -> None:
        raise AssertionError("the registry is no younger one")


class Registry:
    """Says that it is empty, and then tells of two cameras and of the end of one. `more`: as of one page."""

    def __init__(self, *, more: bool = False) -> None:
        self._more = more

    async def WatchCameras(  # noqa: N802
        self, request: camera_pb2.WatchCamerasRequest
    ) -> AsyncIterator[camera_pb2.WatchCamerasResponse]:
        yield camera_pb2.WatchCamerasResponse(synced=0)
        for revision, uid in enumerate(("gate", "bridge"), 1):
            yield camera_pb2.WatchCamerasResponse(
                changed=camera_pb2.Camera(uid=uid, revision=revision), more=self._more
            )
        yield camera_pb2.WatchCamerasResponse(deleted=camera_pb2.DeletedCamera(uid="gate", revision=3))
        await asyncio.Event().wait()


async def follow(registry: Registry) -> Model:
    """The model once it has the three changes."""
    model = Model()
    feed = CameraFeed(cast("camera_pb2_grpc.CameraRegistryAsyncStub", registry), model)
    following = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(10), model.applied:
            await model.applied.wait_for(lambda: len(model.uids) == 3)
    finally:
        following.cancel()
        await asyncio.wait([following])
    assert feed.complete
    return model


async def test_a_registry_that_was_empty_at_first_is_followed_by_its_revisions() -> None:
    model = await follow(Registry())
    assert model.kept == 3
    assert model.applied_together == [0, 1, 1, 1]


async def test_changes_of_which_more_follow_are_taken_in_together() -> None:
    model = await follow(Registry(more=True))
    assert model.kept == 3
    assert model.applied_together == [0, 3]
