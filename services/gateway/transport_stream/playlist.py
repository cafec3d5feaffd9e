"""Playlists of transport streams, as plain as players of protocol version 3 want them (RFC 8216)."""

from __future__ import annotations

from services.gateway.archive.pieces import SEGMENT_MS, Piece
from services.gateway.archive.recording import GAP_MS
from services.gateway.bandwidth import bandwidth_attributes
from services.gateway.live.playlist import target_duration_s
from services.gateway.live.segment import LiveSegment
from services.gateway.live.window import LiveWindow
from services.gateway.transport_stream.codecs import is_carried, require_carried
from snowlight.instants import format_instant
from snowlight.media.silent import silent_codecs

_ORDER_BYTES = 12_000
"""Of a segment's tables and of what fills it up, at most (`continuity`)."""
_PICTURES_BYTES_A_S = 12_500
"""Of headers and half empty packets, at 60 pictures a second."""


def live_multivariant_playlist(window: LiveWindow, *, silent: bool = False) -> str:
    """The multivariant playlist of one variant; `silent`: without the camera's sound.

    Raises FailedPreconditionError when transport streams do not carry what the camera sends.
    """
    segments = carried(window)
    init = segments[-1].init
    sizes = [
        (size_at_most(len(segment.data), segment.duration_ms), segment.duration_ms) for segment in segments
    ]
    attributes = [
        *bandwidth_attributes(sizes),
        f'CODECS="{silent_codecs(init.codecs) if silent else init.codecs}"',
    ]
    if init.width and init.height:
        attributes.append(f"RESOLUTION={init.width}x{init.height}")
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", "live/media.ts.m3u8"]
    return "\n".join(lines) + "\n"


def silent_live_multivariant_playlist(window: LiveWindow) -> str:
    """The same without the camera's sound."""
    return live_multivariant_playlist(window, silent=True)


def live_media_playlist(window: LiveWindow) -> str:
    """The media playlist, with the numbers of the other one. Raises as the multivariant playlist."""
    segments = carried(window)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{target_duration_s(segments)}",
        f"#EXT-X-MEDIA-SEQUENCE:{segments[0].number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{segments[0].init.discontinuity_sequence}",
    ]
    before: LiveSegment | None = None
    for segment in segments:
        if before is not None and before.init.session != segment.init.session:
            lines.append("#EXT-X-DISCONTINUITY")
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(segment.start_ms)}")
        lines += [f"#EXTINF:{segment.duration_ms / 1000:.3f},", f"{segment.number}.ts"]
        before = segment
    return "\n".join(lines) + "\n"


def vod_playlist(pieces: list[Piece]) -> str:
    """The playlist of `pieces`, which are at least one and in order. Gaps are left out and marked as
    discontinuities."""
    longest_ms = max(*(piece.duration_ms for piece in pieces), SEGMENT_MS)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{(longest_ms + 500) // 1000}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    before: Piece | None = None
    for piece in pieces:
        broken = before is not None and _is_broken(before, piece)
        if broken:
            lines.append("#EXT-X-DISCONTINUITY")
        if before is None or broken or before.recording is not piece.recording:
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(piece.start_ms)}")
        lines += [f"#EXTINF:{piece.duration_ms / 1000:.3f},", f"vod/{piece.start_ms}-{piece.count}.ts"]
        before = piece
    lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def carried(window: LiveWindow) -> list[LiveSegment]:
    """The listed segments, at least one, from the last one on that transport streams do not carry.

    Raises FailedPreconditionError when they do not carry the newest.
    """
    segments = window.listed()
    require_carried(segments[-1].init.codecs, instead="live.m3u8")
    first = len(segments)
    while first and is_carried(segments[first - 1].init.codecs):
        first -= 1
    return segments[first:]


def size_at_most(size: int, duration_ms: int) -> int:
    """Bytes of a segment whose fragments have `size`: a packet of 188 has 184 of them."""
    return size * 188 // 184 + _ORDER_BYTES + duration_ms * _PICTURES_BYTES_A_S // 1000


def _is_broken(before: Piece, piece: Piece) -> bool:
    one, other = before.recording, piece.recording
    return (one.session, one.init8) != (other.session, other.init8) or piece.start_ms - before.end_ms > GAP_MS
