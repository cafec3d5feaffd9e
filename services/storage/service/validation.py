"""Requests checked field by field. Raises InvalidArgumentError that names the field to mend."""

import re
from collections.abc import Collection

from services.storage.segment import MAX_DURATION_MS, Commit, LedgerGap, Segment
from snowlight.api.storage.v1 import storage_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.media.fragment import ObjectKey

SHARDS = 1024
MAX_SEGMENTS = 1000
MAX_GAPS = 1000
DAY_MS = 86_400_000
MAX_RANGE_MS = 32 * DAY_MS
MAX_RANGE_WITH_FRAGMENTS_MS = 26 * 3_600_000

_UID = re.compile(r"[0-9a-z-]{1,64}")
_CAUSE = re.compile(r"[a-z][a-z_]{0,63}")
_KNOWN_FLAGS = 0b11


def check(holds: bool, field: str, detail: str) -> None:
    """Raise InvalidArgumentError for `field` unless `holds`."""
    if not holds:
        raise InvalidArgumentError("request.invalid", detail, field=field)


def check_open_epoch(request: storage_pb2.OpenEpochRequest) -> None:
    _check_shard(request.shard)
    check(request.epoch > 0, "epoch", "epoch must be at least 1")
    check(request.from_ms > 0, "from_ms", "from_ms must be ms since 1970 UTC")


def check_range(
    request: storage_pb2.ListSegmentsRequest | storage_pb2.GetTimelineRequest, longest_ms: int
) -> None:
    check_uid(request.camera_uid, "camera_uid")
    check(request.start_ms >= 0, "start_ms", "start_ms must be ms since 1970 UTC")
    check(request.end_ms > request.start_ms, "end_ms", "end_ms must be after start_ms")
    hours = longest_ms // 3_600_000
    check(
        request.end_ms - request.start_ms <= longest_ms, "end_ms", f"the range may be {hours} hours at most"
    )


def parse_commit(request: storage_pb2.CommitSegmentsRequest, stores: Collection[str]) -> Commit:
    """The commit in `request`, whose segments lie in `stores`."""
    _check_shard(request.shard)
    check(len(request.segments) <= MAX_SEGMENTS, "segments", f"at most {MAX_SEGMENTS} at once")
    check(len(request.gaps) <= MAX_GAPS, "gaps", f"at most {MAX_GAPS} at once")
    return Commit(
        request.shard,
        tuple(_segment(each, f"segments[{at}]", stores) for at, each in enumerate(request.segments)),
        tuple(_gap(each, f"gaps[{at}]") for at, each in enumerate(request.gaps)),
    )


def _segment(message: storage_pb2.Segment, path: str, stores: Collection[str]) -> Segment:
    check_uid(message.camera_uid, f"{path}.camera_uid")
    check(message.store in stores, f"{path}.store", f"no store is named {message.store!r}")
    check(message.start_ms > 0, f"{path}.start_ms", "start_ms must be ms since 1970 UTC")
    check(
        0 < message.duration_ms <= MAX_DURATION_MS,
        f"{path}.duration_ms",
        f"duration_ms must be 1 to {MAX_DURATION_MS}",
    )
    check(message.epoch > 0, f"{path}.epoch", "epoch must be at least 1")
    check(message.sequence >= 0, f"{path}.sequence", "sequence must not be negative")
    check(message.session > 0, f"{path}.session", "session must be a media sequence number")
    check(message.init_size > 0, f"{path}.init_size", "init_size must be positive")
    check(bool(message.codecs), f"{path}.codecs", "codecs is required")
    check(len(message.sha256) == 32, f"{path}.sha256", "sha256 must be 32 bytes")
    _check_key(message, f"{path}.key")
    _check_fragments(message, path)
    return Segment(
        camera_uid=message.camera_uid,
        start_ms=message.start_ms,
        duration_ms=message.duration_ms,
        epoch=message.epoch,
        sequence=message.sequence,
        init8=message.init8,
        store=message.store,
        size=message.size,
        session=message.session,
        init_size=message.init_size,
        codecs=message.codecs,
        sha256=message.sha256,
        fragments=message.fragments.SerializeToString(),
    )


def _check_key(message: storage_pb2.Segment, field: str) -> None:
    try:
        key = ObjectKey.parse(message.key)
    except ValueError as error:
        raise InvalidArgumentError("request.invalid", str(error), field=field) from error
    told = ObjectKey(
        message.camera_uid,
        message.start_ms,
        message.duration_ms,
        message.epoch,
        message.sequence,
        message.init8,
    )
    check(key == told, field, f"the key says otherwise than the segment's fields: {told}")
    check(str(key) == message.key, field, f"the key is written {key}")


def _check_fragments(message: storage_pb2.Segment, path: str) -> None:
    table = message.fragments
    count = len(table.duration_ms)
    check(count > 0, f"{path}.fragments", "a segment has at least one fragment")
    for name, length in (("size", len(table.size)), ("flags", len(table.flags))):
        check(length == count, f"{path}.fragments.{name}", f"{length} values for {count} fragments")
    check(max(table.flags) <= _KNOWN_FLAGS, f"{path}.fragments.flags", "only bits 0 and 1 are defined")
    total_ms = sum(table.duration_ms)
    # Each fragment's duration is rounded to the millisecond.
    check(
        abs(total_ms - message.duration_ms) <= 100 + count,
        f"{path}.fragments.duration_ms",
        f"the fragments last {total_ms} ms, the segment {message.duration_ms} ms",
    )
    total = message.init_size + sum(table.size)
    check(
        total <= message.size,
        f"{path}.fragments.size",
        f"init section and fragments are {total} bytes, the object {message.size}",
    )


def _gap(message: storage_pb2.Gap, path: str) -> LedgerGap:
    check_uid(message.camera_uid, f"{path}.camera_uid")
    check(message.start_ms > 0, f"{path}.start_ms", "start_ms must be ms since 1970 UTC")
    check(
        message.end_ms == 0 or message.end_ms > message.start_ms,
        f"{path}.end_ms",
        "end_ms must be after start_ms, or 0 while the gap goes on",
    )
    check(_CAUSE.fullmatch(message.cause) is not None, f"{path}.cause", "cause must be in lower case")
    return LedgerGap(message.camera_uid, message.start_ms, message.end_ms, message.cause)


def _check_shard(shard: int) -> None:
    check(0 <= shard < SHARDS, "shard", f"shard must be 0 to {SHARDS - 1}")


def check_uid(uid: str, field: str) -> None:
    """Raise InvalidArgumentError unless `uid` could be a camera's."""
    check(_UID.fullmatch(uid) is not None, field, f"{field.rpartition('.')[2]} must be a camera's uid")
