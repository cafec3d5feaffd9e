"""An update writes the fields it names and no other, and none over somebody else's."""

import asyncio

import pytest

from snowlight.errors import AbortedError, InvalidArgumentError
from tests.rpc.ingest.conftest import Registry
from tests.rpc.ingest.registering import SOURCE, create, delete, get, update


async def test_an_update_writes_the_fields_of_its_mask_and_no_other(registry: Registry) -> None:
    created = await create(
        registry, "gate-1", dossier={"pole": "12"}, camera_class=1, listed_for_residents=True
    )
    changed = await update(
        registry,
        created.name,
        "display_name",
        "dossier",
        "enabled",
        "uid",
        display_name="东门",
        dossier={"post": "3"},
        uid="chosen",
        camera_class=2,
    )
    assert (changed.display_name, dict(changed.dossier)) == ("东门", {"post": "3"})
    assert not changed.enabled
    assert changed.listed_for_residents
    assert (changed.uid, changed.camera_class, changed.region) == (created.uid, 1, created.region)
    assert changed.revision > created.revision
    assert changed.etag != created.etag


async def test_an_update_without_mask_writes_what_is_set_and_a_star_everything(registry: Registry) -> None:
    created = await create(registry, "gate-1", owner="村委会", audio=True)
    changed = await update(registry, created.name, display_name="东门")
    assert (changed.display_name, changed.owner, changed.audio) == ("东门", "村委会", True)
    replaced = await update(
        registry, created.name, "*", region="regions/4313", source_url=SOURCE, display_name="西门"
    )
    assert (replaced.display_name, replaced.owner, replaced.audio) == ("西门", "", False)
    assert not replaced.enabled


async def test_a_mask_that_names_no_field_of_a_camera_is_refused(registry: Registry) -> None:
    created = await create(registry, "gate-1")
    for path in ("colour", "dossier.pole", "location.latitude"):
        with pytest.raises(InvalidArgumentError) as refused:
            await update(registry, created.name, path)
        assert refused.value.field == "update_mask"


async def test_a_stale_etag_aborts_and_changes_nothing(registry: Registry) -> None:
    created = await create(registry, "gate-1")
    changed = await update(registry, created.name, etag=created.etag, display_name="东门")
    with pytest.raises(AbortedError):
        await update(registry, created.name, etag=created.etag, display_name="西门")
    with pytest.raises(AbortedError):
        await delete(registry, created.name, created.etag)
    assert await get(registry, created.name) == changed
    await delete(registry, created.name, changed.etag)


async def test_updates_at_the_same_time_are_all_kept(registry: Registry) -> None:
    created = await create(registry, "gate-1")
    await asyncio.gather(
        update(registry, created.name, display_name="东门"),
        update(registry, created.name, owner="村委会"),
        update(registry, created.name, operator="电信"),
        update(registry, created.name, camera_class=1),
    )
    now = await get(registry, created.name)
    assert (now.display_name, now.owner, now.operator, now.camera_class) == ("东门", "村委会", "电信", 1)


async def test_it_is_noted_since_when_a_camera_is_its_owners(registry: Registry) -> None:
    created = await create(registry, "gate-1", owner="principals/a")
    assert created.owner_time == created.create_time
    renamed = await update(registry, created.name, "display_name", "owner_time", display_name="东门")
    assert renamed.owner_time == created.owner_time, "nobody writes it"
    same = await update(registry, created.name, "owner", owner="principals/a")
    assert same.owner_time == created.owner_time
    sold = await update(registry, created.name, "owner", owner="principals/b")
    assert sold.owner_time == sold.update_time != created.owner_time
