"""A public camera's dossier: what is missing blocks its sound, and by setting its being enabled."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from services.ingest.camera_specs import main_spec
from services.ingest.registry.cameras import Cameras
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.dossier import missing
from snowlight.errors import FailedPreconditionError, InvalidArgumentError
from tests.rpc.ingest.cluster import cluster_settings, running_ingest, running_storage
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import a_camera, create

COMPLETE = {
    "legal_basis": "Regulations on public security video, article 7",
    "sign": "at the pole, photo 12",
    "siting_approval": "2026-03, county bureau",
}
PUBLIC: dict[str, Any] = {"ownership": camera_pb2.PUBLIC, "managing_unit": "town hall"}


def test_what_is_missing_is_listed_for_public_cameras_alone() -> None:
    assert missing(a_camera(ownership=camera_pb2.HOUSEHOLD, audio=True)) == []
    assert missing(a_camera(ownership=camera_pb2.PUBLIC)) == [
        "managing_unit",
        "legal_basis",
        "sign",
        "siting_approval",
    ]
    assert missing(a_camera(**PUBLIC, dossier=COMPLETE)) == []
    assert missing(a_camera(**PUBLIC, dossier=COMPLETE | {"sign": " "})) == ["sign"]
    assert missing(a_camera(**PUBLIC, dossier=COMPLETE, audio=True)) == ["audio_reason"]


async def test_by_setting_the_sound_of_a_public_camera_needs_a_reason(registry: Registry) -> None:
    strict = strict_registry(registry)
    with pytest.raises(InvalidArgumentError) as refused:
        await strict.create("loud", a_camera(**PUBLIC, dossier=COMPLETE, audio=True))
    assert (refused.value.field, refused.value.code) == ("audio", "camera.audio_reason_missing")
    reasoned = COMPLETE | {"audio_reason": "emergency point"}
    heard = await strict.create("heard", a_camera(**PUBLIC, dossier=reasoned, audio=True))
    assert spec_audio(strict, heard)
    await expect_silent(strict, heard.name, "dossier", dossier=COMPLETE)
    quiet = await strict.create("quiet", a_camera(**PUBLIC, dossier=COMPLETE))
    await expect_silent(strict, quiet.name, "audio", audio=True)
    private = await strict.create("private", a_camera(ownership=camera_pb2.HOUSEHOLD, audio=True))
    await expect_silent(strict, private.name, "ownership", ownership=camera_pb2.PUBLIC)


async def test_a_camera_from_before_the_setting_keeps_its_row_and_is_not_heard(registry: Registry) -> None:
    old = await create(registry, "old", **PUBLIC, audio=True)
    record = await registry.cameras.get(old.name)
    assert spec_audio(registry.cameras, record)
    strict = strict_registry(registry)
    assert not spec_audio(strict, record), "sound without a reason is not recorded"
    await change(strict, old.name, "display_name", display_name="still here")
    assert (await strict.get(old.name)).audio
    await expect_silent(strict, old.name, "audio", audio=True)
    await change(strict, old.name, "dossier", dossier=COMPLETE | {"audio_reason": "emergency point"})
    assert spec_audio(strict, await strict.get(old.name))


async def test_by_setting_no_public_camera_is_enabled_with_an_incomplete_dossier(registry: Registry) -> None:
    strict = strict_registry(registry)
    with pytest.raises(FailedPreconditionError) as refused:
        await strict.create("new", a_camera(**PUBLIC))
    assert (refused.value.field, refused.value.code) == ("enabled", "camera.dossier_incomplete")
    for key in ("legal_basis", "sign", "siting_approval"):
        assert key in refused.value.detail
    assert "managing_unit" not in refused.value.detail
    record = await strict.create("new", a_camera(**PUBLIC, enabled=False))
    await expect_blocked(strict, record.name, "enabled", enabled=True)
    await change(strict, record.name, "dossier", dossier=COMPLETE)
    await change(strict, record.name, "enabled", enabled=True)
    await expect_blocked(strict, record.name, "dossier", dossier={})
    await expect_blocked(strict, record.name, "managing_unit", managing_unit="")
    private = await strict.create("private", a_camera(ownership=camera_pb2.HOUSEHOLD))
    await expect_blocked(strict, private.name, "ownership", ownership=camera_pb2.PUBLIC)


async def test_what_was_enabled_before_the_setting_goes_on(registry: Registry) -> None:
    earlier = await create(registry, "earlier", **PUBLIC)
    strict = strict_registry(registry)
    await change(strict, earlier.name, "display_name", display_name="still here")
    await change(strict, earlier.name, "enabled", enabled=False)
    await expect_blocked(strict, earlier.name, "enabled", enabled=True)


async def test_the_setting_reaches_the_registry_that_is_served(tmp_path: Path) -> None:
    settings = cluster_settings(tmp_path)
    async with running_storage(settings), running_ingest(settings, require_dossier=True) as client:
        with pytest.raises(Exception, match=r"camera\.dossier_incomplete"):
            await client.create("gate", "rtsp://127.0.0.1:9/none", ownership=camera_pb2.PUBLIC)


async def expect_silent(cameras: Cameras, name: str, mask: str, **fields: Any) -> None:
    """The change is refused for its sound."""
    with pytest.raises(InvalidArgumentError) as refused:
        await change(cameras, name, mask, **fields)
    assert refused.value.field == "audio"


def strict_registry(registry: Registry) -> Cameras:
    """Another process's registry of the same cameras, with the setting on."""
    cameras = registry.cameras
    return Cameras(
        cameras._repository,
        cameras._sealer,
        cameras._clock,
        cameras._on_change,
        cameras._check_room,
        require_dossier=True,
    )


def spec_audio(cameras: Cameras, record: Any) -> bool:
    return main_spec(record, cameras).audio


async def change(cameras: Cameras, name: str, *paths: str, **fields: Any) -> None:
    await cameras.update(camera_pb2.Camera(name=name, **fields), FieldMask(paths=paths))


async def expect_blocked(cameras: Cameras, name: str, *paths: str, **fields: Any) -> None:
    with pytest.raises(FailedPreconditionError) as refused:
        await change(cameras, name, *paths, **fields)
    assert refused.value.code == "camera.dossier_incomplete"
