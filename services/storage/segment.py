"""What the index keeps about one recorded object and about one gap."""

from collections.abc import Mapping
from dataclasses import dataclass

from snowlight.media.fragment import ObjectKey

DAY_MS = 86_400_000

LATEST_MS = 4_102_444_800_000
"""2100: no clock is that wrong, and no date beyond 9999 can be written."""

MAX_DURATION_MS = 3_600_000
"""The longest object taken. Range queries look back this far for one that reaches into the range."""

JOIN_MS = 1_000
"""A hole up to this long between two objects is none: the first ends where the second starts."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One object in a store. Times in ms, sizes in bytes."""

    camera_uid: str
    start_ms: int
    duration_ms: int
    epoch: int
    sequence: int
    init8: str
    store: str
    size: int
    session: int
    init_size: int
    codecs: str
    sha256: bytes
    fragments: bytes
    """A serialised `snowlight.api.storage.v1.FragmentTable`; empty when it was not asked for."""

    @property
    def key(self) -> ObjectKey:
        """The object's name in its store."""
        return ObjectKey(
            self.camera_uid, self.start_ms, self.duration_ms, self.epoch, self.sequence, self.init8
        )

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class LedgerGap:
    """Why nothing was recorded from `start_ms` on. `end_ms` is 0 while it goes on."""

    camera_uid: str
    start_ms: int
    end_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class EpochOpening:
    """A new owner of a shard, who records from `from_ms` on."""

    shard: int
    epoch: int
    from_ms: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One call's segments and gaps, checked."""

    shards: Mapping[str, int]
    """The shard of each camera that has segments here, by its uid."""
    segments: tuple[Segment, ...]
    gaps: tuple[LedgerGap, ...]
    required: frozenset[int]
    """Shards of which an epoch must have been opened."""
