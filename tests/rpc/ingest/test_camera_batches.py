"""Cameras registered and changed many at a time, over gRPC: each for itself, all in one transaction."""

import asyncio

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import PASSWORD, a_camera, create, get
from tests.rpc.ingest.test_camera_feed import soon, until_synced, watching

Result = camera_pb2.CameraResult


def wish(camera_id: str, **fields: object) -> camera_pb2.CreateCameraRequest:
    return camera_pb2.CreateCameraRequest(camera_id=camera_id, camera=a_camera(**fields))


def change(camera_id: str, *paths: str, **fields: object) -> camera_pb2.UpdateCameraRequest:
    camera = camera_pb2.Camera(name=f"cameras/{camera_id}", **fields)  # type: ignore[arg-type]
    return camera_pb2.UpdateCameraRequest(camera=camera, update_mask=FieldMask(paths=paths))


async def create_all(
    registry: Registry, *wishes: camera_pb2.CreateCameraRequest, validate_only: bool = False
) -> list[Result]:
    batch = camera_pb2.BatchCreateCamerasRequest(requests=wishes, validate_only=validate_only)
    with remote_errors("services/ingest"):
        return list((await registry.stub.BatchCreateCameras(batch)).results)


async def update_all(
    registry: Registry, *wishes: camera_pb2.UpdateCameraRequest, validate_only: bool = False
) -> list[Result]:
    batch = camera_pb2.BatchUpdateCamerasRequest(requests=wishes, validate_only=validate_only)
    with remote_errors("services/ingest"):
        return list((await registry.stub.BatchUpdateCameras(batch)).results)


def told(results: list[Result]) -> list[str]:
    """The name of each camera, or what is against it."""
    return [one.camera.name or f"{one.problem.reason} {one.problem.field}".strip() for one in results]


async def test_what_is_refused_of_one_is_not_refused_of_the_others(registry: Registry) -> None:
    await create(registry, "taken")
    results = await create_all(
        registry,
        wish("a"),
        wish("b", region="regions/xx"),
        wish("taken"),
        wish("c", source_url=f"rtsp://u:{PASSWORD}@10.0.0.1/c"),
        wish("a", display_name="the second"),
        wish("B!"),
    )
    assert told(results) == [
        "cameras/a",
        "request.invalid region",
        "camera.exists",
        "cameras/c",
        "camera.exists",
        "request.invalid camera_id",
    ]
    for result in (results[0], results[3]):
        assert await get(registry, result.camera.name) == result.camera
    assert results[3].camera.source_url == "rtsp://10.0.0.1/c"
    assert results[0].camera.revision < results[3].camera.revision


async def test_a_dry_run_tells_the_same_and_writes_nothing(registry: Registry) -> None:
    await create(registry, "taken")
    wishes = [wish("a"), wish("a"), wish("taken"), wish("b", region="regions/xx")]
    tried = await create_all(registry, *wishes, validate_only=True)
    assert [result.camera.uid for result in tried] == [""] * 4
    with pytest.raises(NotFoundError):
        await get(registry, "cameras/a")
    assert told(tried) == told(await create_all(registry, *wishes))

    before = await get(registry, "cameras/a")
    tried = await update_all(registry, change("a", "audio", audio=True), change("x"), validate_only=True)
    assert (told(tried), tried[0].camera.audio) == (["cameras/a", "camera.unknown"], True)
    assert await get(registry, "cameras/a") == before


async def test_changes_of_one_camera_are_done_one_after_the_other(registry: Registry) -> None:
    first = await create(registry, "a")
    await create(registry, "b", source_url=f"rtsp://u:{PASSWORD}@10.0.0.1/b")
    results = await update_all(
        registry,
        change("a", "display_name", display_name="one"),
        change("b", "source_url", source_url="rtsp://10.0.0.1/other"),
        change("a", "audio", audio=True),
        change("a", "display_name", display_name="late", etag=first.etag),
        change("none", "audio", audio=True),
        change("b", "camera_class", camera_class=9),
        change("b", "enabled", enabled=True),
    )
    assert told(results) == [
        *("cameras/a", "cameras/b", "cameras/a", "camera.changed", "camera.unknown"),
        *("request.invalid camera_class", "cameras/b"),
    ]
    changed = await get(registry, "cameras/a")
    assert changed == results[2].camera
    assert (changed.display_name, changed.audio) == ("one", True)
    assert results[6].camera.etag == results[1].camera.etag, "what changes nothing makes no version"
    record = await registry.cameras.get("cameras/b")
    credentials = registry.cameras.credentials(record)
    assert credentials is not None
    assert credentials.password == PASSWORD


async def test_followers_are_told_in_order_and_that_more_follows(registry: Registry) -> None:
    async with watching(registry) as call:
        await until_synced(call)
        await create_all(registry, *(wish(f"c-{number}") for number in range(5)), wish("c-0"))
        events = [await soon(call.read()) for _ in range(5)]
        assert [event.changed.name for event in events] == [f"cameras/c-{number}" for number in range(5)]
        assert [event.more for event in events] == [True, True, True, True, False]
        await update_all(registry, change("c-3", "audio", audio=True))
        event = await soon(call.read())
        assert (event.changed.name, event.changed.audio, event.more) == ("cameras/c-3", True, False)


async def test_batches_at_one_moment_take_no_revision_twice(registry: Registry) -> None:
    batches = [[wish(f"c-{batch}-{number}") for number in range(20)] for batch in range(4)]
    answers = await asyncio.gather(
        *(create_all(registry, *batch) for batch in batches),
        *(create_all(registry, wish(f"d-{number}"), wish("e")) for number in range(4)),
    )
    made = [one.camera for results in answers for one in results if one.WhichOneof("result") == "camera"]
    assert len({camera.revision for camera in made}) == len(made) == 20 * 4 + 4 + 1
    async with watching(registry) as call:
        events = await until_synced(call)
    assert [event.changed.revision for event in events[:-1]] == sorted(camera.revision for camera in made)


async def test_what_a_batch_must_not_hold_refuses_all_of_it(registry: Registry) -> None:
    repeated, tried = wish("a"), wish("a")
    repeated.request_id, tried.validate_only = "once", True
    for wishes, field in (
        ([], "requests"),
        ([wish("")] * 201, "requests"),
        ([wish("b"), repeated], "requests.request_id"),
        ([wish("b"), tried], "requests.validate_only"),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await create_all(registry, *wishes)
        assert refused.value.field == field
    with pytest.raises(NotFoundError):
        await get(registry, "cameras/b")
    assert len(await create_all(registry, *([wish("")] * 200))) == 200
