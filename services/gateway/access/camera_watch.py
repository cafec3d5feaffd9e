"""`Cameras.WatchCameras`: each camera as it is, then what changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from services.gateway.access.guard import calling_officer
from services.gateway.access.messages import camera_message
from services.gateway.access.officers import Officer, Officers
from services.gateway.access.streams import Streams
from services.gateway.events.choice import Choice
from services.gateway.events.mark import Mark
from services.gateway.events.telling import Sources, Telling, Told
from snowlight.api.access.v1 import camera_pb2
from snowlight.api.ingest.v1 import camera_pb2 as registry_pb2
from snowlight.errors import UnavailableError

_TOLD = frozenset({"camera_changed", "camera_state", "camera_deleted"})
_Response = camera_pb2.WatchCamerasResponse


class CameraWatch:
    """Serves the method."""

    def __init__(self, sources: Sources, officers: Officers, streams: Streams) -> None:
        self._sources = sources
        self._officers = officers
        self._streams = streams

    async def serve(self, request: camera_pb2.WatchCamerasRequest, context: Any) -> None:
        """To its end, which is an error's. Raises InvalidArgumentError and NotFoundError naming the field."""
        officer = calling_officer()
        token = request.resume_token
        mark = Mark.read(token, "resume_token") if token else None
        listener = _Listener(self._sources, context)
        telling = Telling(officer.person, Choice(_TOLD, request.region), self._sources, listener)
        await telling.begin()
        await self._streams.run(telling.run(mark), partial(self._look, officer))

    async def _look(self, officer: Officer) -> None:
        sources = self._sources
        if sources.clock.monotonic() >= sources.revocations.lost_at:
            raise UnavailableError("access.feed_lost", "it is not known any more what was revoked")
        await self._officers.still(officer)


class _Listener:
    """Writes to one reader."""

    def __init__(self, sources: Sources, context: Any) -> None:
        self._model = sources.model
        self._context = context

    async def reset(self) -> None:
        await self._context.write(_Response(reset=_Response.Reset()))

    async def cameras(self, cameras: Sequence[registry_pb2.Camera]) -> None:
        for camera in cameras:
            await self._context.write(_Response(camera=self._message(camera)))

    async def synced(self, mark: Mark) -> None:
        await self._context.write(_Response(synced=_Response.Synced(), resume_token=str(mark)))

    async def told(self, news: Sequence[Told]) -> None:
        for one, following in zip(news, (*news[1:], None), strict=True):
            if following is not None and following.uid == one.uid:
                continue  # a camera is told as it is by now
            if (answer := self._answer(one)) is not None:
                await self._context.write(answer)

    async def silent(self, mark: Mark) -> None:
        await self._context.write(_Response(heartbeat=_Response.Heartbeat(), resume_token=str(mark)))

    def _answer(self, one: Told) -> camera_pb2.WatchCamerasResponse | None:
        if one.kind == "camera_deleted":
            deleted = _Response.DeletedCamera(name=one.name, uid=one.uid)
            return _Response(deleted=deleted, resume_token=str(one.mark))
        camera = self._model.by_uid(one.uid)
        if camera is None:  # that it was deleted comes next
            return None
        return _Response(camera=self._message(camera), resume_token=str(one.mark))

    def _message(self, camera: registry_pb2.Camera) -> camera_pb2.Camera:
        return camera_message(camera, self._model.state_ms(camera.uid))
