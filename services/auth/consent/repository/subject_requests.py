"""Requests of people who were filmed."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import RequestState, SubjectRequest
from services.auth.consent.repository.overseen import Overseen
from services.auth.tables.consent import subject_requests


async def add(connection: AsyncConnection, request: SubjectRequest) -> None:
    """A new one."""
    await connection.execute(
        sa.insert(subject_requests).values(
            request_id=request.request_id,
            camera_uid=request.camera_uid,
            region=request.region,
            window_start_ms=request.window[0],
            window_end_ms=request.window[1],
            applicant_reference=request.applicant_reference,
            identity_checked_by=request.identity_checked_by,
            reason=request.reason,
            recorded_by=request.recorded_by,
            officer=request.officer,
            state=str(request.state),
            decided_by="",
            decision_reason="",
            create_ms=request.create_ms,
            grant_id="",
        )
    )


async def find(connection: AsyncConnection, request_id: str) -> SubjectRequest | None:
    """The request, or None."""
    query = sa.select(subject_requests).where(subject_requests.c.request_id == request_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _request(row)


async def decide(connection: AsyncConnection, request_id: str, **values: Any) -> bool:
    """False when somebody was first."""
    waits = sa.and_(
        subject_requests.c.request_id == request_id,
        subject_requests.c.state == str(RequestState.REQUESTED),
    )
    return (await connection.execute(sa.update(subject_requests).where(waits).values(values))).rowcount == 1


async def page(
    connection: AsyncConnection,
    principal: str,
    overseen: Overseen,
    *,
    state: str,
    before: str,
    limit: int,
) -> list[SubjectRequest]:
    """At most `limit` requests that they recorded, show, or that they oversee; newest first."""
    query = sa.select(subject_requests).where(
        sa.or_(
            subject_requests.c.recorded_by == principal,
            subject_requests.c.officer == principal,
            overseen.holds(subject_requests.c.region, subject_requests.c.camera_uid),
        )
    )
    if state:
        query = query.where(subject_requests.c.state == state)
    if before:
        query = query.where(subject_requests.c.request_id < before)
    rows = await connection.execute(query.order_by(subject_requests.c.request_id.desc()).limit(limit))
    return [_request(row) for row in rows]


def _request(row: sa.Row[Any]) -> SubjectRequest:
    return SubjectRequest(
        request_id=row.request_id,
        camera_uid=row.camera_uid,
        region=row.region,
        window=(row.window_start_ms, row.window_end_ms),
        applicant_reference=row.applicant_reference,
        identity_checked_by=row.identity_checked_by,
        reason=row.reason,
        recorded_by=row.recorded_by,
        officer=row.officer,
        create_ms=row.create_ms,
        state=RequestState(row.state),
        decided_by=row.decided_by,
        decide_ms=row.decide_ms,
        decision_reason=row.decision_reason,
        grant_id=row.grant_id,
    )
