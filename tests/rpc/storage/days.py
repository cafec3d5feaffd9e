"""A cluster whose cameras have a past: what was registered, what was recorded, what integrity is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.storage.app import MIGRATIONS
from services.storage.tables import camera_versions, feeds, integrity_days
from snowlight.api.storage.v1 import integrity_pb2, storage_pb2
from snowlight.database import Database, open_database
from snowlight.media.fragment import ObjectKey
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.committing import commit, open_epoch
from tests.rpc.storage.footage import SESSION
from tests.waiting import eventually

if TYPE_CHECKING:
    from snowlight.api.storage.v1.integrity_pb2_grpc import IntegrityReportsAsyncStub
    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub
    from tests.rpc.storage.conftest import Cluster

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
FOREVER_DAYS = 10_000
COUNTY = "regions/421381"
DAY = "2024-03-05"


@dataclass
class Town:
    """Storage up, its registry and its reports."""

    cluster: Cluster
    storage: StorageAsyncStub
    reports: IntegrityReportsAsyncStub
    database: Database
    zone: ZoneInfo

    def at(self, local: str) -> int:
        """The instant, ms, of a local time like "2024-03-05 08:00"."""
        return round(datetime.fromisoformat(local).replace(tzinfo=self.zone).timestamp() * 1000)

    async def register(self, uid: str, created: str, changed: str = "", **fields: Any) -> None:
        """Register a camera at a local time, or change it at another; storage has heard of it at the end."""
        await self.tell(uid, self.at(created), self.at(changed or created), **fields)

    async def tell(self, uid: str, created_ms: int, changed_ms: int, **fields: Any) -> None:
        """`register` by instants, ms."""
        kept_days = fields.pop("retention_days", FOREVER_DAYS)
        await self.cluster.registry.put(
            uid, retention_days=kept_days, created_ms=created_ms, updated_ms=changed_ms, **fields
        )
        query = sa.select(sa.func.count()).where(
            camera_versions.c.camera_uid == uid, camera_versions.c.from_ms == changed_ms
        )

        async def is_known() -> bool:
            async with self.database.read() as connection:
                return bool(await connection.scalar(query))

        await eventually(is_known)

    async def record(self, uid: str, start: str | int, end: str | int, *, epoch: int = 1) -> None:
        """Commit footage from one local time (or instant, ms) to another."""
        await open_epoch(self.storage, epoch)
        await commit(self.storage, *objects(uid, self._ms(start), self._ms(end), epoch))

    async def miss(self, uid: str, start: str | int, end: str | int, cause: str) -> None:
        """Tell of a gap. `end` 0: it goes on."""
        await open_epoch(self.storage, 1)
        row = storage_pb2.Gap(camera_uid=uid, start_ms=self._ms(start), end_ms=self._ms(end), cause=cause)
        await commit(self.storage, gaps=(row,))

    async def integrity(self, subject: str, period: str, *, anew: bool = False) -> integrity_pb2.Integrity:
        """Of a camera's uid or of "regions/{code}"."""
        request = integrity_pb2.GetIntegrityRequest(period=period, recompute=anew)
        if subject.startswith("regions/"):
            request.region = subject
        else:
            request.camera_uid = subject
        with remote_errors("services/storage"):
            return await self.reports.GetIntegrity(request)

    async def kept_days(self, uid: str) -> list[tuple[str, bool]]:
        """Days of which something is kept, and whether it is stale."""
        query = sa.select(integrity_days.c.day, integrity_days.c.stale).where(
            integrity_days.c.camera_uid == uid
        )
        async with self.database.read() as connection:
            rows = await connection.execute(query.order_by(integrity_days.c.start_ms))
            return [(row.day, row.stale) for row in rows]

    def _ms(self, instant: str | int) -> int:
        return self.at(instant) if isinstance(instant, str) else instant


@asynccontextmanager
async def open_town(
    cluster: Cluster, zone: str = "Asia/Shanghai", *, integrity_seconds: float = 600
) -> AsyncIterator[Town]:
    async with (
        cluster.ingest(),
        cluster.storage(integrity_seconds=integrity_seconds) as storage,
        cluster.reports() as reports,
        open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database,
    ):
        await eventually(lambda: _has_read_catalogue(database))  # it puts policies in force, once
        yield Town(cluster, storage, reports, database, ZoneInfo(zone))


async def _has_read_catalogue(database: Database) -> bool:
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.exists().where(feeds.c.name == "catalogue"))) or False


def objects(uid: str, start_ms: int, end_ms: int, epoch: int = 1) -> Iterable[storage_pb2.Segment]:
    """Objects of an hour at most, each a single fragment."""
    while start_ms < end_ms:
        duration_ms = min(HOUR_MS, end_ms - start_ms)
        key = ObjectKey(uid, start_ms, duration_ms, epoch, start_ms // 1000, "0a1b2c3d")
        yield storage_pb2.Segment(
            camera_uid=uid,
            store="default",
            key=str(key),
            start_ms=start_ms,
            duration_ms=duration_ms,
            size=100_900,
            epoch=epoch,
            sequence=key.sequence,
            session=SESSION,
            init8=key.init8,
            init_size=800,
            codecs="avc1.640028",
            sha256=bytes(32),
            fragments=storage_pb2.FragmentTable(duration_ms=[duration_ms], size=[100_000], flags=[1]),
        )
        start_ms += duration_ms


def missing(integrity: integrity_pb2.Integrity) -> dict[str, int]:
    """Minutes by cause."""
    return {each.cause: each.ms // MINUTE_MS for each in integrity.missing}


def today(zone: ZoneInfo, back: int = 0) -> str:
    return (datetime.now(UTC).astimezone(zone) - timedelta(days=back)).date().isoformat()
