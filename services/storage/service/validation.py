"""Requests checked field by field. Raises InvalidArgumentError that names the field to mend."""

import re
from collections.abc import Collection

from services.storage.ledger.causes import CAUSES
from services.storage.segment import LATEST_MS, MAX_DURATION_MS, Commit, EpochOpening, LedgerGap, Segment
from snowlight.api.storage.v1 import storage_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.media.fragment import ObjectKey
from snowlight.shards import SHARDS, shard_of

MAX_SEGMENTS = 1000
MAX_GAPS = 1000
DAY_MS = 86_400_000
MAX_RANGE_MS = 32 * DAY_MS
MAX_RANGE_WITH_FRAGMENTS_MS = 26 * 3_600_000

_UID = re.compile(r"[0-9a-z-]{1,64}")
_INIT8 = re.compile(r"[0-9a-f]{8}")
_CAUSE = re.compile(r"[a-z][a-z_]{0,63}")
_KNOWN_FLAGS = 0b11


def check(holds: bool, field: str, detail: str) -> None:
    """Raise InvalidArgumentError for `field` unless `holds`."""
    if not holds:
        raise InvalidArgumentError("request.invalid", detail, field=field)


def parse_opening(request: storage_pb2.OpenEpochRequest) -> EpochOpening:
    """The opening in `request`."""
    _check_shard(request.shard)
    check(request.epoch > 0, "epoch", "epoch must be at least 1")
    check(request.from_ms > 0, "from_ms", "from_ms must be ms since 1970 UTC")
    return EpochOpening(request.shard, request.epoch, request.from_ms)


def parse_openings(request: storage_pb2.OpenEpochsRequest) -> list[EpochOpening]:
    """The openings in `request`."""
    openings = [parse_opening(each) for each in request.epochs]
    check(len({each.shard for each in openings}) == len(openings), "epochs", "a shard may come once only")
    return openings


def check_range(
    request: storage_pb2.ListSegmentsRequest | storage_pb2.GetTimelineRequest, longest_ms: int
) -> None:
    check_uid(request.camera_uid, "camera_uid")
    check(request.start_ms >= 0, "start_ms", "start_ms must be ms since 1970 UTC")
    check(request.end_ms > request.start_ms, "end_ms", "end_ms must be after start_ms")
    check(request.end_ms <= LATEST_MS, "end_ms", "end_ms must be ms since 1970 UTC, before 2100")
    hours = longest_ms // 3_600_000
    check(
        request.end_ms - request.start_ms <= longest_ms, "end_ms", f"the range may be {hours} hours at most"
    )


def parse_commit(request: storage_pb2.CommitSegmentsRequest, stores: Collection[str]) -> Commit:
    """The commit in `request`, whose segments lie in `stores`."""
    _check_shard(request.shard)
    check(len(request.segments) <= MAX_SEGMENTS, "segments", f"at most {MAX_SEGMENTS} at once")
    check(len(request.gaps) <= MAX_GAPS, "gaps", f"at most {MAX_GAPS} at once")
    segments = tuple(_segment(each, at, stores) for at, each in enumerate(request.segments))
    uids = {segment.camera_uid for segment in segments}
    shards = {uid: shard_of(uid) if request.by_camera else request.shard for uid in uids}
    return Commit(
        shards,
        segments,
        tuple(_gap(each, f"gaps[{at}]") for at, each in enumerate(request.gaps)),
        frozenset(shards.values() if request.by_camera else (request.shard,)),
    )


def _segment(message: storage_pb2.Segment, at: int, stores: Collection[str]) -> Segment:
    """Thousands come a second: what is wrong is put into words only once something is."""
    segment = Segment(
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
    problem = (
        _problem(segment, stores)
        or _key_problem(segment, message.key)
        or _fragments_problem(segment, message.fragments)
    )
    if problem:
        field, detail = problem
        raise InvalidArgumentError("request.invalid", detail, field=f"segments[{at}].{field}")
    return segment


Problem = tuple[str, str] | None
"""The field to mend and what is wrong with it."""


def _problem(segment: Segment, stores: Collection[str]) -> Problem:
    if _UID.fullmatch(segment.camera_uid) is None:
        return "camera_uid", "camera_uid must be a camera's uid"
    if segment.store not in stores:
        return "store", f"no store is named {segment.store!r}"
    if segment.start_ms <= 0:
        return "start_ms", "start_ms must be ms since 1970 UTC"
    if not 0 < segment.duration_ms <= MAX_DURATION_MS:
        return "duration_ms", f"duration_ms must be 1 to {MAX_DURATION_MS}"
    if segment.epoch <= 0:
        return "epoch", "epoch must be at least 1"
    if segment.sequence < 0:
        return "sequence", "sequence must not be negative"
    if segment.session <= 0:
        return "session", "session must be a media sequence number"
    if segment.init_size <= 0:
        return "init_size", "init_size must be positive"
    if not segment.codecs:
        return "codecs", "codecs is required"
    if len(segment.sha256) != 32:
        return "sha256", "sha256 must be 32 bytes"
    return None


def _key_problem(segment: Segment, key: str) -> Problem:
    told = segment.key
    try:
        if str(told) == key and _INIT8.fullmatch(segment.init8):
            return None
        if ObjectKey.parse(key) == told:
            return "key", f"the key is written {told}"
    except (OverflowError, ValueError) as error:
        return "key", str(error)
    return "key", f"the key says otherwise than the segment's fields: {told}"


def _fragments_problem(segment: Segment, table: storage_pb2.FragmentTable) -> Problem:
    durations, sizes, flags = table.duration_ms[:], table.size[:], table.flags[:]  # lists are summed faster
    count = len(durations)
    if count == 0:
        return "fragments", "a segment has at least one fragment"
    if len(sizes) != count:
        return "fragments.size", f"{len(sizes)} values for {count} fragments"
    if len(flags) != count:
        return "fragments.flags", f"{len(flags)} values for {count} fragments"
    if max(flags) > _KNOWN_FLAGS:
        return "fragments.flags", "only bits 0 and 1 are defined"
    total_ms = sum(durations)
    # Each fragment's duration is rounded to the millisecond.
    if abs(total_ms - segment.duration_ms) > 100 + count:
        return (
            "fragments.duration_ms",
            f"the fragments last {total_ms} ms, the segment {segment.duration_ms} ms",
        )
    total = segment.init_size + sum(sizes)
    if total > segment.size:
        return (
            "fragments.size",
            f"init section and fragments are {total} bytes, the object {segment.size}",
        )
    return None


def _gap(message: storage_pb2.Gap, path: str) -> LedgerGap:
    check_uid(message.camera_uid, f"{path}.camera_uid")
    check(message.start_ms > 0, f"{path}.start_ms", "start_ms must be ms since 1970 UTC")
    check(
        message.end_ms == 0 or message.end_ms > message.start_ms,
        f"{path}.end_ms",
        "end_ms must be after start_ms, or 0 while the gap goes on",
    )
    check(message.cause in CAUSES, f"{path}.cause", f"cause must be one of {', '.join(CAUSES)}")
    return LedgerGap(message.camera_uid, message.start_ms, message.end_ms, message.cause)


def _check_shard(shard: int) -> None:
    check(0 <= shard < SHARDS, "shard", f"shard must be 0 to {SHARDS - 1}")


def check_uid(uid: str, field: str) -> None:
    """Raise InvalidArgumentError unless `uid` could be a camera's."""
    check(_UID.fullmatch(uid) is not None, field, f"{field.rpartition('.')[2]} must be a camera's uid")
