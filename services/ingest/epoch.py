"""Epochs: which start of this worker wrote a piece of footage."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
import structlog

from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.database import Database
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

log = structlog.get_logger(__name__)

SHARD = 0
"""All cameras of the embedded default."""

RETRY_SECONDS = 2.0
CALL_SECONDS = 10.0

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


async def open_epoch(
    storage: storage_pb2_grpc.StorageAsyncStub, shard: int, epoch: int, from_ms: int
) -> None:
    """Tell storage of the epoch, however long it is away. Recording to the spool needs no leave."""
    request = storage_pb2.OpenEpochRequest(shard=shard, epoch=epoch, from_ms=from_ms)
    while True:
        try:
            with remote_errors("services/storage"):
                await storage.OpenEpoch(request, timeout=CALL_SECONDS)
        except SnowlightError as error:
            log.warning("epoch.unopened", shard=shard, epoch=epoch, reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            log.info("epoch.opened", shard=shard, epoch=epoch)
            return
