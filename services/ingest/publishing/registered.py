"""Cameras that are registered to publish, whichever worker has them."""

from collections.abc import Awaitable, Callable

from services.ingest.publishing.address import SOURCE_URL
from services.ingest.registry.record import CameraRecord
from snowlight.errors import NotFoundError

FindCamera = Callable[[str], Awaitable[CameraRecord]]
"""By its id. Raises NotFoundError and UnavailableError."""


class RegisteredPublishers:
    """Asks the registry, which all workers share."""

    def __init__(self, find_camera: FindCamera) -> None:
        self._find_camera = find_camera

    async def uid(self, camera_id: str) -> str:
        """Of a camera that is to publish; empty for everything else. Raises UnavailableError."""
        if not camera_id:
            return ""
        try:
            camera = await self._find_camera(camera_id)
        except NotFoundError:
            return ""
        return camera.uid if camera.enabled and camera.source_url == SOURCE_URL else ""
