"""A storage with footage that can be decoded, and its renderers, which are processes of their own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore

from snowlight.api.storage.v1 import export_pb2, storage_pb2
from snowlight.media.boxes import init_size, iterate
from snowlight.media.fragment import ObjectKey
from snowlight.object_store import ObjectStoreSettings, open_store
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import DAY_MS, MINUTE_MS, START_MS, Desk
from tests.unit.storage.filmed import film

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

KEY_FRAME = export_pb2.Rendering(cut=export_pb2.Rendering.KEY_FRAME)
EXACT = export_pb2.Rendering(cut=export_pb2.Rendering.EXACT)
BURNT_IN = export_pb2.Rendering(cut=export_pb2.Rendering.KEY_FRAME, burn_in=True)
_MODULE = "services.storage.exports.rendering"


@asynccontextmanager
async def filmed_storage(
    cluster: Cluster, root: ObjectStoreSettings | None = None, **settings: Any
) -> AsyncIterator[Desk]:
    """Minutes 0, 1 and 3 of "a" and 0 of "b", an hour ago. `root`: the store, to put them there."""
    store = open_store(root or cluster.store, cluster.data_dir)
    minutes = [filmed_minute(store, *each) for each in (("a", 0), ("a", 1), ("a", 3), ("b", 0))]
    for uid in ("a", "b"):
        await cluster.registry.put(uid, retention_days=30, created_ms=START_MS - DAY_MS)
    async with cluster.ingest(), cluster.storage(**settings) as storage, cluster.channel() as channel:
        await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=0, epoch=1, from_ms=START_MS))
        await storage.CommitSegments(storage_pb2.CommitSegmentsRequest(shard=0, segments=minutes))
        desk = Desk(channel)
        await desk.knows("a", "b")
        yield desk


def filmed_minute(store: ObjectStore, uid: str, minute: int) -> storage_pb2.Segment:
    """An object in the store, and what ingest would commit of it."""
    data = _film()
    init = init_size(data)
    sizes: list[int] = []
    for kind, content, end in iterate(data, init):
        size = end - content + 8
        if kind == b"moof":
            sizes.append(size)
        else:
            sizes[-1] += size
    init8 = sha256(data[:init]).hexdigest()[:8]
    start_ms = START_MS + minute * MINUTE_MS
    key = str(ObjectKey(uid, start_ms, MINUTE_MS, 1, minute + 1, init8))
    obstore.put(store, key, data)
    table = storage_pb2.FragmentTable(
        duration_ms=[MINUTE_MS // len(sizes)] * len(sizes), size=sizes, flags=[1] * len(sizes)
    )
    return storage_pb2.Segment(
        camera_uid=uid,
        store="default",
        key=key,
        start_ms=start_ms,
        duration_ms=MINUTE_MS,
        size=len(data),
        epoch=1,
        sequence=minute + 1,
        session=start_ms // 1000,
        init8=init8,
        init_size=init,
        codecs="avc1.42c00b",
        sha256=sha256(data).digest(),
        fragments=table,
    )


def renderers() -> set[int]:
    """The processes that render on this machine for this test or a storage that it has started."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                if _MODULE.encode() in command and _descends(int(entry.name)):
                    found.add(int(entry.name))
            except (OSError, IndexError, ValueError):  # it has just ended
                continue
    return found


def _descends(pid: int) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    return False


@cache
def _film() -> bytes:
    return film(60)
