"""Alerts of emergencies."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import Alert, Grant
from services.auth.consent.repository import grants as grants_repository
from services.auth.consent.repository.overseen import Overseen
from services.auth.tables.consent import alerts


async def add(connection: AsyncConnection, alert_id: str, grant: Grant) -> None:
    """A new one, for an emergency that has just begun."""
    await connection.execute(
        sa.insert(alerts).values(
            alert_id=alert_id, grant_id=grant.grant_id, create_ms=grant.create_ms, acknowledged_by=""
        )
    )


async def find(connection: AsyncConnection, alert_id: str) -> Alert | None:
    """The alert, or None."""
    found = await _read(connection, sa.select(alerts).where(alerts.c.alert_id == alert_id))
    return found[0] if found else None


async def acknowledge(connection: AsyncConnection, alert_id: str, by: str, now_ms: int) -> bool:
    """False when somebody was first."""
    is_open = sa.and_(alerts.c.alert_id == alert_id, alerts.c.acknowledge_ms.is_(None))
    changed = await connection.execute(
        sa.update(alerts).where(is_open).values(acknowledged_by=by, acknowledge_ms=now_ms)
    )
    return changed.rowcount == 1


async def page(
    connection: AsyncConnection, overseen: Overseen, *, closed: bool, before: str, limit: int
) -> list[Alert]:
    """At most `limit` alerts of what they oversee, newest first. `closed`: acknowledged ones too."""
    query = sa.select(alerts).where(alerts.c.grant_id.in_(grants_repository.for_cameras(overseen)))
    if not closed:
        query = query.where(alerts.c.acknowledge_ms.is_(None))
    if before:
        query = query.where(alerts.c.alert_id < before)
    return await _read(connection, query.order_by(alerts.c.alert_id.desc()).limit(limit))


async def _read(connection: AsyncConnection, query: sa.Select[Any]) -> list[Alert]:
    rows = list(await connection.execute(query))
    grants = await grants_repository.find_all(connection, [row.grant_id for row in rows])
    return [
        Alert(row.alert_id, grants[row.grant_id], row.create_ms, row.acknowledged_by, row.acknowledge_ms)
        for row in rows
    ]
