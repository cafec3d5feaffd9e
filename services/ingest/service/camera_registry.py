"""`snowlight.api.ingest.v1.CameraRegistry`."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from services.ingest.registry.cameras import Cameras
from services.ingest.registry.creations import Creation
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.messages import timestamp
from services.ingest.registry.record import CameraRecord, Change, Tombstone
from services.ingest.registry.validation import invalid
from services.ingest.service.told import camera_message, tombstone_message
from services.ingest.status.board import CameraStatus, StatusBoard
from services.ingest.status.change import StateChange
from services.ingest.status.gaps import Gap
from services.ingest.status.repository import StatusRepository
from services.ingest.status.writer import StatusWriter
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.errors import SnowlightError, UnavailableError

LARGEST_BATCH = 200
_Context = Any  # grpc.aio.ServicerContext is generic over every method's own pair of types


class CameraRegistry(camera_pb2_grpc.CameraRegistryServicer):
    """Answers from the registry and the board."""

    def __init__(
        self,
        cameras: Cameras,
        feed: CameraFeed,
        board: StatusBoard,
        statuses: StatusRepository,
        writer: StatusWriter,
        check_owns: Callable[[str], None] = lambda uid: None,
    ) -> None:
        """`check_owns` raises what is to be answered of a camera, by uid, that another worker has."""
        self._cameras = cameras
        self._feed = feed
        self._board = board
        self._statuses = statuses
        self._writer = writer
        self._check_owns = check_owns

    async def CreateCamera(  # noqa: N802
        self, request: camera_pb2.CreateCameraRequest, context: _Context
    ) -> camera_pb2.Camera:
        creation = Creation.of(request.request_id, request.request_fingerprint)
        record = await self._cameras.create(
            request.camera_id, request.camera, creation, validate_only=request.validate_only
        )
        return self._resource(record)

    async def GetCamera(  # noqa: N802
        self, request: camera_pb2.GetCameraRequest, context: _Context
    ) -> camera_pb2.Camera:
        return self._resource(await self._cameras.get(request.name))

    async def ListCameras(  # noqa: N802
        self, request: camera_pb2.ListCamerasRequest, context: _Context
    ) -> camera_pb2.ListCamerasResponse:
        page = await self._cameras.page(request.region, request.page_size, request.page_token)
        return camera_pb2.ListCamerasResponse(
            cameras=map(self._resource, page.cameras), next_page_token=page.next_token
        )

    async def UpdateCamera(  # noqa: N802
        self, request: camera_pb2.UpdateCameraRequest, context: _Context
    ) -> camera_pb2.Camera:
        return self._resource(
            await self._cameras.update(
                request.camera, request.update_mask, validate_only=request.validate_only
            )
        )

    async def BatchCreateCameras(  # noqa: N802
        self, request: camera_pb2.BatchCreateCamerasRequest, context: _Context
    ) -> camera_pb2.BatchCamerasResponse:
        _check_batch(request)
        if any(one.request_id or one.request_fingerprint for one in request.requests):
            raise invalid("requests.request_id", "is for a camera by itself")
        wishes = [(one.camera_id, one.camera) for one in request.requests]
        return self._results(await self._cameras.create_all(wishes, validate_only=request.validate_only))

    async def BatchUpdateCameras(  # noqa: N802
        self, request: camera_pb2.BatchUpdateCamerasRequest, context: _Context
    ) -> camera_pb2.BatchCamerasResponse:
        _check_batch(request)
        wishes = [(one.camera, one.update_mask) for one in request.requests]
        return self._results(await self._cameras.update_all(wishes, validate_only=request.validate_only))

    async def DeleteCamera(  # noqa: N802
        self, request: camera_pb2.DeleteCameraRequest, context: _Context
    ) -> camera_pb2.DeleteCameraResponse:
        await self._cameras.delete(request.name, request.etag)
        return camera_pb2.DeleteCameraResponse()

    async def GetCameraStatus(  # noqa: N802
        self, request: camera_pb2.GetCameraStatusRequest, context: _Context
    ) -> camera_pb2.CameraStatus:
        record = await self._cameras.get(request.name)
        self._check_owns(record.uid)
        await self._writer.flush()
        changes = await self._statuses.changes(record.uid)
        gaps = await self._statuses.gaps(record.uid)
        status = camera_pb2.CameraStatus(
            name=record.name, uid=record.uid, changes=map(_change, changes), gaps=map(_gap, gaps)
        )
        _tell_now(status, self._board.get(record.uid))
        return status

    async def WatchCameras(  # noqa: N802
        self, request: camera_pb2.WatchCamerasRequest, context: _Context
    ) -> AsyncIterator[camera_pb2.WatchCamerasResponse]:
        if request.revision < 0:
            raise invalid("revision", "must not be negative")
        async for batch in self._feed.follow(request.revision):
            for left, change in zip(reversed(range(len(batch.changes))), batch.changes, strict=True):
                event = self._event(change)
                event.more = left > 0
                yield event
            if batch.synced is not None:
                yield camera_pb2.WatchCamerasResponse(synced=batch.synced)
        raise UnavailableError("ingest.stopping", "the service is stopping")

    def _event(self, change: Change) -> camera_pb2.WatchCamerasResponse:
        if isinstance(change, Tombstone):
            return camera_pb2.WatchCamerasResponse(deleted=tombstone_message(change))
        return camera_pb2.WatchCamerasResponse(changed=self._resource(change))

    def _results(self, results: Sequence[CameraRecord | SnowlightError]) -> camera_pb2.BatchCamerasResponse:
        return camera_pb2.BatchCamerasResponse(
            results=[
                camera_pb2.CameraResult(problem=_problem(result))
                if isinstance(result, SnowlightError)
                else camera_pb2.CameraResult(camera=self._resource(result))
                for result in results
            ]
        )

    def _resource(self, record: CameraRecord) -> camera_pb2.Camera:
        return camera_message(record, self._board)


def _check_batch(
    request: camera_pb2.BatchCreateCamerasRequest | camera_pb2.BatchUpdateCamerasRequest,
) -> None:
    if not 1 <= len(request.requests) <= LARGEST_BATCH:
        raise invalid("requests", f"must be 1 to {LARGEST_BATCH}")
    if any(one.validate_only for one in request.requests):
        raise invalid("requests.validate_only", "is said of the whole batch")


def _problem(error: SnowlightError) -> camera_pb2.CameraProblem:
    return camera_pb2.CameraProblem(
        code=error.grpc_code.value[0], reason=error.code, detail=error.detail, field=error.field
    )


def _tell_now(message: camera_pb2.CameraStatus, status: CameraStatus | None) -> None:
    if status is None:
        message.state = camera_pb2.CONNECTING
        return
    message.state = status.state
    message.state_reason = status.reason
    message.state_time.CopyFrom(timestamp(status.time_ms))
    message.packets_lost = status.packets_lost
    if status.stream.clock_offset_ms is not None:
        message.clock_offset_ms = status.stream.clock_offset_ms
    if status.media is not None:
        message.media.CopyFrom(
            camera_pb2.MediaInfo(
                video_codec=status.media.video_codec,
                width=status.media.width,
                height=status.media.height,
                frames_per_second=status.media.frames_per_second,
                audio_codec=status.media.audio_codec,
                codecs=status.media.codecs,
                bits_per_second=status.media.bits_per_second,
            )
        )


def _change(change: StateChange) -> camera_pb2.StateChange:
    return camera_pb2.StateChange(time=timestamp(change.time_ms), state=change.state, reason=change.reason)


def _gap(gap: Gap) -> camera_pb2.CameraGap:
    return camera_pb2.CameraGap(
        start=timestamp(gap.start_ms),
        end=None if gap.end_ms is None else timestamp(gap.end_ms),
        cause=gap.cause,
    )
