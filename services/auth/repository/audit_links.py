"""The audit's chain: what waits to be linked, the links of each day, and pages of records by them."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.audit.places import Place, Sight
from services.auth.model import AuditRecord
from services.auth.repository.audit import record_of
from services.auth.tables.audit import audit_links, audit_records, audit_unlinked

DAY_MS = 86_400_000
_LOCK = 0x41554454
_COLUMNS = tuple(column.name for column in audit_links.c)
_ARRAYS = {"day": "integer", "hash": "bytea"} | dict.fromkeys(("position", "record_id", "time_ms"), "bigint")
_APPEND = sa.text(
    f"INSERT INTO audit_links ({', '.join(_COLUMNS)}) SELECT * FROM unnest("  # noqa: S608
    + ", ".join(f"CAST(:{name} AS {_ARRAYS.get(name, 'text')}[])" for name in _COLUMNS)
    + ")"
)
_SETTLE = sa.text("DELETE FROM audit_unlinked WHERE record_id = ANY(CAST(:ids AS bigint[]))")
_NONE: sa.ColumnElement[str] = sa.literal_column("''")
"""Written out, so that the database sees that an index of the rows that have something will do."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that is in no chain yet."""

    record_id: int
    record: AuditRecord


@dataclass(frozen=True, slots=True)
class Link:
    """A record's place in the chain of a day, and what it is found by."""

    day: int
    position: int
    hash: bytes
    record_id: int
    time_ms: int
    principal: str
    action: str
    camera_uid: str
    place: Place


@dataclass(frozen=True, slots=True)
class Linked:
    """A link, and its record unless that is gone."""

    link: Link
    record: AuditRecord | None


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the audit is asked for; what is empty or None does not narrow it. Instants are [start, end)."""

    camera_uid: str = ""
    principal: str = ""
    action: str = ""
    start_ms: int | None = None
    end_ms: int | None = None


async def lock(connection: AsyncConnection) -> None:
    """Be the only one who links, seals or drops until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


async def any_waiting(connection: AsyncConnection) -> bool:
    """Whether a record is in no chain yet."""
    query = sa.select(audit_unlinked.c.record_id).limit(1)
    return (await connection.execute(query)).first() is not None


async def waiting(connection: AsyncConnection, limit: int) -> list[Waiting]:
    """At most `limit` records that are in no chain yet, by id. Those that are gone are left out."""
    query = (
        sa.select(audit_records)
        .join_from(audit_unlinked, audit_records, _same_record(audit_unlinked))
        .order_by(audit_unlinked.c.record_id)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings()
    return [Waiting(row["record_id"], record_of(row)) for row in rows]


async def removed_before_linking(connection: AsyncConnection, limit: int) -> list[tuple[int, int]]:
    """Id and time, ms, of records that wait and are not there."""
    query = (
        sa.select(audit_unlinked.c.record_id, audit_unlinked.c.time_ms)
        .outerjoin_from(audit_unlinked, audit_records, _same_record(audit_unlinked))
        .where(audit_records.c.record_id.is_(None))
        .limit(limit)
    )
    return [(row.record_id, row.time_ms) for row in await connection.execute(query)]


async def append(connection: AsyncConnection, links: Sequence[Link]) -> None:
    """Add links; their records wait no longer."""
    rows = [
        (
            *(link.day, link.position, link.hash, link.record_id, link.time_ms, link.principal, link.action),
            *(link.camera_uid, link.place.path, link.place.county, link.place.town, link.place.village),
        )
        for link in links
    ]
    ids = [link.record_id for link in links]
    if connection.dialect.name == "postgresql":
        # Arrays: a tenth of the time that rows one by one take.
        values = zip(*rows, strict=True)
        columns = {name: list(column) for name, column in zip(_COLUMNS, values, strict=True)}
        await connection.execute(_APPEND, columns)
        await connection.execute(_SETTLE, {"ids": ids})
        return
    await connection.execute(sa.insert(audit_links), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    await connection.execute(sa.delete(audit_unlinked).where(audit_unlinked.c.record_id.in_(ids)))


async def tail(connection: AsyncConnection, day: int) -> tuple[int, bytes] | None:
    """Position and hash of the day's last link, or None."""
    query = (
        sa.select(audit_links.c.position, audit_links.c.hash)
        .where(audit_links.c.day == day)
        .order_by(audit_links.c.position.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    return None if row is None else (row.position, row.hash)


async def hash_at(connection: AsyncConnection, day: int, position: int) -> bytes | None:
    """The hash linked there, or None."""
    query = sa.select(audit_links.c.hash).where(audit_links.c.day == day, audit_links.c.position == position)
    return (await connection.execute(query)).scalar_one_or_none()


async def days(connection: AsyncConnection) -> tuple[int, int] | None:
    """The first and the last day that have links, or None."""
    first, last = (
        await connection.execute(sa.select(sa.func.min(audit_links.c.day), sa.func.max(audit_links.c.day)))
    ).one()
    return None if first is None else (first, last)


async def oldest_ms(connection: AsyncConnection) -> int | None:
    """When the oldest linked record was made, or None."""
    oldest: int | None = await connection.scalar(sa.select(sa.func.min(audit_links.c.time_ms)))
    return oldest


async def of_day(connection: AsyncConnection, day: int, after: int, limit: int) -> list[Linked]:
    """At most `limit` links of the day behind position `after`, with their records."""
    query = (
        sa.select(audit_links)
        .where(audit_links.c.day == day, audit_links.c.position > after)
        .order_by(audit_links.c.position)
        .limit(limit)
    )
    return await _with_records(connection, query)


async def page(
    connection: AsyncConnection,
    wanted: Filter,
    sight: Sight | None,
    beyond: tuple[int, int] | None,
    limit: int,
    *,
    oldest_first: bool = False,
) -> list[Linked]:
    """At most `limit` records behind (time, id) `beyond`, newest first unless told otherwise.

    `sight`: only those about what lies in it; None: all.
    """
    key = sa.tuple_(audit_links.c.time_ms, audit_links.c.record_id)
    query = sa.select(audit_links).where(*_conditions(wanted))
    if sight is not None:
        query = query.where(_seen(sight))
    if beyond is not None:
        edge = sa.tuple_(sa.literal(beyond[0], sa.BigInteger), sa.literal(beyond[1], sa.BigInteger))
        query = query.where(key > edge if oldest_first else key < edge)
    if oldest_first:
        query = query.order_by(audit_links.c.time_ms, audit_links.c.record_id)
    else:
        query = query.order_by(audit_links.c.time_ms.desc(), audit_links.c.record_id.desc())
    # A number in the statement: a plan for any number of rows may be one that sorts them all.
    return await _with_records(connection, query.limit(sa.literal_column(str(int(limit)))))


def _conditions(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    links = audit_links.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.camera_uid:
        # Said twice: an index of what has a camera at all is only used where that is asked.
        found += [links.camera_uid == wanted.camera_uid, links.camera_uid != _NONE]
    if wanted.principal:
        found.append(links.principal == wanted.principal)
    if wanted.action:
        # Its value is in the statement: how rare an action is decides which index finds it soonest.
        found.append(links.action == sa.bindparam("action", wanted.action, literal_execute=True))
        if wanted.action != "live":
            found.append(links.action != sa.literal_column("'live'"))
    if wanted.start_ms is not None:
        # A record is never in the chain of an earlier day: whole months need not be looked at.
        found += [links.time_ms >= wanted.start_ms, links.day >= wanted.start_ms // DAY_MS]
    if wanted.end_ms is not None:
        found.append(links.time_ms < wanted.end_ms)
    return found


def _seen(sight: Sight) -> sa.ColumnElement[bool]:
    parts = [_inside(scope) for scope in sight.places]
    if sight.camera_uids:
        parts.append(
            sa.and_(audit_links.c.camera_uid.in_(sight.camera_uids), audit_links.c.camera_uid != _NONE)
        )
    return sa.or_(sa.false(), *parts)


def _inside(scope: Place) -> sa.ColumnElement[bool]:
    """By the narrowest index that there is; only what lies below a village is then looked through."""
    inside = audit_links.c.path.startswith(scope.path, autoescape=True)
    for name in ("village", "town", "county"):
        code = getattr(scope, name)
        if code:
            column = audit_links.c[name]
            narrowed = sa.and_(column == code, column != _NONE)
            return narrowed if scope.path.endswith(f"{code}/") else sa.and_(narrowed, inside)
    return inside


async def _with_records(connection: AsyncConnection, query: sa.Select[tuple[object, ...]]) -> list[Linked]:
    links = [_link(row) for row in (await connection.execute(query)).mappings()]
    if not links:
        return []
    times = {link.time_ms for link in links}
    ids: sa.ColumnElement[bool]
    if connection.dialect.name == "postgresql":
        array = sa.literal([link.record_id for link in links], sa.ARRAY(sa.BigInteger))
        ids = audit_records.c.record_id == sa.any_(array)
    else:
        ids = audit_records.c.record_id.in_([link.record_id for link in links])
    months = audit_records.c.time_ms.between(min(times), max(times))
    records = await connection.execute(sa.select(audit_records).where(ids, months))
    by_id = {row["record_id"]: record_of(row) for row in records.mappings()}
    return [Linked(link, by_id.get(link.record_id)) for link in links]


def _link(row: sa.RowMapping) -> Link:
    return Link(
        day=row["day"],
        position=row["position"],
        hash=row["hash"],
        record_id=row["record_id"],
        time_ms=row["time_ms"],
        principal=row["principal"],
        action=row["action"],
        camera_uid=row["camera_uid"],
        place=Place(row["path"], row["county"], row["town"], row["village"]),
    )


def _same_record(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.record_id == audit_records.c.record_id, table.c.time_ms == audit_records.c.time_ms)
