"""Changes on their way into the object store, written in the transaction that makes them."""

from collections.abc import Sequence

import sqlalchemy as sa
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.tables import outbox


async def note(connection: AsyncConnection, kind: str, bodies: Sequence[tuple[str, Message]]) -> None:
    """Keep `bodies`, (subject, message) each, for the object store. `kind` says how they are kept there."""
    if bodies:
        rows = [
            {"kind": kind, "subject": subject, "body": body.SerializeToString()} for subject, body in bodies
        ]
        await connection.execute(sa.insert(outbox), rows)
