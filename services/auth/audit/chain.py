"""The chain of a day: each record's hash covers all its fields and the hash before it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from services.auth.model import AuditRecord

DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_hash(day: int) -> bytes:
    """What the hash of a day's first record builds on."""
    return hashlib.sha256(f"snowlight audit 1 {day_name(day)}".encode()).digest()


def next_hash(previous: bytes, record_id: int, record: AuditRecord) -> bytes:
    """SHA-256 over the hash before and the record's canonical text."""
    return hashlib.sha256(previous + canonical(record_id, record)).digest()


def canonical(record_id: int, record: AuditRecord) -> bytes:
    """All fields of a record as JSON: members in order of their names, no blanks, ASCII alone."""
    actor = record.actor
    return json.dumps(
        {
            "record_id": record_id,
            "time_ms": record.time_ms,
            "event": record.event,
            "principal": actor.principal,
            "organisation": actor.organisation,
            "line": actor.line,
            "tier": actor.tier,
            "scope": actor.scope,
            "acting_person": actor.acting_person,
            "acting_unit": actor.acting_unit,
            "remote_address": actor.remote_address,
            "action": record.action,
            "camera_uid": record.camera_uid,
            "window_ms": record.window,
            "purpose": record.purpose,
            "allowed": record.allowed,
            "reason": record.reason,
            "policies": record.policies,
            "ticket_id": record.ticket_id,
            "watched_s": record.watched_s,
            "watched_bytes": record.watched_bytes,
            "detail": record.detail,
            "region": record.region,
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


def day_of(time_ms: int) -> int:
    """The UTC day of an instant, counted from 1970-01-01."""
    return time_ms // DAY_MS


def day_name(day: int) -> str:
    """ "2026-11-26"."""
    return (_EPOCH + timedelta(days=day)).strftime("%Y-%m-%d")


def day_of_name(name: str) -> int:
    """The inverse of `day_name`. Raises ValueError."""
    day = (datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC) - _EPOCH) // timedelta(days=1)
    if day < 0 or day_name(day) != name:
        raise ValueError(name)
    return day
