"""Footage that gives way to another writer's leaves a row for what that one does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snowlight.api.storage.v1 import storage_pb2
from tests.rpc.storage.committing import COMMITTED, SUPERSEDED, commit, open_epoch
from tests.rpc.storage.footage import START_MS, segment

if TYPE_CHECKING:
    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub as Storage

MINUTE_MS = 60_000


async def gaps(storage: Storage) -> list[tuple[int, int, str]]:
    """Of the first two minutes, from START_MS on."""
    request = storage_pb2.GetTimelineRequest(
        camera_uid="cam", start_ms=START_MS, end_ms=START_MS + 2 * MINUTE_MS
    )
    found = (await storage.GetTimeline(request)).gaps
    return [(each.start_ms - START_MS, each.end_ms - START_MS, each.cause) for each in found]


async def two_owners(storage: Storage) -> None:
    """The second of which has recorded the minute before START_MS."""
    await open_epoch(storage, 1)
    await open_epoch(storage, 2)
    assert await commit(storage, segment("cam", START_MS - MINUTE_MS, epoch=2)) == [COMMITTED]


async def test_an_old_minute_that_comes_after_its_successor(storage: Storage) -> None:
    """The new owner began 20 s before the old one's minute ended."""
    newer = segment("cam", START_MS + 40_000, epoch=2)
    older = segment("cam", START_MS, epoch=1)
    await two_owners(storage)
    assert await commit(storage, newer) == [COMMITTED]
    for _ in range(2):  # the same however often it is told
        assert await commit(storage, older) == [SUPERSEDED]
        assert (0, 40_000, "ingest_restart") in await gaps(storage)


async def test_an_old_minute_that_its_successor_displaces(storage: Storage) -> None:
    await two_owners(storage)
    assert await commit(storage, segment("cam", START_MS, epoch=1)) == [COMMITTED]
    assert await commit(storage, segment("cam", START_MS + 59_900, epoch=2)) == [COMMITTED]
    assert (0, 59_900, "ingest_restart") in await gaps(storage)


async def test_a_row_that_explains_it_already_stays(storage: Storage) -> None:
    await two_owners(storage)
    known = storage_pb2.Gap(camera_uid="cam", start_ms=START_MS, end_ms=START_MS + 40_000, cause="network")
    assert await commit(storage, segment("cam", START_MS + 40_000, epoch=2), gaps=(known,)) == [COMMITTED]
    assert await commit(storage, segment("cam", START_MS, epoch=1)) == [SUPERSEDED]
    assert (0, 40_000, "network") in await gaps(storage)


async def test_what_the_successor_has_is_no_gap(storage: Storage) -> None:
    await two_owners(storage)
    assert await commit(storage, segment("cam", START_MS, epoch=2)) == [COMMITTED]
    assert await commit(storage, segment("cam", START_MS, epoch=1)) == [SUPERSEDED]
    assert not [each for each in await gaps(storage) if each[0] < MINUTE_MS]
