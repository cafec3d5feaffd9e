"""Up to where footage of a camera was ever deleted in order: expired, or dropped by a store that ran full."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.tables import deletions
from snowlight.on_conflict import conflict_insert


async def note_deleted(connection: AsyncConnection, until_ms: Mapping[str, int]) -> None:
    """Footage of the cameras of these uids is being deleted that ends there, in the caller's transaction.

    In order of camera, as every writer does: they wait, and never for each other.
    """
    if not until_ms:
        return
    insert = conflict_insert(connection, deletions)
    further = insert.on_conflict_do_update(
        index_elements=[deletions.c.camera_uid],
        set_={"until_ms": insert.excluded.until_ms},
        where=deletions.c.until_ms < insert.excluded.until_ms,
    )
    rows = [{"camera_uid": uid, "until_ms": until_ms[uid]} for uid in sorted(until_ms)]
    await connection.execute(further, rows)
