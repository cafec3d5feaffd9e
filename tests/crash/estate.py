"""A storage with a past, made once: expired, held, packed and fresh footage, losses and finds.

It is made through storage's own calls; storage does not get to the work that it leaves behind, since the
duties are somebody else's meanwhile. Each test takes a copy of database and bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import grpc
from minio.commonconfig import CopySource

from services.storage.app import MIGRATIONS
from snowlight.api.storage.v1 import export_pb2, export_pb2_grpc, hold_pb2, hold_pb2_grpc, storage_pb2
from snowlight.clock import SystemClock
from snowlight.database import open_database
from tests.rpc.storage.bucket import put
from tests.rpc.storage.committing import COMMITTED, commit, open_epoch
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import Footage, footage
from tests.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from snowlight.api.storage.v1.storage_pb2_grpc import StorageAsyncStub
    from tests.parts.minio import MinioServer
    from tests.parts.postgres import PostgresServer
    from tests.rpc.storage.registry import Registry

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
KEPT_DAYS, SHORT_DAYS = 30, 3
DUTIES = ("sweeper", "closer", "catalogue", "reconciler", "exports")
CAMERAS = {
    "alone": KEPT_DAYS,
    "found": KEPT_DAYS,
    "fresh": KEPT_DAYS,
    "lost": KEPT_DAYS,
    "packed": KEPT_DAYS,
    "rows": SHORT_DAYS,
}
"""Their uids and for how many days they are kept, before that of "packed" is shortened.

Of "alone" one day is packed again, and then nothing is ever packed of it: nobody happens to tidy up after it.
"""
BY = "police/wang"


@dataclass(frozen=True)
class Window:
    """A camera's time, ms since 1970 UTC."""

    uid: str
    start_ms: int
    end_ms: int

    def overlaps(self, each: Footage) -> bool:
        segment = each.segment
        return (
            segment.camera_uid == self.uid
            and segment.start_ms < self.end_ms
            and self.start_ms < segment.start_ms + segment.duration_ms
        )


class Plan:
    """What there is, by what is to become of it."""

    def __init__(self, now_ms: int) -> None:
        today = now_ms // DAY_MS * DAY_MS
        self._sequence = 0
        self.now_ms = now_ms
        self.old_rows = self._minutes("rows", now_ms - 5 * DAY_MS, 8)
        self.hot_rows = self._minutes("rows", now_ms - HOUR_MS, 3)
        self.gone_days = [
            *self._minutes("packed", today - 6 * DAY_MS + 10 * HOUR_MS, 4),
            *self._minutes("packed", today - 5 * DAY_MS + 10 * HOUR_MS, 4),
        ]
        limit_ms = now_ms - SHORT_DAYS * DAY_MS
        self.past_limit = self._minutes("packed", limit_ms - HOUR_MS, 3)
        self.within_limit = self._minutes("packed", limit_ms + HOUR_MS, 3)
        self.packed = self._minutes("alone", today - 5 * DAY_MS + 10 * HOUR_MS, 3)
        self.late = self._minutes("alone", today - 5 * DAY_MS + 12 * HOUR_MS, 2)
        self.to_pack = [
            *self._minutes("fresh", today - 4 * DAY_MS + 10 * HOUR_MS, 4),
            *self._minutes("fresh", today - 3 * DAY_MS + 10 * HOUR_MS, 4),
        ]
        two_days = (today - 2 * DAY_MS + 10 * HOUR_MS, today - DAY_MS + 10 * HOUR_MS)
        self.beside_found = [each for at in two_days for each in self._minutes("found", at, 2)]
        self.found = [each for at in two_days for each in self._minutes("found", at + HOUR_MS, 1)]
        self.beside_lost = [each for at in two_days for each in self._minutes("lost", at, 2)]
        self.lost = [each for at in two_days for each in self._minutes("lost", at + HOUR_MS, 1)]
        self.two_days_old = [
            each
            for each in [*self.beside_found, *self.found, *self.beside_lost]
            if each.segment.start_ms < today - DAY_MS
        ]
        """Of days that the closer packs as soon as the comparison has put them right."""
        self.holds = [_window(self.old_rows[2:4]), _window(self.gone_days[5:7])]
        self.exports = [_window([*self.packed, *self.late]), _window(self.hot_rows)]

    @property
    def before_packing(self) -> list[Footage]:
        """Committed before the closer passes, and packed by it."""
        return [*self.gone_days, *self.past_limit, *self.within_limit, *self.packed]

    @property
    def after_packing(self) -> list[Footage]:
        """Committed later."""
        rows = [*self.old_rows, *self.hot_rows, *self.late, *self.to_pack]
        return [*rows, *self.beside_found, *self.beside_lost, *self.lost]

    @property
    def expired(self) -> list[Footage]:
        """Past their time, and held by nobody."""
        old = [*self.old_rows, *self.gone_days, *self.past_limit]
        return [each for each in old if not any(hold.overlaps(each) for hold in self.holds)]

    @property
    def kept(self) -> list[Footage]:
        """Committed, whole, and not to go."""
        going = {each.key for each in [*self.expired, *self.lost]}
        return [each for each in [*self.before_packing, *self.after_packing] if each.key not in going]

    def _minutes(self, uid: str, first_ms: int, count: int) -> list[Footage]:
        made = []
        for at in range(count):
            self._sequence += 1
            made.append(footage(uid, first_ms + at * MINUTE_MS, sequence=self._sequence))
        return made


@dataclass(frozen=True)
class Estate:
    """The original, of which copies are taken."""

    plan: Plan
    postgres: PostgresServer
    database: str
    minio: MinioServer
    bucket: str

    async def copy(self, folder: Path) -> Cluster:
        """A cluster on a database and a bucket of its own, whose registry knows the cameras."""
        database = f"crash_{folder.name.lower().replace('-', '_')[-40:]}_{id(folder):x}"
        await self._administer(f'CREATE DATABASE "{database}" TEMPLATE "{self.database}"')
        client, bucket = self.minio.client(), self.minio.create_bucket()
        client.make_bucket(bucket_name=f"{bucket}-evidence", object_lock=True)
        for each in client.list_objects(bucket_name=self.bucket, recursive=True):
            source = CopySource(bucket_name=self.bucket, object_name=str(each.object_name))
            client.copy_object(bucket_name=bucket, object_name=str(each.object_name), source=source)
        cluster = Cluster(self.postgres.url(database), folder, self.minio.store(bucket))
        await _register(cluster.registry, self.plan.now_ms)
        await _shorten(cluster.registry, self.plan.now_ms)
        return cluster

    async def forget(self, cluster: Cluster) -> None:
        """The copy's database is needed no more."""
        name = urlsplit(cluster.database_url).path.strip("/")
        await self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _administer(self, statement: str) -> None:
        await execute(self.postgres.url("postgres"), statement)


async def make_estate(postgres: PostgresServer, minio: MinioServer, folder: Path) -> Estate:
    """Storage has run and ended, and leaves work."""
    database, bucket = await postgres.create_database(), minio.create_bucket()
    plan = Plan(SystemClock().now_ms())
    cluster = Cluster(postgres.url(database), folder, minio.store(bucket))
    cluster.storage_settings = {"pack_after_hours": 24.0, "pack_seconds": 0.1}
    async with open_database(cluster.database_url, service="storage", migrations=MIGRATIONS):
        pass
    await _withhold(cluster, *(duty for duty in DUTIES if duty != "closer"))
    await _register(cluster.registry, plan.now_ms)
    async with cluster.ingest():
        async with cluster.storage() as storage:
            await _known(cluster, "kept_days", KEPT_DAYS)
            await _record(cluster, storage, plan.before_packing)
            await eventually(lambda: _count(cluster, "SELECT count(*) FROM segments", 0))
        await _withhold(cluster, "closer")
        await _shorten(cluster.registry, plan.now_ms)
        async with cluster.storage() as storage, cluster.channel() as channel:
            await _known(cluster, "kept_days", SHORT_DAYS, count=2)
            await _record(cluster, storage, plan.after_packing, lost=plan.lost)
            await put(cluster, *plan.found)
            await _hold(channel, plan.holds)
    await allow(cluster)
    return Estate(plan, postgres, database, minio, bucket)


async def ask_for_exports(channel: grpc.aio.Channel, windows: Sequence[Window]) -> list[str]:
    """Ask, or ask again. Returns the names of the exports."""
    exports: export_pb2_grpc.ExportsAsyncStub = export_pb2_grpc.ExportsStub(channel)
    names = []
    for at, window in enumerate(windows):
        wanted = export_pb2.Export(
            camera_uids=[window.uid],
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            case_number="A4213-2026-0117",
            reason="theft at the east gate",
            created_by="principals/li",
        )
        request = export_pb2.CreateExportRequest(export=wanted, request_id=f"request-number-{at}")
        names.append((await exports.CreateExport(request, timeout=10)).name)
    return names


async def allow(cluster: Cluster) -> None:
    """All leases are over, as they are 15 s after their holder was killed."""
    await execute(cluster.database_url, "DELETE FROM leases")


async def execute(url: str, statement: str) -> None:
    """One statement, on PostgreSQL."""
    connection = await _connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _connect(url: str) -> Any:
    at = urlsplit(url)
    return await asyncpg.connect(
        host=at.hostname, port=at.port, user=at.username, database=at.path.strip("/")
    )


async def _withhold(cluster: Cluster, *duties: str) -> None:
    """Another process has these duties, for ever."""
    for duty in duties:
        await execute(
            cluster.database_url,
            f"INSERT INTO leases (name, holder, expires_ms) VALUES ('{duty}', 'elsewhere', {2**60})",
        )


async def _register(registry: Registry, now_ms: int) -> None:
    for uid, days in CAMERAS.items():
        await registry.put(uid, retention_days=days, created_ms=now_ms - 60 * DAY_MS)


async def _shorten(registry: Registry, now_ms: int) -> None:
    """What was packed of "packed" expires."""
    await registry.put("packed", retention_days=SHORT_DAYS, created_ms=now_ms - 60 * DAY_MS)


async def _record(
    cluster: Cluster, storage: StorageAsyncStub, made: Sequence[Footage], lost: Sequence[Footage] = ()
) -> None:
    """Objects and rows; of `lost` rows alone."""
    missing = {each.key for each in lost}
    await put(cluster, *(each for each in made if each.key not in missing))
    await open_epoch(storage, 1)
    told: list[storage_pb2.Segment] = [each.segment for each in made]
    assert await commit(storage, *told) == [COMMITTED] * len(told)


async def _hold(channel: grpc.aio.Channel, windows: Iterable[Window]) -> None:
    holds: hold_pb2_grpc.HoldsAsyncStub = hold_pb2_grpc.HoldsStub(channel)
    for window in windows:
        wanted = hold_pb2.Hold(
            camera_uid=window.uid,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            case_number="A4213-2026-0117",
            reason="theft",
            created_by=BY,
        )
        created = await holds.CreateHold(hold_pb2.CreateHoldRequest(hold=wanted))
        assert not created.missing


async def _known(cluster: Cluster, column: str, value: int, *, count: int = 1) -> None:
    """Storage knows so many cameras, at least, of which that is so."""
    query = f"SELECT count(*) >= {count} FROM cameras WHERE {column} = {value}"
    await eventually(lambda: _count(cluster, query, True))


async def _count(cluster: Cluster, query: str, expected: object) -> bool:
    connection = await _connect(cluster.database_url)
    try:
        return bool(await connection.fetchval(query) == expected)
    finally:
        await connection.close()


def _window(covered: Sequence[Footage]) -> Window:
    first, last = covered[0].segment, covered[-1].segment
    return Window(first.camera_uid, first.start_ms, last.start_ms + last.duration_ms)
