"""A bureau learns which regions and cameras there are, as far as it may know of them."""

import pytest

from snowlight.api.access.v1 import camera_pb2
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2 as registry_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door
from tests.rpc.gateway.people import COUNTY, OTHER, VILLAGE

SQUARE = {"latitude": 31.6, "longitude": 113.8}


def circle(radius_m: float, **center: float) -> camera_pb2.Circle:
    return camera_pb2.Circle(center=camera_pb2.Location(**center), radius_m=radius_m)


async def listed(bureau: Bureau, **fields: object) -> list[str]:
    with remote_errors("services/gateway"):
        answer = await bureau.cameras.ListCameras(camera_pb2.ListCamerasRequest(**fields))  # type: ignore[arg-type]
    return [camera.name for camera in answer.cameras]


async def test_regions_of_its_scope_parents_before_children(bureau: Bureau) -> None:
    answer = await bureau.cameras.ListRegions(camera_pb2.ListRegionsRequest())
    told = [(region.name, region.parent, region.level) for region in answer.regions]
    assert told == [
        (COUNTY, "", camera_pb2.REGION_LEVEL_COUNTY),
        (VILLAGE, COUNTY, camera_pb2.REGION_LEVEL_VILLAGE),
    ]


async def test_cameras_by_region_words_state_and_place(door: Door, bureau: Bureau) -> None:
    await door.site.add_camera("gate", display_name="North gate", location=SQUARE)
    await door.site.add_camera(
        "yard", display_name="Mill yard", location={"latitude": 31.7, "longitude": 113.8}
    )
    await door.site.add_camera("town", region=COUNTY, display_name="Town hall")
    assert await listed(bureau) == ["cameras/gate", "cameras/town", "cameras/yard"]
    assert await listed(bureau, region=VILLAGE) == ["cameras/gate", "cameras/yard"]
    assert await listed(bureau, filter="mill OR hall", order_by="name desc") == [
        "cameras/yard",
        "cameras/town",
    ]
    assert await listed(bureau, filter="state=OFFLINE") == []
    assert await listed(bureau, near=circle(500, **SQUARE)) == ["cameras/gate"]


async def test_a_camera_says_what_an_officer_needs_and_not_where_its_pictures_come_from(
    door: Door, bureau: Bureau
) -> None:
    uid = await door.site.add_camera("gate", display_name="北门", location=SQUARE, ownership="HOUSEHOLD")
    (camera,) = (await bureau.cameras.ListCameras(camera_pb2.ListCamerasRequest())).cameras
    assert (camera.uid, camera.display_name, camera.region) == (uid, "北门", VILLAGE)
    assert camera.ownership == camera_pb2.OWNERSHIP_HOUSEHOLD
    assert camera.location.longitude == SQUARE["longitude"]
    assert b"127.0.0.1" not in camera.SerializeToString()


async def test_pages_follow_each_other(door: Door, bureau: Bureau) -> None:
    for number in range(3):
        await door.site.add_camera(f"gate-{number}")
    request = camera_pb2.ListCamerasRequest(page_size=2)
    first = await bureau.cameras.ListCameras(request)
    request.page_token = first.next_page_token
    second = await bureau.cameras.ListCameras(request)
    names = [camera.name for camera in (*first.cameras, *second.cameras)]
    assert names == ["cameras/gate-0", "cameras/gate-1", "cameras/gate-2"]
    assert (first.total_size, second.next_page_token) == (3, "")


async def test_nobody_hears_of_another_countys_cameras(door: Door, bureau: Bureau) -> None:
    other = await door.enrol("other", OTHER)
    await door.site.add_camera("gate")
    assert await listed(other) == []
    with pytest.raises(NotFoundError) as refused:
        await listed(bureau, region=OTHER)
    assert (refused.value.code, refused.value.field) == ("region.not_found", "region")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"page_size": -1}, "page_size"),
        ({"page_size": 1001}, "page_size"),
        ({"page_token": "?"}, "page_token"),
        ({"filter": "state="}, "filter"),
        ({"filter": "x " * 100}, "filter"),
        ({"order_by": "uid"}, "order_by"),
        (
            {"near": camera_pb2.Circle(radius_m=500, center=camera_pb2.Location(latitude=91))},
            "near.center.latitude",
        ),
        ({"near": camera_pb2.Circle(radius_m=float("nan"))}, "near.radius_m"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    bureau: Bureau, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        await listed(bureau, **fields)
    assert refused.value.field == field


def test_enumerations_have_the_numbers_of_the_services_behind() -> None:
    for told, known in (
        (camera_pb2.RegionLevel.DESCRIPTOR, auth_pb2.RegionLevel.DESCRIPTOR),
        (camera_pb2.Ownership.DESCRIPTOR, registry_pb2.Ownership.DESCRIPTOR),
        (camera_pb2.CameraState.DESCRIPTOR, registry_pb2.CameraState.DESCRIPTOR),
    ):
        prefix = told.values_by_number[0].name.removesuffix("UNSPECIFIED")
        names = {value.number: value.name.removeprefix(prefix) for value in told.values}
        assert set(names) == set(known.values_by_number)
        assert all(names[value.number] in value.name for value in known.values)
