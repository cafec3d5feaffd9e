"""Live playlists (RFC 8216bis)."""

from services.gateway.live.hub import measured_bandwidth
from services.gateway.live.window import LiveSegment
from snowlight.instants import format_instant
from snowlight.media.fragment import InitSection
from snowlight.media.silent import silent_codecs

_ROUND_UP_TO = 100_000


def multivariant_playlist(segments: list[LiveSegment], *, silent: bool = False) -> str:
    """The multivariant playlist of one variant, bandwidth as measured over `segments`.

    `silent`: without the camera's sound.
    """
    peak, average = measured_bandwidth(segments)
    init = segments[-1].init
    attributes = [
        f"BANDWIDTH={_round_up(peak)}",
        f"AVERAGE-BANDWIDTH={_round_up(average)}",
        f'CODECS="{silent_codecs(init.codecs) if silent else init.codecs}"',
    ]
    if init.width and init.height:
        attributes.append(f"RESOLUTION={init.width}x{init.height}")
    lines = ["#EXTM3U", "#EXT-X-VERSION:7"]
    if all(segment.independent for segment in segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", "live/media.m3u8"]
    return "\n".join(lines) + "\n"


def media_playlist(segments: list[LiveSegment]) -> str:
    """The media playlist of `segments`, whose numbers are consecutive."""
    longest_ms = max(max(segment.duration_ms, segment.init.target_duration_ms) for segment in segments)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{(longest_ms + 500) // 1000}",  # rounded as RFC 8216 section 4.3.3.1 has it
        f"#EXT-X-MEDIA-SEQUENCE:{segments[0].number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{segments[0].init.discontinuity_sequence}",
    ]
    if all(segment.independent for segment in segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    init: InitSection | None = None
    for segment in segments:
        if init is None or segment.init.session != init.session:
            if init is not None:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="{init_name(segment.init)}"')
            init = segment.init
        lines += [
            f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(segment.start_ms)}",
            f"#EXTINF:{segment.duration_ms / 1000:.3f},",
            f"{segment.number}.m4s",
        ]
    return "\n".join(lines) + "\n"


def init_name(init: InitSection) -> str:
    """The file name of an init section, the same at every gateway."""
    return f"init-{init.init8}-{init.session}.mp4"


def _round_up(bits_per_second: int) -> int:
    return -(-bits_per_second // _ROUND_UP_TO) * _ROUND_UP_TO
