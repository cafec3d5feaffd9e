"""Writes of many cameras at once: each is decided and done by itself, all go out as few calls."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.cameras.writing import CameraWriting
from services.gateway.peers import BATCH_TIMEOUT_S, INGEST, Peers
from services.gateway.people.identity import Identity
from services.gateway.together import Together
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import SnowlightError
from snowlight.rpc.status import error_of, remote_errors

MOST_TOGETHER = 200
"""Cameras in one call."""


class WritingTogether(CameraWriting):
    """What tasks write at one moment is put to ingest as one call. It is for one group of tasks, whose
    wishes leave `validate_only` to it, and whose `identity` asks auth alike (`Identity.together`)."""

    def __init__(self, peers: Peers, identity: Identity, *, validate_only: bool) -> None:
        super().__init__(peers, identity)
        self._validate_only = validate_only
        self._creations = Together(self._create_all, at_once=MOST_TOGETHER)
        self._updates = Together(self._update_all, at_once=MOST_TOGETHER)

    async def _create(self, wish: camera_pb2.CreateCameraRequest) -> camera_pb2.Camera:
        return await self._creations.ask(wish)

    async def _update(self, wish: camera_pb2.UpdateCameraRequest) -> camera_pb2.Camera:
        return await self._updates.ask(wish)

    async def _create_all(
        self, wishes: Sequence[camera_pb2.CreateCameraRequest]
    ) -> list[camera_pb2.Camera | SnowlightError]:
        batch = camera_pb2.BatchCreateCamerasRequest(requests=wishes, validate_only=self._validate_only)
        with remote_errors(INGEST):
            answer = await self._peers.cameras.BatchCreateCameras(batch, timeout=BATCH_TIMEOUT_S)
        return [_of_many(result) for result in answer.results]

    async def _update_all(
        self, wishes: Sequence[camera_pb2.UpdateCameraRequest]
    ) -> list[camera_pb2.Camera | SnowlightError]:
        batch = camera_pb2.BatchUpdateCamerasRequest(requests=wishes, validate_only=self._validate_only)
        with remote_errors(INGEST):
            answer = await self._peers.cameras.BatchUpdateCameras(batch, timeout=BATCH_TIMEOUT_S)
        return [_of_many(result) for result in answer.results]


def _of_many(result: camera_pb2.CameraResult) -> camera_pb2.Camera | SnowlightError:
    if result.WhichOneof("result") == "camera":
        return result.camera
    problem = result.problem
    return error_of(problem.code, problem.reason, problem.detail, problem.field)
