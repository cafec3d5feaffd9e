"""Accounts for the whole window of an export: what was recorded, and why not more. Pure."""

from collections.abc import Iterator, Sequence

from services.storage.cameras.camera import CameraRecord
from services.storage.ledger.causes import UNKNOWN
from services.storage.ledger.timeline import Gap, Timeline
from services.storage.segment import DAY_MS, JOIN_MS, Segment
from services.storage.spans import Span, holes, intersect, join
from snowlight.errors import UnavailableError

NOT_REGISTERED = "not_registered"
"""A cause in a manifest alone, of time that timelines do not tell of: before the camera was registered or
after it was deleted."""
SPOOL_MS = 7 * DAY_MS
"""What ingest could not upload for so long it gives up (the default of `spool_age_hours`)."""


def account(
    window: Span, segments: Sequence[Segment], timeline: Timeline, camera: CameraRecord | None
) -> tuple[Gap, ...]:
    """The gaps that with `segments` make up `window`, but for holes up to JOIN_MS.

    Segments and timeline were read one after the other. Raises UnavailableError("export.index_changed") when
    something was committed or lost in between: read both again.
    """
    recorded = join(Span(segment.start_ms, segment.end_ms) for segment in segments)
    missing = [Span(gap.start_ms, gap.end_ms) for gap in timeline.gaps]
    if intersect(recorded, missing):
        raise _changed()
    gaps = list(timeline.gaps)
    for hole in holes(window, join([*recorded, *missing])):
        if hole.length_ms > JOIN_MS:
            gaps += _unregistered(hole, camera)
    return tuple(sorted(gaps, key=lambda gap: gap.start_ms))


def may_come(gaps: Sequence[Gap], now_ms: int) -> bool:
    """Footage of `gaps` may still lie in a spool: nobody has told why there is none."""
    return any(
        gap.cause == UNKNOWN and gap.end_ms - gap.start_ms > JOIN_MS and gap.end_ms > now_ms - SPOOL_MS
        for gap in gaps
    )


def _unregistered(hole: Span, camera: CameraRecord | None) -> Iterator[Gap]:
    """What no timeline tells of. Raises UnavailableError when it should have told of some of it."""
    if camera is None:
        yield Gap(hole.start_ms, hole.end_ms, NOT_REGISTERED)
        return
    deleted_ms = hole.end_ms if camera.deleted_ms is None else camera.deleted_ms
    registered = Span(camera.created_ms, max(camera.created_ms, deleted_ms))
    if hole.clip(registered).length_ms > JOIN_MS:
        raise _changed()
    for span in (Span(hole.start_ms, registered.start_ms), Span(registered.end_ms, hole.end_ms)):
        part = hole.clip(span)
        if not part.is_empty:
            yield Gap(part.start_ms, part.end_ms, NOT_REGISTERED)


def _changed() -> UnavailableError:
    return UnavailableError("export.index_changed", "the index changed while it was read: it is read again")
