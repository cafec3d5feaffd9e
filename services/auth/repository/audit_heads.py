"""Signed heads of the audit's days, and the months that retention dropped."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.audit import audit_drops, audit_heads, audit_links, audit_records
from snowlight.on_conflict import conflict_insert

DAY_MS = 86_400_000


async def add(connection: AsyncConnection, day: int, jws: str) -> None:
    """Keep the head of a day."""
    await connection.execute(sa.insert(audit_heads).values(day=day, jws=jws))


async def find(connection: AsyncConnection, day: int) -> str | None:
    """The head of a day as it was signed, or None."""
    query = sa.select(audit_heads.c.jws).where(audit_heads.c.day == day)
    return (await connection.execute(query)).scalar_one_or_none()


async def span(connection: AsyncConnection) -> tuple[int, int] | None:
    """The first and the last day that have heads, or None."""
    query = sa.select(sa.func.min(audit_heads.c.day), sa.func.max(audit_heads.c.day))
    first, last = (await connection.execute(query)).one()
    return None if first is None else (first, last)


async def from_day(connection: AsyncConnection, day: int, limit: int) -> Mapping[int, str]:
    """At most `limit` heads from `day` on, by day."""
    query = sa.select(audit_heads).where(audit_heads.c.day >= day).order_by(audit_heads.c.day).limit(limit)
    return {row.day: row.jws for row in await connection.execute(query)}


async def add_drop(connection: AsyncConnection, start_ms: int, end_ms: int, jws: str) -> bool:
    """Open [start_ms, end_ms), a whole month, to deletion. False when it was open already."""
    insert = conflict_insert(connection, audit_drops).values(start_ms=start_ms, end_ms=end_ms, jws=jws)
    return (
        await connection.execute(insert.on_conflict_do_nothing(index_elements=["start_ms"]))
    ).rowcount == 1


async def now_ms(connection: AsyncConnection) -> int:
    """The database's clock, ms: what its refusal of deletions goes by."""
    if connection.dialect.name == "postgresql":
        now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    else:
        now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    return int((await connection.execute(sa.select(sa.literal_column(now)))).scalar_one())


async def drops(connection: AsyncConnection) -> list[tuple[int, int, str]]:
    """Start, end and signed statement of each dropped month."""
    rows = await connection.execute(sa.select(audit_drops).order_by(audit_drops.c.start_ms))
    return [(row.start_ms, row.end_ms, row.jws) for row in rows]


async def delete_dropped(connection: AsyncConnection, start_ms: int, end_ms: int, limit: int) -> int:
    """Delete at most `limit` records of a dropped month and as many links. Returns how many went in all."""
    records = sa.select(audit_records.c.record_id).where(
        audit_records.c.time_ms >= start_ms, audit_records.c.time_ms < end_ms
    )
    gone = await connection.execute(
        sa.delete(audit_records).where(
            audit_records.c.record_id.in_(records.limit(limit)),
            audit_records.c.time_ms >= start_ms,
            audit_records.c.time_ms < end_ms,
        )
    )
    links = (
        sa.select(audit_links.c.day, audit_links.c.position)
        .where(audit_links.c.day >= start_ms // DAY_MS, audit_links.c.day < end_ms // DAY_MS)
        .limit(limit)
    )
    unlinked = await connection.execute(
        sa.delete(audit_links).where(sa.tuple_(audit_links.c.day, audit_links.c.position).in_(links))
    )
    return gone.rowcount + unlinked.rowcount
