"""What the spool holds as well, the ring hands out from there: a camera nobody watches takes no memory."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.ingest.media.live_item import LiveItem
from services.ingest.media.movie_head import Run, movie_head
from services.ingest.media.ring import Ring
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from snowlight.errors import UnavailableError
from snowlight.media.boxes import VIDEO_TRACK, build_prft
from snowlight.media.envelope import decode_live
from snowlight.media.fragment import Fragment, InitSection
from tests.parts.open_files import opened

INIT = InitSection("0" * 8, b"init", "avc1.42c028", 320, 180, 1, 0, 2000, 562)


def fragment(number: int) -> Fragment:
    moof = movie_head(number, [Run(VIDEO_TRACK, 45_000 * number, [45_000], [100], key=number % 4 == 0)])
    chunks = (build_prft(number * 500, 45_000 * number) + moof, bytes([number]) * 100)
    return Fragment(number // 4, number % 4, number * 500, 500, number % 4 == 0, False, chunks)


def from_disk(number: int) -> Fragment:
    """The fragment as it is read: in one piece."""
    return replace(fragment(number), chunks=(fragment(number).data,))


class Recorded:
    """A ring, and the file that all its fragments are in."""

    def __init__(self, folder: Path, count: int) -> None:
        name = SpoolName("some-camera", 0, 1, 1, 1, "0" * 8)
        self.file = SpoolFile.create(folder / str(name), name, INIT)
        self.ring = Ring(100_000)
        self.ring.start(INIT)
        for number in range(count):
            self.append(fragment(number))

    def append(self, fragment: Fragment) -> None:
        self.file.append(fragment)
        self.ring.append(fragment, self.file.newest)

    def finish(self) -> None:
        """The file is complete, uploaded and deleted."""
        self.file.finish()
        self.file.path.unlink()


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(tmp_path, 6)
    yield recorded
    if not recorded.file.closed:
        recorded.file.finish()


async def take(watcher: AsyncIterator[LiveItem], count: int) -> list[LiveItem]:
    return [await asyncio.wait_for(anext(watcher), 5) for _ in range(count)]


async def events(watcher: AsyncIterator[LiveItem], count: int) -> list[InitSection | Fragment]:
    return [item.event for item in await take(watcher, count)]


async def test_watchers_are_given_all_that_was_appended(recorded: Recorded) -> None:
    expected = [INIT, *map(from_disk, range(6))]
    items = await take(recorded.ring.subscribe(backlog=True), 7)
    assert [item.event for item in items] == expected
    assert [decode_live(item.message()) for item in items] == expected


def test_without_a_watcher_nothing_is_held_in_memory(recorded: Recorded) -> None:
    newest = fragment(6)
    footage = newest.chunks[1]
    recorded.append(newest)
    del newest
    assert sys.getrefcount(footage) == 2  # this function and the call
    assert recorded.ring.held_bytes == sum(fragment(number).size for number in range(7))


async def test_who_waits_for_a_fragment_is_given_it_as_it_came(recorded: Recorded) -> None:
    watcher = recorded.ring.subscribe()
    await take(watcher, 3)
    waiting = asyncio.create_task(events(watcher, 1))
    async with asyncio.timeout(5):
        while not recorded.ring.waiting:  # noqa: ASYNC110 - the ring tells nobody
            await asyncio.sleep(0)
    newest = fragment(6)
    recorded.append(newest)
    assert (await waiting)[0] is newest


async def test_a_minute_that_has_left_the_spool_can_still_be_watched(recorded: Recorded) -> None:
    recorded.finish()
    assert await events(recorded.ring.subscribe(), 3) == [INIT, from_disk(4), from_disk(5)]


async def test_a_camera_without_pictures_keeps_no_deleted_minute_on_the_disk(recorded: Recorded) -> None:
    recorded.finish()
    assert opened(recorded.file.path)
    recorded.ring.stop()
    assert not opened(recorded.file.path)
    recorded.ring.start(INIT)
    assert await events(recorded.ring.subscribe(backlog=True), 2) == [INIT, from_disk(0)]


async def test_a_disk_that_does_not_give_it_is_told_to_the_watcher(recorded: Recorded) -> None:
    os.truncate(recorded.file.path, 0)
    _, item = await take(recorded.ring.subscribe(), 2)
    with pytest.raises(UnavailableError) as caught:
        item.message()
    assert caught.value.code == "live.no_picture"
    recorded.ring.stop()
    assert recorded.ring.held_bytes == 0
