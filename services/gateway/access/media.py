"""gRPC service `access.v1.Media`: pictures, live and recorded."""

from __future__ import annotations

from typing import Any

from services.gateway.access.live import LiveWatch
from snowlight.api.access.v1 import media_pb2, media_pb2_grpc

PRESERIALIZED = frozenset({"WatchLive"})


class MediaService(media_pb2_grpc.MediaServicer):
    """Hands each call to who serves it."""

    def __init__(self, live: LiveWatch) -> None:
        self._live = live

    async def WatchLive(  # type: ignore[override]  # noqa: N802
        self, request: media_pb2.WatchLiveRequest, context: Any
    ) -> None:
        await self._live.serve(request, context)
