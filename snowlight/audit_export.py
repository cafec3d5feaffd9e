"""The audit as files: CSV for spreadsheets, JSON lines for programs."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from snowlight.api.auth.v1 import audit_pb2
from snowlight.csv_table import harmless
from snowlight.instants import format_instant

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
"""Each format's media type."""

_COLUMNS = (
    *("time", "event", "principal", "organisation", "line", "tier", "scope", "acting_person", "acting_unit"),
    *("remote_address", "action", "camera_uid", "region", "window_start", "window_end", "purpose", "allowed"),
    *("reason", "policies", "ticket_id", "watched_s", "watched_bytes", "detail", "record_id", "day"),
    *("position", "hash"),
)


def begin(file_format: str) -> bytes:
    """What a file begins with. A byte order mark tells spreadsheets that it is UTF-8."""
    return "\ufeff".encode() + _csv([_COLUMNS]) if file_format == "csv" else b""


def lines(file_format: str, records: Iterable[audit_pb2.AuditRecord]) -> bytes:
    """The records' lines."""
    if file_format == "csv":
        return _csv(_cells(_fields(record)) for record in records)
    return b"".join(
        json.dumps(_fields(record), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        for record in records
    )


def _fields(record: audit_pb2.AuditRecord) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(record, name) for name in _COLUMNS}
    for name in ("time", "window_start", "window_end"):
        values[name] = (
            format_instant(getattr(record, name).ToMilliseconds()) if record.HasField(name) else None
        )
    values["policies"] = list(record.policies)
    return values


def _cells(values: dict[str, Any]) -> Iterator[str | int]:
    for value in values.values():
        if isinstance(value, bool):
            yield "true" if value else "false"
        elif isinstance(value, int):
            yield value
        else:
            yield harmless(" ".join(value) if isinstance(value, list) else value or "")


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)  # RFC 4180
    return written.getvalue().encode()
