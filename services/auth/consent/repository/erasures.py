"""What storage is to erase, and how far it is."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import Erasure, ErasureState
from services.auth.consent.repository.overseen import Overseen
from services.auth.tables.consent import erasures


async def add(connection: AsyncConnection, erasure: Erasure) -> None:
    """A new one; storage is asked at once."""
    await connection.execute(
        sa.insert(erasures).values(
            erasure_id=erasure.erasure_id,
            consent_id=erasure.consent_id,
            camera_uid=erasure.camera_uid,
            owner=erasure.owner,
            from_ms=erasure.from_ms,
            until_ms=erasure.until_ms,
            state=str(erasure.state),
            held_by=[],
            remaining_objects=0,
            error="",
            create_ms=erasure.create_ms,
            try_ms=erasure.create_ms,
        )
    )


async def due(connection: AsyncConnection, now_ms: int, limit: int) -> Sequence[Erasure]:
    """Those that storage is to be asked for now, longest waiting first."""
    query = sa.select(erasures).where(erasures.c.state != str(ErasureState.DONE), erasures.c.try_ms <= now_ms)
    rows = await connection.execute(query.order_by(erasures.c.try_ms).limit(limit))
    return [_erasure(row) for row in rows]


async def note(connection: AsyncConnection, erasure_id: str, try_ms: int, **values: Any) -> None:
    """How far it is, and when storage is asked again."""
    await connection.execute(
        sa.update(erasures).where(erasures.c.erasure_id == erasure_id).values(values | {"try_ms": try_ms})
    )


async def page(
    connection: AsyncConnection, owner: str, overseen: Overseen, *, before: str, limit: int
) -> list[Erasure]:
    """At most `limit` of theirs, or of cameras that they oversee; newest first."""
    query = sa.select(erasures).where(
        sa.or_(erasures.c.owner == owner, overseen.holds_now(erasures.c.camera_uid))
    )
    if before:
        query = query.where(erasures.c.erasure_id < before)
    rows = await connection.execute(query.order_by(erasures.c.erasure_id.desc()).limit(limit))
    return [_erasure(row) for row in rows]


def _erasure(row: sa.Row[Any]) -> Erasure:
    return Erasure(
        erasure_id=row.erasure_id,
        consent_id=row.consent_id,
        camera_uid=row.camera_uid,
        owner=row.owner,
        from_ms=row.from_ms,
        until_ms=row.until_ms,
        create_ms=row.create_ms,
        state=ErasureState(row.state),
        held_by=tuple(row.held_by),
        remaining_objects=row.remaining_objects,
        error=row.error,
        done_ms=row.done_ms,
    )
