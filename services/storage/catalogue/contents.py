"""What an object itself tells: its `mfra` at the end, its init section at the beginning, or all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from services.storage.stores.objects import read, read_range
from snowlight.api.storage.v1 import storage_pb2, stored_pb2
from snowlight.media.boxes import PRFT_SIZE, init_size, mfra_size, parse_mfra_table, parse_prft, scan
from snowlight.media.description import describe
from snowlight.media.fragment import ObjectKey

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

END_BYTES = 16 << 10
"""Enough for the `mfra` of a minute."""
BEGIN_BYTES = 8 << 10
"""Enough for an init section and the first `prft`."""
LONGEST_MFRA = 4 << 20
LONGEST_OBJECT = 256 << 20
"""What has no `mfra` is read as a whole up to here; ingest closes its files at 64 MiB."""

_MFRO_SIZE = 16
_INDEPENDENT = 1  # storage.v1.FragmentTable.flags


@dataclass(frozen=True, slots=True)
class Contents:
    """Of an object what its name does not tell."""

    session: int
    init_size: int
    codecs: str
    fragments: bytes
    """A serialised FragmentTable."""


async def read_contents(store: "ObjectStore", key: ObjectKey, size: int) -> Contents | None:
    """What the object of `size` bytes tells of itself; None when it is not there.

    Raises ValueError when it is not what its name says: cut short, or something else. Raises UnavailableError
    when the store does not answer.
    """
    name = str(key)
    if not size:
        raise ValueError("it is empty")
    begin = await read_range(store, name, 0, min(BEGIN_BYTES, size))
    if begin is None:
        return None
    if len(begin) < size:
        try:
            init_size(begin)
        except ValueError:  # no init section of ours is that long
            raise ValueError("it does not begin with an init section") from None
    footer = await _read_footer(store, name, size)
    if footer is None:
        whole = await read(store, name) if size <= LONGEST_OBJECT else b""
        if whole is None:
            return None
        begin = whole
        footer = _scanned(whole)
    return _checked(footer, begin, key, size)


async def _read_footer(store: "ObjectStore", name: str, size: int) -> "_Footer | None":
    """By the `mfra`; None when the object has none: the disk was full when it was closed."""
    length = min(END_BYTES, size)
    end = await read_range(store, name, size - length, length)
    try:
        if end is None:
            return None
        mfra = mfra_size(end)
        if not _MFRO_SIZE < mfra <= min(LONGEST_MFRA, size):
            return None
        if mfra > length:
            end = await read_range(store, name, size - mfra, mfra)
        table = parse_mfra_table(end[-mfra:]) if end is not None else b""
        return _Footer(stored_pb2.SegmentFooter.FromString(table), size - mfra)
    except (ValueError, DecodeError):
        return None


def _scanned(data: bytes) -> "_Footer":
    """What a file without a readable `mfra` holds. Which fragments lost units cannot be told any more."""
    found = scan(data)
    footer = stored_pb2.SegmentFooter(
        duration_ms=[fragment.duration_ms for fragment in found.fragments],
        size=[fragment.size for fragment in found.fragments],
        flags=[_INDEPENDENT if fragment.movie.independent else 0 for fragment in found.fragments],
        init_size=found.init_size,
    )
    return _Footer(footer, found.end)


@dataclass(frozen=True, slots=True)
class _Footer:
    message: stored_pb2.SegmentFooter
    fragments_end: int
    """Where the last fragment ends, bytes from the beginning."""


def _checked(footer: _Footer, begin: bytes, key: ObjectKey, size: int) -> Contents:
    """The contents, if all of it agrees. Raises ValueError."""
    message = footer.message
    init = begin[: init_size(begin)]
    if sha256(init).hexdigest()[:8] != key.init8:
        raise ValueError("its init section is not the one that its name tells")
    if message.init_size not in (0, len(init)):
        raise ValueError("its init section has another length than its footer tells")
    _check_columns(message.duration_ms, message.size, message.flags)
    if len(init) + sum(message.size) != footer.fragments_end or footer.fragments_end > size:
        raise ValueError("its fragments have another length than its footer tells")
    if abs(sum(message.duration_ms) - key.duration_ms) > 100 + len(message.duration_ms):
        raise ValueError("it is cut short, or longer than its name tells")
    if len(begin) >= len(init) + PRFT_SIZE and abs(parse_prft(begin, len(init)) - key.start_ms) > 1:
        raise ValueError("its first fragment does not start when its name tells")
    table = storage_pb2.FragmentTable(duration_ms=message.duration_ms, size=message.size, flags=message.flags)
    return Contents(
        session=message.session or key.start_ms // 1000,
        init_size=len(init),
        codecs=message.codecs or describe(init).codecs,
        fragments=table.SerializeToString(),
    )


def _check_columns(durations: Sequence[int], sizes: Sequence[int], flags: Sequence[int]) -> None:
    if not durations:
        raise ValueError("it holds no fragment")
    if not len(durations) == len(sizes) == len(flags):
        raise ValueError("the columns of its fragment table differ in length")
