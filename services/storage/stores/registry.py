"""Which region's footage goes to which store."""

from collections.abc import Mapping

import sqlalchemy as sa

from services.storage.catalogue.outbox import REGION_STORES, note_changed
from services.storage.tables import region_stores
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert


def store_of(region: str, regions: Mapping[str, str], default: str) -> str:
    """The store of a camera's region, a code: by the longest code of `regions` that it begins with."""
    for end in range(len(region), 0, -1):
        if region[:end] in regions:
            return regions[region[:end]]
    return default


class RegionStores:
    """The stores that regions were given, by code."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[str, str]:
        """Store by region's code, in order of code."""
        query = sa.select(region_stores.c.region, region_stores.c.store).order_by(region_stores.c.region)
        async with self._database.read() as connection:
            return {row.region: row.store for row in await connection.execute(query)}

    async def set(self, region: str, store: str) -> None:
        """New footage of the region goes to `store`."""
        insert = conflict_insert(self._database.engine, region_stores).values(region=region, store=store)
        async with self._database.write() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=[region_stores.c.region], set_={"store": store})
            )
            await note_changed(connection, REGION_STORES)

    async def delete(self, region: str) -> bool:
        """The region has no store of its own any more. False when it had none."""
        async with self._database.write() as connection:
            result = await connection.execute(
                sa.delete(region_stores).where(region_stores.c.region == region)
            )
            if result.rowcount:
                await note_changed(connection, REGION_STORES)
        return bool(result.rowcount)
