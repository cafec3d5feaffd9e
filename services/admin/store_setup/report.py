"""What setting up a store came to."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """Sentences for whoever runs it."""

    changed: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Guarantees that the store does not give, and what that means."""

    def lines(self) -> Iterator[str]:
        """What was changed first, what is missing last."""
        for mark, found in (("changed", self.changed), ("right", self.right), ("MISSING", self.missing)):
            for line in found:
                yield f"{mark:8}{line}"
