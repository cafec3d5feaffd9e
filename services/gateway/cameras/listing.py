"""One page of the cameras a person may see."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.paging import read_page_size
from services.gateway.people.identity import Sight
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError

_LONGEST_FILTER = 200


@dataclass(frozen=True)
class ListQuery:
    """What a listing is asked for."""

    region: str
    text: str
    page_size: int
    after: str
    """The name after which the page begins; "" for the first."""
    state: camera_pb2.CameraState.ValueType | None = None
    """Only cameras in this one."""

    @classmethod
    def read(
        cls, query: Mapping[str, str], *, state: camera_pb2.CameraState.ValueType | None = None
    ) -> ListQuery:
        """Raises InvalidArgumentError naming the parameter."""
        text = query.get("filter", "").strip().casefold()
        if len(text) > _LONGEST_FILTER:
            raise InvalidArgumentError("request.too_long", "filter is too long", field="filter")
        return cls(query.get("region", ""), text, read_page_size(query), _read_page_token(query), state)


@dataclass(frozen=True)
class Page:
    """A page, and how to get the next one."""

    cameras: list[camera_pb2.Camera]
    next_page_token: str
    total_size: int


def list_page(model: CameraModel, sight: Sight, query: ListQuery) -> Page:
    """Cameras in order of their names. Raises NotFoundError for a region the person does not see."""
    if query.region and query.region not in sight.names:
        raise NotFoundError("region.not_found", "there is no such region", field="region")
    regions = sight.below(query.region) if query.region else sight.names
    matching = [
        camera
        for camera in model.after("")
        if camera.region in regions
        and sight.sees(camera)
        and (query.state is None or camera.state == query.state)
        and (not query.text or _matches(camera, query.text))
    ]
    rest = [camera for camera in matching if camera.name > query.after] if query.after else matching
    page = rest[: query.page_size]
    more = len(rest) > len(page)
    return Page(page, _page_token(page[-1].name) if more else "", len(matching))


def _matches(camera: camera_pb2.Camera, text: str) -> bool:
    return text in camera.display_name.casefold() or text in camera.name.removeprefix("cameras/")


def _page_token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _read_page_token(query: Mapping[str, str]) -> str:
    token = query.get("page_token", "")
    try:
        name = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        name = "?"
    if name and not name.startswith("cameras/"):
        raise InvalidArgumentError(
            "request.page_token", "page_token must be one that a listing returned", field="page_token"
        )
    return name
