"""What the renderer is told and what it tells, as JSON on its standard input and output.

The first line of the input is a Job; each recorded object follows as its start (ms since 1970 UTC), its
length, 8 bytes big-endian each, and its bytes; a length of 0 ends it. The output is a Word a line.
"""

import struct
from typing import Literal

from pydantic import BaseModel, ConfigDict

LENGTH = struct.Struct(">Q")
LARGEST_OBJECT = 128 << 20
"""Bytes. Ingest closes an object at 64 MiB, or with the group of pictures that reaches it."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Job(_Told):
    """One file: what follows one another in time and was recorded with the same parameters."""

    folder: str
    """Where to write."""
    exact: bool
    mark: str
    """Drawn into every picture below the time of day; empty: nothing is drawn."""
    time_zone: str
    silent: bool
    start_ms: int
    end_ms: int
    """The export's window, ms since 1970 UTC."""


class Span(_Told):
    """Pictures shown from `start_ms` until `end_ms`, ms since 1970 UTC."""

    start_ms: int
    end_ms: int


class Part(Span):
    """What was recorded without a hole, and where it begins in the file."""

    offset_ms: int


class Made(_Told):
    """One file that is whole."""

    path: str
    duration_ms: int
    """Of its video."""
    size: int
    sha256: str
    crc32: int
    codecs: str
    parts: tuple[Part, ...]
    reencoded: tuple[Span, ...]


class Word(_Told):
    """How far it is, what it has made, or why it made nothing."""

    kind: Literal["at", "made", "nothing", "failed"]
    at_ms: int = 0
    """The footage before it is in the file."""
    made: tuple[Made, ...] = ()
    """In order."""
    error: str = ""
