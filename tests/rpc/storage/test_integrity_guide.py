"""docs/integrity.md is what operators are paid by: its example and its query come to what storage answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.rpc.storage.days import MINUTE_MS, missing, open_town

if TYPE_CHECKING:
    from tests.rpc.storage.conftest import Cluster

GUIDE = Path(__file__).parents[3].joinpath("docs", "integrity.md").read_text(encoding="utf-8")
THURSDAY = "2024-03-07"
TOWN = "regions/421381101"


async def test_the_guides_example_and_query_come_to_what_storage_answers(cluster: Cluster) -> None:
    async with open_town(cluster) as town:
        hours = {"region": TOWN, "schedule": "mon-fri 08:00-18:00"}
        await town.register("cam", "2024-03-01 00:00", **hours)
        await town.register("cam", "2024-03-01 00:00", f"{THURSDAY} 16:00", enabled=False, **hours)
        await town.record("cam", f"{THURSDAY} 07:50", f"{THURSDAY} 10:00")
        await town.miss("cam", f"{THURSDAY} 10:00", f"{THURSDAY} 10:20", "camera_offline")
        noon_ms = town.at(f"{THURSDAY} 12:00")
        await town.record("cam", f"{THURSDAY} 10:20", noon_ms)
        await town.record("cam", noon_ms + 800, f"{THURSDAY} 14:00")
        await town.record("cam", f"{THURSDAY} 14:30", f"{THURSDAY} 16:00")
        await town.miss("cam", f"{THURSDAY} 16:00", 0, "disabled")
        found = await town.integrity("cam", THURSDAY)
        assert (found.scheduled_ms, found.recorded_ms) == (told("scheduled"), told("recorded"))
        assert found.ratio == pytest.approx(0.8958, abs=5e-5)
        assert missing(found) == {"unknown": 30, "camera_offline": 20}
        assert found.longest_gap_ms == 30 * MINUTE_MS

        await town.register("whole", "2024-03-01 00:00", region=TOWN)
        await town.record("whole", f"{THURSDAY} 00:00", "2024-03-08 00:00")
        assert (await town.integrity(TOWN, THURSDAY)).ratio == pytest.approx(0.9740, abs=5e-5)

        month = await town.integrity(TOWN, "2024-03")
        query = GUIDE.partition("```sql\n")[2].partition("```")[0]
        query = query.replace("2026-11-01", "2024-03-01").replace("2026-11-30", "2024-03-31")
        async with town.database.read() as connection:
            row = (await connection.execute(sa.text(query))).one()
        assert (row.scheduled_ms, row.recorded_ms) == (month.scheduled_ms, month.recorded_ms)


def told(name: str) -> int:
    found = re.search(rf"^    {name} += .*?  +([\d,]+) ms", GUIDE, re.MULTILINE)
    assert found is not None
    return int(found[1].replace(",", ""))
