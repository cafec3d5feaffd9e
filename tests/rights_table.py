"""The table of docs/rights.md, as the tests' oracle: who may do what, written by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "rights.md"
TIERS = {"village": (5, 6, 7, 8), "town": (4,), "county": (1, 2, 3), "any": tuple(range(1, 9))}
_OWNERSHIPS = {
    "public, collective": ("public", "collective"),
    "business": ("business",),
    "household": ("household",),
}
_NOTES = ("(7", "days)")


@dataclass(frozen=True)
class Row:
    """What one role of one line has at some tiers, by ownership, and on everything alike."""

    line: str
    tiers: tuple[int, ...]
    role: str
    by_ownership: dict[str, frozenset[str]]
    everything: frozenset[str]

    def on_camera(self, ownership: str) -> frozenset[str]:
        """Actions on a camera inside the scope."""
        return self.everything | self.by_ownership[ownership]


def cells(document: Path) -> Iterator[list[str]]:
    """The cells of the table's rows, as they are written."""
    lines = iter(document.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith("| line"):
            break
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


@cache
def rows() -> Sequence[Row]:
    """The table of the English document."""
    found = []
    for line, tier, role, public, business, household, everything in cells(DOCUMENT):
        by_ownership: dict[str, frozenset[str]] = {}
        for names, cell in zip(_OWNERSHIPS.values(), (public, business, household), strict=True):
            by_ownership |= dict.fromkeys(names, _actions(cell))
        found.append(Row(line, TIERS[tier], role, by_ownership, _actions(everything)))
    return found


def expected(line: str, tier: int, role: str) -> Row:
    """The row for a principal; one without rights where the table has none."""
    for row in rows():
        if (row.line, row.role) == (line, role) and tier in row.tiers:
            return row
    nothing: dict[str, frozenset[str]] = {}
    for names in _OWNERSHIPS.values():
        nothing |= dict.fromkeys(names, frozenset())
    return Row(line, (tier,), role, nothing, frozenset())


def _actions(cell: str) -> frozenset[str]:
    words = [word for word in cell.split() if word not in _NOTES]
    return frozenset(word.removesuffix("*") for word in words) - {"-"}
