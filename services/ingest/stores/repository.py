"""What storage told last of its stores, kept for a start while storage is away."""

import sqlalchemy as sa
from google.protobuf.message import DecodeError

from snowlight.api.storage.v1 import store_pb2
from snowlight.database import Database

_metadata = sa.MetaData()
_told = sa.Table(
    "stores_told",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("message", sa.LargeBinary),
)


class StoresRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> store_pb2.ListStoresResponse | None:
        """None when nothing was ever told."""
        async with self._database.read() as connection:
            message = await connection.scalar(sa.select(_told.c.message))
        if message is None:
            return None
        try:
            return store_pb2.ListStoresResponse.FromString(message)
        except DecodeError:
            return None

    async def save(self, told: store_pb2.ListStoresResponse) -> None:
        """Keep `told` in place of what was kept."""
        async with self._database.write() as connection:
            message = told.SerializeToString()
            updated = await connection.execute(_told.update().values(message=message))
            if not updated.rowcount:
                await connection.execute(_told.insert().values(id=1, message=message))
