"""Keeps layouts of the wall."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.checks import changed_meanwhile, id_of, new_id, not_found
from services.auth.creations import ONLY, Creation
from services.auth.model import Principal
from services.auth.repository import wall_layouts
from services.auth.validation import check_id, check_text, invalid, region_code
from services.auth.workspace.model import WallLayout
from services.auth.workspace.sharing import load_active, regions_around, require_holds, still_shared
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import workspace_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError, ResourceExhaustedError

TILES = (1, 4, 9, 16, 25)
MAX_LAYOUTS = 100
MAX_GROUPS = 20
PATROL_S = (5, 3600)
CHANGEABLE = ("display_name", "tiles", "camera_uids", "patrol", "shared_with")


class LayoutDesk:
    """Takes and gives out layouts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self, claims: AccessClaims, draft: workspace_pb2.WallLayout, creation: Creation = ONLY
    ) -> WallLayout:
        """Raises InvalidArgumentError naming the field, PermissionDeniedError for a region that is not the
        caller's, and ResourceExhaustedError."""
        now_ms = self._clock.now_ms()
        blank = WallLayout(new_id(now_ms), "", "", 0, (), (), 0, "", now_ms, now_ms)
        wanted = _filled(blank, draft, CHANGEABLE)
        async with self._database.write() as connection:
            owner = await load_active(connection, claims, writes=True)
            await creation.claim(connection, wanted.name, now_ms)
            if wanted.shared_with:
                await require_holds(connection, owner, wanted.shared_with, now_ms)
            if await wall_layouts.count_of(connection, owner.name) >= MAX_LAYOUTS:
                raise ResourceExhaustedError(
                    "wall_layout.too_many", f"nobody has more than {MAX_LAYOUTS} layouts"
                )
            wanted = replace(wanted, owner=owner.name)
            await wall_layouts.add(connection, wanted)
        return wanted

    async def get(self, claims: AccessClaims, name: str) -> WallLayout:
        """Raises NotFoundError alike for none and for one that is not shared with the caller."""
        async with self._database.read() as connection:
            caller = await load_active(connection, claims, writes=False)
            return await self._visible(connection, caller, name)

    async def page(self, claims: AccessClaims, after: str, limit: int) -> tuple[list[WallLayout], str]:
        """At most `limit` that the caller is shown, with ids behind `after`; and the id behind which there
        are more, or "". Pages may be short, where what was shared is so no longer."""
        async with self._database.read() as connection:
            caller = await load_active(connection, claims, writes=False)
            around = await regions_around(connection, caller)
            found = await wall_layouts.page(connection, caller.name, around, after, limit + 1)
            shown = found[:limit]
            others = [layout for layout in shown if layout.owner != caller.name]
            shared = {layout.layout_id for layout in await self._still_shared(connection, others)}
        return (
            [one for one in shown if one.owner == caller.name or one.layout_id in shared],
            shown[-1].layout_id if len(found) > limit else "",
        )

    async def change(
        self, claims: AccessClaims, draft: workspace_pb2.WallLayout, mask: Sequence[str]
    ) -> WallLayout:
        """Raises as `create` and `get`, PermissionDeniedError for another's, and AbortedError when `etag` is
        given and not the newest."""
        for field in mask:
            if field not in CHANGEABLE:
                raise invalid("update_mask", f"must only name {', '.join(CHANGEABLE)}")
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            owner = await load_active(connection, claims, writes=True)
            before = await self._own(connection, owner, draft.name, draft.etag)
            wanted = replace(_filled(before, draft, mask or CHANGEABLE), update_ms=now_ms)
            if wanted.shared_with and wanted.shared_with != before.shared_with:
                await require_holds(connection, owner, wanted.shared_with, now_ms)
            if not await wall_layouts.change(connection, wanted, before.version):
                raise changed_meanwhile("wall_layout")
        return replace(wanted, version=before.version + 1)

    async def remove(self, claims: AccessClaims, name: str, etag: str) -> None:
        """Raises as `change`."""
        async with self._database.write() as connection:
            owner = await load_active(connection, claims, writes=True)
            before = await self._own(connection, owner, name, etag)
            if not await wall_layouts.remove(connection, before.layout_id, before.version):
                raise changed_meanwhile("wall_layout")

    async def _own(self, connection: AsyncConnection, owner: Principal, name: str, etag: str) -> WallLayout:
        layout = await self._visible(connection, owner, name)
        if layout.owner != owner.name:
            raise PermissionDeniedError("wall_layout.anothers", "only its owner changes a layout")
        if etag and etag != str(layout.version):
            raise changed_meanwhile("wall_layout")
        return layout

    async def _visible(self, connection: AsyncConnection, caller: Principal, name: str) -> WallLayout:
        layout = await wall_layouts.find(connection, id_of(name, "wall_layouts"))
        if layout is None:
            raise not_found("wall_layout")
        if layout.owner != caller.name and (
            layout.shared_with not in await regions_around(connection, caller)
            or not await self._still_shared(connection, [layout])
        ):
            raise not_found("wall_layout")
        return layout

    async def _still_shared(
        self, connection: AsyncConnection, layouts: Collection[WallLayout]
    ) -> list[WallLayout]:
        return await still_shared(connection, layouts, self._clock.now_ms()) if layouts else []


def _filled(before: WallLayout, draft: workspace_pb2.WallLayout, mask: Collection[str]) -> WallLayout:
    """`before` with the fields of the mask as the draft has them. Raises InvalidArgumentError."""
    wanted = before
    if "display_name" in mask:
        text = check_text(draft.display_name, "display_name", max_length=100, required=True)
        wanted = replace(wanted, display_name=text)
    if "tiles" in mask:
        if draft.tiles not in TILES:
            raise invalid("tiles", f"must be one of {', '.join(map(str, TILES))}")
        wanted = replace(wanted, tiles=draft.tiles)
    if "camera_uids" in mask:
        wanted = replace(wanted, camera_uids=tuple(draft.camera_uids))
    if "patrol" in mask:
        groups = tuple(tuple(group.camera_uids) for group in draft.patrol.groups)
        if len(groups) > MAX_GROUPS:
            raise invalid("patrol.groups", f"must be at most {MAX_GROUPS}")
        if groups and not PATROL_S[0] <= draft.patrol.seconds <= PATROL_S[1]:
            raise invalid("patrol.seconds", f"must be {PATROL_S[0]} to {PATROL_S[1]}")
        wanted = replace(wanted, patrol=groups, patrol_s=draft.patrol.seconds if groups else 0)
    if "shared_with" in mask:
        code = region_code(draft.shared_with, "shared_with") if draft.shared_with else ""
        wanted = replace(wanted, shared_with=code)
    _check_tiles(wanted.camera_uids, wanted.tiles, "camera_uids")
    for position, group in enumerate(wanted.patrol):
        _check_tiles(group, wanted.tiles, f"patrol.groups[{position}].camera_uids")
    return wanted


def _check_tiles(uids: Sequence[str], tiles: int, field: str) -> None:
    if len(uids) > tiles:
        raise invalid(field, f"must be at most {tiles}, one a tile")
    for position, uid in enumerate(uids):
        if uid:
            check_id(uid, f"{field}[{position}]")
