"""Init sections and fragments that have their numbers and no pictures, and windows of them."""

from services.gateway.live.window import LiveWindow
from snowlight.media.boxes import box, full_box
from snowlight.media.fragment import Fragment, InitSection

SEGMENT_MS = 2_000
PARTS = 4


def init(session: int, discontinuity_sequence: int = 0) -> InitSection:
    return InitSection(f"{session:08x}", b"init", "avc1", 16, 9, session, discontinuity_sequence, 2000, 540)


def fragments(first: int, segments: int, *, later_ms: int = 0) -> list[Fragment]:
    """Segments of 2 s, of four fragments each."""
    return [
        Fragment(
            segment=number,
            part=part,
            start_ms=number * SEGMENT_MS + part * 500 + later_ms,
            duration_ms=500,
            independent=part == 0,
            lossy=False,
            chunks=(numbered(number * PARTS + part),),
        )
        for number in range(first, first + segments)
        for part in range(PARTS)
    ]


def numbered(number: int) -> bytes:
    """A movie fragment with this number and nothing in it."""
    return box(b"moof", full_box(b"mfhd", 0, 0, number.to_bytes(4))) + box(b"mdat")


def filled(*events: InitSection | Fragment) -> LiveWindow:
    window = LiveWindow()
    for event in events:
        if isinstance(event, InitSection):
            window.add_init(event)
        else:
            window.add_fragment(event)
    return window
