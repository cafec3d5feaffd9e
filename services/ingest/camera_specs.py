"""From a registered camera to what its sessions need to know."""

import structlog

from services.ingest.camera import CameraSpec
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.record import CameraRecord
from snowlight.errors import DataLossError

log = structlog.get_logger(__name__)


def main_spec(record: CameraRecord, cameras: Cameras) -> CameraSpec:
    """Of its main stream. Raises DataLossError when its credentials do not open."""
    return CameraSpec(
        uid=record.uid,
        name=record.name,
        source_url=record.source_url,
        credentials=cameras.credentials(record),
        audio=cameras.takes_audio(record),
        camera_class=record.camera_class,
        schedule=record.schedule,
    )


def sub_spec(record: CameraRecord, cameras: Cameras) -> CameraSpec | None:
    """Of its sub stream; None where it has none, or is disabled."""
    if not record.enabled or not record.sub_source_url:
        return None
    try:
        credentials = cameras.sub_credentials(record)
    except DataLossError as error:  # another cluster key: the camera itself will say what is missing
        log.error("camera.credentials_lost", camera=record.name, reason=str(error))
        credentials = None
    return CameraSpec(
        uid=record.uid,
        name=record.name,
        source_url=record.sub_source_url,
        credentials=credentials,
        audio=cameras.takes_audio(record),
    )
