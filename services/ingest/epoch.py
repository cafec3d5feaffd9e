"""Epochs: which start of this worker wrote a piece of footage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from services.ingest.commit import RETRY_SECONDS, Commits
from snowlight.database import Database
from snowlight.errors import UnavailableError

SHARD = 0
"""All cameras of the embedded default."""

_shards = sa.Table(
    "shards",
    sa.MetaData(),
    sa.Column("shard", sa.Integer, primary_key=True),
    sa.Column("epoch", sa.BigInteger),
)

log = structlog.get_logger(__name__)


class Term:
    """What this start records with: its epoch, by the shard's database and by storage."""

    def __init__(
        self, database: Database, commits: Commits, shard: int, epoch: int, on_raised: Callable[[int], None]
    ) -> None:
        """`epoch` is the start's own by the database. `on_raised` is told of another one in its place."""
        self.epoch = epoch
        self._database = database
        self._commits = commits
        self._shard = shard
        self._on_raised = on_raised

    async def open(self, from_ms: int) -> None:
        """Have storage know of the epoch, however long storage is away.

        Where storage knows a newer one and the database does not, the database has begun anew: the epoch is
        raised past storage's. Where another start has the shard by now, this one goes on in its older epoch,
        of which storage takes what overlaps nothing.
        """
        while (newest := await self._commits.open_epoch(self.epoch, from_ms)) > self.epoch:
            raised = await self._outdo(newest)
            if raised is None:
                log.error("epoch.succeeded", shard=self._shard, epoch=self.epoch, newest=newest)
                return
            log.warning("epoch.raised", shard=self._shard, epoch=raised, before=self.epoch)
            self.epoch = raised
            self._on_raised(raised)

    async def _outdo(self, newest: int) -> int | None:
        while True:
            try:
                return await outdo_epoch(self._database, self._shard, self.epoch, newest)
            except UnavailableError as error:
                log.warning("epoch.not_raised", shard=self._shard, epoch=self.epoch, reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)


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


async def outdo_epoch(database: Database, shard: int, epoch: int, newest: int) -> int | None:
    """An epoch newer than `newest` in place of `epoch`; None when `epoch` is not the shard's any more."""
    async with database.write() as connection:
        raised = await connection.execute(
            _shards.update()
            .where(_shards.c.shard == shard, _shards.c.epoch == epoch)
            .values(epoch=newest + 1)
            .returning(_shards.c.epoch)
        )
        found = raised.scalar_one_or_none()
    return None if found is None else int(found)
