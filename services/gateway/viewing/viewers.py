"""Who watches with one ticket here."""

import hashlib
from dataclasses import dataclass

from snowlight.errors import PermissionDeniedError

SEEN_S = 15.0
"""Who asked within this time is watching."""
REFUSED_FOR_S = 15.0
"""How long auth's word that somebody is one too many holds."""
MOST_REMEMBERED = 100
MOST_REFUSED_TOLD = 16


@dataclass(slots=True)
class Viewer:
    """An address with a user agent."""

    id: int
    """The same at all gateways, and telling nobody who it is."""
    first_at: float
    last_at: float
    refused_until: float = float("-inf")


class Viewers:
    """Lets so many watch at once. Instants are seconds on the monotonic clock."""

    __slots__ = ("_limit", "_refused", "_told", "_viewers")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._viewers: dict[tuple[str, str], Viewer] = {}
        self._refused: dict[tuple[str, str], float] = {}
        self._told: list[str] = []

    def admit(self, address: str, agent: str, now: float) -> bool:
        """Let somebody watch on. True when they have just come.

        Raises PermissionDeniedError("ticket.too_many_viewers") for a newcomer beyond the limit.
        """
        viewer = self._viewers.get((address, agent))
        if viewer is not None and now >= viewer.refused_until and now - viewer.last_at < SEEN_S:
            viewer.last_at = now
            return False
        self._forget(now)
        if (viewer is not None and now < viewer.refused_until) or len(self._viewers) >= self._limit:
            self._refuse(address, agent, now)
        self._viewers[address, agent] = Viewer(_id(address, agent), now, now)
        return True

    def told(self) -> list[str]:
        """Addresses of those who were refused since the last time."""
        told, self._told = self._told, []
        return told

    def now(self, now: float) -> list[Viewer]:
        """Who watches now."""
        self._forget(now)
        return [viewer for viewer in self._viewers.values() if now >= viewer.refused_until]

    def refuse(self, ids: set[int], now: float) -> None:
        """Some are too many, counting those at other gateways."""
        for viewer in self._viewers.values():
            if viewer.id in ids:
                viewer.refused_until = now + REFUSED_FOR_S

    def _refuse(self, address: str, agent: str, now: float) -> None:
        if (address, agent) not in self._refused and len(self._told) < MOST_REFUSED_TOLD:
            self._told.append(address)
        if len(self._refused) < MOST_REMEMBERED:
            self._refused[address, agent] = now
        raise PermissionDeniedError("ticket.too_many_viewers", "others are watching with this ticket already")

    def _forget(self, now: float) -> None:
        gone = [
            key
            for key, viewer in self._viewers.items()
            if now - viewer.last_at >= SEEN_S and now >= viewer.refused_until
        ]
        for key in gone:
            del self._viewers[key]
        for key in [key for key, at in self._refused.items() if now - at >= 60.0]:
            del self._refused[key]


def _id(address: str, agent: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{address}\0{agent}".encode(errors="surrogateescape")).digest()[:8])
