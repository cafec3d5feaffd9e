"""Cameras found by what they are and where they are."""

from __future__ import annotations

from snowlight.api.ingest.v1 import camera_pb2
from tests.rpc.gateway.people import COUNTY
from tests.rpc.gateway.site import Site
from tests.waiting import eventually


async def test_a_list_is_filtered_ordered_and_of_a_place(site: Site) -> None:
    uid = await site.add_camera("east", display_name="东门", location={"latitude": 31.6, "longitude": 113.8})
    place = {"latitude": 31.601, "longitude": 113.8}
    await site.add_camera("west", display_name="西门", location=place, ownership="HOUSEHOLD")
    await site.add_camera("else", region=COUNTY, location=place)
    token = await site.token()
    site.ingest.set_state("cameras/east", uid, camera_pb2.OFFLINE, "camera.unreachable")

    async def listed(**query: str) -> list[tuple[str, float | None]]:
        status, answer = await site.call("GET", "/v1/cameras", token, params=query)
        assert status == 200, answer
        return [(camera["name"], camera.get("distance_m")) for camera in answer["cameras"]]

    async def is_offline() -> bool:
        return await listed(filter="state=OFFLINE 门") == [("cameras/east", None)]

    await eventually(is_offline)
    assert await listed(order_by="name desc") == [("cameras/west", None), ("cameras/east", None)]
    near = {"near": "31.602,113.8", "radius": "500"}
    assert await listed(**near) == [("cameras/west", 111.2), ("cameras/east", 222.4)]
    assert await listed(**near, filter="NOT ownership=HOUSEHOLD") == [("cameras/east", 222.4)]
    status, answer = await site.call("GET", "/v1/cameras", token, params={"filter": "门 colour=red"})
    assert (status, answer["code"], answer["field"]) == (400, "request.filter", "filter")
    assert "character 3: 'colour'" in answer["detail"]
