"""What was to be recorded and what of it is, by the formula in docs/integrity.md. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.storage.ledger.timeline import Gap
from services.storage.spans import Span, intersect, join


@dataclass(frozen=True, slots=True)
class Integrity:
    """Of one camera in [start_ms, end_ms)."""

    start_ms: int
    end_ms: int
    scheduled_ms: int
    longest_gap_ms: int
    leading_gap_ms: int
    """The gap that begins with the span: it may have begun before. 0 when none does."""
    trailing_gap_ms: int
    """The gap that ends with the span: it may go on after."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Scheduled time within gaps, ms by cause."""

    @property
    def recorded_ms(self) -> int:
        return self.scheduled_ms - sum(self.missing.values())

    @property
    def is_missing(self) -> bool:
        """All of the span is one gap."""
        return self.leading_gap_ms == self.end_ms - self.start_ms


def measure(window: Span, scheduled: Sequence[Span], gaps: Sequence[Gap]) -> Integrity:
    """The integrity of `window`. `scheduled` and `gaps` are in order, and each overlaps itself nowhere."""
    scheduled = [part for part in (span.clip(window) for span in scheduled) if not part.is_empty]
    lost = intersect([Span(gap.start_ms, gap.end_ms) for gap in gaps], scheduled)
    missing: Counter[str] = Counter()
    for at, span in lost:
        missing[gaps[at].cause] += span.length_ms
    stretches = join(span for _, span in lost)
    leading = stretches[0] if stretches and stretches[0].start_ms == window.start_ms else None
    trailing = stretches[-1] if stretches and stretches[-1].end_ms == window.end_ms else None
    return Integrity(
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        scheduled_ms=sum(span.length_ms for span in scheduled),
        longest_gap_ms=max((stretch.length_ms for stretch in stretches), default=0),
        leading_gap_ms=leading.length_ms if leading else 0,
        trailing_gap_ms=trailing.length_ms if trailing else 0,
        missing=dict(missing),
    )


def longest_across(parts: Iterable[tuple[str, Integrity]]) -> int:
    """The longest gap of any one camera that crosses from one of `parts` into the next, ms; 0 for none.

    `parts`: (camera, integrity), in order of camera and time.
    """
    longest = 0
    running: tuple[str, int, int] | None = None  # camera, end, length of the gap that goes on there
    for camera, part in parts:
        before_ms = running[2] if running and running[:2] == (camera, part.start_ms) else 0
        crossing_ms = before_ms + part.leading_gap_ms if before_ms and part.leading_gap_ms else 0
        longest = max(longest, crossing_ms)
        running = (camera, part.end_ms, (part.is_missing and crossing_ms) or part.trailing_gap_ms)
    return longest
