"""Retention's parts on a real database and real stores, with a clock that the test turns. No gRPC."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from services.storage.app import MIGRATIONS
from services.storage.cameras.repository import CameraRepository
from services.storage.config import StorageSettings
from services.storage.holds.hold import Hold
from services.storage.holds.repository import HoldRepository
from services.storage.index.day_object import decode_day, encode_day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import insert_packed, row_of
from services.storage.index.repository import COLUMNS, Repository, segments_of
from services.storage.index.repository_postgres import PostgresRepository
from services.storage.retention.assembly import RetentionParts, build_retention
from services.storage.retention.policies import PolicyRepository
from services.storage.retention.preview import Preview
from services.storage.retention.sweeper import CheckStore
from services.storage.segment import Segment
from services.storage.tables import segments
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.database import Database, open_database
from snowlight.media.fragment import ObjectKey
from snowlight.object_store import ObjectStoreSettings, open_stores
from snowlight.steps import Reached, go_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from obstore.store import ObjectStore

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
"""Noon of a day, UTC."""
BY = "police/wang"


@dataclass
class HandClock:
    """Shows what it was set to."""

    ms: int = NOON_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


@dataclass
class Yard:
    """What a test of retention has in hand."""

    database: Database
    database_url: str
    folder: Path
    store_settings: ObjectStoreSettings
    stores: dict[str, ObjectStore]
    clock: HandClock
    settings: dict[str, Any]
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _revision: int = 0

    def __post_init__(self) -> None:
        make = PostgresRepository if self.database.is_postgres else Repository
        self.repository: Repository = make(self.database)
        self.cameras = CameraRepository(self.database, self.clock)
        self.policies = PolicyRepository(self.database, self.clock)
        self.holds = HoldRepository(self.database, self.clock, release_by_second_person=True)
        self.objects = DayObjects(self.stores, cache_bytes=0)
        self.preview = Preview(self.database, self.objects, self.clock)
        self.retention = self.new_sweeper()
        self.sweeper = self.retention.sweeper

    def new_sweeper(self, reached: Reached = go_on, check: CheckStore | None = None) -> RetentionParts:
        """One more, as another process would have. Stores pass unless `check` says otherwise."""
        self.registry = CollectorRegistry()
        swift = {"grace_seconds": 0, "sweep_pause_seconds": 0, "unpack_seconds": 0}
        return build_retention(
            self.repository,
            self.cameras,
            self.stores,
            StorageSettings(store=self.store_settings, **{**swift, **self.settings}),
            self.folder,
            self.clock,
            self.registry,
            reached,
            check or _pass,
        )

    async def register(self, uid: str, **fields: Any) -> None:
        """A camera as ingest's feed tells of it, created 100 days ago. `fields`: of `camera_pb2.Camera`."""
        self._revision += 1
        ordinary = {"region": "regions/421381", "camera_class": 3, "ownership": camera_pb2.PUBLIC}
        camera = camera_pb2.Camera(uid=uid, enabled=True, **{**ordinary, **fields})
        camera.create_time.FromMilliseconds(NOON_MS - 100 * DAY_MS)
        camera.update_time.FromMilliseconds(NOON_MS - 100 * DAY_MS + self._revision)
        await self.cameras.apply([camera], self._revision)

    async def unregister(self, uid: str) -> None:
        """The camera is deleted in ingest."""
        self._revision += 1
        await self.cameras.apply([camera_pb2.DeletedCamera(uid=uid)], self._revision)

    async def record(self, *footage: Segment) -> None:
        """Rows of the index and objects in the store."""
        await self.put(*footage)
        await self.insert(*footage)

    async def insert(self, *footage: Segment) -> None:
        """Rows of the index alone."""
        async with self.database.write() as connection:
            await connection.execute(sa.select(1))  # which begins the transaction
            await self.repository.insert_segments(connection, footage)

    async def pack(self, *footage: Segment) -> None:
        """Packed days of the index and objects in the store."""
        await self.put(*footage)
        days: dict[tuple[str, int, str], list[Segment]] = {}
        for each in footage:
            days.setdefault((each.camera_uid, each.start_ms // DAY_MS, each.store), []).append(each)
        for (uid, day, store), there in days.items():
            data = encode_day(uid, day, store, there)
            row = row_of(decode_day(data, "it"), 1)
            await self.objects.write(store, row.key, data)
            async with self.database.write() as connection:
                assert await insert_packed(connection, row)

    async def close(self, uid: str, day: int, store: str = "default") -> None:
        """Pack what there is of the camera's day, if it is not packed yet."""
        query = sa.select(*COLUMNS).where(
            segments.c.camera_uid == uid,
            segments.c.store == store,
            segments.c.start_ms >= day * DAY_MS,
            segments.c.start_ms < (day + 1) * DAY_MS,
            segments.c.tombstone_ms.is_(None),
        )
        async with self.database.write() as connection:
            there = segments_of(await connection.execute(query))
            if not there:
                return
            data = encode_day(uid, day, store, there)
            row = row_of(decode_day(data, "it"), 1)
            if await insert_packed(connection, row):
                await self.objects.write(store, row.key, data)
                moved = sa.delete(segments).where(
                    segments.c.camera_uid == uid,
                    segments.c.start_ms.in_([each.start_ms for each in there]),
                )
                await connection.execute(moved)

    async def put(self, *footage: Segment) -> None:
        """Objects in the store."""
        for each in footage:
            await obstore.put_async(self.stores[each.store], str(each.key), b"footage")

    async def hold(self, uid: str, start_ms: int, end_ms: int, **fields: Any) -> Hold:
        """A hold by BY."""
        request_id = fields.pop("request_id", "")
        wanted = Hold("", uid, start_ms, end_ms, "2026-0117", "theft", None, BY, 0)
        for name, value in fields.items():
            object.__setattr__(wanted, name, value)
        return await self.holds.create(wanted, request_id)

    def objects_in(self, store: str = "default") -> set[str]:
        """Keys of all footage in a local store, by looking into its folder."""
        folder = self.store_settings.by_name()[store].folder(self.folder)
        found: set[str] = set()
        for place, _, names in os.walk(folder / "rec"):
            found |= {str(Path(place, name).relative_to(folder)) for name in names}
        return found


def minutes(
    uid: str,
    first_ms: int,
    count: int = 1,
    *,
    store: str = "default",
    size: int = 7,
    step_ms: int = MINUTE_MS,
) -> list[Segment]:
    """`count` objects one after the other, `step_ms` each, from `first_ms` on."""
    starts: Sequence[int] = range(first_ms, first_ms + count * step_ms, step_ms)
    return [
        Segment(
            uid,
            at,
            step_ms,
            1,
            at // 1000,
            "0a1b2c3d",
            store,
            size,
            1,
            800,
            "avc1.640028",
            bytes(32),
            b"\x08\x01",
        )
        for at in starts
    ]


def keys(*footage: Segment) -> set[str]:
    """Names of their objects."""
    return {
        str(ObjectKey(s.camera_uid, s.start_ms, s.duration_ms, s.epoch, s.sequence, s.init8)) for s in footage
    }


@asynccontextmanager
async def open_yard(
    database_url: str, folder: Path, store: ObjectStoreSettings | None = None, **settings: Any
) -> AsyncIterator[Yard]:
    """`settings`: of storage; without more said there is neither grace nor pause."""
    described = store or ObjectStoreSettings(url=f"file://{folder}/footage")
    async with open_database(database_url, service="storage", migrations=MIGRATIONS) as database:
        yield Yard(
            database,
            database_url,
            folder,
            described,
            dict(open_stores(described, folder)),
            HandClock(),
            settings,
        )


async def _pass(store: str) -> None:
    """Every store is the one that it was."""
