"""Follows ingest's change feed, and starts over whenever it breaks."""

from __future__ import annotations

from services.gateway.cameras.read_model import CameraModel
from services.gateway.peers import INGEST, Peers
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.camera_feed import follow_forever
from snowlight.rpc.status import remote_errors


async def follow_cameras(peers: Peers, model: CameraModel) -> None:
    """Keep `model` up to date until cancelled. While ingest is away the last known cameras stay."""
    await follow_forever(lambda: _follow_once(peers, model))


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
                target.remove(message.deleted.uid, message.deleted.revision)
            elif event == "state":
                target.set_state(message.state.uid, message.state.state, message.state.reason)
            elif event == "synced":
                target.advance(message.synced)
                if target is filling:
                    model.become(filling)
                    target = model
