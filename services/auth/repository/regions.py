"""Regions and the walk along their parents."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Level, Region
from services.auth.repository.in_list import in_list
from services.auth.tables.people import regions
from snowlight.on_conflict import conflict_insert


def _chains() -> sa.Select[tuple[str, str]]:
    columns = (regions.c.code, regions.c.parent, regions.c.level)
    asked = regions.c.code.in_(sa.bindparam("codes", expanding=True))
    around = sa.select(regions.c.code.label("of"), *columns).where(asked).cte(recursive=True)
    outer = sa.select(around.c.of, *columns).where(regions.c.code == around.c.parent)
    walked = around.union(outer)
    # Nearest first: a child's level is always below its parent's.
    return sa.select(walked.c.of, walked.c.code).order_by(walked.c.level.desc())


_CHAINS = _chains()
"""Made once: making it takes as long as running it."""


async def add(connection: AsyncConnection, region: Region) -> bool:
    """Whether the region was added; False when its code is taken."""
    statement = (
        conflict_insert(connection, regions)
        .values(
            code=region.code,
            parent=region.parent or None,
            level=int(region.level),
            display_name=region.display_name,
            valid_from_ms=region.valid_from_ms,
            valid_to_ms=region.valid_to_ms,
            households=region.households,
            population=region.population,
        )
        .on_conflict_do_nothing(index_elements=["code"])
    )
    return (await connection.execute(statement)).rowcount == 1


async def find(connection: AsyncConnection, code: str) -> Region | None:
    """The region, or None."""
    return (await find_all(connection, [code])).get(code)


async def find_all(connection: AsyncConnection, codes: Collection[str]) -> dict[str, Region]:
    """Those of the regions that exist, by code."""
    query = sa.select(regions).where(regions.c.code.in_(in_list(codes)))
    return {row.code: _region(row) for row in await connection.execute(query)}


async def count(connection: AsyncConnection) -> int:
    """How many there are."""
    return int(await connection.scalar(sa.select(sa.func.count()).select_from(regions)) or 0)


async def longest_known(connection: AsyncConnection, codes: Sequence[str]) -> str:
    """The longest of `codes` that is a region's; empty when none is."""
    known = await connection.execute(sa.select(regions.c.code).where(regions.c.code.in_(codes)))
    return max(known.scalars(), key=len, default="")


async def chain(connection: AsyncConnection, code: str) -> tuple[str, ...]:
    """The region's code and those of all regions around it, nearest first; empty when there is no such
    region."""
    return (await chains(connection, [code])).get(code, ())


async def chains(connection: AsyncConnection, codes: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By each of `codes` that is a region's: it and all regions around it, nearest first."""
    found: dict[str, list[str]] = {}
    for row in await connection.execute(_CHAINS, {"codes": in_list(codes)}):
        found.setdefault(row.of, []).append(row.code)
    return {code: tuple(chain) for code, chain in found.items()}


async def parents(connection: AsyncConnection) -> dict[str, str]:
    """Every region's parent by its code; empty for those at the top."""
    rows = await connection.execute(sa.select(regions.c.code, regions.c.parent))
    return {row.code: row.parent or "" for row in rows}


async def below(connection: AsyncConnection, codes: Sequence[str], *, at_ms: int) -> list[Region]:
    """These regions and all in them that are valid at `at_ms`, parents before children."""
    query = (
        sa.select(regions)
        .where(
            regions.c.code.in_(codes_below(codes)),
            regions.c.valid_from_ms <= at_ms,
            sa.or_(regions.c.valid_to_ms.is_(None), regions.c.valid_to_ms > at_ms),
        )
        # A child's level is always below its parent's.
        .order_by(regions.c.level, regions.c.code)
    )
    return [_region(row) for row in await connection.execute(query)]


def codes_below(codes: Sequence[str]) -> sa.Select[tuple[str]]:
    """A query for the codes of these regions and of all in them."""
    inside = sa.select(regions.c.code).where(regions.c.code.in_(codes)).cte(recursive=True)
    inside = inside.union(sa.select(regions.c.code).where(regions.c.parent == inside.c.code))
    return sa.select(inside.c.code)


async def page(connection: AsyncConnection, after: str, limit: int) -> list[Region]:
    """At most `limit` regions with codes behind `after`, by code."""
    query = sa.select(regions).where(regions.c.code > after).order_by(regions.c.code).limit(limit)
    return [_region(row) for row in await connection.execute(query)]


def _region(row: sa.Row[tuple[object, ...]]) -> Region:
    values = row._mapping
    return Region(
        code=values["code"],
        parent=values["parent"] or "",
        level=Level(values["level"]),
        display_name=values["display_name"],
        valid_from_ms=values["valid_from_ms"],
        valid_to_ms=values["valid_to_ms"],
        households=values["households"],
        population=values["population"],
    )
