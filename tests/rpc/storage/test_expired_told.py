"""Footage that storage deleted in order is told as expired by timelines and manifests; a fault never is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from services.storage.exports.account import account
from services.storage.index.queries import FootageIndex
from services.storage.retention.policy import Policy
from services.storage.retention.repository import RetentionRepository
from services.storage.segment import LedgerGap
from services.storage.spans import Span
from services.storage.stores.health import NoneAway
from services.storage.tables import segments
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.object_store import ObjectStoreSettings
from tests.rpc.storage.yard import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, Yard, minutes, open_yard

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_MS = NOON_MS - 30 * DAY_MS
SIZE = 1000


class Told(NamedTuple):
    """A gap."""

    start_ms: int
    end_ms: int
    cause: str


async def told(yard: Yard, start_ms: int, end_ms: int) -> list[Told]:
    """The gaps of "cam", which a manifest has as the timeline does."""
    index = FootageIndex(yard.repository, yard.cameras, yard.objects, NoneAway(), yard.clock)
    timeline = await index.timeline("cam", start_ms, end_ms)
    listed = await index.list_segments("cam", start_ms, end_ms, fragments=False)
    gaps = account(Span(start_ms, end_ms), listed, timeline, await yard.cameras.get("cam"))
    assert gaps == timeline.gaps
    return [Told(gap.start_ms, gap.end_ms, gap.cause) for gap in gaps]


@pytest.mark.parametrize("packed", [False, True])
async def test_what_expires_is_told_as_expired_also_after_an_older_hour_that_is_held(
    yard: Yard, packed: bool
) -> None:
    await yard.register("cam")
    held, gone = LIMIT_MS - 20 * DAY_MS, LIMIT_MS - DAY_MS
    keep = yard.pack if packed else yard.record
    await keep(*minutes("cam", held, 10), *minutes("cam", held + 20 * MINUTE_MS, 10))
    await keep(*minutes("cam", gone, 60))
    async with yard.database.write() as connection:
        gap = LedgerGap("cam", held + 10 * MINUTE_MS, held + 20 * MINUTE_MS, "camera_offline")
        await yard.repository.save_gaps(connection, [gap])
    await yard.hold("cam", held, held + HOUR_MS)
    await yard.sweeper.sweep()
    assert await told(yard, gone, gone + HOUR_MS) == [(gone, gone + HOUR_MS, "expired")]
    assert await told(yard, held, held + HOUR_MS) == [
        (held + 10 * MINUTE_MS, held + 20 * MINUTE_MS, "camera_offline"),
        (held + 30 * MINUTE_MS, held + HOUR_MS, "expired"),
    ]
    young = LIMIT_MS + HOUR_MS
    assert await told(yard, young, young + HOUR_MS) == [(young, young + HOUR_MS, "unknown")]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("grace_seconds", [0, 3600])
async def test_what_a_full_store_dropped_is_told_as_expired(
    database_url: str, tmp_path: Path, packed: bool, grace_seconds: int
) -> None:
    """From the moment on that nobody is shown it any more, before its objects are gone."""
    store = ObjectStoreSettings(url=f"file://{tmp_path}/footage", capacity_bytes=100 * SIZE)
    async with open_yard(database_url, tmp_path, store, grace_seconds=grace_seconds) as yard:
        await yard.policies.set("default", Policy(30, 1), "somebody")
        await yard.register("cam", ownership=camera_pb2.BUSINESS)
        begin_ms = NOON_MS - 10 * DAY_MS
        there = minutes("cam", begin_ms, 120, size=SIZE)
        del there[100:110]
        await (yard.pack if packed else yard.record)(*there)
        await yard.sweeper.sweep()
        gaps = await told(yard, begin_ms - HOUR_MS, begin_ms + 2 * HOUR_MS)
        assert [gap.cause for gap in gaps] == ["expired", "unknown"], "what nobody deleted is still a fault"
        assert gaps[0].start_ms == begin_ms - HOUR_MS
        assert begin_ms < gaps[0].end_ms < begin_ms + 100 * MINUTE_MS
        assert gaps[1][:2] == (begin_ms + 100 * MINUTE_MS, begin_ms + 110 * MINUTE_MS)


async def test_what_went_by_a_shorter_retention_stays_expired_when_it_is_made_longer(yard: Yard) -> None:
    await yard.register("cam")
    await yard.record(*minutes("cam", LIMIT_MS - HOUR_MS, 10))
    await yard.sweeper.sweep()
    await yard.policies.set("default", Policy(300, 300), "somebody")
    assert await told(yard, LIMIT_MS - HOUR_MS, LIMIT_MS - 30 * MINUTE_MS) == [
        (LIMIT_MS - HOUR_MS, LIMIT_MS - 50 * MINUTE_MS, "expired"),
        (LIMIT_MS - 50 * MINUTE_MS, LIMIT_MS - 30 * MINUTE_MS, "unknown"),
    ]


async def test_an_erasure_excuses_nothing_before_it(yard: Yard) -> None:
    await yard.register("cam")
    start_ms = NOON_MS - DAY_MS
    there = minutes("cam", start_ms, 10)
    await yard.record(*there)
    erased = segments.c.camera_uid == "cam"
    retention = RetentionRepository(yard.database)
    gone = await retention.doom_where(erased, NOON_MS, len(there))
    await retention.forget([each for _, each in gone])
    assert {gap.cause for gap in await told(yard, start_ms - HOUR_MS, start_ms + HOUR_MS)} == {"unknown"}
