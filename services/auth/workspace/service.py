"""gRPC service `Workspaces`. The person is whoever the access token in the request names."""

from typing import Any

from services.auth.creations import Creations
from services.auth.messages import to_timestamp
from services.auth.validation import check_page_size, key_of_page_token, page_token
from services.auth.workspace.favourites import FavouriteDesk
from services.auth.workspace.layouts import LayoutDesk
from services.auth.workspace.model import Favourites, WallLayout
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import workspace_pb2, workspace_pb2_grpc


class WorkspacesService(workspace_pb2_grpc.WorkspacesServicer):
    """Layouts of the wall, favourite cameras."""

    def __init__(
        self, layouts: LayoutDesk, favourites: FavouriteDesk, creations: Creations, verifier: TokenVerifier
    ) -> None:
        self._layouts = layouts
        self._creations = creations
        self._favourites = favourites
        self._verifier = verifier

    async def ListWallLayouts(  # noqa: N802
        self, request: workspace_pb2.ListWallLayoutsRequest, context: Any
    ) -> workspace_pb2.ListWallLayoutsResponse:
        claims = await self._verifier.access_token(request.access_token)
        size, after = check_page_size(request.page_size), key_of_page_token(request.page_token)
        shown, last = await self._layouts.page(claims, after, size)
        return workspace_pb2.ListWallLayoutsResponse(
            wall_layouts=map(_layout_message, shown), next_page_token=page_token(last) if last else ""
        )

    async def GetWallLayout(  # noqa: N802
        self, request: workspace_pb2.GetWallLayoutRequest, context: Any
    ) -> workspace_pb2.WallLayout:
        claims = await self._verifier.access_token(request.access_token)
        return _layout_message(await self._layouts.get(claims, request.name))

    async def CreateWallLayout(  # noqa: N802
        self, request: workspace_pb2.CreateWallLayoutRequest, context: Any
    ) -> workspace_pb2.WallLayout:
        claims = await self._verifier.access_token(request.access_token)
        return _layout_message(
            await self._creations.once(
                request,
                lambda creation: self._layouts.create(claims, request.wall_layout, creation),
                lambda name: self._layouts.get(claims, name),
            )
        )

    async def UpdateWallLayout(  # noqa: N802
        self, request: workspace_pb2.UpdateWallLayoutRequest, context: Any
    ) -> workspace_pb2.WallLayout:
        claims = await self._verifier.access_token(request.access_token)
        changed = await self._layouts.change(claims, request.wall_layout, request.update_mask.paths)
        return _layout_message(changed)

    async def DeleteWallLayout(  # noqa: N802
        self, request: workspace_pb2.DeleteWallLayoutRequest, context: Any
    ) -> workspace_pb2.DeleteWallLayoutResponse:
        claims = await self._verifier.access_token(request.access_token)
        await self._layouts.remove(claims, request.name, request.etag)
        return workspace_pb2.DeleteWallLayoutResponse()

    async def GetFavourites(  # noqa: N802
        self, request: workspace_pb2.GetFavouritesRequest, context: Any
    ) -> workspace_pb2.Favourites:
        claims = await self._verifier.access_token(request.access_token)
        return _favourites_message(await self._favourites.get(claims))

    async def SetFavourites(  # noqa: N802
        self, request: workspace_pb2.SetFavouritesRequest, context: Any
    ) -> workspace_pb2.Favourites:
        claims = await self._verifier.access_token(request.access_token)
        return _favourites_message(await self._favourites.put(claims, request.favourites))


def _layout_message(layout: WallLayout) -> workspace_pb2.WallLayout:
    groups = [workspace_pb2.PatrolGroup(camera_uids=group) for group in layout.patrol]
    return workspace_pb2.WallLayout(
        name=layout.name,
        display_name=layout.display_name,
        owner=layout.owner,
        tiles=layout.tiles,
        camera_uids=layout.camera_uids,
        patrol=workspace_pb2.Patrol(groups=groups, seconds=layout.patrol_s) if groups else None,
        shared_with=f"regions/{layout.shared_with}" if layout.shared_with else "",
        etag=str(layout.version),
        create_time=to_timestamp(layout.create_ms),
        update_time=to_timestamp(layout.update_ms),
    )


def _favourites_message(favourites: Favourites) -> workspace_pb2.Favourites:
    return workspace_pb2.Favourites(camera_uids=favourites.camera_uids, etag=str(favourites.version))
