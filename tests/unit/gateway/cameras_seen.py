"""Cameras in the gateway's memory, and somebody who sees all of them."""

from __future__ import annotations

import asyncio
from typing import Any

from services.gateway.cameras.known import KnownCamera
from services.gateway.cameras.listing import CameraLists, ListQuery, Page
from services.gateway.cameras.read_model import CameraModel
from services.gateway.people.sight import Sight
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2

COUNTY, VILLAGE, OTHER_VILLAGE = "regions/421381", "regions/421381101203", "regions/421381101204"


class Cameras:
    """A registry as the change feed tells it, and lists of it."""

    def __init__(self) -> None:
        self.model = CameraModel()
        self.model.synced = True
        self._lists = CameraLists(self.model)

    def put(self, camera_id: str, region: str = VILLAGE, **fields: Any) -> None:
        """Register or change a camera, whose uid is as its id."""
        ordinary: dict[str, Any] = {"display_name": camera_id, "camera_class": 2, "enabled": True}
        self.model.put(
            camera_pb2.Camera(
                name=f"cameras/{camera_id}",
                uid=camera_id,
                region=region,
                revision=self.model.revision + 1,
                **(ordinary | fields),
            )
        )

    def place(self, camera_id: str, latitude: float, longitude: float, **fields: Any) -> None:
        """Register a camera at a point."""
        self.put(camera_id, location=camera_pb2.Location(latitude=latitude, longitude=longitude), **fields)

    def forget(self, camera_id: str) -> None:
        self.model.remove(camera_id, self.model.revision + 1)

    def page(self, **query: str) -> Page:
        return asyncio.run(self.asked(**query))

    async def asked(self, **query: str) -> Page:
        """A page, where a loop runs already."""
        return await self._lists.page(self._sight(), ListQuery.read(query))

    def names(self, **query: str) -> list[str]:
        """The ids of a page, in order."""
        return [_id(known) for known, _ in self.page(**query).cameras]

    def all_pages(self, **query: str) -> list[str]:
        """The ids of all pages, as they are gone through."""
        found, token = [], ""
        while True:
            page = self.page(**query, page_token=token)
            found += [_id(known) for known, _ in page.cameras]
            token = page.next_page_token
            if not token:
                return found

    def _sight(self) -> Sight:
        regions = [auth_pb2.Region(name=COUNTY)]
        regions += [auth_pb2.Region(name=name, parent=COUNTY) for name in (VILLAGE, OTHER_VILLAGE)]
        uids = frozenset(known.uid for known in self.model.ordered())
        return Sight(regions, uids, frozenset(), str(hash(uids)), self.model.revision)


def _id(known: KnownCamera) -> str:
    return known.name.removeprefix("cameras/")
