"""gRPC service `access.v1.Cameras`: what there is to see."""

from __future__ import annotations

from typing import Any

from services.gateway.access.camera_watch import CameraWatch
from services.gateway.access.guard import calling_officer
from services.gateway.access.messages import camera_message, region_message
from services.gateway.access.reading import read_page_size, require_between
from services.gateway.cameras.circle import Circle
from services.gateway.cameras.filter import read_filter
from services.gateway.cameras.listing import FARTHEST_M, CameraLists, ListQuery
from services.gateway.cameras.order import PageTokens, read_order
from services.gateway.cameras.read_model import CameraModel
from services.gateway.people.identity import Identity
from snowlight.api.access.v1 import camera_pb2, camera_pb2_grpc


class CamerasService(camera_pb2_grpc.CamerasServicer):
    """Answers from this gateway's model of cameras, as far as auth lets the caller know of them."""

    def __init__(
        self, identity: Identity, cameras: CameraModel, lists: CameraLists, watch: CameraWatch
    ) -> None:
        self._identity = identity
        self._cameras = cameras
        self._lists = lists
        self._watch = watch

    async def ListRegions(  # noqa: N802
        self, request: camera_pb2.ListRegionsRequest, context: Any
    ) -> camera_pb2.ListRegionsResponse:
        sight = await self._identity.sight(calling_officer().person)
        return camera_pb2.ListRegionsResponse(regions=map(region_message, sight.regions))

    async def ListCameras(  # noqa: N802
        self, request: camera_pb2.ListCamerasRequest, context: Any
    ) -> camera_pb2.ListCamerasResponse:
        query = _query(request)
        page = await self._lists.page(await self._identity.sight(calling_officer().person), query)
        return camera_pb2.ListCamerasResponse(
            cameras=[
                camera_message(known.camera, self._cameras.state_ms(known.uid)) for known, _ in page.cameras
            ],
            next_page_token=page.next_page_token,
            total_size=page.total_size,
        )

    async def WatchCameras(  # type: ignore[override]  # noqa: N802
        self, request: camera_pb2.WatchCamerasRequest, context: Any
    ) -> None:
        await self._watch.serve(request, context)


def _query(request: camera_pb2.ListCamerasRequest) -> ListQuery:
    """Raises InvalidArgumentError naming the field."""
    circle = _circle(request.near) if request.HasField("near") else None
    order = read_order(request.order_by, with_distance=circle is not None)
    return ListQuery(
        region=request.region,
        wanted=read_filter(request.filter),
        circle=circle,
        order=order,
        tokens=PageTokens(order, request.region, request.filter, f"{circle!r} "),
        page_size=read_page_size(request.page_size),
        page_token=request.page_token,
    )


def _circle(near: camera_pb2.Circle) -> Circle:
    center = near.center
    require_between(center.latitude, "near.center.latitude", -90, 90)
    require_between(center.longitude, "near.center.longitude", -180, 180)
    require_between(near.radius_m, "near.radius_m", 1, FARTHEST_M)
    return Circle(center.latitude, center.longitude, near.radius_m)
