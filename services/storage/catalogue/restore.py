"""What lies beside the footage, read back into a database that does not have it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
import structlog
from google.protobuf.message import DecodeError, Message
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.bounded import for_each
from services.storage.cameras.repository import note_camera
from services.storage.catalogue.documents import (
    CAMERAS_PREFIX,
    EPOCHS_KEY,
    HOLDS_PREFIX,
    POLICIES_KEY,
    REGION_STORES_KEY,
    epoch_rows,
    hold_row,
    policy_rows,
    region_store_rows,
)
from services.storage.catalogue.ledger_batches import LedgerBatches
from services.storage.catalogue.outbox import EPOCHS, GAP, POLICIES, REGION_STORES, note, note_changed
from services.storage.retention.lock import forbid_deletion
from services.storage.retention.policies import put_in_force
from services.storage.stores.objects import list_chunks, read
from services.storage.tables import (
    camera_versions,
    cameras,
    epochs,
    feeds,
    gaps,
    holds,
    policies,
    region_stores,
    segment_end,
    segments,
)
from snowlight.api.storage.v1 import hold_pb2, retention_pb2, store_pb2, stored_pb2
from snowlight.clock import Clock
from snowlight.database import Database

if TYPE_CHECKING:
    from obstore.store import ObjectStore

READS_AT_ONCE = 16
ROWS_AT_ONCE = 500
_READ_BACK = "catalogue"
"""The name in `feeds` of a database that has read the catalogue."""

Kept = TypeVar("Kept", bound=Message)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Restored:
    """What was read and was not there before."""

    cameras: int = 0
    holds: int = 0
    gaps: int = 0


class Restore:
    """Adds what the database lacks and takes nothing away; what it has is newer."""

    def __init__(self, database: Database, store: "ObjectStore", ledger: LedgerBatches, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._insert: Callable[[sa.Table], Any] = postgresql.insert if database.is_postgres else sqlite.insert
        self._done = False

    async def once(self) -> None:
        """Read the catalogue back unless this database did so before, then have kept what only it knows."""
        if self._done or await self._was_done():
            self._done = True
            return
        restored = await self.read_back()
        if not await self._ledger.days():
            await self._note_gaps()
        async with self._database.write() as connection:
            for kind in (POLICIES, EPOCHS, REGION_STORES):
                await note_changed(connection, kind)
            done = self._insert(feeds).values(name=_READ_BACK, revision=1)
            await connection.execute(done.on_conflict_do_nothing())
        self._done = True
        log.info("catalogue.read", cameras=restored.cameras, holds=restored.holds, gaps=restored.gaps)

    async def read_back(self) -> Restored:
        """Holds and policies come before cameras, and all of it before any footage: nothing that is kept by
        them is ever seen without them. Raises UnavailableError."""
        restored = Restored()
        await self._restore_tables()
        restored.holds = await self._restore_holds()
        restored.cameras = await self._restore_cameras()
        await self._resolve_retention()
        restored.gaps = await self._restore_gaps()
        return restored

    async def _restore_tables(self) -> None:
        kept_policies = await self._read(POLICIES_KEY, retention_pb2.ListRetentionPoliciesResponse)
        kept_regions = await self._read(REGION_STORES_KEY, store_pb2.ListStoresResponse)
        kept_epochs = await self._read(EPOCHS_KEY, stored_pb2.KeptEpochs)
        async with self._database.write() as connection:
            if kept_policies:
                await self._add(connection, policies, policy_rows(kept_policies))
            if kept_regions:
                await self._add(connection, region_stores, region_store_rows(kept_regions))
            for row in epoch_rows(kept_epochs) if kept_epochs else []:
                # Whether older epochs have committed since is forgotten: up to now they may have.
                insert = self._insert(epochs).values(row | {"late_until_ms": self._clock.now_ms()})
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

    async def _restore_holds(self) -> int:
        """With each hold come back the rows it holds that are only buried."""
        added = 0
        now_ms = self._clock.now_ms()
        async for batch in self._read_all(HOLDS_PREFIX, hold_pb2.Hold):
            async with self._database.write() as connection:
                for kept in batch:
                    row = hold_row(kept)
                    if not await self._add(connection, holds, [row]):
                        continue
                    added += 1
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
        return added

    async def _restore_cameras(self) -> int:
        """Every version of every camera, deleted ones too. What differs afterwards is kept anew."""
        added = 0
        unknown = set(await self._uids())
        async for batch in self._read_all(CAMERAS_PREFIX, stored_pb2.KeptCamera):
            async with self._database.write() as connection:
                for kept in batch:
                    if not kept.uid or not kept.versions:
                        continue
                    added += await self._add(connection, cameras, [_camera_row(kept)])
                    await self._add(connection, camera_versions, _version_rows(kept))
                    if kept.uid in unknown and await self._knows_more(connection, kept):
                        await note_camera(connection, kept.uid)
                    unknown.discard(kept.uid)
        for uid in unknown:
            async with self._database.write() as connection:
                await note_camera(connection, uid)
        return added

    async def _knows_more(self, connection: AsyncConnection, kept: stored_pb2.KeptCamera) -> bool:
        count = sa.select(sa.func.count()).where(camera_versions.c.camera_uid == kept.uid)
        deleted = sa.select(cameras.c.deleted_ms).where(cameras.c.uid == kept.uid)
        return (await connection.scalar(count), await connection.scalar(deleted) or 0) != (
            len(kept.versions),
            kept.deleted_ms,
        )

    async def _resolve_retention(self) -> None:
        """By the policies that there are now."""
        async with self._database.write() as connection:
            await forbid_deletion(connection)
            await put_in_force(connection, self._clock.now_ms())

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
        insert = self._insert(gaps)
        closing = insert.on_conflict_do_update(
            index_elements=[gaps.c.camera_uid, gaps.c.start_ms],
            set_={"end_ms": insert.excluded.end_ms},
            where=sa.and_(gaps.c.end_ms == 0, insert.excluded.end_ms > 0),
        )
        added = await connection.execute(closing.returning(gaps.c.start_ms), rows)
        return len(added.all())

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
        added = await connection.execute(self._insert(table).on_conflict_do_nothing().returning(key), rows)
        return len(added.all())

    async def _uids(self) -> list[str]:
        async with self._database.read() as connection:
            return list(await connection.scalars(sa.select(cameras.c.uid)))

    async def _was_done(self) -> bool:
        query = sa.select(feeds.c.revision).where(feeds.c.name == _READ_BACK)
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def _read_all(self, prefix: str, kind: type[Kept]) -> AsyncIterator[list[Kept]]:
        """All messages below `prefix`, some at a time."""
        async for chunk in list_chunks(self._store, prefix):
            found = await for_each(chunk, lambda each: self._read(each.key, kind), at_once=READS_AT_ONCE)
            yield [message for message in found if message is not None]

    async def _read(self, key: str, kind: type[Kept]) -> Kept | None:
        """None when it is not there, or is not what it should be."""
        data = await read(self._store, key)
        if data is None:
            return None
        try:
            return kind.FromString(data)
        except DecodeError:
            log.error("catalogue.unreadable", key=key)
            return None


def _camera_row(kept: stored_pb2.KeptCamera) -> dict[str, Any]:
    """A row of `cameras` by the camera's newest version. How long it is kept is resolved afterwards."""
    newest = max(kept.versions, key=lambda version: version.from_ms)
    return {
        "uid": kept.uid,
        "retention_days": newest.retention_days,
        "created_ms": kept.created_ms,
        "deleted_ms": kept.deleted_ms or None,
        "region": newest.region,
        "camera_class": newest.camera_class,
        "ownership": newest.ownership,
        "kept_days": 0,
        "minimum_days": 0,
    }


def _version_rows(kept: stored_pb2.KeptCamera) -> list[dict[str, Any]]:
    names = [column.name for column in camera_versions.c if column.name != "camera_uid"]
    return [
        {"camera_uid": kept.uid, **{name: getattr(version, name) for name in names}}
        for version in kept.versions
    ]
