"""What a process finds while it has a duty it tells no longer once another has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowlight.background import running
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.rpc.storage.yard import Yard


async def test_who_sweeps_no_more_tells_when_it_did_last_and_not_how_full_stores_are(yard: Yard) -> None:
    def told(name: str, **labels: str) -> float | None:
        return yard.registry.get_sample_value(f"snowlight_storage_{name}", labels)

    async def has_swept() -> bool:
        return bool(told("last_sweep_seconds"))

    stores = list(yard.stores)
    async with running(yard.sweeper.run()):
        await eventually(has_swept)
        assert all(told("store_fill", store=store) for store in stores)
    assert told("last_sweep_seconds") == yard.clock.now_ms() / 1000
    for gauge in ("fill", "used_bytes", "capacity_bytes", "days_left"):
        assert not any(told(f"store_{gauge}", store=store) is not None for store in stores)
    assert (told("undeletable_segments"), told("unreadable_days")) == (0, 0)
