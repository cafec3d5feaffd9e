"""`snowlight.api.ingest.v1.Live`. Footage goes out as bytes that were serialised once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from services.ingest.media.ring import Ring
from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile
from services.ingest.registry.uid import UID
from services.ingest.registry.validation import invalid
from services.ingest.renditions.renditions import Renditions
from services.ingest.service.rendition_message import rendition_message
from services.ingest.service.viewers import Viewers, rights_changed
from services.ingest.status.board import CameraStatus, StatusBoard
from snowlight.access.revocations import Revocations
from snowlight.api.ingest.v1 import camera_pb2, live_pb2, live_pb2_grpc
from snowlight.errors import NotFoundError, UnavailableError
from snowlight.media.envelope import encode_spool_data
from snowlight.media.rendition import MAIN

_Context = Any  # grpc.aio.ServicerContext is generic over every method's own pair of types

PRESERIALIZED = frozenset({"WatchLive", "ReadSpool"})
LOOK_SECONDS = 0.1


class Rings(Protocol):
    """Where the live footage is (`services.ingest.supervisor.Supervisor`)."""

    def ring(self, uid: str) -> Ring | None:
        """The live footage of a camera; None for one that is not known."""

    @property
    def is_behind(self) -> bool:
        """There may be cameras that are not known yet."""


class Live(live_pb2_grpc.LiveServicer):
    """Answers from the rings and the spool."""

    def __init__(
        self,
        rings: Rings,
        viewers: Viewers,
        board: StatusBoard,
        spool: Spool,
        revocations: Revocations,
        renditions: Renditions,
        check_owns: Callable[[str], None],
        *,
        wait_seconds: float,
    ) -> None:
        """`check_owns` raises what is to be answered of a camera, by uid, that another worker has."""
        self._rings = rings
        self._viewers = viewers
        self._board = board
        self._spool = spool
        self._revocations = revocations
        self._renditions = renditions
        self._check_owns = check_owns
        self._wait_seconds = wait_seconds

    async def WatchLive(  # type: ignore[override]  # noqa: N802
        self, request: live_pb2.WatchLiveRequest, context: _Context
    ) -> AsyncIterator[bytes]:
        _check_uid(request.camera_uid)
        self._check_owns(request.camera_uid)
        if request.revocation_sequence < self._revocations.camera_change(request.camera_uid):
            raise rights_changed()
        with self._viewers.viewing(request.camera_uid, request.revocation_sequence) as viewer:
            if request.rendition in ("", MAIN):
                ring = await self._picture(request.camera_uid)
                async for item in viewer.follow(ring.subscribe(request.backlog)):
                    yield item.message()
                return
            await self._require_known(request.camera_uid)
            with self._renditions.watched(request.camera_uid, request.rendition, viewer) as running:
                ring = await running.picture(self._wait_seconds)
                async for item in viewer.follow(ring.subscribe(request.backlog)):
                    yield item.message()

    async def ListRenditions(  # noqa: N802
        self, request: live_pb2.ListRenditionsRequest, context: _Context
    ) -> live_pb2.ListRenditionsResponse:
        _check_uid(request.camera_uid)
        self._check_owns(request.camera_uid)
        await self._require_known(request.camera_uid)
        self._renditions.learn(request.camera_uid)
        return live_pb2.ListRenditionsResponse(
            renditions=[
                rendition_message(offered.name, offered.media, running=offered.running)
                for offered in self._renditions.offered(request.camera_uid)
            ]
        )

    async def ListSpool(  # noqa: N802
        self, request: live_pb2.ListSpoolRequest, context: _Context
    ) -> live_pb2.ListSpoolResponse:
        _check_uid(request.camera_uid)
        if not 0 <= request.start_ms < request.end_ms:
            raise invalid("end_ms", "must lie behind start_ms, and neither be negative")
        files = self._spool.list_spool(request.camera_uid, request.start_ms, request.end_ms)
        response = live_pb2.ListSpoolResponse(files=map(_spool_file, files))
        gap = self._board.gaps.open_gap(request.camera_uid)
        if gap is not None:
            response.open_gap_cause = gap.cause
            response.open_gap_start_ms = gap.start_ms
        return response

    async def ReadSpool(  # type: ignore[override]  # noqa: N802
        self, request: live_pb2.ReadSpoolRequest, context: _Context
    ) -> AsyncIterator[bytes]:
        _check_uid(request.camera_uid)
        if request.offset < 0:
            raise invalid("offset", "must not be negative")
        if request.length < 0:
            raise invalid("length", "must not be negative")
        for data in self._spool.read(request.camera_uid, request.key, request.offset, request.length):
            yield encode_spool_data(data)

    async def _require_known(self, uid: str) -> None:
        """Raises NotFoundError for what is no camera's uid. Waits for changes that are not applied yet."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds
        while self._rings.is_behind and loop.time() < deadline:  # noqa: ASYNC110 - as in _picture
            await asyncio.sleep(LOOK_SECONDS)
        if self._rings.ring(uid) is None:
            raise _unknown()

    async def _picture(self, uid: str) -> Ring:
        """The ring of a camera once it has a picture. Raises NotFoundError and UnavailableError."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds
        while True:
            ring = self._rings.ring(uid)
            if ring is None and not self._rings.is_behind:
                raise _unknown()
            if ring is not None and ring.live and ring.held_bytes:
                return ring
            status = self._board.get(uid)
            connecting = status is None or status.state in (camera_pb2.CONNECTING, camera_pb2.ONLINE)
            if not connecting or loop.time() >= deadline:
                raise UnavailableError("camera.offline", _reason(status))
            await asyncio.sleep(LOOK_SECONDS)


def _unknown() -> NotFoundError:
    return NotFoundError("camera.unknown", "there is no camera of this uid")


def _check_uid(uid: str) -> None:
    if not UID.fullmatch(uid):
        raise invalid("camera_uid", "must be a camera's uid")


def _reason(status: CameraStatus | None) -> str:
    if status is None or status.state == camera_pb2.CONNECTING:
        return "connecting"
    if status.state == camera_pb2.DISABLED:
        return "disabled"
    return status.reason or "no picture yet"


def _spool_file(file: SpoolFile) -> live_pb2.SpoolFile:
    return live_pb2.SpoolFile(
        key=file.key,
        start_ms=file.start_ms,
        duration_ms=file.duration_ms,
        epoch=file.name.epoch,
        sequence=file.name.sequence,
        session=file.name.session,
        init8=file.name.init8,
        init_size=file.init_size,
        codecs=file.codecs,
        fragments=file.table().SerializeToString(),
    )
