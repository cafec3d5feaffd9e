"""Media sequence numbers of the past, the same at every gateway and for ever (docs/archive.md).

The wall clock is divided into cells. A segment's number is that of the cell in which it begins, so that it
can be told from the index alone, and what comes late or is lost renumbers nothing. A cell without a segment
leaves its number empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from services.gateway.archive.pieces import Piece
from services.gateway.archive.recording import Recording

CELL_MS = 2_000
ERA_CELLS = 300
"""Numbers within an era of ten minutes depend on nothing before it."""
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


def era_of(instant_ms: int) -> int:
    """When the era of an instant begins, ms since 1970 UTC."""
    return instant_ms - instant_ms % (ERA_CELLS * CELL_MS)


def numbered(recordings: Sequence[Recording], era_ms: int, now_ms: int) -> Numbered:
    """What begins from `era_ms` on, the begin of an era. `recordings`: all that overlap what follows that, in
    order.

    Each cell begins a segment at its first key frame, or its first fragment where it has none; a cell in
    which a recording begins does so there, and once more at a key frame where another one ends in it. More
    of those than cells push numbers ahead of the clock for a while; what does not fit into its era is left
    out.
    """
    found: list[NumberedPiece] = []
    newest_ms = max((recording.starts[recording.count - 1] for recording in recordings), default=0)
    unknown = max(newest_ms, now_ms - CLOSED_MS) // CELL_MS  # fragments may still come from this cell on
    before: _Cut | None = None
    number = -1
    for cut in _cuts(recordings, era_ms // CELL_MS):
        if cut.cell >= unknown and not cut.settled:
            return Numbered(found, found[-1].number if found else -1)
        if before is None or before.era != cut.era:
            following = cut.cell
        elif cut.needed or cut.cell - before.cell >= LONGEST_MS // CELL_MS - 1:
            following = max(number + 1, cut.cell)
        elif cut.cell > number:
            following = cut.cell
        else:
            continue  # numbers are ahead: one segment is longer
        if before is not None:
            _add(found, number, before, cut)
        before, number = cut, following
    if before is None or before.recording.starts[before.end] // CELL_MS >= unknown:
        return Numbered(found, found[-1].number if found else -1)
    _add(found, number, before, None)
    return Numbered(found, max(number, unknown - 1))


def _add(found: list[NumberedPiece], number: int, cut: _Cut, following: _Cut | None) -> None:
    if number // ERA_CELLS != cut.era:
        return
    goes_on = following is not None and following.recording is cut.recording
    end = following.index if following is not None and goes_on else cut.end
    found.append(NumberedPiece(number, Piece(cut.recording, cut.index, end - cut.index)))


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
    last cell of an era has no room for that one's number, and is left to it.
    """
    first = recording.first_after(cell * CELL_MS)
    after = min(recording.first_after((cell + 1) * CELL_MS), end)
    key = recording.next_key(first, after)
    ends_era = (cell + 1) % ERA_CELLS == 0
    if first >= after or (not goes_on and (key is None or ends_era)):
        return None
    settled = key is not None and not ends_era
    return _Cut(cell, recording, first if key is None else key, end, needed=False, settled=settled)
