"""Footage in a store that is away: only it is hidden, and the timeline says why."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import obstore
import pytest

from services.storage.app import MIGRATIONS
from services.storage.cameras.repository import CameraRepository
from services.storage.index.day_object import decode_day, encode_day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import insert_packed, row_of
from services.storage.index.queries import FootageIndex
from services.storage.index.repository import Repository
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.ledger.causes import STORE_OUTAGE
from services.storage.ledger.timeline import Gap
from services.storage.segment import DAY_MS, Segment
from services.storage.spans import Span
from simulator.ports import free_port
from snowlight.clock import SystemClock
from snowlight.database import open_database
from snowlight.errors import UnavailableError
from snowlight.object_store import ObjectStoreSettings, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from obstore.store import ObjectStore

DAY = 19_675
BEGIN_MS = DAY * DAY_MS
HOUR_MS = 3_600_000


def hour(at: int, store: str) -> Segment:
    return Segment(
        *("cam", BEGIN_MS + at * HOUR_MS, HOUR_MS, 1, at, "0a1b2c3d", store, 900, 1, 800, "avc1"),
        bytes([at + 1]) * 32,
        b"table",
    )


HOT = [hour(24, "default"), hour(25, "edge"), hour(26, "default")]
PACKED = [hour(0, "edge"), hour(1, "edge"), hour(3, "default"), hour(23, "default")]


class Health:
    """What the test says is away."""

    def __init__(self) -> None:
        self.away: set[str] = set()

    def is_away(self, store: str) -> bool:
        return store in self.away


@pytest.fixture
def health() -> Health:
    return Health()


@asynccontextmanager
async def footage(
    database_url: str, tmp_path: Path, health: Health, *also: Segment, edge: ObjectStore | None = None
) -> AsyncIterator[FootageIndex]:
    """Rows and packed days of a camera whose region changed stores; `edge` answers in place of that store."""
    stores = {
        name: open_store(ObjectStoreSettings(url=f"file://{tmp_path}/{name}"), tmp_path)
        for name in ("default", "edge")
    }
    async with open_database(database_url, service="storage", migrations=MIGRATIONS) as database:
        repository = PostgresRepository(database) if database.is_postgres else Repository(database)
        async with database.write() as connection:
            for name, store in stores.items():
                data = encode_day("cam", DAY, name, [each for each in PACKED if each.store == name])
                row = row_of(decode_day(data, name), 1)
                await obstore.put_async(store, str(row.key), data)
                await insert_packed(connection, row)
            await repository.insert_segments(connection, [*HOT, *also])
        if edge is not None:
            stores["edge"] = edge
        clock = SystemClock()
        cameras = CameraRepository(database, clock)
        yield FootageIndex(repository, cameras, DayObjects(stores, cache_bytes=0), health, clock)


async def hours(index: FootageIndex, *, playable: bool = True) -> list[int]:
    found = await index.list_segments(
        "cam", BEGIN_MS, BEGIN_MS + 2 * DAY_MS, fragments=True, playable=playable
    )
    assert all(segment in (*HOT, *PACKED) for segment in found), "whole, whatever it was read from"
    return [segment.sequence for segment in found]


def spans(*ranges: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(BEGIN_MS + start * HOUR_MS, BEGIN_MS + end * HOUR_MS) for start, end in ranges)


async def test_two_stores_of_a_camera_answer_as_one(
    database_url: str, tmp_path: Path, health: Health
) -> None:
    async with footage(database_url, tmp_path, health) as index:
        assert await hours(index) == [0, 1, 3, 23, 24, 25, 26]
        timeline = await index.timeline("cam", BEGIN_MS, BEGIN_MS + 27 * HOUR_MS)
        assert timeline.spans == spans((0, 2), (3, 4), (23, 27))


async def test_only_what_lies_in_a_store_that_is_away_is_hidden(
    database_url: str, tmp_path: Path, health: Health
) -> None:
    async with footage(database_url, tmp_path, health) as index:
        health.away.add("edge")
        assert await hours(index) == [3, 23, 24, 26]
        timeline = await index.timeline("cam", BEGIN_MS, BEGIN_MS + 27 * HOUR_MS)
        assert timeline.spans == spans((3, 4), (23, 25), (26, 27))
        assert [(gap.start_ms, gap.end_ms) for gap in timeline.gaps] == [
            (span.start_ms, span.end_ms) for span in spans((0, 2), (2, 3), (4, 23), (25, 26))
        ]
        assert [gap.cause for gap in timeline.gaps] == [STORE_OUTAGE, "unknown", "unknown", STORE_OUTAGE]
        part = await index.timeline("cam", BEGIN_MS + HOUR_MS, BEGIN_MS + 2 * HOUR_MS)
        (hidden,) = spans((1, 2))
        assert (part.spans, part.gaps) == ((), (Gap(hidden.start_ms, hidden.end_ms, STORE_OUTAGE),))
        health.away.clear()
        assert await hours(index) == [0, 1, 3, 23, 24, 25, 26], "it is back as soon as its store is"


async def test_a_store_that_fails_before_it_is_known_to_be_away_is_no_silent_gap(
    database_url: str, tmp_path: Path, health: Health
) -> None:
    nowhere = obstore.store.S3Store(
        "nowhere",
        endpoint=f"http://127.0.0.1:{free_port()}",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
        skip_signature=True,
    )
    async with footage(database_url, tmp_path, health, edge=nowhere) as index:
        with pytest.raises(UnavailableError, match="edge"):
            await hours(index)
        health.away.add("edge")
        assert await hours(index) == [3, 23, 24, 26]
        with pytest.raises(UnavailableError, match="edge"):
            await hours(index, playable=False)


async def test_footage_doubled_in_another_store_can_be_played_from_there(
    database_url: str, tmp_path: Path, health: Health
) -> None:
    again = replace(hour(25, "default"), epoch=2)
    async with footage(database_url, tmp_path, health, again) as index:
        health.away.add("edge")
        timeline = await index.timeline("cam", BEGIN_MS + 24 * HOUR_MS, BEGIN_MS + 27 * HOUR_MS)
        assert (timeline.spans, timeline.gaps) == (spans((24, 27)), ())
