"""A bureau takes along what the cameras of a place have seen."""

import uuid

import pytest

from snowlight.errors import InvalidArgumentError, NotFoundError
from tests.rpc.access.exporting import Desk, around, move

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINUTE_MS = 60_000


async def test_the_cameras_of_a_place_are_taken_by_distance(desk: Desk) -> None:
    await move(desk, "lane", 100)
    await move(desk, "gate", 40)
    fields = around(desk.yard.end_ms, minutes=1)
    export = await desk.create(**fields)
    assert list(export.cameras) == ["cameras/gate", "cameras/lane"]
    assert export.end_time.ToMilliseconds() - export.start_time.ToMilliseconds() == 2 * MINUTE_MS
    assert list((await desk.create(**around(desk.yard.end_ms, radius_m=60))).cameras) == ["cameras/gate"]
    now_ms = desk.door.site.clock.now_ms()
    fields = around(now_ms, minutes=5) | {"request_id": str(uuid.uuid4())}
    until_now = await desk.create(**fields)
    assert (await desk.create(**fields)).name == until_now.name, "though now is another instant"
    assert now_ms <= until_now.end_time.ToMilliseconds() <= desk.door.site.clock.now_ms()


async def test_of_a_place_a_householders_camera_is_left_out(desk: Desk) -> None:
    far = {"latitude": 32.5, "longitude": 113.8}
    await desk.door.site.add_camera("home", ownership="HOUSEHOLD", location=far)
    with pytest.raises(NotFoundError) as refused:
        await desk.call("CreateExport", desk.wish(**around(desk.yard.end_ms, **far)))
    assert (refused.value.code, refused.value.field) == ("access.no_camera_near", "near")


async def test_more_cameras_than_an_export_may_have_are_named(desk: Desk) -> None:
    crowd = {"latitude": 33.5, "longitude": 113.8}
    for number in range(17):
        await desk.door.site.add_camera(f"crowd-{number:02}", location=crowd)
    with pytest.raises(InvalidArgumentError) as refused:
        await desk.call("CreateExport", desk.wish(**around(desk.yard.end_ms, **crowd)))
    assert (refused.value.code, refused.value.field) == ("access.too_many_cameras_near", "near.radius_m")
    assert all(f"cameras/crowd-{number:02}" in refused.value.detail for number in range(17))
