"""Where a region lies: what records are found by when somebody may read those of their regions alone."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Level, Region
from services.auth.repository import regions

_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Place:
    """A region's code and those around it, from the top, each with a stroke behind it: "42/4213/421381/".

    `county`, `town` and `village` are those of them that it lies in or is; empty where there is none.
    """

    path: str = ""
    county: str = ""
    town: str = ""
    village: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the records that somebody may read are about: what lies in one of these regions, or one of these
    cameras."""

    places: tuple[Place, ...]
    camera_uids: frozenset[str] = frozenset()


class Places:
    """Places by code. A region is never moved, so that each is looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, Place] = {}

    async def of(self, connection: AsyncConnection, code: str) -> Place:
        """The region's place; that of no region is empty."""
        place = self._known.get(code)
        if place is None:
            around = await _around(connection, code)
            place = _place(around)
            if around:
                self._known[code] = place
        return place


async def _around(connection: AsyncConnection, code: str) -> list[Region]:
    """The region and those around it, from itself up; empty unless all of them are known."""
    found: list[Region] = []
    while code:
        region = await regions.find(connection, code)
        if region is None or len(found) == _DEEPEST:
            return []
        found.append(region)
        code = region.parent
    return found


def _place(around: list[Region]) -> Place:
    codes = {region.level: region.code for region in around}
    return Place(
        path="".join(f"{region.code}/" for region in reversed(around)),
        county=codes.get(Level.COUNTY, ""),
        town=codes.get(Level.TOWN, ""),
        village=codes.get(Level.VILLAGE, ""),
    )
