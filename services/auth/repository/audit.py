"""The audit: rows are added and read, never changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Actor, AuditRecord
from services.auth.tables import audit_records


async def add(connection: AsyncConnection, record: AuditRecord) -> None:
    """Write a record."""
    await add_all(connection, [record])


async def add_all(connection: AsyncConnection, records: Sequence[AuditRecord]) -> None:
    """Write records in their order."""
    if records:
        await connection.execute(sa.insert(audit_records), [_values(record) for record in records])


def _values(record: AuditRecord) -> dict[str, object]:
    start_ms, end_ms = record.window or (None, None)
    return {
        "time_ms": record.time_ms,
        "event": record.event,
        "principal": record.actor.principal,
        "organisation": record.actor.organisation,
        "line": record.actor.line,
        "tier": record.actor.tier,
        "scope": record.actor.scope,
        "acting_person": record.actor.acting_person,
        "acting_unit": record.actor.acting_unit,
        "action": record.action,
        "camera_uid": record.camera_uid,
        "window_start_ms": start_ms,
        "window_end_ms": end_ms,
        "purpose": record.purpose,
        "allowed": record.allowed,
        "reason": record.reason,
        "policies": list(record.policies),
        "remote_address": record.actor.remote_address,
        "ticket_id": record.ticket_id,
        "watched_s": record.watched_s,
        "watched_bytes": record.watched_bytes,
        "detail": record.detail,
    }


async def page(connection: AsyncConnection, before: int | None, limit: int) -> list[tuple[int, AuditRecord]]:
    """At most `limit` records with ids below `before`, newest first, each with its id."""
    query = sa.select(audit_records).order_by(audit_records.c.record_id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_records.c.record_id < before)
    return [(row.record_id, _record(row)) for row in await connection.execute(query)]


async def looks_at(
    connection: AsyncConnection, camera_uid: str, without: str, before: int | None, limit: int
) -> list[tuple[int, AuditRecord]]:
    """At most `limit` records of tickets given for a camera and of what was watched, newest first.

    `without`: a principal, whose own ones are left out.
    """
    query = (
        sa.select(audit_records)
        .where(
            audit_records.c.camera_uid == camera_uid,
            audit_records.c.event.in_(("decision", "view")),
            audit_records.c.allowed,
            audit_records.c.principal != without,
        )
        .order_by(audit_records.c.record_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(audit_records.c.record_id < before)
    return [(row.record_id, _record(row)) for row in await connection.execute(query)]


def _record(row: sa.Row[tuple[object, ...]]) -> AuditRecord:
    values = row._mapping
    start_ms = values["window_start_ms"]
    return AuditRecord(
        time_ms=values["time_ms"],
        event=values["event"],
        actor=Actor(
            principal=values["principal"],
            organisation=values["organisation"],
            line=values["line"],
            tier=values["tier"],
            scope=values["scope"],
            acting_person=values["acting_person"],
            acting_unit=values["acting_unit"],
            remote_address=values["remote_address"],
        ),
        action=values["action"],
        camera_uid=values["camera_uid"],
        window=None if start_ms is None else (start_ms, values["window_end_ms"]),
        purpose=values["purpose"],
        allowed=values["allowed"],
        reason=values["reason"],
        policies=tuple(values["policies"]),
        ticket_id=values["ticket_id"],
        watched_s=values["watched_s"],
        watched_bytes=values["watched_bytes"],
        detail=values["detail"],
    )
