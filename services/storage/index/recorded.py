"""What is recorded of a camera in a range of time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.storage.segment import LedgerGap
from services.storage.spans import Span, join_footage


@dataclass(frozen=True, slots=True)
class Recorded:
    """What index and ledger say of a range, as of one moment."""

    first_ms: int | None
    """Where the camera's oldest footage starts, in the range or not."""
    by_store: Mapping[str, Sequence[Span]]
    """What lies in each store, in the range and last before it, holes up to JOIN_MS joined."""
    ledger: Sequence[LedgerGap]
    """Rows that overlap the range, open ones included, oldest first."""
    deleted_until_ms: int
    """Up to where footage was deleted in order, or lies buried in the range; 0 when none was."""

    def footage(self, stores: Iterable[str]) -> list[Span]:
        """What lies in any of `stores`, joined."""
        return join_footage(span for store in stores for span in self.by_store[store])


def by_store(found: Iterable[tuple[str, Span]]) -> dict[str, list[Span]]:
    """Spans by the store that each lies in, joined."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for store, span in found:
        spans[store].append(span)
    return {store: join_footage(each) for store, each in spans.items()}
