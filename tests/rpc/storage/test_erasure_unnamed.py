"""An erasure says of footage in a store that no setting names that it is left, and erases all else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from services.storage.erasure.assembly import ErasingParts, build_erasing
from services.storage.erasure.erasure import Erasure, ErasureState
from services.storage.exports.evidence_folder import Folder
from snowlight.object_store import ObjectStoreSettings
from snowlight.steps import go_on
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, NOON_MS, Yard, keys, minutes, open_yard

if TYPE_CHECKING:
    from pathlib import Path


async def test_footage_in_a_store_that_no_setting_names_is_told_and_goes_once_one_does(
    database_url: str, tmp_path: Path
) -> None:
    further = tmp_path / "stores.json"
    further.write_text(json.dumps([{"name": "retired", "url": f"file://{tmp_path}/retired"}]))
    both = ObjectStoreSettings(url=f"file://{tmp_path}/footage", further_file=further)
    lost = minutes("cam", NOON_MS - DAY_MS, 2, store="retired")
    packed = minutes("cam", NOON_MS - 3 * DAY_MS, 3, store="retired")
    async with open_yard(database_url, tmp_path, both) as yard:
        await yard.register("cam")
        await yard.record(*lost, *minutes("cam", NOON_MS - HOUR_MS, 2))
        await yard.pack(*packed, *minutes("cam", NOON_MS - 2 * DAY_MS, 3))

    async with open_yard(database_url, tmp_path) as yard:
        parts = erasing(yard)
        await parts.erasures.add(Erasure("cam", 0, NOON_MS - HOUR_MS // 4, "erasures/1", NOON_MS))
        told = await erased(parts)
        assert (told.state, told.remaining_objects) == (ErasureState.PENDING, 5)
        assert told.error == "store.unknown: no setting names retired, where some of it lies"
        assert yard.objects_in() == set()

    async with open_yard(database_url, tmp_path, both) as yard:
        assert yard.objects_in("retired") == keys(*lost, *packed)
        await yard.sweeper.sweep()
        told = await erased(erasing(yard))
        assert (told.state, told.remaining_objects, told.error) == (ErasureState.DONE, 0, "")
        assert yard.objects_in("retired") == set()


def erasing(yard: Yard) -> ErasingParts:
    return build_erasing(
        yard.repository,
        yard.stores,
        Folder(yard.folder / "evidence"),
        yard.retention.pictures,
        _answers,
        yard.clock,
        go_on,
        look_seconds=60,
    )


async def erased(parts: ErasingParts) -> Erasure:
    """The only one, after a look at it."""
    await parts.eraser.erase_all()
    [found] = await parts.erasures.unfinished(0)
    return found


async def _answers(store: str) -> None:
    """Every store does."""
