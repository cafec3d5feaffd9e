"""Many cameras made at once by somebody who may have to ask again: each is made once."""

from services.ingest.registry.creations import Creation
from services.ingest.registry.record import CameraRecord
from snowlight.errors import AlreadyExistsError
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import a_camera, create, delete, update

CREATIONS = {name: Creation(f"test/{name}", b"a") for name in ("gate", "yard")}
WISHES = [(name, a_camera()) for name in CREATIONS]


async def test_a_second_attempt_makes_nothing_and_is_told_what_there_is(registry: Registry) -> None:
    made = await registry.cameras.create_all(WISHES[:1], CREATIONS)
    changed = await update(registry, "cameras/gate", display_name="changed since")
    again = await registry.cameras.create_all(WISHES, CREATIONS)
    uids = [one.uid for one in (*made, *again) if isinstance(one, CameraRecord)]
    assert len(uids) == 3
    assert uids[0] == uids[1] == changed.uid
    assert isinstance(again[0], CameraRecord)
    assert again[0].display_name == "changed since"


async def test_a_camera_that_somebody_else_made_is_not_the_attempts(registry: Registry) -> None:
    await create(registry, "gate")
    results = await registry.cameras.create_all(WISHES, CREATIONS)
    assert isinstance(results[0], AlreadyExistsError)
    assert isinstance(results[1], CameraRecord)


async def test_what_was_deleted_since_is_made_anew(registry: Registry) -> None:
    (first,) = await registry.cameras.create_all(WISHES[:1], CREATIONS)
    await delete(registry, "cameras/gate")
    (second,) = await registry.cameras.create_all(WISHES[:1], CREATIONS)
    (third,) = await registry.cameras.create_all(WISHES[:1], CREATIONS)
    assert isinstance(first, CameraRecord)
    assert isinstance(second, CameraRecord)
    assert second == third
    assert second.uid != first.uid
