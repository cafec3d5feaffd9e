"""One store that is away, slow or another than it was keeps no other from its sweep, and loses nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from simulator.ports import free_port
from snowlight.errors import FailedPreconditionError
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.witness import Witness
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, NOON_MS, Yard, keys, minutes, open_yard
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_MS = NOON_MS - 30 * DAY_MS
"""What ended by then is expired under the default policy."""


async def test_a_store_that_is_away_stops_only_its_own(database_url: str, tmp_path: Path) -> None:
    further = tmp_path / "stores.json"
    away = {
        "name": "town",
        "url": "s3://town",
        "endpoint": f"http://127.0.0.1:{free_port()}",
        "access_key": "nobody",
        "secret_key": "is there",
    }
    further.write_text(json.dumps([away]))
    settings = ObjectStoreSettings(url=f"file://{tmp_path}/footage", further_file=further)
    async with open_yard(database_url, tmp_path, settings) as yard:
        witness = Witness(database_url, tmp_path / "footage")
        await yard.register("cam")
        here = minutes("cam", LIMIT_MS - HOUR_MS, 2)
        await yard.record(*here)
        there = minutes("cam", LIMIT_MS - 2 * HOUR_MS, 2, store="town")
        await yard.insert(*there)
        await yard.sweeper.sweep()
        assert yard.objects_in() == set()
        assert {row.start_ms for row in await witness.rows()} == {each.start_ms for each in there}
        assert yard.registry.get_sample_value("snowlight_storage_sweep_failures_total") == 1


async def test_a_store_that_is_another_one_loses_nothing(yard: Yard, witness: Witness) -> None:
    async def check(store: str) -> None:
        raise FailedPreconditionError("store.other", "this is another store")

    await yard.register("cam")
    old = minutes("cam", LIMIT_MS - HOUR_MS, 2)
    await yard.record(*old)
    await yard.new_sweeper(check=check).sweeper.sweep()
    assert yard.objects_in() == keys(*old)
    assert len(await witness.rows()) == 2
    assert yard.registry.get_sample_value("snowlight_storage_sweep_failures_total") == 1


async def test_a_store_that_takes_long_holds_up_no_other(database_url: str, tmp_path: Path) -> None:
    """Footage of the other one goes, also what expires while the slow one is still being swept."""
    further = tmp_path / "stores.json"
    further.write_text(json.dumps([{"name": "town", "url": f"file://{tmp_path}/town"}]))
    settings = ObjectStoreSettings(url=f"file://{tmp_path}/footage", further_file=further)
    stuck = asyncio.Event()

    async def check(store: str) -> None:
        if store == "town":
            await stuck.wait()

    async with open_yard(database_url, tmp_path, settings) as yard:

        async def have_gone() -> bool:
            return not yard.objects_in()

        yard.settings["sweep_seconds"] = 0.05
        await yard.register("cam")
        await yard.record(*minutes("cam", LIMIT_MS - HOUR_MS, 2))
        sweeping = asyncio.create_task(yard.new_sweeper(check=check).sweeper.run())
        try:
            await eventually(have_gone)
            await yard.record(*minutes("cam", LIMIT_MS - 2 * HOUR_MS, 2))
            await eventually(have_gone)
        finally:
            sweeping.cancel()
            await asyncio.wait([sweeping])


async def test_a_folder_whose_disk_is_not_there_loses_no_row(yard: Yard, witness: Witness) -> None:
    """Its files are missing, and not deleted."""
    await yard.register("cam")
    old = minutes("cam", LIMIT_MS - HOUR_MS, 2)
    await yard.record(*old)
    (yard.folder / "footage").rename(yard.folder / "unmounted")
    await yard.sweeper.sweep()
    assert len(await witness.rows()) == 2
    (yard.folder / "unmounted").rename(yard.folder / "footage")
    await yard.sweeper.sweep()
    assert await witness.rows() == []
    assert yard.objects_in() == set()


async def test_a_damaged_index_object_stands_in_no_others_way(yard: Yard) -> None:
    await yard.register("cam")
    await yard.register("other")
    broken, whole = minutes("cam", LIMIT_MS - 3 * DAY_MS, 2), minutes("other", LIMIT_MS - 3 * DAY_MS, 2)
    await yard.pack(*broken, *whole)
    (path,) = (yard.folder / "footage/idx/cam").iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    await yard.sweeper.sweep()
    assert yard.objects_in() == keys(*broken)
    assert yard.registry.get_sample_value("snowlight_storage_unreadable_days") == 1
