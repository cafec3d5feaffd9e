"""Footage as ingest would tell of it."""

import hashlib

from snowlight.api.storage.v1 import storage_pb2
from snowlight.media.fragment import ObjectKey

START_MS = 1_700_000_000_000
SESSION = START_MS // 1000


def segment(
    uid: str,
    start_ms: int = START_MS,
    duration_ms: int = 60_000,
    *,
    epoch: int = 1,
    sequence: int | None = None,
) -> storage_pb2.Segment:
    """One object with a fragment for each half second."""
    if sequence is None:
        sequence = abs(start_ms - START_MS) // 1000
    count = max(1, duration_ms // 500)
    durations = [duration_ms // count] * (count - 1)
    table = storage_pb2.FragmentTable(
        duration_ms=[*durations, duration_ms - sum(durations)],
        size=[100_000] * count,
        flags=[1 if at % 4 == 0 else 0 for at in range(count)],
    )
    return storage_pb2.Segment(
        camera_uid=uid,
        store="default",
        key=str(ObjectKey(uid, start_ms, duration_ms, epoch, sequence, "0a1b2c3d")),
        start_ms=start_ms,
        duration_ms=duration_ms,
        size=800 + 100_000 * count + 60,
        epoch=epoch,
        sequence=sequence,
        session=SESSION,
        init8="0a1b2c3d",
        init_size=800,
        codecs="avc1.640028",
        sha256=hashlib.sha256(f"{uid} {start_ms}".encode()).digest(),
        fragments=table,
    )


def gap(uid: str, start_ms: int, end_ms: int, cause: str = "network") -> storage_pb2.Gap:
    """A row of the ledger."""
    return storage_pb2.Gap(camera_uid=uid, start_ms=start_ms, end_ms=end_ms, cause=cause)
