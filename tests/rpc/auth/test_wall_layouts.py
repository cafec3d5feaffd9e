"""Layouts of the wall: whose they are, with whom they are shared, and what they may hold."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from snowlight.api.auth.v1 import auth_pb2, workspace_pb2
from snowlight.errors import (
    AbortedError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    SnowlightError,
)
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.village import COUNTY, GATE, HOME, OTHER_VILLAGE, TOWN, VILLAGE, Village


class Walls:
    """Layouts, in the name of the village's people."""

    def __init__(self, village: Village) -> None:
        self.village = village
        self._stub = village.auth.workspaces

    async def create(self, by: str, **fields: Any) -> workspace_pb2.WallLayout:
        """Four tiles, of which the second shows the gate, unless `fields` say otherwise."""
        ordinary: dict[str, Any] = {"display_name": "Morning", "tiles": 4, "camera_uids": ["", GATE]}
        request = workspace_pb2.CreateWallLayoutRequest(
            access_token=await self.village.token(by),
            wall_layout=workspace_pb2.WallLayout(**(ordinary | fields)),
        )
        with remote_errors("services/auth"):
            return await self._stub.CreateWallLayout(request)

    async def change(self, by: str, name: str, etag: str = "", **fields: Any) -> workspace_pb2.WallLayout:
        request = workspace_pb2.UpdateWallLayoutRequest(
            access_token=await self.village.token(by),
            wall_layout=workspace_pb2.WallLayout(name=name, etag=etag, **fields),
        )
        request.update_mask.paths.extend(fields)
        with remote_errors("services/auth"):
            return await self._stub.UpdateWallLayout(request)

    async def remove(self, by: str, name: str, etag: str = "") -> None:
        request = workspace_pb2.DeleteWallLayoutRequest(
            access_token=await self.village.token(by), name=name, etag=etag
        )
        with remote_errors("services/auth"):
            await self._stub.DeleteWallLayout(request)

    async def get(self, by: str, name: str) -> workspace_pb2.WallLayout:
        request = workspace_pb2.GetWallLayoutRequest(access_token=await self.village.token(by), name=name)
        with remote_errors("services/auth"):
            return await self._stub.GetWallLayout(request)

    async def names(self, by: str) -> list[str]:
        """What they are shown, page by page."""
        found, page_token, access_token = [], "", await self.village.token(by)
        while True:
            request = workspace_pb2.ListWallLayoutsRequest(
                access_token=access_token, page_size=2, page_token=page_token
            )
            with remote_errors("services/auth"):
                page = await self._stub.ListWallLayouts(request)
            found += [layout.display_name for layout in page.wall_layouts]
            page_token = page.next_page_token
            if not page_token:
                return found


@pytest.fixture
def walls(village: Village) -> Walls:
    return Walls(village)


async def test_a_layout_is_kept_changed_and_forgotten(walls: Walls) -> None:
    patrol = workspace_pb2.Patrol(
        groups=[workspace_pb2.PatrolGroup(camera_uids=[GATE]), workspace_pb2.PatrolGroup()], seconds=20
    )
    made = await walls.create("cadre", patrol=patrol)
    assert (made.owner, made.etag) == (walls.village.names["cadre"], "1")
    assert await walls.get("cadre", made.name) == made
    assert (list(made.camera_uids), made.patrol) == (["", GATE], patrol)
    walls.village.auth.clock.ahead_s += 5
    renamed = await walls.change("cadre", made.name, display_name="Night")
    assert (renamed.display_name, renamed.patrol, renamed.tiles) == ("Night", patrol, 4)
    assert renamed.update_time.seconds >= made.update_time.seconds + 5
    assert not (await walls.change("cadre", made.name, patrol=None)).HasField("patrol")
    await walls.remove("cadre", made.name)
    assert await walls.names("cadre") == []
    with pytest.raises(NotFoundError):
        await walls.get("cadre", made.name)


async def test_a_private_layout_is_nobody_elses(walls: Walls) -> None:
    made = await walls.create("inspector")
    for by in ("cadre", "clerk", "mayor", "sergeant", "auditor", "owner"):
        assert await walls.names(by) == [], by
        with pytest.raises(NotFoundError):
            await walls.get(by, made.name)
        with pytest.raises(NotFoundError):
            await walls.change(by, made.name, display_name="mine")
        with pytest.raises(NotFoundError):
            await walls.remove(by, made.name)


async def test_a_shared_layout_is_shown_downwards_and_changed_by_its_owner_alone(walls: Walls) -> None:
    made = await walls.create("mayor", shared_with=f"regions/{TOWN}")
    shown = {by: await walls.names(by) for by in walls.village.names}
    assert {by for by, names in shown.items() if names} == {
        *("mayor", "cadre", "clerk", "wang", "sergeant", "stranger")
    }, "not the county above it, and no residents"
    for by in ("cadre", "stranger"):
        assert (await walls.get(by, made.name)).shared_with == f"regions/{TOWN}"
        with pytest.raises(PermissionDeniedError) as refused:
            await walls.change(by, made.name, display_name="mine")
        assert refused.value.code == "wall_layout.anothers"
        with pytest.raises(PermissionDeniedError):
            await walls.remove(by, made.name)
    await walls.change("mayor", made.name, shared_with=f"regions/{VILLAGE}")
    assert await walls.names("cadre") == ["Morning"]
    assert await walls.names("stranger") == []
    await walls.change("mayor", made.name, shared_with="")
    assert await walls.names("cadre") == []


async def test_only_who_holds_a_region_shares_with_it(walls: Walls) -> None:
    for by, code in (
        ("cadre", TOWN),
        ("cadre", OTHER_VILLAGE),
        ("stranger", VILLAGE),
        ("mayor", COUNTY),
        ("mayor", "999999"),
        ("owner", VILLAGE),
    ):
        with pytest.raises(PermissionDeniedError) as refused:
            await walls.create(by, shared_with=f"regions/{code}")
        assert (refused.value.code, refused.value.field) == ("auth.outside_scope", "shared_with"), (by, code)
    made = await walls.create("cadre", shared_with=f"regions/{VILLAGE}")
    with pytest.raises(PermissionDeniedError):
        await walls.change("cadre", made.name, shared_with=f"regions/{TOWN}")
    assert (await walls.get("clerk", made.name)).shared_with == f"regions/{VILLAGE}"


async def test_what_somebody_shared_ends_with_their_account_and_their_region(walls: Walls) -> None:
    made = await walls.create("mayor", shared_with=f"regions/{TOWN}")
    owner = walls.village.names["mayor"]
    directory = walls.village.auth.directory

    async def change(**fields: Any) -> None:
        request = auth_pb2.UpdatePrincipalRequest(principal=auth_pb2.Principal(name=owner, **fields))
        request.update_mask.paths.extend(fields)
        await directory.UpdatePrincipal(request)

    token = await walls.village.token("mayor")
    await change(scope=f"regions/{OTHER_VILLAGE}")
    assert await walls.names("cadre") == []
    assert await walls.names("mayor") == ["Morning"], "it is theirs still"
    assert (await walls.change("mayor", made.name, display_name="Kept")).display_name == "Kept"
    await change(scope=f"regions/{TOWN}")
    assert await walls.names("cadre") == ["Kept"]
    await change(disabled=True)
    assert await walls.names("cadre") == []
    with pytest.raises(NotFoundError):
        await walls.get("cadre", made.name)
    with pytest.raises(SnowlightError) as refused, remote_errors("services/auth"):
        await walls.village.auth.workspaces.ListWallLayouts(
            workspace_pb2.ListWallLayoutsRequest(access_token=token)
        )
    assert refused.value.code in ("auth.principal_disabled", "auth.session_revoked")


async def test_a_region_that_is_removed_is_shared_with_nobody(walls: Walls, database_url: str) -> None:
    await walls.village.auth.add_region("371326101203", auth_pb2.VILLAGE)
    made = await walls.create("mayor", shared_with="regions/371326101203")
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM regions WHERE code = '371326101203'"))
    await engine.dispose()
    assert await walls.names("mayor") == ["Morning"]
    assert (await walls.change("mayor", made.name, tiles=9)).tiles == 9
    with pytest.raises(NotFoundError):
        await walls.get("cadre", made.name)


async def test_of_two_who_change_a_layout_the_second_is_told(walls: Walls) -> None:
    made = await walls.create("cadre")
    changed = await walls.change("cadre", made.name, made.etag, display_name="first")
    for stale in (
        walls.change("cadre", made.name, made.etag, display_name="second"),
        walls.remove("cadre", made.name, made.etag),
    ):
        with pytest.raises(AbortedError):
            await stale
    answers = await asyncio.gather(
        *(walls.change("cadre", made.name, changed.etag, tiles=tiles) for tiles in (9, 16)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, AbortedError) for answer in answers) == 1
    await walls.remove("cadre", made.name, str(int(changed.etag) + 1))


async def test_nobody_has_more_than_a_hundred(walls: Walls) -> None:
    token = await walls.village.token("cadre")
    layout = workspace_pb2.WallLayout(display_name="Morning", tiles=1)
    request = workspace_pb2.CreateWallLayoutRequest(access_token=token, wall_layout=layout)
    await asyncio.gather(*(walls.village.auth.workspaces.CreateWallLayout(request) for _ in range(98)))
    answers = await asyncio.gather(*(walls.create("cadre") for _ in range(4)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, ResourceExhaustedError)]
    assert [error.code for error in refused] == ["wall_layout.too_many"] * 2
    await walls.create("clerk")


async def test_a_wrong_field_is_named(walls: Walls) -> None:
    def patrol(*groups: list[str], seconds: int = 20) -> workspace_pb2.Patrol:
        made = [workspace_pb2.PatrolGroup(camera_uids=uids) for uids in groups]
        return workspace_pb2.Patrol(groups=made, seconds=seconds)

    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"display_name": " "}, "display_name"),
        ({"display_name": "x" * 101}, "display_name"),
        ({"display_name": "a\nb"}, "display_name"),
        ({"tiles": 0}, "tiles"),
        ({"tiles": 5}, "tiles"),
        ({"camera_uids": [GATE] * 5}, "camera_uids"),
        ({"camera_uids": ["", "a b"]}, "camera_uids[1]"),
        ({"patrol": patrol(*[[]] * 21)}, "patrol.groups"),
        ({"patrol": patrol([], seconds=4)}, "patrol.seconds"),
        ({"patrol": patrol([], seconds=3601)}, "patrol.seconds"),
        ({"patrol": patrol([], [GATE] * 5)}, "patrol.groups[1].camera_uids"),
        ({"patrol": patrol([GATE, HOME, "/"])}, "patrol.groups[0].camera_uids[2]"),
        ({"shared_with": VILLAGE}, "shared_with"),
    )
    made = await walls.create("cadre")
    for fields, field in wrong:
        for refused in (
            walls.create("cadre", **fields),
            walls.change("cadre", made.name, **fields),
        ):
            with pytest.raises(InvalidArgumentError) as error:
                await refused
            assert error.value.field == field, fields
    with pytest.raises(InvalidArgumentError) as error:
        await walls.change("cadre", made.name, tiles=1)
    assert error.value.field == "camera_uids", "there are more cameras than tiles then"
    with pytest.raises(InvalidArgumentError) as error:
        await walls.change("cadre", made.name, owner=walls.village.names["clerk"])
    assert error.value.field == "update_mask"
    assert await walls.get("cadre", made.name) == made
