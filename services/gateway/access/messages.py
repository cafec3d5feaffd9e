"""Regions and cameras as they are told at the door. Its enumerations have the numbers of the services'."""

from __future__ import annotations

from snowlight.api.access.v1 import camera_pb2
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2 as registry_pb2


def region_message(region: auth_pb2.Region) -> camera_pb2.Region:
    """A region, without its figures."""
    return camera_pb2.Region(
        name=region.name,
        parent=region.parent,
        level=camera_pb2.RegionLevel.ValueType(region.level),
        display_name=region.display_name,
    )


def camera_message(camera: registry_pb2.Camera, state_ms: int | None) -> camera_pb2.Camera:
    """A camera, without what its operator alone needs to know. `state_ms`: since when it is in its state."""
    told = camera_pb2.Camera(
        name=camera.name,
        uid=camera.uid,
        display_name=camera.display_name,
        region=camera.region,
        ownership=camera_pb2.Ownership.ValueType(camera.ownership),
        camera_class=camera.camera_class,
        managing_unit=camera.managing_unit,
        operator=camera.operator,
        state=camera_pb2.CameraState.ValueType(camera.state),
        state_reason=camera.state_reason,
    )
    if camera.HasField("location"):
        told.location.latitude = camera.location.latitude
        told.location.longitude = camera.location.longitude
    if state_ms is not None:
        told.state_time.FromMilliseconds(state_ms)
    return told
