"""What ingest and a transcoding process tell each other: a kind, a length of 4 bytes, and that many bytes."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import BinaryIO

from services.ingest.transcoding.ladder import Rung

HEADER = struct.Struct(">BI")
LARGEST = 64 << 20


class Kind(IntEnum):
    """Of a message."""

    JOB = 1
    """To the process, first: a `Job`."""
    EVENT = 2
    """Both ways: an init section or a fragment, as in `snowlight.media.envelope`."""
    END = 3
    """To the process: nothing follows. From it: neither does anything more."""
    TAKEN = 4
    """From it: an EVENT has been gone through."""
    ENCODER = 5
    """From it: the name of the encoder that opened."""
    SKIPPED = 6
    """From it: why nothing came of a fragment."""
    FAILED = 7
    """From it, last: code and detail of the error, separated by a line feed."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is to do."""

    rung: Rung
    encoders: tuple[str, ...]
    """In this order, until one opens."""
    threads: int
    """Of decoder and of encoder each."""

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, data: bytes) -> Job:
        told = json.loads(data)
        return cls(Rung(**told["rung"]), tuple(told["encoders"]), told["threads"])


def write_message(sink: BinaryIO, kind: Kind, data: bytes = b"") -> None:
    """Blocks until it is in the pipe."""
    sink.write(HEADER.pack(kind, len(data)))
    sink.write(data)
    sink.flush()


def read_message(source: BinaryIO) -> tuple[Kind, bytes] | None:
    """The next one; None when the other side is gone. Raises ValueError for what is none."""
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, size = parse_header(header)
    data = source.read(size)
    return (kind, data) if len(data) == size else None


def parse_header(header: bytes) -> tuple[Kind, int]:
    """Kind and length. Raises ValueError for what is none."""
    kind, size = HEADER.unpack(header)
    if size > LARGEST:
        raise ValueError(f"a message of {size} bytes")
    return Kind(kind), size
