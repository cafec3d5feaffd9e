"""How full stores are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from services.storage.tables import packed_days, segments
from snowlight.api.storage.v1 import store_pb2
from snowlight.database import Database


@dataclass(frozen=True, slots=True)
class Fill:
    """How full one store is. Bytes of footage by the index."""

    state: store_pb2.Store.Fill.ValueType
    used_bytes: int
    capacity_bytes: int
    """0: unlimited."""
    days_left: float
    """Until it is full at today's rate of growth; negative when it does not grow."""


class Filling(Protocol):
    """Who knows how full stores are."""

    async def fill(self, store: str) -> Fill:
        """How full `store` is now."""
        ...


class UsedBytes:
    """Tells what the index says of bytes, and of nothing else that a store runs full."""

    def __init__(self, database: Database, capacities: Mapping[str, int]) -> None:
        """`capacities`: bytes by store, 0 for unlimited."""
        self._database = database
        self._capacities = capacities

    async def fill(self, store: str) -> Fill:
        used = 0
        async with self._database.read() as connection:
            for column, its_store in (
                (segments.c.size, segments.c.store),
                (packed_days.c.bytes, packed_days.c.store),
            ):
                query = sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(its_store == store)
                used += int(await connection.scalar(query) or 0)
        return Fill(store_pb2.Store.ENOUGH, used, self._capacities.get(store, 0), -1.0)
