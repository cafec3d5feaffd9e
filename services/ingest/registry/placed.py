"""Which cameras are registered, and where they are."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.ingest.registry.record import PlacedCamera
from services.ingest.registry.tables import cameras
from services.ingest.uid_parts import uid_parts
from snowlight.database import Database

_PLACED = sa.select(cameras.c.uid, cameras.c.region, cameras.c.create_time_ms)


class PlacedCameras:
    """Both raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[PlacedCamera]:
        """All that are registered."""
        async with self._database.read() as connection:
            return [PlacedCamera(*row) for row in await connection.execute(_PLACED)]

    async def of(self, uids: Sequence[str]) -> list[PlacedCamera]:
        """Those of these that are registered."""
        found: list[PlacedCamera] = []
        for some in uid_parts(uids):
            query = _PLACED.where(cameras.c.uid.in_(some))
            async with self._database.ask() as connection:
                found += [PlacedCamera(*row) for row in await connection.execute(query)]
        return found
