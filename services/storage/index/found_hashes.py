"""Hashes of objects whose recorded one is not known, as they were when somebody first looked."""

import sqlalchemy as sa

from services.storage.segment import MAX_DURATION_MS, Segment
from services.storage.tables import found_hashes
from snowlight.database import Database
from snowlight.on_conflict import conflict_insert


class FoundHashes:
    """Kept apart from what was committed, also while rows are packed and unpacked.

    All calls raise UnavailableError while the database is away.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, camera_uid: str, start_ms: int, end_ms: int) -> dict[str, bytes]:
        """SHA-256 by key, of objects of the camera that lie in [start_ms, end_ms) or reach into it."""
        query = sa.select(found_hashes.c.key, found_hashes.c.sha256).where(
            found_hashes.c.camera_uid == camera_uid,
            found_hashes.c.start_ms > start_ms - MAX_DURATION_MS,
            found_hashes.c.start_ms < end_ms,
        )
        async with self._database.read() as connection:
            return {row.key: row.sha256 for row in await connection.execute(query)}

    async def keep(self, segment: Segment, sha256: bytes) -> None:
        """What was found first is what counts."""
        insert = conflict_insert(self._database.engine, found_hashes).values(
            camera_uid=segment.camera_uid, start_ms=segment.start_ms, key=str(segment.key), sha256=sha256
        )
        async with self._database.write() as connection:
            await connection.execute(insert.on_conflict_do_nothing())
