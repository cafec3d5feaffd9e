"""Objects as ingest writes them, as small as they can be."""

import struct
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import Literal

from snowlight.api.storage.v1 import storage_pb2, stored_pb2
from snowlight.media.boxes import VIDEO_TIMESCALE, box, build_mfra, build_prft, full_box
from snowlight.media.fragment import ObjectKey

FRAGMENT_MS = 5_000
CODECS = "avc1.640028"

_AVC_CONFIGURATION = bytes.fromhex("0164002800")
_VISUAL_ENTRY = bytes(24) + struct.pack(">HH", 1920, 1080) + bytes(50)
_SAMPLE_ENTRY = box(b"avc1", _VISUAL_ENTRY, box(b"avcC", _AVC_CONFIGURATION))
_SAMPLE_TABLE = box(b"stbl", full_box(b"stsd", 0, 0, struct.pack(">I", 1), _SAMPLE_ENTRY))
INIT = box(b"ftyp", b"iso6") + box(b"moov", box(b"trak", box(b"mdia", box(b"minf", _SAMPLE_TABLE))))
INIT8 = sha256(INIT).hexdigest()[:8]


@dataclass(frozen=True)
class Footage:
    """An object and what storage is told of it."""

    segment: storage_pb2.Segment
    data: bytes

    @property
    def key(self) -> str:
        return self.segment.key


def footage(
    uid: str,
    start_ms: int,
    duration_ms: int = 60_000,
    *,
    epoch: int = 1,
    sequence: int = 1,
    store: str = "default",
    end: Literal["footer", "table", "nothing"] = "footer",
) -> Footage:
    """An object. `end`: an `mfra` as today's ingest writes it, one with the fragment table alone, or none."""
    durations = [FRAGMENT_MS] * (duration_ms // FRAGMENT_MS)
    starts = list(accumulate(durations, initial=start_ms))
    fragments = [
        build_prft(at, 0) + _moof(length) + box(b"mdat", b"picture of %s" % uid.encode())
        for at, length in zip(starts, durations, strict=False)
    ]
    table = storage_pb2.FragmentTable(
        duration_ms=durations, size=[len(each) for each in fragments], flags=[1] * len(fragments)
    )
    session = start_ms // 86_400_000
    footer = stored_pb2.SegmentFooter(
        duration_ms=table.duration_ms,
        size=table.size,
        flags=table.flags,
        session=session,
        codecs=CODECS,
        init_size=len(INIT),
    )
    ends = {
        "footer": build_mfra([], footer.SerializeToString()),
        "table": build_mfra([], table.SerializeToString()),
        "nothing": b"",
    }
    data = INIT + b"".join(fragments) + ends[end]
    segment = storage_pb2.Segment(
        camera_uid=uid,
        store=store,
        key=str(ObjectKey(uid, start_ms, duration_ms, epoch, sequence, INIT8)),
        start_ms=start_ms,
        duration_ms=duration_ms,
        size=len(data),
        epoch=epoch,
        sequence=sequence,
        session=session,
        init8=INIT8,
        init_size=len(INIT),
        codecs=CODECS,
        sha256=sha256(data).digest(),
        fragments=table,
    )
    return Footage(segment, data)


def _moof(duration_ms: int) -> bytes:
    ticks = duration_ms * VIDEO_TIMESCALE // 1000
    header = full_box(b"tfhd", 0, 0, struct.pack(">I", 1))
    run = full_box(b"trun", 0, 0x100, struct.pack(">II", 1, ticks))
    return box(b"moof", box(b"traf", header, full_box(b"tfdt", 0, 0, struct.pack(">I", 0)), run))
