"""Live playlists (RFC 8216bis)."""

from collections.abc import Sequence

from services.gateway.live.segment import LivePart, LiveSegment
from services.gateway.live.window import LiveWindow
from snowlight.instants import format_instant
from snowlight.media.fragment import InitSection

PARTS_FOR_TARGETS = 3
"""Parts are listed of segments that end so many target durations before the playlist does, or less (section
4.4.4.9)."""


def media_playlist(window: LiveWindow, reports: Sequence[str] = ()) -> str:
    """The media playlist of what `window` lists, at least one segment. `reports`: of the other renditions.

    Its newest parts and a hint at the next are for players that know low latency (RFC 8216bis appendix B.1);
    others pass them over.
    """
    segments = window.listed()
    init, coming = window.coming()
    target_s = target_duration_s(segments)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{target_s}",
        *_low_latency(segments, coming, init, target_s),
        f"#EXT-X-MEDIA-SEQUENCE:{segments[0].number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{segments[0].init.discontinuity_sequence}",
    ]
    if all(segment.independent for segment in segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    end_ms = coming[-1].end_ms if coming else segments[-1].end_ms
    before: InitSection | None = None
    for segment in segments:
        lines += _marks(before, segment.init)
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(segment.start_ms)}")
        if end_ms - segment.end_ms < PARTS_FOR_TARGETS * target_s * 1000:
            lines += map(_part, segment.parts)
        lines += [f"#EXTINF:{segment.duration_ms / 1000:.3f},", f"{segment.number}.m4s"]
        before = segment.init
    newest = coming[-1] if coming else segments[-1].parts[-1]
    if coming and init is not None:
        lines += _marks(before, init)
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(coming[0].start_ms)}")
        lines += map(_part, coming)
    lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_name(newest.session, newest.number + 1)}"')
    lines += reports
    return "\n".join(lines) + "\n"


def target_duration_s(segments: Sequence[LiveSegment]) -> int:
    """EXT-X-TARGETDURATION: of the longest segment there is or may be, rounded (RFC 8216 section 4.3.3.1)."""
    longest_ms = max(max(segment.duration_ms, segment.init.target_duration_ms) for segment in segments)
    return (longest_ms + 500) // 1000


def part_name(session: int, number: int) -> str:
    """The file name of a part, the same at every gateway."""
    return f"part-{session}-{number}.m4s"


def _low_latency(
    segments: Sequence[LiveSegment], coming: Sequence[LivePart], init: InitSection | None, target_s: int
) -> list[str]:
    """No part may be longer than PART-TARGET; players begin three of them from the end (section 4.4.3.8)."""
    targets = [segment.init.part_target_ms for segment in segments]
    lengths = [part.duration_ms for segment in segments for part in segment.parts]
    lengths += [part.duration_ms for part in coming]
    part_target_ms = max(*targets, *lengths, init.part_target_ms if init is not None and coming else 0)
    hold_back = f"HOLD-BACK={3 * target_s},PART-HOLD-BACK={3 * part_target_ms / 1000:.3f}"
    return [
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,{hold_back}",
        f"#EXT-X-PART-INF:PART-TARGET={part_target_ms / 1000:.3f}",
    ]


def _marks(before: InitSection | None, init: InitSection) -> list[str]:
    """What stands where a session begins."""
    if before is not None and before.session == init.session:
        return []
    return [
        *(["#EXT-X-DISCONTINUITY"] if before is not None else []),
        f'#EXT-X-MAP:URI="{init_name(init)}"',
    ]


def _part(part: LivePart) -> str:
    independent = ",INDEPENDENT=YES" if part.independent else ""
    uri = part_name(part.session, part.number)
    return f'#EXT-X-PART:DURATION={part.duration_ms / 1000:.3f},URI="{uri}"{independent}'


def init_name(init: InitSection) -> str:
    """The file name of an init section, the same at every gateway."""
    return f"init-{init.init8}-{init.session}.mp4"
