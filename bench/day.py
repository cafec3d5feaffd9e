"""A day of real footage: one encoded minute, and an object of its own for each minute of each camera."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import av

from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.media.fragment import ObjectKey

MINUTE_MS = 60_000
DAY_MINUTES = 1440
CODECS = "avc1.640028"
_FRAME_MS, _GOP_FRAMES = 40, 50
_EPOCH, _SHARD = 1, 1
_BATCH = 240
_INIT8 = "0a1b2c3d"


@dataclass(frozen=True)
class Minute:
    """An object's bytes, an init section first."""

    data: bytes
    init_size: int
    table: storage_pb2.FragmentTable
    sha256: bytes


def encoded_minute(loop: Path) -> Minute:
    """The loop of a benchmark's camera, 25 pictures a second, in fragments of half a second."""
    file = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
    with av.open(str(loop)) as source, av.open(file, "w", format="mp4", options=options) as target:
        track = source.streams.video[0]
        copy = target.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.size:
                packet.stream = copy
                target.mux(packet)
    return _described(file.getvalue())


async def commit_day(
    storage: storage_pb2_grpc.StorageAsyncStub, footage: Path, uid: str, minute: Minute, begin_ms: int
) -> None:
    """A day of a camera from `begin_ms` on."""
    await commit_minutes(storage, footage, uid, minute, begin_ms, DAY_MINUTES)


async def commit_minutes(
    storage: storage_pb2_grpc.StorageAsyncStub,
    footage: Path,
    uid: str,
    minute: Minute,
    begin_ms: int,
    minutes: int,
) -> None:
    """So many of a camera from `begin_ms` on: objects below `footage`, links to one file, and their rows."""
    original = footage / "rec" / "minute"
    if not original.exists():
        original.parent.mkdir(parents=True, exist_ok=True)
        original.write_bytes(minute.data)
    segments = [_segment(uid, minute, begin_ms + number * MINUTE_MS, number) for number in range(minutes)]
    for segment in segments:
        path = footage / segment.key
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(original, path)
    await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=_SHARD, epoch=_EPOCH, from_ms=1))
    for at in range(0, minutes, _BATCH):
        request = storage_pb2.CommitSegmentsRequest(shard=_SHARD, segments=segments[at : at + _BATCH])
        answer = await storage.CommitSegments(request)
        assert {each.outcome for each in answer.results} == {storage_pb2.CommitResult.COMMITTED}, answer


def _described(data: bytes) -> Minute:
    """Where fragments lie (ISO/IEC 14496-12, 8.8): each `moof` with the `mdat` behind it."""
    table = storage_pb2.FragmentTable()
    init_size = at = pictures = 0
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"moof":
            run = data.index(b"trun", at) + 8
            count = int.from_bytes(data[run : run + 4])
            table.duration_ms.append(count * _FRAME_MS)
            table.flags.append(int(pictures % _GOP_FRAMES == 0))
            table.size.append(size)
            pictures += count
        elif kind == b"mdat":
            table.size[-1] += size
        elif not table.size:
            init_size += size
        at += size
    whole = init_size + sum(table.size)
    return Minute(data[:whole], init_size, table, hashlib.sha256(data[:whole]).digest())


def _segment(uid: str, minute: Minute, start_ms: int, number: int) -> storage_pb2.Segment:
    duration_ms = sum(minute.table.duration_ms)
    return storage_pb2.Segment(
        camera_uid=uid,
        store="default",
        key=str(ObjectKey(uid, start_ms, duration_ms, _EPOCH, number, _INIT8)),
        start_ms=start_ms,
        duration_ms=duration_ms,
        size=len(minute.data),
        epoch=_EPOCH,
        sequence=number,
        session=start_ms // 1000 - number * MINUTE_MS // 1000,
        init8=_INIT8,
        init_size=minute.init_size,
        codecs=CODECS,
        sha256=minute.sha256,
        fragments=minute.table,
    )
