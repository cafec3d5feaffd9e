"""What opens which camera now."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import Audience, Hours, Opening, OpeningKind
from services.auth.model import Principal
from services.auth.repository.in_list import in_list
from services.auth.tables.consent import openings


async def add(connection: AsyncConnection, opened: Iterable[Opening]) -> None:
    """Open cameras. In the transaction that puts their grant in force."""
    rows = [
        {
            "camera_uid": each.camera_uid,
            "grant_id": each.grant_id,
            "kind": str(each.kind),
            "owner": each.owner,
            "principal": each.audience.principal,
            "organisation": each.audience.organisation,
            "line": each.audience.line,
            "region": each.audience.region,
            "actions": list(each.actions),
            "window_start_ms": each.window[0],
            "window_end_ms": each.window[1],
            "from_minute": each.hours.from_minute if each.hours else None,
            "to_minute": each.hours.to_minute if each.hours else None,
            "time_zone": each.time_zone,
            "start_ms": each.start_ms,
            "end_ms": each.end_ms,
        }
        for each in opened
    ]
    await connection.execute(sa.insert(openings), rows)


async def remove(connection: AsyncConnection, grant_id: str) -> None:
    """Close what a grant or a consent opened."""
    await connection.execute(sa.delete(openings).where(openings.c.grant_id == grant_id))


async def prolong(connection: AsyncConnection, grant_id: str, end_ms: int, window_end_ms: int | None) -> None:
    """Have it end at another time; `window_end_ms`: the footage too, unless it is None."""
    values = {"end_ms": end_ms} | ({} if window_end_ms is None else {"window_end_ms": window_end_ms})
    await connection.execute(sa.update(openings).where(openings.c.grant_id == grant_id).values(values))


async def of_cameras(
    connection: AsyncConnection, camera_uids: Collection[str], now_ms: int
) -> dict[str, list[Opening]]:
    """What opens each of these cameras at this instant."""
    query = sa.select(openings).where(
        openings.c.camera_uid.in_(in_list(camera_uids)),
        openings.c.start_ms <= now_ms,
        openings.c.end_ms > now_ms,
    )
    found: dict[str, list[Opening]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.camera_uid, []).append(_opening(row))
    return found


async def naming(connection: AsyncConnection, principal: Principal, now_ms: int) -> list[str]:
    """uids of the cameras that something opens to the principal, their organisation or their line now."""
    audience = sa.or_(
        openings.c.principal == principal.name,
        sa.and_(openings.c.organisation != "", openings.c.organisation == principal.organisation),
        openings.c.line == str(principal.line),
    )
    query = (
        sa.select(openings.c.camera_uid)
        .where(audience, openings.c.start_ms <= now_ms, openings.c.end_ms > now_ms)
        .distinct()
        .order_by(openings.c.camera_uid)
    )
    return list((await connection.execute(query)).scalars())


async def count_of_camera(connection: AsyncConnection, camera_uid: str, kind: OpeningKind) -> int:
    """How many of a kind open the camera."""
    query = sa.select(sa.func.count()).where(
        openings.c.camera_uid == camera_uid, openings.c.kind == str(kind)
    )
    return int(await connection.scalar(query) or 0)


def _opening(row: sa.Row[tuple[object, ...]]) -> Opening:
    values = row._mapping
    from_minute = values["from_minute"]
    return Opening(
        camera_uid=values["camera_uid"],
        grant_id=values["grant_id"],
        kind=OpeningKind(values["kind"]),
        owner=values["owner"],
        audience=Audience(values["principal"], values["organisation"], values["line"], values["region"]),
        actions=tuple(values["actions"]),
        window=(values["window_start_ms"], values["window_end_ms"]),
        hours=None if from_minute is None else Hours(from_minute, values["to_minute"]),
        time_zone=values["time_zone"],
        start_ms=values["start_ms"],
        end_ms=values["end_ms"],
    )
