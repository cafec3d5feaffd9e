"""Takes out of packed days what may go, and deletes the index objects that nothing is left of."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.holds.active import holds_any, list_held
from services.storage.index.day_object import Day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import PackedDay, forget_packed, read_day, unpack
from services.storage.index.repository import Repository
from services.storage.retention.expiry import kept_until
from services.storage.retention.lock import lock_deletion
from services.storage.tables import cameras, packed_days
from snowlight.clock import Clock
from snowlight.errors import DataLossError, NotFoundError, UnavailableError
from snowlight.steps import Reached

BATCH = 200
_AT_ONCE = 8
_PLACE = (packed_days.c.camera_uid, packed_days.c.day)

Until = Callable[[int], sa.ColumnElement[int]]
"""Up to which instant footage of a camera may go, in SQL over `cameras`, by what time it is now."""

log = structlog.get_logger(__name__)


class Unpacker:
    """Makes buried rows of what may go of packed days, and live rows of what is held."""

    def __init__(self, repository: Repository, objects: DayObjects, clock: Clock, reached: Reached) -> None:
        self._repository = repository
        self._database = repository.database
        self._objects = objects
        self._clock = clock
        self._reached = reached

    async def unpack_expired(self, store: str, slack_ms: int) -> int:
        """Unpack what is expired of all days of `store`. Returns how many index objects could not be read.

        A day of which less than `slack_ms` is expired waits: its index object is not read for every minute.
        Raises UnavailableError.
        """
        unread = 0
        after: PackedDay | None = None
        while found := await self._list_expired(store, slack_ms, after):
            unread += (await self.unpack(found, kept_until)).count(None)
            after = found[-1]
        return unread

    async def unpack(
        self, days: Sequence[PackedDay], may_go: Until, cut_ms: int | None = None
    ) -> list[int | None]:
        """Unpack what of `days` may go and ended by `cut_ms`, if that is given.

        Returns how many bytes of each were buried; None where the index object cannot be read. Raises
        UnavailableError.
        """
        limit = asyncio.Semaphore(_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(self._unpack(day, may_go, cut_ms, limit)) for day in days]
        except* UnavailableError as errors:
            raise UnavailableError("store.unavailable", str(errors.exceptions[0])) from errors
        return [task.result() for task in running]

    async def delete_emptied(self, store: str) -> int:
        """Delete index objects that nothing is left of, then their rows. Returns how many."""
        count = 0
        while found := await self._list_emptied(store):
            for row in found:
                self._reached("sweep.delete_index_object")
                await self._objects.delete(row.store, row.key)
                async with self._database.write() as connection:
                    await forget_packed(connection, row)
            count += len(found)
        return count

    async def _unpack(
        self, row: PackedDay, may_go: Until, cut_ms: int | None, limit: asyncio.Semaphore
    ) -> int | None:
        async with limit:
            try:
                day = await read_day(self._objects, row)
            except NotFoundError:
                log.warning("sweep.day_missing", day=str(row.key))  # or it is another generation by now
                return None
            except DataLossError as error:
                log.error("sweep.day_unreadable", day=str(row.key), error=error.detail)
                return None
            return await self._move(row, day, may_go, cut_ms)

    async def _move(self, row: PackedDay, day: Day, may_go: Until, cut_ms: int | None) -> int:
        now_ms = self._clock.now_ms()
        self._reached("sweep.unpack")
        async with self._database.write() as connection:
            await lock_deletion(connection, now_ms)
            until_ms = await _until(connection, row.camera_uid, may_go(now_ms))
            until_ms = until_ms if cut_ms is None else min(until_ms, cut_ms)
            held = (await list_held(connection, [row.camera_uid], now_ms)).get(row.camera_uid, [])
            is_held = partial(holds_any, held)
            left = await unpack(
                self._repository,
                connection,
                row,
                day,
                until_ms=until_ms,
                tombstone_ms=now_ms,
                is_held=is_held,
            )
        if left is None:
            return 0
        return sum(
            segment.size
            for segment in day.segments(row.kept_from_ms, fragments=False)
            if segment.end_ms <= until_ms and not is_held(segment)
        )

    async def _list_expired(self, store: str, slack_ms: int, after: PackedDay | None) -> list[PackedDay]:
        until_ms = kept_until(self._clock.now_ms())
        query = (
            sa.select(packed_days)
            .join_from(cameras, packed_days, packed_days.c.camera_uid == cameras.c.uid)
            .where(
                packed_days.c.store == store,
                packed_days.c.objects > 0,
                sa.or_(packed_days.c.first_ms + slack_ms < until_ms, packed_days.c.last_ms <= until_ms),
            )
        )
        if after is not None:
            query = query.where(sa.tuple_(*_PLACE) > (after.camera_uid, after.day))
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(*_PLACE).limit(BATCH))
            return [PackedDay(*row) for row in rows]

    async def _list_emptied(self, store: str) -> list[PackedDay]:
        query = sa.select(packed_days).where(packed_days.c.store == store, packed_days.c.objects == 0)
        async with self._database.read() as connection:
            return [PackedDay(*row) for row in await connection.execute(query.limit(BATCH))]


async def _until(connection: AsyncConnection, camera_uid: str, may_go: sa.ColumnElement[int]) -> int:
    """As the transaction sees the camera: a longer retention may have come since the day was chosen."""
    return int(await connection.scalar(sa.select(may_go).where(cameras.c.uid == camera_uid)) or 0)
