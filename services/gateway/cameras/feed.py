"""Follows ingest's change feed, and starts over whenever it breaks."""

from __future__ import annotations

import asyncio
import random

import structlog

from services.gateway.cameras.read_model import CameraModel
from services.gateway.peers import INGEST, Peers
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

log = structlog.get_logger(__name__)

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0


async def follow_cameras(peers: Peers, model: CameraModel) -> None:
    """Keep `model` up to date until cancelled. While ingest is away the last known cameras stay."""
    delay = FIRST_DELAY_S
    while True:
        try:
            await _follow_once(peers, model)
            delay = FIRST_DELAY_S
        except SnowlightError as error:
            log.info("gateway.camera_feed_broken", error=str(error))
        await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - spreads reconnects
        delay = min(delay * 2, LONGEST_DELAY_S)


async def _follow_once(peers: Peers, model: CameraModel) -> None:
    """One run of the feed from its beginning: states are told as they are now, and a registry that was put
    back from a backup is seen as it is. The model changes over once the run has caught up."""
    filling = CameraModel()
    target = filling
    request = camera_pb2.WatchCamerasRequest(revision=0, states=True)
    with remote_errors(INGEST):
        async for message in peers.cameras.WatchCameras(request):
            event = message.WhichOneof("event")
            if event == "changed":
                target.put(message.changed)
            elif event == "deleted":
                target.remove(message.deleted.name, message.deleted.uid, message.deleted.revision)
            elif event == "state":
                target.set_state(message.state.uid, message.state.state, message.state.reason)
            elif event == "synced":
                target.advance(message.synced)
                if target is filling:
                    model.become(filling)
                    target = model
