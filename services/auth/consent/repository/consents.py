"""Consents."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import Audience, Consent, ConsentState, Hours
from services.auth.consent.repository.overseen import Overseen
from services.auth.repository.in_list import in_list
from services.auth.tables.consent import consents, erasures

_WITH_ERASURE = sa.select(consents, erasures.c.erasure_id).select_from(
    consents.outerjoin(erasures, erasures.c.consent_id == consents.c.consent_id)
)


async def add(connection: AsyncConnection, consent: Consent) -> None:
    """A new one."""
    await connection.execute(
        sa.insert(consents).values(
            consent_id=consent.consent_id,
            camera_uid=consent.camera_uid,
            owner=consent.owner,
            principal=consent.audience.principal,
            organisation=consent.audience.organisation,
            line=consent.audience.line,
            region=consent.audience.region,
            actions=list(consent.actions),
            from_minute=consent.hours.from_minute if consent.hours else None,
            to_minute=consent.hours.to_minute if consent.hours else None,
            time_zone=consent.time_zone,
            footage_from_ms=consent.footage_from_ms,
            create_ms=consent.create_ms,
            end_ms=consent.end_ms,
            paper_reference=consent.paper_reference,
            created_by=consent.created_by,
            state=str(consent.state),
            withdrawn_by="",
        )
    )


async def find(connection: AsyncConnection, consent_id: str) -> Consent | None:
    """The consent, or None."""
    row = (await connection.execute(_WITH_ERASURE.where(consents.c.consent_id == consent_id))).one_or_none()
    return None if row is None else _consent(row)


async def change(connection: AsyncConnection, consent_id: str, **values: Any) -> bool:
    """Write `values` to an active consent. False when it is active no more: somebody was first."""
    is_active = sa.and_(consents.c.consent_id == consent_id, consents.c.state == str(ConsentState.ACTIVE))
    changed = await connection.execute(sa.update(consents).where(is_active).values(values))
    return changed.rowcount == 1


async def page(
    connection: AsyncConnection, *, where: sa.ColumnElement[bool], before: str, limit: int
) -> list[Consent]:
    """At most `limit` consents with ids below `before` (empty: all), newest first."""
    query = _WITH_ERASURE.where(where).order_by(consents.c.consent_id.desc()).limit(limit)
    if before:
        query = query.where(consents.c.consent_id < before)
    return [_consent(row) for row in await connection.execute(query)]


def of_camera(camera_uid: str) -> sa.ColumnElement[bool]:
    """The consent is for this camera; for any when it is empty."""
    return consents.c.camera_uid == camera_uid if camera_uid else sa.true()


def of_person(principal: str, overseen: Overseen) -> sa.ColumnElement[bool]:
    """The consent is from or to them, or for a camera that they oversee."""
    return sa.or_(
        consents.c.owner == principal,
        consents.c.principal == principal,
        overseen.holds_now(consents.c.camera_uid),
    )


async def over(connection: AsyncConnection, now_ms: int, limit: int) -> list[Consent]:
    """Active consents whose time is over."""
    query = _WITH_ERASURE.where(consents.c.end_ms <= now_ms, consents.c.state == str(ConsentState.ACTIVE))
    return [_consent(row) for row in await connection.execute(query.limit(limit))]


async def of_others(connection: AsyncConnection, owners: Mapping[str, str]) -> list[Consent]:
    """Active consents for these cameras, by uid, that somebody else than the owner now gave."""
    query = _WITH_ERASURE.where(
        consents.c.camera_uid.in_(in_list(owners)), consents.c.state == str(ConsentState.ACTIVE)
    )
    found = [_consent(row) for row in await connection.execute(query)]
    return [consent for consent in found if consent.owner != owners[consent.camera_uid]]


async def expire(connection: AsyncConnection, consent: Consent) -> bool:
    """Note that its time is over. False when it was renewed or withdrawn since it was read."""
    unchanged = sa.and_(
        consents.c.consent_id == consent.consent_id,
        consents.c.state == str(ConsentState.ACTIVE),
        consents.c.end_ms == consent.end_ms,
    )
    changed = await connection.execute(
        sa.update(consents).where(unchanged).values(state=str(ConsentState.EXPIRED))
    )
    return changed.rowcount == 1


def _consent(row: sa.Row[tuple[object, ...]]) -> Consent:
    values = row._mapping
    from_minute = values["from_minute"]
    return Consent(
        consent_id=values["consent_id"],
        camera_uid=values["camera_uid"],
        owner=values["owner"],
        audience=Audience(values["principal"], values["organisation"], values["line"], values["region"]),
        actions=tuple(values["actions"]),
        hours=None if from_minute is None else Hours(from_minute, values["to_minute"]),
        time_zone=values["time_zone"],
        footage_from_ms=values["footage_from_ms"],
        create_ms=values["create_ms"],
        end_ms=values["end_ms"],
        paper_reference=values["paper_reference"],
        created_by=values["created_by"],
        state=ConsentState(values["state"]),
        withdrawn_by=values["withdrawn_by"],
        withdraw_ms=values["withdraw_ms"],
        erasure_id=values["erasure_id"] or "",
    )
