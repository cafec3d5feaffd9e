"""Archive playlists (RFC 8216bis, EXT-X-PLAYLIST-TYPE:VOD)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from services.gateway.archive.keyframes import KeyPicture
from services.gateway.archive.pieces import SEGMENT_MS, Piece, Run
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
    return Entry(recording, start_ms, duration_ms, _init(recording), (uri,))


def vod_playlist(runs: Sequence[Run], asked: Range, entries: Sequence[Entry] | None = None) -> str:
    """The playlist of `runs`, which are at least one and in order. `entries`: if loaded elsewhere."""
    tags = []
    if all(run.independent for run in runs):
        tags.append("#EXT-X-INDEPENDENT-SEGMENTS")
    longest_ms = max(run.longest_ms for run in runs)
    listed = map(_listed, runs) if entries is None else _one_by_one(entries)
    return _playlist(listed, longest_ms, asked, tags, "vod/gap-")


def key_playlist(pictures: Sequence[KeyPicture], asked: Range) -> str:
    """The playlist of key frames alone (section 4.4.3.6), at least one and in order: each is shown until the
    next one."""
    longest_ms = max(picture.duration_ms for picture in pictures)
    runs = _one_by_one(map(_key_entry, pictures))
    return _playlist(runs, longest_ms, asked, ["#EXT-X-I-FRAMES-ONLY"], "vod/key-gap-")


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
    return [_extinf(entry.duration_ms), *entry.lines]


@lru_cache(maxsize=1_024)
def _extinf(duration_ms: int) -> str:
    """Kept, because most segments of a camera are equally long."""
    return f"#EXTINF:{duration_ms / 1000:.3f},"


def _playlist(
    runs: Iterable[tuple[Entry, list[str]]], longest_ms: int, asked: Range, tags: list[str], gap_name: str
) -> str:
    """`runs`: what lies in one recording, and its lines. They are not kept: those of a day would wake the
    garbage collector."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{8 if asked.show_gaps else 7}",
        f"#EXT-X-TARGETDURATION:{(max(longest_ms, SEGMENT_MS) + 500) // 1000}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        *tags,
    ]
    before: Entry | None = None
    shown_until_ms = asked.start_ms
    for entry, text in runs:
        if before is None or before.recording is not entry.recording:  # there is no hole in a recording
            gap = _gap(shown_until_ms, entry.start_ms, gap_name) if asked.show_gaps else []
            mark = marks(before, entry, after_gap=bool(gap))
            if before is None and asked.show_gaps:
                # Gaps before the first segment have no other init section than its own.
                lines.append(f"#EXT-X-MAP:{entry.init}")
                mark = [line for line in mark if not line.startswith("#EXT-X-MAP")]
            lines += [*gap, *mark]
        lines += text
        before, shown_until_ms = entry, max(shown_until_ms, entry.end_ms)
    if asked.show_gaps and shown_until_ms < asked.now_ms - EDGE_MS:
        lines += _gap(shown_until_ms, min(asked.end_ms, asked.now_ms), gap_name)
    lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _one_by_one(entries: Iterable[Entry]) -> Iterator[tuple[Entry, list[str]]]:
    return ((entry, extinf(entry)) for entry in entries)


def _listed(run: Run) -> tuple[Entry, list[str]]:
    """As `entry_of` each of its pieces, but at once: a day has 14,400 of them."""
    instants, bounds = run.instants, run.bounds
    text = [
        f"{_extinf(end_ms - start_ms)}\nvod/{start_ms}-{end - first}.m4s"
        for start_ms, end_ms, first, end in zip(instants, instants[1:], bounds, bounds[1:], strict=False)
    ]
    return Entry(run.recording, instants[0], instants[-1] - instants[0], _init(run.recording), ()), text


def _init(recording: Recording) -> str:
    return f'URI="vod/init-{recording.start_ms}.mp4"'


def _key_entry(picture: KeyPicture) -> Entry:
    recording = picture.recording
    init = f'URI="vod/key-init-{recording.start_ms}.mp4"'
    return Entry(recording, picture.start_ms, picture.duration_ms, init, (f"vod/key-{picture.start_ms}.m4s",))


def _gap(start_ms: int, end_ms: int, name: str) -> list[str]:
    """Entries for a hole in which nothing can be loaded; none for one too short to be a gap."""
    if end_ms - start_ms <= GAP_MS:
        return []
    lines = [f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(start_ms)}"]
    for entry_ms in range(start_ms, end_ms, SEGMENT_MS):
        length_ms = min(SEGMENT_MS, end_ms - entry_ms)
        lines += ["#EXT-X-GAP", f"#EXTINF:{length_ms / 1000:.3f},", f"{name}{entry_ms}.m4s"]
    return lines
