"""What clients could see when they were last told something."""

from __future__ import annotations

from collections import OrderedDict

from services.gateway.people.sight import Person, Sight

MOST_CAMERAS = 500_000
"""In all sights together."""


class Sights:
    """Of each caller by their digests. Those used longest ago make room."""

    def __init__(self, most_cameras: int = MOST_CAMERAS) -> None:
        self._kept: OrderedDict[tuple[str, str, str], Sight] = OrderedDict()
        self._most_cameras = most_cameras
        self._cameras = 0

    def keep(self, person: Person, sight: Sight) -> None:
        key = _key(person, sight.digest)
        if key not in self._kept:
            self._cameras += _size(sight)
            self._kept[key] = sight
        self._kept.move_to_end(key)
        while self._cameras > self._most_cameras and len(self._kept) > 1:
            self._cameras -= _size(self._kept.popitem(last=False)[1])

    def get(self, person: Person, digest: str) -> Sight | None:
        """None for one of somebody else: by it they would hear of cameras that are none of theirs."""
        return self._kept.get(_key(person, digest))


def _key(person: Person, digest: str) -> tuple[str, str, str]:
    return person.name, person.client_id, digest


def _size(sight: Sight) -> int:
    return len(sight.camera_uids) + 1
