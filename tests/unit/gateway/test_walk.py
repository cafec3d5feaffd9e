"""Which fragments of a window come, and in which order, while the index changes."""

from __future__ import annotations

from typing import cast

from services.gateway.archive.index import HOUR_MS, FootageIndex
from services.gateway.archive.recording import Recording
from services.gateway.archive.walk import READ_BYTES, Place, walk
from tests.unit.gateway.test_pieces import recording

HALF_S = 500


class Index:
    """What is recorded, as a test has it be known."""

    def __init__(self, *known: list[Recording]) -> None:
        """`known`: at each question in turn; the last one stays."""
        self._known = list(known)

    async def between(self, uid: str, start_ms: int, end_ms: int) -> list[Recording]:
        known = self._known.pop(0) if len(self._known) > 1 else self._known[0]
        return [one for one in known if one.start_ms < end_ms and one.end_ms > start_ms]


async def walked(
    index: Index, start_ms: int, end_ms: int, after: Place | None = None
) -> list[tuple[int, int]]:
    """Sequence and index of each fragment."""
    pieces = walk(cast(FootageIndex, index), "c", start_ms, end_ms, after)
    return [
        (piece.recording.sequence, number)
        async for piece in pieces
        for number in range(piece.first, piece.first + piece.count)
    ]


def minute(sequence: int, fragments: int = 120, *, late_ms: int = 0) -> Recording:
    start_ms = HOUR_MS + sequence * 60_000 + late_ms
    return recording(start_ms, [HALF_S] * fragments, key_every=4, sequence=sequence)


async def test_a_minute_that_grows_while_it_is_read_comes_whole_and_nothing_twice() -> None:
    index = Index([minute(1, 40)], [minute(1, 80)], [minute(1, 120), minute(2, 4)])
    wanted = [(1, number) for number in range(120)] + [(2, number) for number in range(4)]
    assert await walked(index, HOUR_MS, 2 * HOUR_MS) == wanted


async def test_what_lies_in_two_hours_comes_once() -> None:
    over_the_hour = minute(59, late_ms=30_000)
    index = Index([minute(58), over_the_hour, recording(2 * HOUR_MS + 30_000, [HALF_S] * 4, 4, sequence=61)])
    found = await walked(index, HOUR_MS, 3 * HOUR_MS)
    assert len(found) == len(set(found)) == 244
    assert found == sorted(found)


async def test_it_goes_on_with_the_place_or_with_what_follows_where_that_is_gone() -> None:
    place = Place(minute(1).start_ms, 1, 1, 118, 0)
    both = await walked(Index([minute(1), minute(2, 2)]), HOUR_MS, 2 * HOUR_MS, place)
    assert both == [(1, 118), (1, 119), (2, 0), (2, 1)]
    assert await walked(Index([minute(2, 2)]), HOUR_MS, 2 * HOUR_MS, place) == [(2, 0), (2, 1)]


async def test_recordings_that_overlap_come_one_after_the_other() -> None:
    index = Index([minute(1, 8), minute(2, 8, late_ms=-57_000)])
    assert await walked(index, HOUR_MS, 2 * HOUR_MS) == [(n, index) for n in (1, 2) for index in range(8)]


async def test_reads_are_bounded_but_for_a_fragment_that_is_larger_itself() -> None:
    one = minute(1, 8)
    one.sizes = [READ_BYTES // 2, READ_BYTES // 2, 1, READ_BYTES * 3, 10, 10, 10, 10]
    pieces = [piece async for piece in walk(cast(FootageIndex, Index([one])), "c", HOUR_MS, 2 * HOUR_MS)]
    assert [piece.count for piece in pieces] == [2, 1, 1, 4]
