"""What lies in a database and in a folder, read by code that shares nothing with the product's own.

Plain SQL over sqlite3 or asyncpg, files by `os`, index objects by the published message alone.
"""

from __future__ import annotations

import sqlite3
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]

from snowlight.api.storage.v1 import stored_pb2


class Row(NamedTuple):
    """A row of `segments`."""

    uid: str
    start_ms: int
    duration_ms: int
    tombstone_ms: int | None
    doomed: bool


class Witness:
    """Looks."""

    def __init__(self, database_url: str, folder: Path) -> None:
        """`folder`: of the store."""
        self._url = database_url
        self._folder = folder

    async def rows(self) -> list[Row]:
        """All rows of `segments`."""
        found = await self.query(
            "SELECT camera_uid, start_ms, duration_ms, tombstone_ms, doomed FROM segments"
        )
        return [Row(uid, start, length, buried, bool(doomed)) for uid, start, length, buried, doomed in found]

    async def known_starts(self, uid: str) -> set[int]:
        """Starts of the objects that people are told of: live rows, and what packed days stand for."""
        starts = {row.start_ms for row in await self.rows() if row.uid == uid and row.tombstone_ms is None}
        packed = await self.query(
            "SELECT camera_uid, day, generation, kept_from_ms, objects FROM packed_days"
        )
        for its_uid, day, generation, kept_from_ms, objects in packed:
            if its_uid == uid and objects:
                there = {at for at in self._packed_starts(uid, day, generation) if at >= kept_from_ms}
                assert len(there) == objects, "a packed day counts what it stands for"
                starts |= there
        return starts

    def starts_of_objects(self, uid: str) -> set[int]:
        """Starts of the camera's objects that are in the store."""
        return {int(path.name.split("-")[0]) for path in self._folder.glob(f"rec/{uid}/*/*.mp4")}

    def index_objects(self) -> set[str]:
        """Names of all index objects."""
        return {path.name for path in self._folder.glob("idx/*/*")}

    async def query(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        if self._url.startswith("sqlite"):
            connection = sqlite3.connect(self._url.partition(":///")[2])
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        url = urlsplit(self._url)
        postgres = await asyncpg.connect(
            host=url.hostname, port=url.port, user=url.username, database=url.path.strip("/")
        )
        try:
            return [tuple(row) for row in await postgres.fetch(sql)]
        finally:
            await postgres.close()

    def _packed_starts(self, uid: str, day: int, generation: int) -> list[int]:
        date = datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y%m%d")
        data = (self._folder / f"idx/{uid}/{date}-{generation}.idx").read_bytes()
        (length,) = struct.unpack_from(">I", data)
        header = stored_pb2.DayHeader.FromString(data[4 : 4 + length])
        assert header.day == day
        starts: list[int] = []
        at = day * 86_400_000
        for delta in header.start_delta_ms:
            at += delta
            starts.append(at)
        return starts
