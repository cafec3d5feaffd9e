"""What lies beside the footage, read back into a database that does not have it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
import structlog
from google.protobuf.message import DecodeError, Message
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.cameras.repository import note_camera
from services.storage.catalogue.documents import (
    CAMERAS_PREFIX,
    EPOCHS_KEY,
    HOLDS_PREFIX,
    POLICIES_KEY,
    REGION_STORES_KEY,
    camera_row,
    epoch_rows,
    hold_row,
    policy_rows,
    region_store_rows,
    version_rows,
)
from services.storage.catalogue.ledger_batches import LedgerBatches
from services.storage.catalogue.outbox import EPOCHS, GAP, POLICIES, REGION_STORES, note, note_changed
from services.storage.catalogue.read_back import note_read_back, was_read_back
from services.storage.ledger.day_rows import reopen
from services.storage.ledger.gaps import span_of
from services.storage.retention.lock import forbid_deletion
from services.storage.retention.policies import put_in_force, raise_unexpired, read_policies
from services.storage.segment import LedgerGap
from services.storage.spans import Span
from services.storage.stores.objects import list_chunks, read
from services.storage.tables import (
    camera_versions,
    cameras,
    epochs,
    gaps,
    holds,
    policies,
    region_stores,
    segment_end,
    segments,
)
from snowlight.api.storage.v1 import hold_pb2, retention_pb2, store_pb2, stored_pb2
from snowlight.bounded import for_each
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import DataLossError
from snowlight.on_conflict import conflict_insert

if TYPE_CHECKING:
    from obstore.store import ObjectStore

READS_AT_ONCE = 16
ROWS_AT_ONCE = 500

Kept = TypeVar("Kept", bound=Message)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Restored:
    """What was read and was not there before."""

    cameras: int = 0
    holds: int = 0
    gaps: int = 0
    damaged: list[str] = field(default_factory=list)
    """Objects of the catalogue that are not what they should be: what they held is not known."""


class Restore:
    """Adds what the database lacks and takes nothing away; what it has is newer."""

    def __init__(self, database: Database, store: "ObjectStore", ledger: LedgerBatches, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._done = False

    async def once(self) -> None:
        """Read the catalogue back unless this database did so before, then have kept what only it knows.

        Raises UnavailableError, and DataLossError when a part of it is damaged: what can be read is in force
        then, and as long as nobody has mended or deleted the rest, nothing may be deleted or written over.
        """
        if self._done or await was_read_back(self._database):
            self._done = True
            return
        restored = await self.read_back()
        if restored.damaged:
            raise DataLossError("catalogue.damaged", f"not readable: {', '.join(restored.damaged)}")
        if not await self._ledger.days():
            await self._note_gaps()
        async with self._database.write() as connection:
            for kind in (POLICIES, EPOCHS, REGION_STORES):
                await note_changed(connection, kind)
            await note_read_back(connection)
        self._done = True
        log.info("catalogue.read", cameras=restored.cameras, holds=restored.holds, gaps=restored.gaps)

    async def read_back(self) -> Restored:
        """Holds and policies come before cameras, each of which is kept by them from the transaction on that
        adds it: cut short anywhere, this lets nothing seem expired. Raises UnavailableError."""
        restored = Restored()
        await self._restore_tables(restored)
        await self._restore_holds(restored)
        await self._restore_cameras(restored)
        restored.gaps = await self._restore_gaps()
        return restored

    async def _restore_tables(self, restored: Restored) -> None:
        kept_policies = await self._read(POLICIES_KEY, retention_pb2.ListRetentionPoliciesResponse, restored)
        kept_regions = await self._read(REGION_STORES_KEY, store_pb2.ListStoresResponse, restored)
        kept_epochs = await self._read(EPOCHS_KEY, stored_pb2.KeptEpochs, restored)
        async with self._database.write() as connection:
            await forbid_deletion(connection)
            if kept_policies:
                await self._add(connection, policies, policy_rows(kept_policies))
            # Cameras that the feed was the first to tell of are kept by these policies, too.
            await put_in_force(connection, self._clock.now_ms())
            if kept_regions:
                await self._add(connection, region_stores, region_store_rows(kept_regions))
            for row in epoch_rows(kept_epochs) if kept_epochs else []:
                # Whether older epochs have committed since is forgotten: up to now they may have.
                insert = conflict_insert(self._database.engine, epochs).values(
                    row | {"late_until_ms": self._clock.now_ms()}
                )
                await connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=[epochs.c.shard],
                        set_={
                            "epoch": insert.excluded.epoch,
                            "from_ms": insert.excluded.from_ms,
                            "late_until_ms": insert.excluded.late_until_ms,
                        },
                        where=epochs.c.epoch < insert.excluded.epoch,
                    )
                )

    async def _restore_holds(self, restored: Restored) -> None:
        """With each hold come back the rows it holds that are only buried."""
        now_ms = self._clock.now_ms()
        async for batch in self._read_all(HOLDS_PREFIX, hold_pb2.Hold, restored):
            async with self._database.write() as connection:
                await forbid_deletion(connection)
                for kept in batch:
                    row = hold_row(kept)
                    if not await self._add(connection, holds, [row]):
                        continue
                    restored.holds += 1
                    if row["release_ms"] is None and (row["expire_ms"] is None or row["expire_ms"] > now_ms):
                        await connection.execute(
                            sa.update(segments)
                            .where(
                                segments.c.camera_uid == kept.camera_uid,
                                segments.c.start_ms < kept.end_ms,
                                segment_end > kept.start_ms,
                                segments.c.tombstone_ms.is_not(None),
                                ~segments.c.doomed,
                            )
                            .values(tombstone_ms=None)
                        )

    async def _restore_cameras(self, restored: Restored) -> None:
        """Every version of every camera, deleted ones too. What differs afterwards is kept anew."""
        unknown = set(await self._uids())
        async for batch in self._read_all(CAMERAS_PREFIX, stored_pb2.KeptCamera, restored):
            async with self._database.write() as connection:
                await forbid_deletion(connection)
                by_name = await read_policies(connection)
                known_anew: list[str] = []
                for kept in batch:
                    if not kept.uid or not kept.versions:
                        continue
                    if await self._add(connection, cameras, [camera_row(kept, by_name)]):
                        known_anew.append(kept.uid)
                    if await self._add(connection, camera_versions, version_rows(kept)):
                        await reopen(connection, [(kept.uid, Span(kept.created_ms, self._clock.now_ms()))])
                    if kept.uid in unknown and await self._knows_more(connection, kept):
                        await note_camera(connection, kept.uid)
                    unknown.discard(kept.uid)
                await raise_unexpired(connection, self._clock.now_ms(), known_anew)
            restored.cameras += len(known_anew)
        for uid in unknown:
            async with self._database.write() as connection:
                await note_camera(connection, uid)

    async def _knows_more(self, connection: AsyncConnection, kept: stored_pb2.KeptCamera) -> bool:
        count = sa.select(sa.func.count()).where(camera_versions.c.camera_uid == kept.uid)
        deleted = sa.select(cameras.c.deleted_ms).where(cameras.c.uid == kept.uid)
        return (await connection.scalar(count), await connection.scalar(deleted) or 0) != (
            len(kept.versions),
            kept.deleted_ms,
        )

    async def _restore_gaps(self) -> int:
        """From the newest batch to the oldest: the first that tells of a gap is right."""
        added = 0
        withdrawn: set[tuple[str, int]] = set()
        async for batch in self._ledger.read_newest_first():
            withdrawn |= {(row.camera_uid, row.start_ms) for row in batch.gaps if row.withdrawn}
            rows = {
                (row.camera_uid, row.start_ms): {
                    "camera_uid": row.camera_uid,
                    "start_ms": row.start_ms,
                    "end_ms": row.end_ms,
                    "cause": row.cause,
                }
                for row in batch.gaps
                if (row.camera_uid, row.start_ms) not in withdrawn
            }
            wanted = list(rows.values())
            for at in range(0, len(wanted), ROWS_AT_ONCE):
                async with self._database.write() as connection:
                    added += await self._add_gaps(connection, wanted[at : at + ROWS_AT_ONCE])
        return added

    async def _add_gaps(self, connection: AsyncConnection, rows: list[dict[str, Any]]) -> int:
        """A gap once closed stays closed."""
        insert = conflict_insert(self._database.engine, gaps)
        closing = insert.on_conflict_do_update(
            index_elements=[gaps.c.camera_uid, gaps.c.start_ms],
            set_={"end_ms": insert.excluded.end_ms},
            where=sa.and_(gaps.c.end_ms == 0, insert.excluded.end_ms > 0),
        )
        added = [LedgerGap(*row) for row in await connection.execute(closing.returning(gaps), rows)]
        await reopen(connection, [(row.camera_uid, span_of(row)) for row in added])
        return len(added)

    async def _note_gaps(self) -> None:
        """Of a database that is older than the catalogue."""
        after: tuple[str, int] = ("", 0)
        while True:
            query = sa.select(gaps).where(sa.tuple_(gaps.c.camera_uid, gaps.c.start_ms) > after)
            async with self._database.write() as connection:
                rows = list(
                    await connection.execute(
                        query.order_by(gaps.c.camera_uid, gaps.c.start_ms).limit(ROWS_AT_ONCE)
                    )
                )
                bodies = [
                    (f"{row.camera_uid}/{row.start_ms}", stored_pb2.KeptGap(**row._mapping)) for row in rows
                ]
                await note(connection, GAP, bodies)
            if len(rows) < ROWS_AT_ONCE:
                return
            after = (rows[-1].camera_uid, rows[-1].start_ms)

    async def _add(self, connection: AsyncConnection, table: sa.Table, rows: list[dict[str, Any]]) -> int:
        """Insert what is not there. Returns how many."""
        if not rows:
            return 0
        key = next(iter(table.primary_key.columns))
        added = await connection.execute(
            conflict_insert(self._database.engine, table).on_conflict_do_nothing().returning(key), rows
        )
        return len(added.all())

    async def _uids(self) -> list[str]:
        async with self._database.read() as connection:
            return list(await connection.scalars(sa.select(cameras.c.uid)))

    async def _read_all(self, prefix: str, kind: type[Kept], restored: Restored) -> AsyncIterator[list[Kept]]:
        """All messages below `prefix`, some at a time."""
        async for chunk in list_chunks(self._store, prefix):
            found = await for_each(
                chunk, lambda each: self._read(each.key, kind, restored), at_once=READS_AT_ONCE
            )
            yield [message for message in found if message is not None]

    async def _read(self, key: str, kind: type[Kept], restored: Restored) -> Kept | None:
        """None when it is not there, or is not what it should be."""
        data = await read(self._store, key)
        if data is None:
            return None
        try:
            return kind.FromString(data)
        except DecodeError:
            log.error("catalogue.unreadable", key=key)
            restored.damaged.append(key)
            return None
