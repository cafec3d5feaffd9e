"""Erasures in SQL, and what of the index they are about."""

from typing import Any

import sqlalchemy as sa

from services.storage.erasure.erasure import Erasure, ErasureState
from services.storage.holds.active import is_active, is_held
from services.storage.segment import MAX_DURATION_MS
from services.storage.tables import erasures, holds, segment_end, segments
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert


class ErasureRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, wanted: Erasure) -> Erasure:
        """The erasure of this camera and window, made unless it is there."""
        insert = conflict_insert(self._database.engine, erasures).values(
            camera_uid=wanted.camera_uid,
            start_ms=wanted.start_ms,
            end_ms=wanted.end_ms,
            reason=wanted.reason,
            create_ms=wanted.create_ms,
            state=str(wanted.state),
            held_by=[],
            remaining_objects=0,
            error="",
        )
        async with self._database.write() as connection:
            await connection.execute(insert.on_conflict_do_nothing())
            row = (await connection.execute(sa.select(erasures).where(_is(wanted)))).one()
        return _erasure(row)

    async def unfinished(self, since_ms: int) -> list[Erasure]:
        """Those that are not done, and those made since then, whose footage may come late."""
        query = sa.select(erasures).where(
            sa.or_(erasures.c.state != str(ErasureState.DONE), erasures.c.create_ms >= since_ms)
        )
        async with self._database.read() as connection:
            return [_erasure(row) for row in await connection.execute(query.order_by(erasures.c.create_ms))]

    async def note(self, erasure: Erasure, **values: Any) -> None:
        """How far it is."""
        async with self._database.write() as connection:
            await connection.execute(sa.update(erasures).where(_is(erasure)).values(values))

    async def remaining(self, erasure: Erasure, now_ms: int) -> tuple[int, int]:
        """How many rows are left of it, and how many of those a hold keeps."""
        held = sa.case((sa.and_(~segments.c.doomed, is_held(now_ms)), 1), else_=0)
        query = sa.select(sa.func.count(), sa.func.sum(held)).where(reaches_into(erasure))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one()
        return int(row[0]), int(row[1] or 0)

    async def stores_of_doomed(self, erasure: Erasure) -> set[str]:
        """Stores with objects of it that are still to be deleted."""
        query = sa.select(segments.c.store).distinct().where(reaches_into(erasure), segments.c.doomed)
        async with self._database.read() as connection:
            return set(await connection.scalars(query))

    async def holding(self, camera_uid: str, start_ms: int, end_ms: int, now_ms: int) -> list[str]:
        """Names of the active holds on a window."""
        query = sa.select(holds.c.id).where(
            holds.c.camera_uid == camera_uid,
            holds.c.start_ms < end_ms,
            holds.c.end_ms > start_ms,
            is_active(now_ms),
        )
        async with self._database.read() as connection:
            ids = (await connection.execute(query.order_by(holds.c.id))).scalars()
        return [f"holds/{hold_id}" for hold_id in ids]


def reaches_into(erasure: Erasure) -> sa.ColumnElement[bool]:
    """The segment of a row of `segments` lies in the window or reaches into it."""
    return sa.and_(
        segments.c.camera_uid == erasure.camera_uid,
        segments.c.start_ms > erasure.start_ms - MAX_DURATION_MS,
        segments.c.start_ms < erasure.end_ms,
        segment_end > erasure.start_ms,
    )


def _is(erasure: Erasure) -> sa.ColumnElement[bool]:
    return sa.and_(
        erasures.c.camera_uid == erasure.camera_uid,
        erasures.c.start_ms == erasure.start_ms,
        erasures.c.end_ms == erasure.end_ms,
    )


def _erasure(row: sa.Row[Any]) -> Erasure:
    values = dict(row._mapping)
    values["state"] = ErasureState(values["state"])
    values["held_by"] = tuple(values["held_by"])
    return Erasure(**values)
