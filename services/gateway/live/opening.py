"""Opening a camera's live pictures for who watches, or saying why there are none."""

from __future__ import annotations

import asyncio

from services.gateway.cameras.read_model import CameraModel
from services.gateway.live.hub import LiveHub, LiveHubs
from services.gateway.viewing.use import TicketUse
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import SnowlightError, UnavailableError
from snowlight.media.rendition import MAIN


class LiveOpening:
    """Waits for pictures, `wait_s` at most."""

    def __init__(self, hubs: LiveHubs, cameras: CameraModel, *, wait_s: float) -> None:
        self._hubs = hubs
        self._cameras = cameras
        self.wait_s = wait_s

    async def open(self, use: TicketUse, rendition: str = MAIN, *, stale: bool = False) -> LiveHub:
        """The hub of the ticket's camera, with a segment to play. Waits for the first one a bounded time.

        `stale`: segments of a camera that has just gone are still good. Raises UnavailableError that says why
        there is no picture; for a rendition NotFoundError where the camera has none such, and
        ResourceExhaustedError where it would cost too much.
        """
        hub = self._hubs.open(use.claims.camera_uid, use.claims.ticket_id, rendition)
        try:
            async with asyncio.timeout(self.wait_s):
                while not (await hub.shows_now() or (stale and hub.window.listed())):
                    self.require_up(hub)
                    await hub.news()
        except TimeoutError as error:
            raise self.no_picture(hub) from error
        return hub

    def keep(self, use: TicketUse, rendition: str = MAIN) -> None:
        """The ticket's camera is being watched still."""
        self._hubs.open(use.claims.camera_uid, use.claims.ticket_id, rendition)

    def require_up(self, hub: LiveHub) -> None:
        """Raises when no picture is to be hoped for: the camera is away, or the rendition not to be had."""
        if hub.failure is None:
            return
        if self._is_down(hub.uid) or _is_of_rendition(hub):
            raise self.no_picture(hub)

    def no_picture(self, hub: LiveHub) -> SnowlightError:
        """Why there is none."""
        if hub.failure is not None and _is_of_rendition(hub):
            return hub.failure
        camera = self._cameras.by_uid(hub.uid)
        if camera is not None and self._is_down(hub.uid):
            state = camera_pb2.CameraState.Name(camera.state).lower()
            return UnavailableError(f"camera.{state}", camera.state_reason or f"the camera is {state}")
        if hub.failure is not None:
            return UnavailableError(hub.failure.code, hub.failure.detail or "the camera has no picture now")
        return UnavailableError("live.no_segment", "the camera has sent no whole segment yet")

    def _is_down(self, uid: str) -> bool:
        camera = self._cameras.by_uid(uid)
        return camera is None or camera.state in (camera_pb2.OFFLINE, camera_pb2.DISABLED)


def _is_of_rendition(hub: LiveHub) -> bool:
    """What failed is this rendition, and not the camera or the way to it."""
    failure = hub.failure
    return (
        hub.rendition != MAIN
        and failure is not None
        and failure.code.startswith(("live.rendition_", "transcode."))
    )
