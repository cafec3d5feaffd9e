"""Rights that were taken away, in the order in which they were."""

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables import revocations


class Kind(StrEnum):
    """What somebody's right hung on."""

    SESSION = "session"
    PRINCIPAL = "principal"
    CAMERA = "camera"
    GRANT = "grant"
    TICKET = "ticket"


async def add(connection: AsyncConnection, kind: Kind, subject: str, now_ms: int) -> None:
    """Tell, once the transaction is committed, that what hangs on `subject` is over.

    `subject`: the id of a session, grant, consent or ticket, a principal's name, or a camera's uid.
    """
    await connection.execute(sa.insert(revocations).values(kind=str(kind), subject=subject, create_ms=now_ms))
