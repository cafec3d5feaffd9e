"""One recorded object, whether it lies in a store or still in ingest's spool."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from snowlight.api.ingest.v1 import live_pb2
from snowlight.api.storage.v1 import storage_pb2

GAP_MS = 1_000
"""A longer hole between recordings is a gap."""
_KEY_FRAME = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """An object and where each of its fragments lies."""

    camera_uid: str
    key: str
    store: str | None
    """The object store's name; None while the object is a spool file."""
    epoch: int
    sequence: int
    session: int
    init8: str
    init_size: int
    codecs: str
    """RFC 6381, video first; empty where only the object itself tells."""
    starts: array[int]
    """When each fragment starts, ms since 1970 UTC, and after the last one when it ends."""
    offsets: array[int]
    """Where each fragment begins, bytes, and after the last one where it ends."""
    independent: tuple[bool, ...]
    """Which fragments begin with a key frame."""

    @property
    def start_ms(self) -> int:
        return self.starts[0]

    @property
    def end_ms(self) -> int:
        return self.starts[-1]

    @property
    def count(self) -> int:
        """How many fragments there are."""
        return len(self.independent)

    def fragment_starting(self, instant_ms: int) -> int | None:
        """The fragment that starts at exactly this instant."""
        index = bisect_left(self.starts, instant_ms, hi=self.count)
        return index if index < self.count and self.starts[index] == instant_ms else None

    def first_needed(self, instant_ms: int) -> int:
        """The fragment to decode from to see `instant_ms`: the last that begins with a key frame at or before
        it, the first one when the recording starts later. `count` when the recording ends before."""
        index = bisect_right(self.starts, instant_ms) - 1
        if index < 0:
            return 0
        if index >= self.count:
            return self.count
        for candidate in range(index, -1, -1):
            if self.independent[candidate]:
                return candidate
        return index

    def first_after(self, instant_ms: int) -> int:
        """The first fragment that starts at or after `instant_ms`; `count` when there is none."""
        return bisect_left(self.starts, instant_ms, hi=self.count)


def from_segment(segment: storage_pb2.Segment) -> Recording | None:
    """A committed object; None for one without footage. Without a fragment table it is one fragment."""
    table = segment.fragments
    if not table.size and segment.size > segment.init_size:
        table = storage_pb2.FragmentTable(
            duration_ms=[segment.duration_ms],
            size=[segment.size - segment.init_size],
            flags=[_KEY_FRAME],
        )
    return _recording(segment.camera_uid, segment.key, segment.store, segment, table)


def from_spool_file(camera_uid: str, file: live_pb2.SpoolFile) -> Recording | None:
    """A spool file as far as it is written; None while it holds no fragment."""
    table = storage_pb2.FragmentTable.FromString(file.fragments)
    return _recording(camera_uid, file.key, None, file, table)


def _recording(
    uid: str,
    key: str,
    store: str | None,
    source: storage_pb2.Segment | live_pb2.SpoolFile,
    table: storage_pb2.FragmentTable,
) -> Recording | None:
    if not table.size or not len(table.size) == len(table.duration_ms) == len(table.flags):
        return None
    return Recording(
        camera_uid=uid,
        key=key,
        store=store,
        epoch=source.epoch,
        sequence=source.sequence,
        session=source.session,
        init8=source.init8,
        init_size=source.init_size,
        codecs=source.codecs,
        # Lists on the way: a day has 170,000 fragments.
        starts=array("q", list(accumulate(table.duration_ms[:], initial=source.start_ms))),
        offsets=array("q", list(accumulate(table.size[:], initial=source.init_size))),
        independent=tuple([flags & _KEY_FRAME != 0 for flags in table.flags[:]]),
    )
