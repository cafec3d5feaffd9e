"""Archive playlists (RFC 8216bis, EXT-X-PLAYLIST-TYPE:VOD)."""

from services.gateway.archive.pieces import SEGMENT_MS, Piece
from snowlight.instants import format_instant

GAP_MS = 1_000
"""A longer hole is a gap."""
EDGE_MS = 5_000
"""Footage this young may still be on its way; its absence is no gap."""


def vod_playlist(pieces: list[Piece], start_ms: int, end_ms: int, now_ms: int, *, show_gaps: bool) -> str:
    """The playlist of `pieces`, which are at least one and in order.

    Gaps are left out and marked as discontinuities. `show_gaps` writes them, from `start_ms` to `end_ms` or
    now, as EXT-X-GAP entries of a segment's length, so that media time follows the wall clock.
    """
    longest_ms = max(piece.duration_ms for piece in pieces)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{8 if show_gaps else 7}",
        f"#EXT-X-TARGETDURATION:{(max(longest_ms, SEGMENT_MS) + 500) // 1000}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    if all(piece.independent for piece in pieces):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    lines.append(_map(pieces[0]))
    before: Piece | None = None
    shown_until_ms = start_ms
    for piece in pieces:
        gap = _gap(shown_until_ms, piece.start_ms) if show_gaps else []
        lines += gap
        lines += _marks(before, piece, after_gap=bool(gap))
        lines += [f"#EXTINF:{piece.duration_ms / 1000:.3f},", f"vod/{piece.start_ms}-{piece.count}.m4s"]
        before, shown_until_ms = piece, piece.end_ms
    if show_gaps and shown_until_ms < now_ms - EDGE_MS:
        lines += _gap(shown_until_ms, min(end_ms, now_ms))
    lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _marks(before: Piece | None, piece: Piece, *, after_gap: bool) -> list[str]:
    """What stands between two segments."""
    lines: list[str] = []
    broken = after_gap
    if before is not None:
        new_session = before.recording.session != piece.recording.session
        broken = broken or new_session or piece.start_ms - before.end_ms > GAP_MS
        if broken:
            lines.append("#EXT-X-DISCONTINUITY")
        if new_session or before.recording.init8 != piece.recording.init8:
            lines.append(_map(piece))
    elif after_gap:
        lines.append("#EXT-X-DISCONTINUITY")
    if before is None or broken or before.recording is not piece.recording:
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(piece.start_ms)}")
    return lines


def _map(piece: Piece) -> str:
    return f'#EXT-X-MAP:URI="vod/init-{piece.recording.start_ms}.mp4"'


def _gap(start_ms: int, end_ms: int) -> list[str]:
    """Entries for a hole in which nothing can be loaded; none for one too short to be a gap."""
    if end_ms - start_ms <= GAP_MS:
        return []
    lines = [f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(start_ms)}"]
    for entry_ms in range(start_ms, end_ms, SEGMENT_MS):
        length_ms = min(SEGMENT_MS, end_ms - entry_ms)
        lines += ["#EXT-X-GAP", f"#EXTINF:{length_ms / 1000:.3f},", f"vod/gap-{entry_ms}.m4s"]
    return lines
