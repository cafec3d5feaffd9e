"""Camera records as messages and back. Credentials are in neither."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from services.ingest.registry.record import CameraRecord
from snowlight.api.ingest.v1 import camera_pb2

_PLAIN = (
    "display_name",
    "region",
    "camera_class",
    "ownership",
    "owner",
    "managing_unit",
    "operator",
    "listed_for_residents",
    "audio",
    "enabled",
    "schedule",
    "retention_days",
)


def timestamp(time_ms: int) -> Timestamp:
    """`time_ms`: ms since 1970 UTC."""
    message = Timestamp()
    message.FromMilliseconds(time_ms)
    return message


def to_message(record: CameraRecord) -> camera_pb2.Camera:
    """The resource, but for its state, which is not kept with it."""
    message = camera_pb2.Camera(
        name=record.name,
        uid=record.uid,
        etag=record.etag,
        source_url=record.source_url,
        sub_source_url=record.sub_source_url,
        dossier=record.dossier,
        create_time=timestamp(record.create_time_ms),
        update_time=timestamp(record.update_time_ms),
        owner_time=timestamp(record.owner_time_ms),
        revision=record.revision,
        **{field: getattr(record, field) for field in _PLAIN},
    )
    if record.latitude is not None and record.longitude is not None:
        message.location.latitude = record.latitude
        message.location.longitude = record.longitude
    return message


def written_fields(message: camera_pb2.Camera) -> dict[str, Any]:
    """What a record takes over from a checked message as it stands: everything but the source URLs."""
    located = message.HasField("location")
    return {
        **{field: getattr(message, field) for field in _PLAIN},
        "latitude": message.location.latitude if located else None,
        "longitude": message.location.longitude if located else None,
        "dossier": dict(message.dossier),
    }
