"""Messages of `access.v1` that carry footage, written by hand as `snowlight.media.envelope` does: it is not
copied through the protobuf runtime, and any generated client reads them.

`WatchLiveResponse` and `StreamRecordingResponse` have the same fields, so these are either's.
"""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import evidence_pb2, media_pb2
from snowlight.media.description import Track
from snowlight.media.envelope import varint

_FRAGMENT_TAG = b"\x12"  # WatchLiveResponse.fragment = 2, length-delimited
_ACCESS_UNIT_TAG = b"\x1a"  # WatchLiveResponse.access_unit = 3
_DATA_TAG = b"\x7a"  # data = 15 of Fragment, AccessUnit and DownloadExportResponse


def encode_description(
    codecs: str, width: int, height: int, tracks: Sequence[Track], init_section: bytes
) -> bytes:
    """What follows. `init_section`: none with access units."""
    told = media_pb2.Description(
        codecs=codecs,
        width=width,
        height=height,
        tracks=[
            media_pb2.Track(
                id=track.id,
                codec=track.codec,
                timescale=track.timescale,
                decoder_configuration=track.configuration,
            )
            for track in tracks
        ],
        init_section=init_section,
    )
    return media_pb2.WatchLiveResponse(description=told).SerializeToString()


def encode_fragment(
    *,
    start_ms: int,
    duration_ms: int,
    independent: bool,
    lossy: bool,
    resume_token: str,
    data: bytes | memoryview,
) -> bytes:
    """A movie fragment, its bytes copied once."""
    head = media_pb2.Fragment(
        start_time=to_timestamp(start_ms),
        duration_ms=duration_ms,
        independent=independent,
        lossy=lossy,
        resume_token=resume_token,
    )
    return _around(_FRAGMENT_TAG, head.SerializeToString(), data)


def encode_access_unit(
    *,
    track: int,
    capture_ms: int,
    decode_time: int,
    presentation_time: int,
    key_frame: bool,
    resume_token: str,
    data: bytes | memoryview,
) -> bytes:
    """An access unit, its bytes copied once. `resume_token`: empty but for the last of a fragment."""
    head = media_pb2.AccessUnit(
        track=track,
        capture_time_ms=capture_ms,
        decode_time=decode_time,
        presentation_time=presentation_time,
        key_frame=key_frame,
        resume_token=resume_token,
    )
    return _around(_ACCESS_UNIT_TAG, head.SerializeToString(), data)


def encode_discontinuity(
    reason: media_pb2.Discontinuity.Reason.ValueType,
    from_ms: int | None,
    to_ms: int | None,
    cause: str = "",
) -> bytes:
    """What follows does not go on at `from_ms`, but begins at `to_ms`. `cause`: of a gap."""
    told = media_pb2.Discontinuity(
        reason=reason,
        from_time=None if from_ms is None else to_timestamp(from_ms),
        to_time=None if to_ms is None else to_timestamp(to_ms),
        cause=cause,
    )
    return media_pb2.WatchLiveResponse(discontinuity=told).SerializeToString()


def encode_download(data: bytes | memoryview, size: int | None) -> bytes:
    """A DownloadExportResponse that carries `data`; `size`: of the whole, in the first one."""
    head = b"" if size is None else evidence_pb2.DownloadExportResponse(size=size).SerializeToString()
    return b"".join((head, _DATA_TAG, varint(len(data)), data))


def to_timestamp(ms: int) -> Timestamp:
    """An instant, ms since 1970 UTC."""
    seconds, rest_ms = divmod(ms, 1000)
    return Timestamp(seconds=seconds, nanos=rest_ms * 1_000_000)


def _around(tag: bytes, head: bytes, data: bytes | memoryview) -> bytes:
    length = varint(len(data))
    inner = len(head) + 1 + len(length) + len(data)
    return b"".join((tag, varint(inner), head, _DATA_TAG, length, data))
