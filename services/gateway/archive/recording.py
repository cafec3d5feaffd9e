"""One recorded object, whether it lies in a store or still in ingest's spool."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from snowlight.api.ingest.v1 import live_pb2
from snowlight.api.storage.v1 import storage_pb2

GAP_MS = 1_000
"""A longer hole between recordings is a gap."""
_KEY_FRAME, _LOSSY = 1, 2
_IS_KEY_FRAME = bytes(flags & _KEY_FRAME for flags in range(256))


@dataclass(slots=True)
class Recording:
    """An object and where each of its fragments lies. Nobody changes one; a day has 1,440, and frozen ones
    take twice as long to make."""

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
    sizes: Sequence[int]
    """How long each fragment is, bytes: the column of the answer that told of it, which it keeps alive."""
    independent: bytes
    """1 for each fragment that begins with a key frame, 0 for any other."""
    lossy: frozenset[int] = frozenset()
    """Fragments in which units were lost."""

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

    def offset(self, index: int) -> int:
        """Where a fragment begins in the object, bytes; at `count` where the last one ends."""
        return self.init_size + sum(self.sizes[:index])

    def size(self, first: int, count: int) -> int:
        """Bytes of so many fragments."""
        return sum(self.sizes[first : first + count])

    def next_key(self, first: int, end: int) -> int | None:
        """The first of the fragments [first, end) that begins with a key frame."""
        found = self.independent.find(1, first, end)
        return found if found >= 0 else None

    def keys(self, first: int, end: int) -> Iterator[int]:
        """All of them."""
        index = self.next_key(first, end)
        while index is not None:
            yield index
            index = self.next_key(index + 1, end)

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
        key = self.independent.rfind(1, 0, index + 1)
        return key if key >= 0 else index

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
    flags = table.flags[:]
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
        # Lists on the way: a day has 170,000 fragments. Where each begins is summed up when it is asked.
        starts=array("q", list(accumulate(table.duration_ms[:], initial=source.start_ms))),
        sizes=table.size,
        independent=_independent(flags),
        lossy=_lossy(flags),
    )


def _independent(flags: Sequence[int]) -> bytes:
    return bytes(flags).translate(_IS_KEY_FRAME)


def _lossy(flags: Sequence[int]) -> frozenset[int]:
    if not flags or max(flags) < _LOSSY:  # as good as always
        return frozenset()
    return frozenset(index for index, each in enumerate(flags) if each & _LOSSY)
