"""Cameras as others are told of them: what is registered, and what they do now."""

from services.ingest.registry.messages import to_message
from services.ingest.registry.record import CameraRecord, Tombstone
from services.ingest.status.board import StatusBoard
from snowlight.api.ingest.v1 import camera_pb2


def camera_message(record: CameraRecord, board: StatusBoard) -> camera_pb2.Camera:
    """The camera with its state."""
    message = to_message(record)
    status = board.get(record.uid)
    if status is not None:
        message.state = status.state
        message.state_reason = status.reason
    elif not record.enabled:
        message.state = camera_pb2.DISABLED
    else:
        message.state = camera_pb2.CONNECTING
    return message


def tombstone_message(tombstone: Tombstone) -> camera_pb2.DeletedCamera:
    """A camera that is registered no more."""
    return camera_pb2.DeletedCamera(name=tombstone.name, uid=tombstone.uid, revision=tombstone.revision)
