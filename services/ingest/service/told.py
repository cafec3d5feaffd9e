"""Cameras as others are told of them: what is registered, and what they do now."""

from services.ingest.health.stream_health import StreamHealth
from services.ingest.registry.messages import timestamp, to_message
from services.ingest.registry.record import CameraRecord, Tombstone
from services.ingest.status.board import StatusBoard
from snowlight.api.ingest.v1 import camera_pb2, health_pb2


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


def health_message(health: StreamHealth) -> health_pb2.StreamHealth:
    """How well a camera's stream comes."""
    return health_pb2.StreamHealth(
        time=timestamp(health.time_ms),
        bits_per_second=health.bits_per_second,
        frames_per_second=health.frames_per_second,
        gop_ms=health.gop_ms,
        gop_pictures=health.gop_pictures,
        loss=health.loss,
        jitter_ms=None if health.jitter_ms is None else round(health.jitter_ms, 1),
        clock_offset_ms=health.clock_offset_ms,
        last_key_frame_time=timestamp(health.last_key_ms),
        reconnects=health.reconnects,
    )
