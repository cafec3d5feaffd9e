"""Changes on their way into the object store, written in the transaction that makes them."""

from collections.abc import Sequence

import sqlalchemy as sa
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.tables import outbox

GAP = "gap"
"""KeptGap by "{uid}/{start_ms}"."""
CAMERA = "camera"
"""KeptCamera by uid, written as it is by then."""
HOLD = "hold"
"""Hold by id."""
POLICIES = "policies"
EPOCHS = "epochs"
REGION_STORES = "region_stores"
"""Of these three the whole table is written, as it is by then: the row only says that it changed."""

KINDS = frozenset((GAP, CAMERA, HOLD, POLICIES, EPOCHS, REGION_STORES))


async def note(connection: AsyncConnection, kind: str, bodies: Sequence[tuple[str, Message]]) -> None:
    """Keep `bodies`, (subject, message) each, for the object store. `kind` says how they are kept there."""
    assert kind in KINDS, kind
    if bodies:
        rows = [
            {"kind": kind, "subject": subject, "body": body.SerializeToString()} for subject, body in bodies
        ]
        await connection.execute(sa.insert(outbox), rows)


async def note_changed(connection: AsyncConnection, kind: str) -> None:
    """The table of POLICIES, EPOCHS or REGION_STORES is another one than the object store has."""
    await connection.execute(sa.insert(outbox), [{"kind": kind, "subject": kind, "body": b""}])
