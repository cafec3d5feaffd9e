"""The fragment: `[prft] moof mdat`, at once LL-HLS part, unit of the spool file and of the live ring."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_DAY_MS: Final = 86_400_000

KEY_PATTERN: Final = re.compile(
    r"rec/(?P<uid>[0-9a-z-]+)/(?P<day>\d{8})/"
    r"(?P<start_ms>\d+)-(?P<duration_ms>\d+)-(?P<epoch>\d+)-(?P<sequence>\d+)-(?P<init8>[0-9a-f]{8})\.mp4"
)


@dataclass(frozen=True, slots=True)
class InitSection:
    """`[ftyp moov]` of one mux session, and what players must know beforehand."""

    init8: str
    """First 8 hex digits of the SHA-256 of `data`."""
    data: bytes
    codecs: str
    """RFC 6381, video first."""
    width: int
    height: int
    session: int
    """The session's first media sequence number."""
    discontinuity_sequence: int
    target_duration_ms: int
    part_target_ms: int


@dataclass(init=False, slots=True)
class Fragment:
    """One fragment with its number and its place on the wall clock. Nobody changes it.

    It is made twice a second for each camera: neither `frozen`, which costs a call for each field, nor
    the `__init__` of a dataclass, which is not compiled.
    """

    segment: int
    """Media sequence number (RFC 8216 section 4.3.3.2) of the segment it belongs to."""
    part: int
    start_ms: int
    """Capture time of the first sample, ms since 1970 UTC."""
    duration_ms: int
    independent: bool
    """It begins with a key frame."""
    lossy: bool
    chunks: tuple[bytes, ...]
    """Its bytes in pieces; the first holds all boxes up to the content of `mdat`."""
    pictures: int = 0
    """How many, where that is known: ingest counts them, and nobody is told."""
    size: int = field(init=False)
    """Bytes of all chunks."""

    def __init__(
        self,
        segment: int,
        part: int,
        start_ms: int,
        duration_ms: int,
        independent: bool,
        lossy: bool,
        chunks: tuple[bytes, ...],
        pictures: int = 0,
    ) -> None:
        self.segment = segment
        self.part = part
        self.start_ms = start_ms
        self.duration_ms = duration_ms
        self.independent = independent
        self.lossy = lossy
        self.chunks = chunks
        self.pictures = pictures
        size = 0
        for chunk in chunks:
            size += len(chunk)
        self.size = size

    @property
    def data(self) -> bytes:
        """All of it, joined anew at each call."""
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """The name of one recorded object, which tells what lies in it."""

    uid: str
    start_ms: int
    duration_ms: int
    epoch: int
    sequence: int
    init8: str

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms

    def __str__(self) -> str:
        return (
            f"rec/{self.uid}/{_date(self.start_ms // _DAY_MS)}/"
            f"{self.start_ms}-{self.duration_ms}-{self.epoch}-{self.sequence}-{self.init8}.mp4"
        )

    @classmethod
    def parse(cls, key: str) -> "ObjectKey":
        """Raises ValueError when `key` does not name a recorded object."""
        match = KEY_PATTERN.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} does not name a recorded object")
        return cls(
            match["uid"],
            int(match["start_ms"]),
            int(match["duration_ms"]),
            int(match["epoch"]),
            int(match["sequence"]),
            match["init8"],
        )


@lru_cache(64)
def _date(day: int) -> str:
    """Of a day since 1970 UTC. There are many names to a day."""
    return datetime.fromtimestamp(day * _DAY_MS / 1000, UTC).strftime("%Y%m%d")
