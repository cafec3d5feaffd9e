"""What lies in a bucket and in a PostgreSQL database, read by code that shares nothing with the product.

Plain SQL over asyncpg, objects by the `minio` client, names, hashes and messages taken apart by hand.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
from minio.error import S3Error

if TYPE_CHECKING:
    from minio import Minio

DAY_MS = 86_400_000
_KEY = re.compile(r"rec/([0-9a-z-]+)/(\d{8})/(\d+)-(\d+)-(\d+)-(\d+)-([0-9a-f]{8})\.mp4")


class Known(NamedTuple):
    """An object that the index tells of."""

    uid: str
    start_ms: int
    duration_ms: int
    key: str
    size: int
    sha256: bytes
    """Empty where it is not known yet."""
    place: str
    """`live`, `buried`, `doomed`, or the name of the index object that tells of it."""

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms

    @property
    def told(self) -> bool:
        """People are told of it."""
        return self.place not in ("buried", "doomed")


class Witness:
    """Looks, and changes nothing."""

    def __init__(self, database_url: str, client: Minio, bucket: str) -> None:
        self._url = database_url
        self._client = client
        self._bucket = bucket

    async def known(self) -> list[Known]:
        """All that rows and packed days tell of, as often as they do."""
        rows = await self.query(
            "SELECT camera_uid, start_ms, duration_ms, epoch, sequence, init8, size, sha256, tombstone_ms,"
            " doomed FROM segments"
        )
        found = []
        for uid, start, length, epoch, sequence, init8, size, digest, tombstone, doomed in rows:
            place = "doomed" if doomed else "live" if tombstone is None else "buried"
            key = name_of(uid, start, length, epoch, sequence, init8)
            found.append(Known(uid, start, length, key, size, bytes(digest), place))
        days = await self.query(
            "SELECT camera_uid, day, generation, kept_from_ms, objects FROM packed_days WHERE objects > 0"
        )
        for uid, day, generation, kept_from_ms, objects in days:
            name = index_name(uid, day, generation)
            there = [each for each in read_day(self.content(name), name) if each.start_ms >= kept_from_ms]
            assert len(there) == objects, f"{name} has {len(there)} objects, its row says {objects}"
            found += there
        return found

    async def index_objects_of_rows(self) -> set[str]:
        """Names of the index objects that rows of `packed_days` stand for."""
        rows = await self.query("SELECT camera_uid, day, generation FROM packed_days")
        return {index_name(*row) for row in rows}

    async def ledger(self, uid: str) -> list[tuple[int, int, str]]:
        """The camera's rows of the ledger: start, end (0 while it goes on) and cause."""
        rows = await self.query("SELECT camera_uid, start_ms, end_ms, cause FROM gaps ORDER BY start_ms")
        return [(start, end, cause) for its_uid, start, end, cause in rows if its_uid == uid]

    def kept_ledger(self) -> dict[tuple[str, int], tuple[int, str]]:
        """What the batches beside the footage say: end and cause by camera and start, the newest of each."""
        batches = sorted(self.objects("meta/ledger/"), key=_written)
        rows: dict[tuple[str, int], tuple[int, str]] = {}
        for key in batches:
            for number, value in fields(self.content(key)):
                assert number == 1 and isinstance(value, bytes)
                gap = dict(fields(value))
                uid, cause = bytes(gap[1]).decode(), bytes(gap[4]).decode()
                rows[uid, int(gap[2])] = (int(gap.get(3, 0)), cause)
        return rows

    def objects(self, prefix: str) -> dict[str, int]:
        """Sizes by name."""
        try:
            listed = self._client.list_objects(bucket_name=self._bucket, prefix=prefix, recursive=True)
            return {str(each.object_name): int(each.size or 0) for each in listed}
        except S3Error as error:
            if error.code == "NoSuchBucket":
                return {}
            raise

    def content(self, key: str) -> bytes:
        """Raises S3Error when it is not there."""
        response = self._client.get_object(bucket_name=self._bucket, object_name=key)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()

    async def query(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        url = urlsplit(self._url)
        postgres = await asyncpg.connect(
            host=url.hostname, port=url.port, user=url.username, database=url.path.strip("/")
        )
        try:
            return [tuple(row) for row in await postgres.fetch(sql)]
        finally:
            await postgres.close()

    def check_objects(self, known: Iterable[Known]) -> None:
        """Each of them lies in the bucket, byte for byte what it was said to be."""
        for each in known:
            data = self.content(each.key)
            assert len(data) == each.size, f"{each.key} has {len(data)} bytes, {each.place} says {each.size}"
            if each.sha256:
                assert sha256(data).digest() == each.sha256, f"{each.key} is not what {each.place} says"


def name_of(uid: str, start_ms: int, duration_ms: int, epoch: int, sequence: int, init8: str) -> str:
    """Of an object of footage."""
    return f"rec/{uid}/{_date(start_ms // DAY_MS)}/{start_ms}-{duration_ms}-{epoch}-{sequence}-{init8}.mp4"


def index_name(uid: str, day: int, generation: int) -> str:
    """Of an index object. `day`: since 1970 UTC."""
    return f"idx/{uid}/{_date(day)}-{generation}.idx"


def span_of(key: str) -> tuple[str, int, int]:
    """Uid, start and end of an object of footage by its name."""
    match = _KEY.fullmatch(key)
    assert match, f"{key} is a strange name"
    start_ms = int(match[3])
    assert match[2] == _date(start_ms // DAY_MS), f"{key} lies in another day's folder"
    return match[1], start_ms, start_ms + int(match[4])


def read_day(data: bytes, name: str) -> list[Known]:
    """The objects that an index object tells of, by its description in the published contract."""
    (checksum,) = struct.unpack(">I", data[-4:])
    assert zlib.crc32(data[:-4]) == checksum, f"{name} is damaged"
    (length,) = struct.unpack_from(">I", data)
    header: dict[int, list[Any]] = {}
    for number, value in fields(data[4 : 4 + length]):
        header.setdefault(number, []).append(value)
    uid = header[1][0].decode()
    durations, epochs, sequences, sizes, inits = (_column(header, at) for at in (5, 6, 7, 8, 11))
    names, digests = [each.decode() for each in header[15]], header[13][0]
    found = []
    start_ms = _column(header, 2)[0] * DAY_MS
    for at, raw in enumerate(_column(header, 4)):
        start_ms += raw >> 1 ^ -(raw & 1)  # sint64: zigzag
        key = name_of(uid, start_ms, durations[at], epochs[at], sequences[at], names[inits[at]])
        digest = digests[32 * at : 32 * at + 32]
        found.append(
            Known(uid, start_ms, durations[at], key, sizes[at], digest.strip(b"\0") and digest, name)
        )
    return found


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of an encoded message: number and value, an int or the bytes of something longer."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, at = _varint(message, at)
        if tag & 7 == 2:
            yield tag >> 3, message[at : at + value]
            at += value
        else:
            assert tag & 7 == 0, f"wire type {tag & 7}"
            yield tag >> 3, value


def holes(spans: Iterable[tuple[int, int]], start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """What of [start_ms, end_ms) none of `spans` covers."""
    found = []
    for start, end in sorted(spans):
        if start > start_ms:
            found.append((start_ms, min(start, end_ms)))
        start_ms = max(start_ms, end)
        if start_ms >= end_ms:
            break
    if start_ms < end_ms:
        found.append((start_ms, end_ms))
    return [hole for hole in found if hole[0] < hole[1]]


def _column(header: dict[int, list[Any]], number: int) -> list[int]:
    values: list[int] = []
    for each in header.get(number, ()):
        if isinstance(each, int):
            values.append(each)
            continue
        at = 0
        while at < len(each):
            value, at = _varint(each, at)
            values.append(value)
    return values


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y%m%d")


def _written(key: str) -> tuple[int, int]:
    written_ms, number = key.rpartition("/")[2].removesuffix(".pb").split("-")
    return int(written_ms), int(number)
