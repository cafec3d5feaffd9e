"""The audit's records: added and read, never changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.model import Actor, AuditRecord
from services.auth.tables.audit import audit_records
from services.auth.tables.tickets import cameras


async def add(connection: AsyncConnection, record: AuditRecord) -> None:
    """Write a record, in the transaction of what it tells of. The chain takes it in later."""
    await add_all(connection, [record])


async def add_all(connection: AsyncConnection, records: Sequence[AuditRecord]) -> None:
    """Write records in their order, in one statement."""
    if records:
        await connection.execute(_INSERT, [_values(record) for record in records])


def _values(record: AuditRecord) -> dict[str, object]:
    start_ms, end_ms = record.window or (None, None)
    actor = record.actor
    return {
        "time_ms": record.time_ms,
        "event": record.event,
        "principal": actor.principal,
        "organisation": actor.organisation,
        "line": actor.line,
        "tier": actor.tier,
        "scope": actor.scope,
        "acting_person": actor.acting_person,
        "acting_unit": actor.acting_unit,
        "action": record.action,
        "camera_uid": record.camera_uid,
        "window_start_ms": start_ms,
        "window_end_ms": end_ms,
        "purpose": record.purpose,
        "allowed": record.allowed,
        "reason": record.reason,
        "policies": list(record.policies),
        "remote_address": actor.remote_address,
        "ticket_id": record.ticket_id,
        "watched_s": record.watched_s,
        "watched_bytes": record.watched_bytes,
        "detail": record.detail,
        "about": record.region,
        "uid": record.camera_uid,
        "scope_code": actor.scope.removeprefix("regions/") if actor.scope.startswith("regions/") else "",
    }


def _insert() -> sa.Insert:
    """Built once: a statement of so many columns takes longer to build than to run."""
    columns = [column for column in audit_records.c if column.name not in ("record_id", "region")]
    camera = sa.select(cameras.c.region).where(cameras.c.uid == sa.bindparam("uid", type_=sa.Text))
    about = sa.bindparam("about", type_=sa.Text)
    scope = sa.bindparam("scope_code", type_=sa.Text)
    region = sa.func.coalesce(sa.func.nullif(about, ""), camera.scalar_subquery(), scope)
    values = {column.name: sa.bindparam(column.name, type_=column.type) for column in columns}
    return sa.insert(audit_records).values(**values, region=region).inline()


_INSERT = _insert()


async def looks_at(
    connection: AsyncConnection, camera_uid: str, without: str, since_ms: int, before: int | None, limit: int
) -> list[tuple[int, AuditRecord]]:
    """At most `limit` records since then of tickets given for a camera and of what was watched, newest first.

    `without`: a principal, whose own ones are left out.
    """
    query = (
        sa.select(audit_records)
        .where(
            audit_records.c.camera_uid == camera_uid,
            audit_records.c.event.in_(("decision", "view")),
            audit_records.c.allowed,
            audit_records.c.principal != without,
            audit_records.c.time_ms >= since_ms,
        )
        .order_by(audit_records.c.record_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(audit_records.c.record_id < before)
    return [(row.record_id, record_of(row._mapping)) for row in await connection.execute(query)]


def record_of(row: sa.RowMapping) -> AuditRecord:
    """The record in a row of `audit_records`."""
    start_ms = row["window_start_ms"]
    return AuditRecord(
        time_ms=row["time_ms"],
        event=row["event"],
        actor=Actor(
            principal=row["principal"],
            organisation=row["organisation"],
            line=row["line"],
            tier=row["tier"],
            scope=row["scope"],
            acting_person=row["acting_person"],
            acting_unit=row["acting_unit"],
            remote_address=row["remote_address"],
        ),
        action=row["action"],
        camera_uid=row["camera_uid"],
        window=None if start_ms is None else (start_ms, row["window_end_ms"]),
        purpose=row["purpose"],
        allowed=row["allowed"],
        reason=row["reason"],
        policies=_texts(row["policies"]),
        ticket_id=row["ticket_id"],
        watched_s=row["watched_s"],
        watched_bytes=row["watched_bytes"],
        detail=row["detail"],
        region=row["region"],
    )


def _texts(value: object) -> tuple[str, ...]:
    """What is no list any more is told as it is: a chain that it is in does not fit it."""
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
