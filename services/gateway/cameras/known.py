"""A camera as lists look at it: what they compare, made once for each version of it."""

from __future__ import annotations

from snowlight.api.ingest.v1 import camera_pb2


class KnownCamera:
    """A registered camera. Its state changes in `camera`, which is never copied."""

    __slots__ = (
        "camera",
        "folded_name",
        "is_located",
        "latitude",
        "longitude",
        "name",
        "operator",
        "region",
        "text",
        "uid",
    )

    def __init__(self, camera: camera_pb2.Camera) -> None:
        self.camera = camera
        self.uid = camera.uid
        self.name = camera.name
        self.region = camera.region
        self.folded_name = camera.display_name.casefold()
        self.operator = camera.operator.casefold()
        self.text = f"{self.folded_name}\n{camera.name.removeprefix('cameras/')}"
        """What a word is looked for in: the display name in any case, and the id."""
        self.is_located = camera.HasField("location")
        self.latitude = camera.location.latitude
        self.longitude = camera.location.longitude
