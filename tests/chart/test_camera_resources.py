"""What becomes of Cameras in the registry, and what is told of them."""

from collections.abc import AsyncIterator

import pytest

from services.ingest.sources.source import Credentials
from snowlight.api.ingest.v1 import camera_pb2
from tests.chart.camera_resources import (
    LONG_S,
    REGION,
    Resources,
    bringing_in,
    settled,
)
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import create, delete, update
from tests.waiting import eventually


@pytest.fixture
async def resources(
    resources: Resources, kube_apiserver: KubeApiserver, registry: Registry
) -> AsyncIterator[Resources]:
    """They are brought into the registry."""
    async with bringing_in(registry, kube_apiserver, resources.namespace):
        yield resources


async def test_a_resource_becomes_a_camera(resources: Resources, registry: Registry) -> None:
    await resources.create(
        "gate", displayName="East gate", ownership="PUBLIC", schedule="mon-fri 08:00-18:00"
    )
    await resources.until_synced("gate")
    record = await registry.cameras.get("cameras/gate")
    assert (record.display_name, record.region, record.ownership) == ("East gate", REGION, camera_pb2.PUBLIC)
    status = await resources.status("gate")
    assert (status["uid"], status["region"], status["recording"]) == (record.uid, REGION, "Off")


async def test_a_change_is_taken_over_and_what_is_not_set_is_left_alone(
    resources: Resources, registry: Registry
) -> None:
    await resources.create("gate", displayName="East gate", dossier={"sign": "mast 4"})
    await resources.until_synced("gate")
    before = await update(
        registry,
        "cameras/gate",
        "owner",
        "dossier",
        owner="Village",
        dossier={"sign": "mast 4", "note": "kept"},
    )
    await resources.change("gate", displayName="West gate", enabled=True, dossier={"sign": "mast 5"})
    await resources.until_synced("gate")
    after = await registry.cameras.get("cameras/gate")
    assert (after.uid, after.display_name, after.enabled) == (before.uid, "West gate", True)
    assert after.owner == "Village"
    assert after.dossier == {"sign": "mast 5", "note": "kept"}


async def test_a_deleted_resource_takes_its_camera_along(resources: Resources, registry: Registry) -> None:
    await resources.create("gate")
    await resources.until_synced("gate")
    await resources.delete("gate")
    await resources.until_gone("gate")
    assert await registry.cameras.find(["gate"]) == {}


async def test_an_orphaned_camera_stays(resources: Resources, registry: Registry) -> None:
    await resources.create("gate")
    await resources.until_synced("gate")
    await resources.change("gate", deletionPolicy="Orphan")
    await resources.until_synced("gate")
    await resources.delete("gate")
    await resources.until_gone("gate")
    assert "gate" in await registry.cameras.find(["gate"])


async def test_another_ones_camera_is_neither_taken_nor_deleted(
    resources: Resources, registry: Registry
) -> None:
    theirs = await create(registry, "gate", display_name="the console's")
    await resources.create("gate", displayName="the resource's")
    condition = await resources.until_synced("gate", is_synced=False)
    assert condition["reason"] == "CameraExists"
    assert "snowlight.io/adopt" in condition["message"]
    await resources.delete("gate")
    await resources.until_gone("gate")
    assert (await registry.cameras.get("cameras/gate")).uid == theirs.uid


async def test_a_camera_is_adopted_where_that_is_said(resources: Resources, registry: Registry) -> None:
    theirs = await create(registry, "gate", display_name="the console's", owner="Village")
    await resources.create("gate", displayName="the resource's", annotations={"snowlight.io/adopt": "true"})
    await resources.until_synced("gate")
    record = await registry.cameras.get("cameras/gate")
    assert (record.uid, record.display_name, record.owner) == (theirs.uid, "the resource's", "Village")
    await resources.delete("gate")
    await resources.until_gone("gate")
    assert await registry.cameras.find(["gate"]) == {}


async def test_the_resource_wins_over_the_console_and_says_so(
    resources: Resources, registry: Registry
) -> None:
    await resources.create("gate", displayName="East gate")
    await resources.until_synced("gate")
    await update(registry, "cameras/gate", "display_name", display_name="changed in the console")

    async def is_set_back() -> bool:
        return "spec.displayName" in str((await resources.condition("gate"))["message"])

    await eventually(is_set_back, LONG_S)
    assert (await registry.cameras.get("cameras/gate")).display_name == "East gate"

    async def is_told() -> bool:
        return "DriftCorrected" in dict(await resources.events("gate"))

    await eventually(is_told, LONG_S)


async def test_a_camera_that_somebody_deletes_is_registered_again(
    resources: Resources, registry: Registry
) -> None:
    await resources.create("gate")
    await resources.until_synced("gate")
    before = (await resources.status("gate"))["uid"]
    await delete(registry, "cameras/gate")

    async def is_another() -> bool:
        return bool((await resources.status("gate"))["uid"] != before)

    await eventually(is_another, LONG_S)
    record = await registry.cameras.get("cameras/gate")
    assert record.uid == (await resources.status("gate"))["uid"]


async def test_what_only_the_registry_can_refuse_is_in_the_condition(
    resources: Resources, registry: Registry
) -> None:
    await resources.create("gate", schedule="mon-fri 25:00-26:00")
    condition = await resources.until_synced("gate", is_synced=False)
    assert condition["reason"] == "CameraScheduleInvalid"
    assert condition["message"].startswith("spec.schedule: ")
    assert await registry.cameras.find(["gate"]) == {}

    async def is_told() -> bool:
        return ("CameraScheduleInvalid", condition["message"]) in await resources.events("gate")

    await eventually(is_told, LONG_S)
    await resources.change("gate", schedule="mon-fri 08:00-18:00")
    await resources.until_synced("gate")


async def test_credentials_come_from_a_secret_and_follow_it(resources: Resources, registry: Registry) -> None:
    await resources.create("gate", credentialsSecretRef={"name": "village"})
    condition = await resources.until_synced("gate", is_synced=False)
    assert condition["reason"] == "SecretUnknown"
    await resources.create_secret("village", "admin", "first")
    await resources.until_synced("gate")

    async def is_known(password: str) -> bool:
        known = registry.cameras.credentials(await registry.cameras.get("cameras/gate"))
        return bool(known == Credentials("admin", password))

    assert await is_known("first")
    await resources.rest.patch(
        f"/api/v1/namespaces/{resources.namespace}/secrets/village", {"stringData": {"password": "second"}}
    )
    await eventually(lambda: is_known("second"), LONG_S)
    assert "second" not in str(await resources.status("gate"))


async def test_a_secret_without_the_label_is_not_sent_to_cameras(resources: Resources) -> None:
    await resources.rest.create(
        f"/api/v1/namespaces/{resources.namespace}/secrets",
        {"metadata": {"name": "database"}, "stringData": {"username": "u", "password": "p"}},
    )
    await resources.create("gate", credentialsSecretRef={"name": "database"})
    assert (await resources.until_synced("gate", is_synced=False))["reason"] == "SecretUnknown"


async def test_cameras_of_a_site_have_what_it_says_and_are_counted(
    resources: Resources, registry: Registry
) -> None:
    await resources.create_site(
        "village",
        place="Wushan",
        networks=["10.1.2.0/24"],
        sourceUrlTemplate="rtsp://{address}/{channel}",
        defaults={"ownership": "PUBLIC", "enabled": True},
    )
    for number in (1, 2):
        await resources.create(
            f"gate-{number}", region=None, sourceUrl=None, siteRef="village", address=f"10.1.2.{number}"
        )
    await resources.create("away", region=None, sourceUrl=None, siteRef="village", address="10.9.9.9")
    for number in (1, 2):
        await resources.until_synced(f"gate-{number}")
    refused = await resources.until_synced("away", is_synced=False)
    assert refused["message"].startswith("spec.address: ")
    record = await registry.cameras.get("cameras/gate-2")
    assert (record.source_url, record.region, record.enabled) == ("rtsp://10.1.2.2/1", REGION, True)
    assert record.dossier == {"place": "Wushan"}
    observer = registry.board.session(record.uid, record.name)
    observer.on_state("online", "", 1_800_000_000_000)

    async def counts() -> tuple[int, ...]:
        status = (await resources.rest.get(f"{resources.sites}/village")).get("status") or {}
        return tuple(status.get(key, -1) for key in ("cameras", "synced", "online"))

    async def are_counted() -> bool:
        return await counts() == (3, 2, 1)

    await eventually(are_counted, LONG_S)
    await resources.rest.patch(f"{resources.sites}/village", {"spec": {"defaults": {"enabled": False}}})

    async def is_off() -> bool:
        return not (await registry.cameras.get("cameras/gate-2")).enabled

    await eventually(is_off, LONG_S)


async def test_a_camera_that_goes_away_is_told(resources: Resources, registry: Registry) -> None:
    await resources.create("gate", enabled=True)
    await resources.until_synced("gate")
    record = await registry.cameras.get("cameras/gate")
    observer = registry.board.session(record.uid, record.name)
    observer.on_state("online", "", 1_800_000_000_000)

    async def online() -> str:
        return str((await resources.condition("gate", "Online")).get("status"))

    async def is_online() -> bool:
        return await online() == "True"

    async def is_away() -> bool:
        return await online() == "False"

    await eventually(is_online, LONG_S)
    observer.on_state("offline", "camera.auth_failed: 401 after Digest", 1_800_000_001_000)
    await eventually(is_away, LONG_S)
    condition = await resources.condition("gate", "Online")
    assert (condition["reason"], condition["message"]) == ("CameraAuthFailed", "401 after Digest")


async def test_at_rest_nothing_is_asked_and_nothing_written(resources: Resources, registry: Registry) -> None:
    for number in range(20):
        await resources.create(f"gate-{number}")
    for number in range(20):
        await resources.until_synced(f"gate-{number}")
    await settled()
    items = await resources.rest.items(resources.cameras)
    revision = registry.feed.head
    await settled()
    versions = {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in items}
    now = await resources.rest.items(resources.cameras)
    assert {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in now} == versions
    assert registry.feed.head == revision
