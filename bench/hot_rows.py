"""Footage for the storage benchmark: rows put straight into PostgreSQL, and commits as ingest sends them."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg  # type: ignore[import-untyped]

from snowlight.api.storage.v1 import storage_pb2
from snowlight.media.fragment import ObjectKey

MINUTE_MS = 60_000
DAY_MS = 86_400_000
FRAGMENTS = 120
SIZE = 15_000_000
INIT_SIZE = 800
CODECS = "avc1.640028"

_FILL = """
    INSERT INTO segments
    SELECT 'c' || lpad(camera::text, 6, '0'), $1::bigint + minute * 60000, 60000, 1, minute, '0a1b2c3d',
           'default', 15000000, $1::bigint / 1000, 800, 'avc1.640028',
           sha256(int8send(minute * 100000 + camera)), $4::bytea
    FROM generate_series($2::bigint, $3::bigint - 1) AS minute, generate_series(0, $5::bigint - 1) AS camera
"""


@dataclass(frozen=True)
class Town:
    """So many cameras, recorded from `begin_ms` on, a minute an object."""

    cameras: int
    begin_ms: int

    def uid(self, camera: int) -> str:
        return f"c{camera:06}"

    async def fill(self, url: str, first_minute: int, end_minute: int) -> None:
        """Insert the rows of these minutes in the order in which they would have come."""
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            table = fragment_table(random.Random(1)).SerializeToString()
            for minute in range(first_minute, end_minute, 60):
                await connection.execute(
                    _FILL, self.begin_ms, minute, min(minute + 60, end_minute), table, self.cameras
                )
            await connection.execute("VACUUM ANALYZE segments")
        finally:
            await connection.close()

    def commits(self, first_minute: int, batch: int) -> Iterator[bytes]:
        """`CommitSegments` requests without end, serialised: each minute's objects of all cameras in turn."""
        tables = [fragment_table(random.Random(seed)) for seed in range(20)]
        minute, segments = first_minute, []
        while True:
            for camera in range(self.cameras):
                segments.append(self.segment(camera, minute, tables[camera % 20]))
                if len(segments) == batch:
                    request = storage_pb2.CommitSegmentsRequest(shard=1, segments=segments)
                    yield request.SerializeToString()
                    segments = []
            minute += 1

    def segment(self, camera: int, minute: int, table: storage_pb2.FragmentTable) -> storage_pb2.Segment:
        """One object, as ingest tells it."""
        uid, start_ms = self.uid(camera), self.begin_ms + minute * MINUTE_MS
        return storage_pb2.Segment(
            camera_uid=uid,
            store="default",
            key=str(ObjectKey(uid, start_ms, MINUTE_MS, 1, minute, "0a1b2c3d")),
            start_ms=start_ms,
            duration_ms=MINUTE_MS,
            size=SIZE,
            epoch=1,
            sequence=minute,
            session=self.begin_ms // 1000,
            init8="0a1b2c3d",
            init_size=INIT_SIZE,
            codecs=CODECS,
            sha256=hashlib.sha256(f"{uid} {minute}".encode()).digest(),
            fragments=table,
        )


def fragment_table(source: random.Random) -> storage_pb2.FragmentTable:
    """Half seconds of 2 Mb/s, a key frame every two seconds."""
    return storage_pb2.FragmentTable(
        duration_ms=[500] * FRAGMENTS,
        size=[
            source.randint(160_000, 240_000) if at % 4 == 0 else source.randint(70_000, 120_000)
            for at in range(FRAGMENTS)
        ],
        flags=[int(at % 4 == 0) for at in range(FRAGMENTS)],
    )
