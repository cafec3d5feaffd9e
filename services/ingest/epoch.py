"""Epochs: which start of this worker wrote a piece of footage."""

from __future__ import annotations

import sqlalchemy as sa

from snowlight.database import Database

SHARD = 0
"""All cameras of the embedded default."""

_shards = sa.Table(
    "shards",
    sa.MetaData(),
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.BigInteger),
)


async def raise_epoch(database: Database, shard: int) -> int:
    """The shard's next epoch, from 1, which nobody was given before."""
    async with database.write() as connection:
        raised = await connection.execute(
            _shards.update()
            .where(_shards.c.shard == shard)
            .values(epoch=_shards.c.epoch + 1)
            .returning(_shards.c.epoch)
        )
        epoch = raised.scalar_one_or_none()
        if epoch is None:
            epoch = 1
            await connection.execute(_shards.insert().values(shard=shard, epoch=epoch))
    return int(epoch)
