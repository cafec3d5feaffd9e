"""Exports in SQL."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from services.storage.exports.export import OPEN_STATES, Export, ExportState, Phase, Rendered, Rendering
from services.storage.tables import exports
from snowlight.database import Database
from snowlight.evidence.manifest import EvidenceClock, EvidenceExporter
from snowlight.on_conflict import conflict_insert

_OF_REQUEST = ("request_id", "request_fingerprint")
_COLUMNS = tuple(column for column in exports.c if column.name not in _OF_REQUEST)


class ExportRepository:
    """All calls raise UnavailableError while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, export: Export, request_id: str, fingerprint: bytes = b"") -> bool:
        """A new one, and which request it was. False when another attempt at that has just made one."""
        values = {column.name: getattr(export, column.name) for column in _COLUMNS}
        values |= {
            "camera_uids": list(export.camera_uids),
            "request_id": request_id or None,
            "request_fingerprint": fingerprint or None,
            "exporter": export.exporter and export.exporter.model_dump(),
            "camera_clocks": {uid: clock.model_dump() for uid, clock in export.camera_clocks.items()},
            "rendering": export.rendering and export.rendering.to_json(),
            "rendered": [],
        }
        async with self._database.write() as connection:
            added = await connection.execute(
                conflict_insert(connection, exports).values(values).on_conflict_do_nothing()
            )
            return added.rowcount == 1

    async def find_request(self, request_id: str) -> tuple[Export, bytes] | None:
        """What an earlier call with the same request id made, and that request's fingerprint."""
        if not request_id:
            return None
        query = sa.select(exports).where(exports.c.request_id == request_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            return None
        return _made(row), row["request_fingerprint"] or b""

    async def get(self, export_id: str) -> Export | None:
        async with self._database.read() as connection:
            query = sa.select(*_COLUMNS).where(exports.c.id == export_id)
            return _export((await connection.execute(query)).one_or_none())

    async def page(self, before: str, limit: int, created_by: str = "") -> list[Export]:
        """The newest exports with ids below `before` (empty: all), newest first; one person's, or all."""
        query = sa.select(*_COLUMNS).order_by(exports.c.id.desc()).limit(limit)
        if before:
            query = query.where(exports.c.id < before)
        if created_by:
            query = query.where(exports.c.created_by == created_by)
        async with self._database.read() as connection:
            return [each for row in await connection.execute(query) if (each := _export(row))]

    async def open_exports(self) -> list[Export]:
        """Those that are not done yet, oldest first."""
        query = sa.select(*_COLUMNS).where(exports.c.state.in_(OPEN_STATES)).order_by(exports.c.id)
        async with self._database.read() as connection:
            return [each for row in await connection.execute(query) if (each := _export(row))]

    async def of_window(self, start_ms: int, end_ms: int) -> list[Export]:
        """Those of a window that overlaps [start_ms, end_ms), oldest first."""
        overlaps = sa.and_(exports.c.start_ms < end_ms, exports.c.end_ms > start_ms)
        query = sa.select(*_COLUMNS).where(overlaps).order_by(exports.c.id)
        async with self._database.read() as connection:
            return [each for row in await connection.execute(query) if (each := _export(row))]

    async def note(self, export_id: str, text: str) -> None:
        """Say something of one that has ended."""
        async with self._database.write() as connection:
            await connection.execute(sa.update(exports).where(exports.c.id == export_id).values(error=text))

    async def advance(self, export_id: str, **values: int | str | bool) -> bool:
        """Note progress. False when it is not open any more: it was cancelled."""
        return await self._advance(export_id, **values)

    async def add_rendered(self, export_id: str, rendered: Iterable[Rendered]) -> bool:
        """Note all files that are whole. False when it is not open any more."""
        return await self._advance(export_id, rendered=[each.to_json() for each in rendered])

    async def overdue(self, now_ms: int) -> list[Export]:
        """Those whose rendered files are to be deleted."""
        is_due = sa.and_(exports.c.expire_ms > 0, exports.c.expire_ms <= now_ms, ~exports.c.expired)
        query = sa.select(*_COLUMNS).where(is_due, exports.c.state.not_in(OPEN_STATES)).order_by(exports.c.id)
        async with self._database.read() as connection:
            return [each for row in await connection.execute(query) if (each := _export(row))]

    async def expire(self, export_id: str) -> None:
        """Its rendered files are gone."""
        async with self._database.write() as connection:
            await connection.execute(sa.update(exports).where(exports.c.id == export_id).values(expired=True))

    async def _advance(self, export_id: str, **values: Any) -> bool:
        is_open = sa.and_(exports.c.id == export_id, exports.c.state.in_(OPEN_STATES))
        async with self._database.write() as connection:
            result = await connection.execute(sa.update(exports).where(is_open).values(values))
            return result.rowcount > 0


def _export(row: Any) -> Export | None:
    return None if row is None else _made(row._mapping)


def _made(row: Mapping[Any, Any]) -> Export:
    values = {column.name: row[column.name] for column in _COLUMNS}
    values["camera_uids"] = tuple(values["camera_uids"])
    values["state"] = ExportState(values["state"])
    values["phase"] = Phase(values["phase"])
    values["rendering"] = values["rendering"] and Rendering.from_json(values["rendering"])
    values["rendered"] = tuple(map(Rendered.from_json, values["rendered"] or ()))
    values["exporter"] = values["exporter"] and EvidenceExporter.model_validate(values["exporter"])
    values["camera_clocks"] = {
        uid: EvidenceClock.model_validate(clock) for uid, clock in (values["camera_clocks"] or {}).items()
    }
    return Export(**values)
