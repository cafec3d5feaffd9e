"""Archive playlists (RFC 8216bis, EXT-X-PLAYLIST-TYPE:VOD)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.gateway.archive.keyframes import KeyPicture
from services.gateway.archive.pieces import SEGMENT_MS, Piece
from services.gateway.archive.recording import GAP_MS, Recording
from snowlight.instants import format_instant

EDGE_MS = 5_000
"""Footage this young may still be on its way; its absence is no gap."""


class Entry(NamedTuple):
    """A media segment as a playlist lists it: a day has 14,400."""

    recording: Recording
    start_ms: int
    duration_ms: int
    init: str
    """The attributes of its EXT-X-MAP."""
    lines: tuple[str, ...]
    """Its URI, and before it what else belongs to it alone."""

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class Range:
    """What was asked for, [start, end), and when, ms since 1970 UTC."""

    start_ms: int
    end_ms: int
    now_ms: int
    show_gaps: bool
    """Gaps are written, from the start to the end or now, as EXT-X-GAP entries of a segment's length, so that
    media time follows the wall clock. Else they are left out and marked as discontinuities."""


def entry_of(piece: Piece) -> Entry:
    """A segment that is loaded here."""
    recording = piece.recording
    start_ms = piece.start_ms
    duration_ms = recording.starts[piece.first + piece.count] - start_ms
    uri = f"vod/{start_ms}-{piece.count}.m4s"
    return Entry(recording, start_ms, duration_ms, f'URI="vod/init-{recording.start_ms}.mp4"', (uri,))


def vod_playlist(pieces: Sequence[Piece], asked: Range, entries: Sequence[Entry] | None = None) -> str:
    """The playlist of `pieces`, which are at least one and in order. `entries`: if loaded elsewhere."""
    tags = []
    if all(piece.independent for piece in pieces):
        tags.append("#EXT-X-INDEPENDENT-SEGMENTS")
    return _playlist(entries or [entry_of(piece) for piece in pieces], asked, tags, "vod/gap-")


def key_playlist(pictures: Sequence[KeyPicture], asked: Range) -> str:
    """The playlist of key frames alone (section 4.4.3.6), at least one and in order: each is shown until the
    next one."""
    entries = [
        Entry(
            picture.recording,
            picture.start_ms,
            picture.duration_ms,
            f'URI="vod/key-init-{picture.recording.start_ms}.mp4"',
            (f"vod/key-{picture.start_ms}.m4s",),
        )
        for picture in pictures
    ]
    return _playlist(entries, asked, ["#EXT-X-I-FRAMES-ONLY"], "vod/key-gap-")


def marks(before: Entry | None, entry: Entry, *, after_gap: bool = False) -> list[str]:
    """What stands between two segments. `after_gap`: EXT-X-GAP entries came between."""
    if before is not None and before.recording is entry.recording and not after_gap:
        return []  # there is no hole in a recording
    lines: list[str] = []
    broken = after_gap
    new_init = before is None
    if before is not None:
        new_session = before.recording.session != entry.recording.session
        broken = broken or new_session or entry.start_ms - before.end_ms > GAP_MS
        new_init = new_session or before.recording.init8 != entry.recording.init8
    if broken:
        lines.append("#EXT-X-DISCONTINUITY")
    if new_init:
        lines.append(f"#EXT-X-MAP:{entry.init}")
    if before is None or broken or before.recording is not entry.recording:
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(entry.start_ms)}")
    return lines


def extinf(entry: Entry) -> list[str]:
    """The entry itself."""
    return [f"#EXTINF:{entry.duration_ms / 1000:.3f},", *entry.lines]


def _playlist(entries: Sequence[Entry], asked: Range, tags: list[str], gap_name: str) -> str:
    longest_ms = max(entry.duration_ms for entry in entries)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{8 if asked.show_gaps else 7}",
        f"#EXT-X-TARGETDURATION:{(max(longest_ms, SEGMENT_MS) + 500) // 1000}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        *tags,
    ]
    if asked.show_gaps:  # those before the first segment have no other init section than its own
        lines.append(f"#EXT-X-MAP:{entries[0].init}")
    before: Entry | None = None
    shown_until_ms = asked.start_ms
    for entry in entries:
        gap = _gap(shown_until_ms, entry.start_ms, gap_name) if asked.show_gaps else []
        mark = marks(before, entry, after_gap=bool(gap))
        if before is None and asked.show_gaps:
            mark = [line for line in mark if not line.startswith("#EXT-X-MAP")]
        lines += [*gap, *mark, *extinf(entry)]
        before, shown_until_ms = entry, max(shown_until_ms, entry.end_ms)
    if asked.show_gaps and shown_until_ms < asked.now_ms - EDGE_MS:
        lines += _gap(shown_until_ms, min(asked.end_ms, asked.now_ms), gap_name)
    lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _gap(start_ms: int, end_ms: int, name: str) -> list[str]:
    """Entries for a hole in which nothing can be loaded; none for one too short to be a gap."""
    if end_ms - start_ms <= GAP_MS:
        return []
    lines = [f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(start_ms)}"]
    for entry_ms in range(start_ms, end_ms, SEGMENT_MS):
        length_ms = min(SEGMENT_MS, end_ms - entry_ms)
        lines += ["#EXT-X-GAP", f"#EXTINF:{length_ms / 1000:.3f},", f"{name}{entry_ms}.m4s"]
    return lines
