"""Cameras of layouts and favourites: people write and read names, what is kept are uids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from services.gateway.cameras.read_model import CameraModel
from services.gateway.peers import AUTH
from services.gateway.people.sight import Sight
from snowlight.errors import InvalidArgumentError, SnowlightError
from snowlight.rpc.status import remote_errors

TILES_SCHEMA = {"type": "array", "items": {"type": ["string", "null"]}}


class SeenCameras:
    """Cameras by name as one person sees them. What they do not see is told like what is not there."""

    def __init__(self, model: CameraModel, sight: Sight) -> None:
        self._model = model
        self._sight = sight

    def uids(self, value: Any, field: str, *, empty: bool) -> list[str]:
        """The uids of an array of names; with `empty` null leaves a place empty, which is "". Raises
        InvalidArgumentError naming the place."""
        if not isinstance(value, list):
            raise InvalidArgumentError(
                "request.type", f"{field} must be an array of cameras' names", field=field
            )
        return [self._uid(each, f"{field}[{place}]", empty=empty) for place, each in enumerate(value)]

    def names(self, uids: Iterable[str]) -> list[str | None]:
        """By place: the name, or None where there is none, or none that the person sees."""
        return [self._name(uid) for uid in uids]

    def _uid(self, value: Any, field: str, *, empty: bool) -> str:
        if value is None and empty:
            return ""
        if not isinstance(value, str):
            raise InvalidArgumentError("request.type", f"{field} must be a camera's name", field=field)
        camera = self._model.by_name(value)
        if camera is None or not self._sight.sees(camera):
            raise InvalidArgumentError("camera.not_found", f"{field}: there is no such camera", field=field)
        return camera.uid

    def _name(self, uid: str) -> str | None:
        camera = self._model.by_uid(uid) if uid else None
        return camera.name if camera is not None and self._sight.sees(camera) else None


@contextmanager
def workspace_errors() -> Iterator[None]:
    """`remote_errors` of auth, which names the fields that people write as `cameras`."""
    try:
        with remote_errors(AUTH):
            yield
    except SnowlightError as error:
        if "camera_uids" not in error.field:
            raise
        detail, field = (text.replace("camera_uids", "cameras") for text in (error.detail, error.field))
        raise type(error)(error.code, detail, field=field) from error
