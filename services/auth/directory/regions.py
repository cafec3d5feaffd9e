"""Makes regions, and refuses what they must not be."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.messages import to_level, to_ms
from services.auth.model import ADMINISTRATOR, Actor, Region
from services.auth.region_codes import check_code, default_parents
from services.auth.repository import regions
from services.auth.validation import check_text, invalid, region_code
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AlreadyExistsError


class Regions:
    """Writes regions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, draft: auth_pb2.Region) -> Region:
        """The region, added under its parent: the one named, or else the nearest its code lies in.

        A region is made below one that exists and is never moved, so there are no circles. Raises
        InvalidArgumentError naming the field, and AlreadyExistsError.
        """
        code = check_code(region_code(draft.name, "name"))
        named_parent = region_code(draft.parent, "parent") if draft.parent else ""
        if named_parent == code:
            raise invalid("parent", "must be another region: a region cannot lie in itself")
        region = Region(
            code=code,
            parent=named_parent,
            level=to_level(draft.level),
            display_name=check_text(draft.display_name, "display_name", max_length=100, required=True),
            valid_from_ms=to_ms(draft.valid_from, "valid_from")
            if draft.HasField("valid_from")
            else self._clock.now_ms(),
            valid_to_ms=to_ms(draft.valid_to, "valid_to") if draft.HasField("valid_to") else None,
            households=_count(draft.households, "households"),
            population=_count(draft.population, "population"),
        )
        if region.valid_to_ms is not None and region.valid_to_ms <= region.valid_from_ms:
            raise invalid("valid_to", "must be after valid_from")
        async with self._database.write() as connection:
            region = await _under_parent(connection, region)
            if not await regions.add(connection, region):
                raise AlreadyExistsError("auth.region_exists", f"regions/{code} exists already", field="name")
            await record_change(
                connection,
                Actor(ADMINISTRATOR),
                "region.manage",
                f"regions/{code} created: {region.level.name.lower()} {region.display_name}",
                self._clock.now_ms(),
                region=code,
            )
        return region


async def _under_parent(connection: AsyncConnection, region: Region) -> Region:
    parent_code = region.parent or await regions.longest_known(connection, default_parents(region.code))
    if not parent_code:
        return region
    parent = await regions.find(connection, parent_code)
    if parent is None:
        raise invalid("parent", "must be a region that exists")
    if parent.level >= region.level:
        raise invalid("level", f"must be below the parent's, which is {parent.level.name}")
    return replace(region, parent=parent_code)


def _count(value: int, field: str) -> int:
    if value < 0:
        raise invalid(field, "must not be negative")
    return value
