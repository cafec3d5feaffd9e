"""Which renditions of a camera a multivariant playlist lists beside the main one."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import structlog

from services.gateway.bandwidth import bandwidth_attributes, expected_bandwidth
from services.gateway.cameras.read_model import CameraModel
from services.gateway.live.hub import LiveHub, LiveHubs
from services.gateway.live.multivariant import Variant
from services.gateway.peers import Peers
from snowlight.api.ingest.v1 import live_pb2
from snowlight.clock import Clock
from snowlight.errors import SnowlightError
from snowlight.media.rendition import MAIN, SUB

KEPT_S = 5.0
"""How long what ingest said holds: players that come together ask once."""
PATIENCE_S = 1.0
"""A playlist waits for ingest no longer; the main rendition is always there."""

log = structlog.get_logger(__name__)


class Variants:
    """Asks ingest, and only where there may be something to list."""

    def __init__(self, peers: Peers, cameras: CameraModel, hubs: LiveHubs, clock: Clock) -> None:
        self._peers = peers
        self._cameras = cameras
        self._hubs = hubs
        self._clock = clock
        self._told: WeakKeyDictionary[LiveHub, tuple[float, Sequence[live_pb2.Rendition]]] = (
            WeakKeyDictionary()
        )

    async def listed(self, hub: LiveHub, *, ladder: bool) -> list[Variant]:
        """The variants of the hub's camera, the main one first; none where that stands alone. One that nobody
        has seen yet is left out, for CODECS must be known before it is played.

        `ladder`: those that are encoded anew are wanted. Not unless they are asked for: some players open all
        variants of a list, and each would cost a transcode.
        """
        camera = self._cameras.by_uid(hub.uid)
        has_sub = camera is not None and bool(camera.sub_source_url)
        if not has_sub and not ladder:
            return []
        wanted = [
            rendition
            for rendition in await self._renditions(hub)
            if rendition.codecs and (ladder or rendition.name in (MAIN, SUB))
        ]
        return [self._variant(hub.uid, rendition) for rendition in wanted]

    def _variant(self, uid: str, rendition: live_pb2.Rendition) -> Variant:
        shown = [hub for hub in self._hubs.shown(uid) if hub.rendition == rendition.name]
        segments = shown[0].window.listed() if shown else []
        return Variant(
            name=rendition.name,
            codecs=rendition.codecs,
            width=rendition.width,
            height=rendition.height,
            bandwidth=bandwidth_attributes([(len(each.data), each.duration_ms) for each in segments])
            if segments
            else expected_bandwidth(rendition.bits_per_second),
            frames_per_second=rendition.frames_per_second,
            independent=rendition.name != SUB
            or (bool(segments) and all(segment.independent for segment in segments)),
        )

    async def _renditions(self, hub: LiveHub) -> Sequence[live_pb2.Rendition]:
        now = self._clock.monotonic()
        told = self._told.get(hub)
        if told is not None and now < told[0] + KEPT_S:
            return told[1]
        try:
            renditions = await self._peers.workers.renditions(hub.uid, PATIENCE_S)
        except SnowlightError as error:
            log.debug("gateway.renditions_unknown", camera=hub.uid, error=str(error))
            return ()
        self._told[hub] = now, renditions
        return renditions
