"""Grants and the cameras they are for."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import Grant, GrantCamera, GrantState, OpeningKind
from services.auth.consent.repository.overseen import Overseen
from services.auth.tables.consent import grant_cameras, grants

_OPEN = (str(GrantState.REQUESTED), str(GrantState.APPROVED))


async def add(connection: AsyncConnection, grant: Grant) -> None:
    """A new one."""
    await connection.execute(
        sa.insert(grants).values(
            grant_id=grant.grant_id,
            kind=str(grant.kind),
            purpose=grant.purpose,
            state=str(grant.state),
            actions=list(grant.actions),
            window_start_ms=grant.window[0],
            window_end_ms=grant.window[1],
            case_number=grant.case_number,
            reason=grant.reason,
            requester=grant.requester,
            beneficiary=grant.beneficiary,
            duration_s=grant.duration_s,
            create_ms=grant.create_ms,
            start_ms=grant.start_ms,
            end_ms=grant.end_ms,
            decided_by=grant.decided_by,
            decide_ms=grant.decide_ms,
            decision_reason=grant.decision_reason,
            notice_ms=grant.notice_ms,
            notice_deferred_by="",
            notice_reason="",
            revision=grant.revision,
        )
    )
    rows = [
        {
            "grant_id": grant.grant_id,
            "camera_uid": camera.uid,
            "region": camera.region,
            "owner": camera.owner,
        }
        for camera in grant.cameras
    ]
    await connection.execute(sa.insert(grant_cameras), rows)


async def find(connection: AsyncConnection, grant_id: str, *, lock: bool = False) -> Grant | None:
    """The grant, or None. `lock`: nobody else changes it before the transaction ends."""
    query = sa.select(grants).where(grants.c.grant_id == grant_id)
    found = await _read(connection, query.with_for_update() if lock else query)
    return found[0] if found else None


async def find_all(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Grant]:
    """Those of the ids that exist."""
    found = await _read(connection, sa.select(grants).where(grants.c.grant_id.in_(ids)))
    return {grant.grant_id: grant for grant in found}


async def change(connection: AsyncConnection, grant: Grant, **values: Any) -> bool:
    """Write `values` to the grant as it was read. False when it is another by now: somebody was first."""
    unchanged = sa.and_(grants.c.grant_id == grant.grant_id, grants.c.revision == grant.revision)
    changed = await connection.execute(
        sa.update(grants).where(unchanged).values(values | {"revision": grant.revision + 1})
    )
    return changed.rowcount == 1


async def page(
    connection: AsyncConnection, *, where: sa.ColumnElement[bool], before: str, limit: int
) -> list[Grant]:
    """At most `limit` grants with ids below `before` (empty: all), newest first."""
    query = sa.select(grants).where(where).order_by(grants.c.grant_id.desc()).limit(limit)
    if before:
        query = query.where(grants.c.grant_id < before)
    return await _read(connection, query)


def of_kind(kind: str, state: str) -> sa.ColumnElement[bool]:
    """The grant is of that kind and in that state; empty: any."""
    wanted = [grants.c.kind == kind] if kind else []
    wanted += [grants.c.state == state] if state else []
    return sa.and_(sa.true(), *wanted)


def of_person(principal: str, overseen: Overseen) -> sa.ColumnElement[bool]:
    """They asked for it or benefit from it, or it is for a camera that they oversee."""
    return sa.or_(
        grants.c.requester == principal,
        grants.c.beneficiary == principal,
        grants.c.grant_id.in_(for_cameras(overseen)),
    )


def for_cameras(overseen: Overseen) -> sa.Select[tuple[str]]:
    """A query for the ids of the grants for a camera that they oversee."""
    return sa.select(grant_cameras.c.grant_id).where(
        overseen.holds(grant_cameras.c.region, grant_cameras.c.camera_uid)
    )


async def count_waiting(connection: AsyncConnection, requester: str) -> int:
    """How many requests of theirs wait for a decision."""
    query = sa.select(sa.func.count()).where(
        grants.c.requester == requester, grants.c.state == str(GrantState.REQUESTED)
    )
    return int(await connection.scalar(query) or 0)


async def over(connection: AsyncConnection, now_ms: int, limit: int) -> list[Grant]:
    """Grants whose time is over, and requests that nobody has decided in time."""
    query = sa.select(grants).where(grants.c.end_ms <= now_ms, grants.c.state.in_(_OPEN))
    return await _read(connection, query.limit(limit))


async def used_on(connection: AsyncConnection, camera_uid: str, beneficiaries: Sequence[str]) -> list[Grant]:
    """Grants that were ever in force on the camera for one of them."""
    of_camera = sa.select(grant_cameras.c.grant_id).where(grant_cameras.c.camera_uid == camera_uid)
    query = sa.select(grants).where(
        grants.c.grant_id.in_(of_camera),
        grants.c.start_ms.is_not(None),
        grants.c.beneficiary.in_(beneficiaries),
    )
    return await _read(connection, query)


async def told_to(
    connection: AsyncConnection, owner: str, now_ms: int, *, before: str, limit: int
) -> list[tuple[str, str, Grant]]:
    """Grants that opened cameras of `owner` and that they may be told of by now, newest first: a key to page
    by, the camera's uid, the grant.
    """
    key = grants.c.grant_id + sa.literal("/") + grant_cameras.c.camera_uid
    query = (
        sa.select(key, grant_cameras.c.camera_uid, grants.c.grant_id)
        .join_from(grant_cameras, grants, grants.c.grant_id == grant_cameras.c.grant_id)
        .where(grant_cameras.c.owner == owner, grants.c.start_ms.is_not(None), grants.c.notice_ms <= now_ms)
        .order_by(grants.c.grant_id.desc(), grant_cameras.c.camera_uid.desc())
        .limit(limit)
    )
    if before:
        grant_id, _, camera_uid = before.partition("/")
        place = sa.tuple_(grants.c.grant_id, grant_cameras.c.camera_uid)
        query = query.where(place < (grant_id, camera_uid))
    found = list(await connection.execute(query))
    by_id = await find_all(connection, [row[2] for row in found])
    return [(row[0], row[1], by_id[row[2]]) for row in found]


async def _read(connection: AsyncConnection, query: sa.Select[Any]) -> list[Grant]:
    rows = list(await connection.execute(query))
    of_grant = sa.select(grant_cameras).where(grant_cameras.c.grant_id.in_([row.grant_id for row in rows]))
    cameras: defaultdict[str, list[GrantCamera]] = defaultdict(list)
    for row in await connection.execute(of_grant.order_by(grant_cameras.c.camera_uid)):
        cameras[row.grant_id].append(GrantCamera(row.camera_uid, row.region, row.owner))
    return [_grant(row, cameras[row.grant_id]) for row in rows]


def _grant(row: sa.Row[Any], cameras: Sequence[GrantCamera]) -> Grant:
    return Grant(
        grant_id=row.grant_id,
        kind=OpeningKind(row.kind),
        purpose=row.purpose,
        state=GrantState(row.state),
        cameras=tuple(cameras),
        actions=tuple(row.actions),
        window=(row.window_start_ms, row.window_end_ms),
        case_number=row.case_number,
        reason=row.reason,
        requester=row.requester,
        beneficiary=row.beneficiary,
        duration_s=row.duration_s,
        create_ms=row.create_ms,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        decided_by=row.decided_by,
        decide_ms=row.decide_ms,
        decision_reason=row.decision_reason,
        notice_ms=row.notice_ms,
        notice_deferred_by=row.notice_deferred_by,
        notice_reason=row.notice_reason,
        revision=row.revision,
    )
