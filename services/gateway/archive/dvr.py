"""The playlist of the last hour up to now (RFC 8216bis): it slides, and ends with the ticket's window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.archive.grid import CELL_MS, CLOSED_MS, LONGEST_MS, Numbered
from services.gateway.archive.pieces import Piece
from services.gateway.archive.playlist import Entry, entry_of, extinf, marks
from services.gateway.archive.recording import GAP_MS, Recording
from services.gateway.http.routes import Parameter
from snowlight.errors import InvalidArgumentError
from snowlight.instants import format_instant

LISTED_MS = 3_600_000
SKIP_TARGETS, HOLD_BACK_TARGETS = 6, 3
"""CAN-SKIP-UNTIL and HOLD-BACK, target durations (section 4.4.3.8)."""
_SKIP = "_HLS_skip"
SKIPPING = Parameter(
    _SKIP,
    "Leave out what the player has already: a playlist delta update.",
    {"type": "string", "enum": ["YES", "v2"]},
)


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) of a ticket, ms since 1970 UTC."""

    start_ms: int
    end_ms: int
    listed_ms: int = LISTED_MS

    def listed_from(self, now_ms: int) -> int:
        """When the last hour, `listed_ms`, begins."""
        return max(min(now_ms, self.end_ms) - self.listed_ms, self.start_ms)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed now."""

    entries: Sequence[tuple[int, Entry]]
    """By media sequence number, rising; at least one."""
    reached: int
    """The number of the last line; empty cells may follow the last entry."""
    discontinuities: int
    """How many came before the first entry, since the begin of the ticket's window."""
    independent: bool
    ended: bool


def listing(
    numbered: Numbered, recordings: Sequence[Recording], window: Window, now_ms: int
) -> Listing | None:
    """What of `numbered` lies in the last hour of `window`; None where nothing does.

    `recordings`: all that overlap the window, for the count of discontinuities.
    """
    pieces = numbered.pieces
    from_ms = window.listed_from(now_ms)
    over = now_ms >= window.end_ms and bool(
        now_ms - window.end_ms > CLOSED_MS or (pieces and pieces[-1].piece.end_ms >= window.end_ms)
    )
    listed: list[tuple[int, Piece]] = []
    reached = min(numbered.reached, (window.end_ms - 1) // CELL_MS)
    for one in pieces:
        piece = one.piece
        if from_ms <= piece.start_ms < window.end_ms:
            if piece.recording.starts[piece.first + piece.count - 1] >= window.end_ms:
                piece = Piece(
                    piece.recording, piece.first, piece.recording.first_after(window.end_ms) - piece.first
                )
            listed.append((one.number, piece))
    if not listed:
        return None
    return Listing(
        entries=[(number, entry_of(piece)) for number, piece in listed],
        reached=max(reached, listed[-1][0]),
        discontinuities=_discontinuities(recordings, listed[0][1].recording),
        independent=all(piece.independent for _, piece in listed),
        ended=over,
    )


def dvr_playlist(listed: Listing, *, skip: bool) -> str:
    """The playlist. `skip`: the player knows what is older than the skip boundary (section 6.2.5.1).

    An empty cell is an EXT-X-GAP of a millisecond: media sequence numbers have no holes, and players would
    wait through longer ones.
    """
    longest_ms = max(LONGEST_MS, *(entry.duration_ms for _, entry in listed.entries))
    target_s = (longest_ms + 500) // 1000
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        f"#EXT-X-TARGETDURATION:{target_s}",
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={SKIP_TARGETS * target_s}"
        f",HOLD-BACK={HOLD_BACK_TARGETS * target_s}",
        f"#EXT-X-MEDIA-SEQUENCE:{listed.entries[0][0]}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{listed.discontinuities}",
    ]
    if listed.independent:
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    segments = _segments(listed)
    skipped = _beyond(segments, SKIP_TARGETS * target_s * 1000) if skip else 0
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    for _, segment in segments[skipped:]:
        lines += segment
    if listed.ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def read_skip(query: Mapping[str, str]) -> bool:
    """Whether a delta update is asked for. Raises InvalidArgumentError naming the field."""
    wanted = query.get(_SKIP)
    if wanted not in (None, "YES", "v2"):
        raise InvalidArgumentError("request.invalid", f"{_SKIP} must be YES or v2", field=_SKIP)
    return wanted is not None


def _segments(listed: Listing) -> list[tuple[int, list[str]]]:
    """How long each lasts, ms, and its lines; they have consecutive numbers."""
    segments: list[tuple[int, list[str]]] = []
    before: Entry | None = None
    following = listed.entries[0][0]
    for number, entry in listed.entries:
        segments += [_empty(cell) for cell in range(following, number)]
        lines = marks(before, entry)
        if number > following and not any(line.startswith("#EXT-X-PROGRAM-DATE-TIME") for line in lines):
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(entry.start_ms)}")
        segments.append((entry.duration_ms, [*lines, *extinf(entry)]))
        before, following = entry, number + 1
    return segments + [_empty(cell) for cell in range(following, listed.reached + 1)]


def _empty(number: int) -> tuple[int, list[str]]:
    return 1, ["#EXT-X-GAP", "#EXTINF:0.001,", f"vod/gap-{number * CELL_MS}.m4s"]


def _beyond(segments: Sequence[tuple[int, list[str]]], boundary_ms: int) -> int:
    """How many end further from the playlist's end than the boundary."""
    left_ms = 0
    for count, (lasts_ms, _) in enumerate(reversed(segments)):
        if left_ms > boundary_ms:
            return len(segments) - count
        left_ms += lasts_ms
    return 0


def _discontinuities(recordings: Sequence[Recording], first: Recording) -> int:
    count = 0
    before: Recording | None = None
    for recording in recordings:
        if recording.start_ms > first.start_ms:
            break
        if before is not None:
            count += before.session != recording.session or recording.start_ms - before.end_ms > GAP_MS
        before = recording
    return count
