"""How sheets of small pictures lie in a store: the gateway puts them there, storage deletes them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

SHEET_MS = 600_000
"""What one sheet shows."""
SHEETS_KEPT_MS = 48 * 3_600_000
"""From the end of what a sheet shows to its deletion. It can be made again from footage."""
FOLDER = "prv/"
LAPSE_MS = 14_400_000
"""What one sheet of thumbnails shows: local days of most zones begin with one."""
LAPSE_FOLDER = "thm/"

_LAPSE_PATTERN = re.compile(
    r"thm/(?P<uid>[^/]+)/[0-9]{8}/(?P<start_s>[0-9]{1,11})-(?P<minutes>[0-9]{1,3})-(?P<version>[0-9a-f]{16})\.jpg"
)
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
        return f"{FOLDER}{self.uid}/{_date(self.start_ms)}/{self.start_ms // 1000}-{self.version}.jpg"

    @classmethod
    def parse(cls, key: str) -> "SheetKey":
        """Raises ValueError when `key` names no sheet."""
        match = _PATTERN.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} does not name a scrub sheet")
        return cls(match["uid"], int(match["start_s"]) * 1000, match["version"])


@dataclass(frozen=True, slots=True)
class LapseKey:
    """The name of a stored sheet of thumbnails, likewise."""

    uid: str
    start_ms: int
    minutes: int
    """From one thumbnail to the next."""
    version: str

    @property
    def end_ms(self) -> int:
        return self.start_ms + LAPSE_MS

    def __str__(self) -> str:
        name = f"{self.start_ms // 1000}-{self.minutes}-{self.version}.jpg"
        return f"{LAPSE_FOLDER}{self.uid}/{_date(self.start_ms)}/{name}"

    @classmethod
    def parse(cls, key: str) -> "LapseKey":
        """Raises ValueError when `key` names no sheet of thumbnails."""
        match = _LAPSE_PATTERN.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} does not name a sheet of thumbnails")
        return cls(match["uid"], int(match["start_s"]) * 1000, int(match["minutes"]), match["version"])


def _date(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y%m%d")
