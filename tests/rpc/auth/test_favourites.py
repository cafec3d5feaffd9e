"""Favourite cameras, in each person's own order."""

from __future__ import annotations

import asyncio

import pytest

from snowlight.api.auth.v1 import workspace_pb2
from snowlight.errors import AbortedError, InvalidArgumentError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.village import GATE, HOME, Village


async def favourites(village: Village, by: str) -> list[str]:
    request = workspace_pb2.GetFavouritesRequest(access_token=await village.token(by))
    return list((await village.auth.workspaces.GetFavourites(request)).camera_uids)


async def put(village: Village, by: str, *uids: str, etag: str = "") -> workspace_pb2.Favourites:
    wanted = workspace_pb2.Favourites(camera_uids=uids, etag=etag)
    request = workspace_pb2.SetFavouritesRequest(access_token=await village.token(by), favourites=wanted)
    with remote_errors("services/auth"):
        return await village.auth.workspaces.SetFavourites(request)


async def test_each_person_has_their_own_in_their_order(village: Village) -> None:
    assert await favourites(village, "cadre") == []
    await put(village, "cadre", HOME, GATE)
    await put(village, "clerk", GATE)
    await put(village, "cadre", GATE, HOME)
    assert await favourites(village, "cadre") == [GATE, HOME]
    assert await favourites(village, "clerk") == [GATE]
    await put(village, "cadre")
    assert await favourites(village, "cadre") == []


async def test_of_two_who_replace_them_the_second_is_told(village: Village) -> None:
    first = await put(village, "cadre", HOME, etag="0")
    with pytest.raises(AbortedError):
        await put(village, "cadre", GATE, etag="0")
    answers = await asyncio.gather(
        *(put(village, "cadre", uid, etag=first.etag) for uid in (HOME, GATE)), return_exceptions=True
    )
    assert sum(isinstance(answer, AbortedError) for answer in answers) == 1


async def test_they_are_bounded_and_each_is_there_once(village: Village) -> None:
    await put(village, "cadre", *(f"c{number}" for number in range(500)))
    for uids, field in (
        ([f"c{number}" for number in range(501)], "camera_uids"),
        ([HOME, GATE, HOME], "camera_uids[2]"),
        ([HOME, ""], "camera_uids[1]"),
        (["x" * 65], "camera_uids[0]"),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await put(village, "cadre", *uids)
        assert refused.value.field == field
    assert len(await favourites(village, "cadre")) == 500
