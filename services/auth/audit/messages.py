"""Between the contract's messages about the audit and auth's model."""

import re
from dataclasses import dataclass

from services.auth.audit.chain import day_name, day_of_name
from services.auth.audit.heads import Head
from services.auth.decision import Action
from services.auth.messages import to_ms, to_timestamp
from services.auth.repository.audit_links import Filter, Linked
from services.auth.validation import check_id, check_text, invalid, key_of_page_token
from snowlight.api.auth.v1 import audit_pb2

_ACTION = re.compile(r"[a-z_]+(\.[a-z_]+)*")
_PRINCIPAL = re.compile(r"(principals|services)/[A-Za-z0-9._-]{1,64}")
_KEY = re.compile(r"(\d{1,15})/(\d{1,18})", re.ASCII)
_LONGEST_ACTION = 64
COMMANDED = frozenset({Action.HOLD, Action.RELEASE_HOLD, Action.EXPORT, Action.RETENTION_MANAGE})
"""What the administrator's tool has storage do."""
MAX_CAMERAS = 1000


def record_message(linked: Linked) -> audit_pb2.AuditRecord:
    """A record, and its place in the chain, as told to callers."""
    record, link = linked.record, linked.link
    assert record is not None
    window, actor = record.window, record.actor
    return audit_pb2.AuditRecord(
        time=to_timestamp(record.time_ms),
        event=record.event,
        principal=actor.principal,
        organisation=actor.organisation,
        line=actor.line,
        tier=actor.tier,
        scope=actor.scope,
        acting_person=actor.acting_person,
        acting_unit=actor.acting_unit,
        action=record.action,
        camera_uid=record.camera_uid,
        window_start=None if window is None else to_timestamp(window[0]),
        window_end=None if window is None else to_timestamp(window[1]),
        purpose=record.purpose,
        allowed=record.allowed,
        reason=record.reason,
        policies=record.policies,
        remote_address=actor.remote_address,
        ticket_id=record.ticket_id,
        watched_s=record.watched_s,
        watched_bytes=record.watched_bytes,
        detail=record.detail,
        region=record.region,
        record_id=link.record_id,
        day=day_name(link.day),
        position=link.position,
        hash=link.hash.hex(),
    )


def head_message(head: Head, signed: str, jwk: str) -> audit_pb2.AuditHead:
    """A signed head as told to callers."""
    return audit_pb2.AuditHead(
        day=day_name(head.day),
        count=head.count,
        hash=head.hash.hex(),
        sealed=head.sealed,
        jws=signed,
        jwk_json=jwk,
    )


def to_filter(message: audit_pb2.AuditFilter) -> Filter:
    """Raises InvalidArgumentError naming the field."""
    start_ms, end_ms = _range(message)
    if message.principal and not _PRINCIPAL.fullmatch(message.principal):
        raise invalid("principal", 'must be "principals/{id}" or "services/{name}"')
    if message.action and not (len(message.action) <= _LONGEST_ACTION and _ACTION.fullmatch(message.action)):
        raise invalid("action", "must be an action such as live or audit.read")
    return Filter(
        camera_uid=check_id(message.camera_uid, "camera") if message.camera_uid else "",
        principal=message.principal,
        action=message.action,
        start_ms=start_ms,
        end_ms=end_ms,
    )


def to_own_filter(message: audit_pb2.ListOwnAuditRecordsRequest, principal: str) -> Filter:
    """Of the principal's own records. Raises InvalidArgumentError naming the field."""
    start_ms, end_ms = _range(message)
    return Filter(
        camera_uid=check_id(message.camera_uid, "camera") if message.camera_uid else "",
        principal=principal,
        start_ms=start_ms,
        end_ms=end_ms,
    )


def _range(
    message: audit_pb2.AuditFilter | audit_pb2.ListOwnAuditRecordsRequest,
) -> tuple[int | None, int | None]:
    start_ms = to_ms(message.start, "start") if message.HasField("start") else None
    end_ms = to_ms(message.end, "end") if message.HasField("end") else None
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise invalid("end", "must be after start")
    return start_ms, end_ms


@dataclass(frozen=True, slots=True)
class Command:
    """What the administrator's tool has another service do. `window` in ms since 1970 UTC."""

    action: str
    camera_uids: tuple[str, ...]
    window: tuple[int, int] | None
    purpose: str
    detail: str
    acting_person: str


def to_command(message: audit_pb2.RecordCommandRequest) -> Command:
    """Raises InvalidArgumentError naming the field."""
    if message.action not in COMMANDED:
        raise invalid("action", f"must be one of {', '.join(sorted(COMMANDED))}")
    if len(message.camera_uids) > MAX_CAMERAS:
        raise invalid("camera_uids", f"must be at most {MAX_CAMERAS}")
    window = None
    if message.HasField("window_start") or message.HasField("window_end"):
        window = to_ms(message.window_start, "window_start"), to_ms(message.window_end, "window_end")
    return Command(
        action=message.action,
        camera_uids=tuple(check_id(uid, "camera_uids") for uid in message.camera_uids),
        window=window,
        purpose=check_text(message.purpose, "purpose", max_length=500),
        detail=check_text(message.detail, "detail", max_length=2000, required=True),
        acting_person=check_text(message.acting_person, "acting_person", max_length=100, required=True),
    )


def to_day(name: str, field: str) -> int:
    """Raises InvalidArgumentError naming the field."""
    try:
        return day_of_name(name)
    except ValueError as error:
        raise invalid(field, "must be a day such as 2026-11-26") from error


def key_of(linked: Linked) -> str:
    """What the token of the page behind this record holds."""
    return f"{linked.link.time_ms}/{linked.link.record_id}"


def key_in(token: str) -> tuple[int, int] | None:
    """Time and id of the record behind which a page begins; None for the first.

    Raises InvalidArgumentError("page_token").
    """
    if not token:
        return None
    match = _KEY.fullmatch(key_of_page_token(token))
    if match is None:
        raise invalid("page_token", "is not one that was given out")
    return int(match[1]), int(match[2])
