"""Days that were recorded minute by minute: their objects, and what the closer makes of them."""

from __future__ import annotations

import obstore

from services.storage.index.day_object import DayKey, decode_day, encode_day
from services.storage.index.packed import PackedDay, insert_packed, row_of
from services.storage.segment import Segment
from snowlight.clock import SystemClock
from tests.rpc.storage.bucket import database, opened
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.objects import Footage, footage

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
NOW_MS = SystemClock().now_ms()
TODAY_MS = NOW_MS - NOW_MS % DAY_MS
YESTERDAY_MS = TODAY_MS - DAY_MS
PACKED_MS = TODAY_MS - 3 * DAY_MS
CREATED_MS = TODAY_MS - 5 * DAY_MS


def minutes(uid: str, start_ms: int, count: int, *, epoch: int = 1, store: str = "default") -> list[Footage]:
    return [
        footage(uid, start_ms + at * MINUTE_MS, epoch=epoch, sequence=at, store=store) for at in range(count)
    ]


async def pack(cluster: Cluster, *objects: Footage, generation: int = 1, kept_from_ms: int = 0) -> PackedDay:
    """As the closer leaves a camera-day, of which what starts before `kept_from_ms` expired since."""
    first = objects[0].segment
    day = first.start_ms // DAY_MS
    segments = [
        Segment(
            *(each.camera_uid, each.start_ms, each.duration_ms, each.epoch, each.sequence, each.init8),
            *(each.store, each.size, each.session, each.init_size, each.codecs, each.sha256),
            each.fragments.SerializeToString(),
        )
        for each in (each.segment for each in objects)
    ]
    data = encode_day(first.camera_uid, day, first.store, segments)
    row = row_of(decode_day(data, "it"), generation, kept_from_ms)
    key = str(DayKey(first.camera_uid, day, generation))
    await obstore.put_async(opened(cluster, first.store), key, data)
    async with database(cluster) as there, there.write() as connection:
        await insert_packed(connection, row)
    return row
