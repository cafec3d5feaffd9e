"""Rights that were taken away, in the order in which they were."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.repository.in_list import in_list
from services.auth.tables.tickets import revocations
from snowlight.database import act_last, take_last

CHANNEL = "snowlight_revocations"
"""What PostgreSQL notifies of (LISTEN, NOTIFY)."""
ADDED = "snowlight_revoked"
"""Set in the `info` of a database connection on which something was added."""

_ORDER_LOCK = 0x534E4F58
_ADD = sa.insert(revocations).returning(revocations.c.sequence)


class Kind(StrEnum):
    """What somebody's right hung on."""

    SESSION = "session"
    PRINCIPAL = "principal"
    CAMERA = "camera"
    GRANT = "grant"
    TICKET = "ticket"
    SIGN_INS = "sign_ins"
    """All sessions of a principal up to then."""
    PUBLISH_KEY = "publish_key"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class StoredRevocation:
    """Something that was taken away."""

    sequence: int
    kind: Kind
    subject: str
    create_ms: int


def add(connection: AsyncConnection, kind: Kind, subject: str, now_ms: int) -> None:
    """Tell, once the transaction is committed, that what hangs on `subject` is over.

    `subject`: the id of a session, grant, consent, ticket or publish key, a principal's name, a camera's uid,
    or a certificate's fingerprint.
    """
    act_last(connection, _write, {"kind": str(kind), "subject": subject, "create_ms": now_ms})


async def tell(connection: AsyncConnection) -> list[int]:
    """Write what was added at once rather than as the last of the transaction. Returns the sequences."""
    return await _write(connection, take_last(connection, _write))


async def _write(connection: AsyncConnection, added: list[dict[str, object]]) -> list[int]:
    """It holds a lock until the commit. Without it PostgreSQL could commit sequence 8 before 7, and who reads
    up to 8 in between would never look for 7 again. With it the order of sequences is that of commits, which
    SQLite's one writer has by itself."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_ORDER_LOCK})"))
        await connection.execute(sa.text(f"NOTIFY {CHANNEL}"))  # told at the commit
    connection.info[ADDED] = True
    return [int((await connection.execute(_ADD, row)).scalar_one()) for row in added]


async def after(connection: AsyncConnection, sequence: int) -> list[StoredRevocation]:
    """All that came after `sequence`, in order."""
    query = sa.select(revocations).where(revocations.c.sequence > sequence).order_by(revocations.c.sequence)
    return [
        StoredRevocation(row.sequence, Kind(row.kind), row.subject, row.create_ms)
        for row in await connection.execute(query)
    ]


async def last_sequence(connection: AsyncConnection) -> int:
    """The sequence of the newest; 0 when there never was one."""
    return int(await connection.scalar(sa.select(sa.func.max(revocations.c.sequence))) or 0)


async def revoked(connection: AsyncConnection, subjects: Collection[str]) -> set[tuple[Kind, str]]:
    """What was revoked of `subjects`."""
    query = sa.select(revocations.c.kind, revocations.c.subject).where(
        revocations.c.subject.in_(in_list(subjects))
    )
    return {(Kind(row.kind), row.subject) for row in await connection.execute(query)}


async def remove_old(connection: AsyncConnection, before_ms: int) -> None:
    """Forget what is older, but never the newest of all: SQLite counts on from the greatest that is left."""
    newest = sa.select(sa.func.max(revocations.c.sequence)).scalar_subquery()
    await connection.execute(
        sa.delete(revocations).where(revocations.c.create_ms < before_ms, revocations.c.sequence < newest)
    )
