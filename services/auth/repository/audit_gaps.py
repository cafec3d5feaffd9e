"""Records that are in no chain, and ids of records that are nowhere."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.audit import audit_links, audit_records


async def in_no_chain(
    connection: AsyncConnection, since_ms: int, until_ms: int, limit: int
) -> list[tuple[int, int]]:
    """Id and time, ms, of records made in [since_ms, until_ms) that are not linked."""
    records = audit_records.c
    linked = sa.exists().where(audit_links.c.record_id == records.record_id)
    query = (
        sa.select(records.record_id, records.time_ms)
        .where(~linked, records.time_ms >= since_ms, records.time_ms < until_ms)
        .limit(limit)
    )
    return [(row.record_id, row.time_ms) for row in await connection.execute(query)]


async def count_holes(connection: AsyncConnection) -> int:
    """How many ids between the first record and the last have none."""
    ids = audit_records.c.record_id
    query = sa.select(sa.func.min(ids), sa.func.max(ids), sa.func.count())
    first, last, count = (await connection.execute(query)).one()
    return 0 if first is None else last - first + 1 - count


async def missing_ids(connection: AsyncConnection, limit: int) -> list[tuple[int, int]]:
    """On SQLite: ids between those of records and links that neither has, and the time of the one before."""
    statement = """
        SELECT before_id, before_ms, next_id FROM (
            SELECT record_id AS before_id, time_ms AS before_ms,
                lead(record_id) OVER (ORDER BY record_id) AS next_id
            FROM (
                SELECT record_id, time_ms FROM audit_records
                UNION SELECT record_id, time_ms FROM audit_links
                UNION SELECT record_id, time_ms FROM audit_unlinked
            ) AS known
        ) AS followed WHERE next_id > before_id + 1 LIMIT :limit
    """
    found: list[tuple[int, int]] = []
    for before_id, before_ms, next_id in await connection.execute(sa.text(statement), {"limit": limit}):
        found += [(each, before_ms) for each in range(before_id + 1, min(next_id, before_id + 1 + limit))]
    found += await _last_ids(connection)
    return found[:limit]


async def _last_ids(connection: AsyncConnection) -> list[tuple[int, int]]:
    """Behind the last record: SQLite remembers the last id that it gave out."""
    given = (
        await connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'audit_records'")) or 0
    )
    last_id, last_ms = (
        await connection.execute(
            sa.text(
                "SELECT max(record_id), max(time_ms) FROM ("
                "SELECT record_id, time_ms FROM audit_records UNION ALL "
                "SELECT record_id, time_ms FROM audit_links)"
            )
        )
    ).one()
    return [] if last_id is None else [(each, last_ms) for each in range(last_id + 1, given + 1)]
