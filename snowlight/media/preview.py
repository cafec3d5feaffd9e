"""How scrub sheets lie in a store: the gateway puts them there, storage deletes them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

SHEET_MS = 600_000
"""What one sheet shows."""
SHEETS_KEPT_MS = 48 * 3_600_000
"""From the end of what a sheet shows to its deletion. It can be made again from footage."""
FOLDER = "prv/"

_PATTERN = re.compile(r"prv/(?P<uid>[^/]+)/[0-9]{8}/(?P<start_s>[0-9]{1,11})-(?P<version>[0-9a-f]{16})\.jpg")


@dataclass(frozen=True, slots=True)
class SheetKey:
    """The name of a stored scrub sheet. Another version shows other pictures: more was committed meanwhile,
    or something was deleted."""

    uid: str
    start_ms: int
    version: str
    """16 hexadecimal digits, a digest of what the sheet shows."""

    @property
    def end_ms(self) -> int:
        return self.start_ms + SHEET_MS

    def __str__(self) -> str:
        date = datetime.fromtimestamp(self.start_ms / 1000, UTC).strftime("%Y%m%d")
        return f"{FOLDER}{self.uid}/{date}/{self.start_ms // 1000}-{self.version}.jpg"

    @classmethod
    def parse(cls, key: str) -> "SheetKey":
        """Raises ValueError when `key` names no sheet."""
        match = _PATTERN.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} does not name a scrub sheet")
        return cls(match["uid"], int(match["start_s"]) * 1000, match["version"])
