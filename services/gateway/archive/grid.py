"""Media sequence numbers of the past, the same at every gateway and for ever (docs/archive.md).

The wall clock is divided into cells. A segment's number is that of the cell in which it begins, so that it
can be told from the index alone, and what comes late or is lost renumbers nothing. A cell without a segment
leaves its number empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from operator import attrgetter

from services.gateway.archive.pieces import Piece
from services.gateway.archive.recording import Recording

CELL_MS = 2_000
ERA_CELLS = 300
ERA_MS = ERA_CELLS * CELL_MS
"""Numbers within an era of ten minutes depend on nothing before the one before it."""
LONGEST_MS = 3 * CELL_MS
"""Of a segment, unless single fragments are longer than a cell."""
CLOSED_MS = 30_000
"""Footage that has not gone on for so long has ended: a camera without pictures is given up after 15 s."""


@dataclass(frozen=True, slots=True)
class NumberedPiece:
    """A segment and its media sequence number."""

    number: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class Numbered:
    """Segments that nothing will change any more, in order."""

    pieces: list[NumberedPiece]
    reached: int
    """The highest number that is known: that of the newest one, or of an empty cell behind it. -1: none."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a segment may begin."""

    cell: int
    recording: Recording
    index: int
    end: int
    """The recording's fragments from here on are another's: it goes on in its successor."""
    needed: bool
    """A recording begins: no segment goes on over it."""
    settled: bool
    """It is known for good as soon as it is seen; else once its cell is over."""

    @property
    def era(self) -> int:
        return self.cell // ERA_CELLS


@dataclass(frozen=True, slots=True)
class _Begun:
    """A segment whose end is not known yet."""

    cut: _Cut
    number: int | None
    """None where it is not listed."""


class _Count:
    """Numbers the segments of an era."""

    def __init__(self, spent: int) -> None:
        """`spent`: the last number that the era before takes; those up to it are not this one's."""
        self.number = spent
        self._cell: int | None = None

    def begins(self, cut: _Cut) -> bool:
        """Whether a segment begins there, which has `number` then. While numbers are ahead of the clock, one
        that need not begin does not: the one before it is longer."""
        is_long = self._cell is None or cut.cell - self._cell >= LONGEST_MS // CELL_MS - 1
        if cut.cell <= self.number and not cut.needed and not is_long:
            return False
        self.number, self._cell = max(self.number + 1, cut.cell), cut.cell
        return True


def era_of(instant_ms: int) -> int:
    """When the era of an instant begins, ms since 1970 UTC."""
    return instant_ms - instant_ms % ERA_MS


def needed_from(era_ms: int) -> int:
    """The footage from here on tells the numbers of the era that begins at `era_ms`."""
    return era_ms - ERA_MS


def numbered(recordings: Sequence[Recording], era_ms: int, now_ms: int) -> Numbered:
    """What begins from `era_ms` on, the begin of an era. `recordings`: all that overlap what follows
    `needed_from` it, in order.

    Each cell begins a segment at its first key frame, or its first fragment where it has none; a cell in
    which a recording begins does so there, and once more at a key frame where another one ends in it. More
    of those than cells push numbers ahead of the clock for a while, and over the end of their era.

    An era goes on from what the one before it takes by itself. What is ahead by more than that has been for
    ten minutes, and there is no number for it.
    """
    found: list[NumberedPiece] = []
    newest_ms = max((recording.starts[recording.count - 1] for recording in recordings), default=0)
    unknown = max(newest_ms, now_ms - CLOSED_MS) // CELL_MS  # fragments may still come from this cell on
    first_cell = era_ms // CELL_MS
    before: _Begun | None = None
    spent = -1
    for era, cuts in groupby(_cuts(recordings, first_cell - ERA_CELLS), key=attrgetter("era")):
        count, by_itself = _Count(spent), _Count(-1)
        for cut in cuts:
            if cut.cell >= unknown and not cut.settled:
                return Numbered(found, _newest(found))
            by_itself.begins(cut)
            if not count.begins(cut):
                continue
            if before is not None:
                _add(found, before, cut)
            has_room = count.number <= max(by_itself.number, (era + 1) * ERA_CELLS - 1)
            before = _Begun(cut, count.number if has_room and cut.cell >= first_cell else None)
        spent = by_itself.number
    if before is None or before.cut.recording.starts[before.cut.end] // CELL_MS >= unknown:
        return Numbered(found, _newest(found))
    _add(found, before, None)
    return Numbered(found, max(_newest(found), unknown - 1))


def _newest(found: list[NumberedPiece]) -> int:
    return found[-1].number if found else -1


def _add(found: list[NumberedPiece], begun: _Begun, following: _Cut | None) -> None:
    """The segment that has begun, and ends where the following one begins."""
    if begun.number is None:
        return
    cut = begun.cut
    goes_on = following is not None and following.recording is cut.recording
    end = following.index if following is not None and goes_on else cut.end
    found.append(NumberedPiece(begun.number, Piece(cut.recording, cut.index, end - cut.index)))


def _cuts(recordings: Sequence[Recording], first_cell: int) -> Iterator[_Cut]:
    for recording, successor in zip_longest(recordings, recordings[1:]):
        end = recording.count if successor is None else recording.first_after(successor.start_ms)
        if end == 0:
            continue
        last_cell = recording.starts[end] // CELL_MS
        start_cell = recording.start_ms // CELL_MS
        if start_cell >= first_cell:
            yield _Cut(start_cell, recording, 0, end, needed=True, settled=True)
        for cell in range(max(start_cell + 1, first_cell), last_cell + 1):
            begin = _begin(recording, cell, end, goes_on=cell < last_cell)
            if begin is not None:
                yield begin


def _begin(recording: Recording, cell: int, end: int, *, goes_on: bool) -> _Cut | None:
    """How a cell begins a segment of a recording, which `goes_on` after it or ends in it at `end`, perhaps
    only so far: at its first key frame, for that one is known at once.

    Without one, only where it goes on: a segment may begin in this cell with the recording's successor. The
    last cell of an era is left to that one, so that numbers seldom run over an era's end.
    """
    first = recording.first_after(cell * CELL_MS)
    after = min(recording.first_after((cell + 1) * CELL_MS), end)
    key = recording.next_key(first, after)
    ends_era = (cell + 1) % ERA_CELLS == 0
    if first >= after or (not goes_on and (key is None or ends_era)):
        return None
    settled = key is not None and not ends_era
    return _Cut(cell, recording, first if key is None else key, end, needed=False, settled=settled)
