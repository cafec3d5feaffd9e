"""Stream tickets: decide, write the audit record, then sign."""

import secrets
from dataclasses import dataclass
from typing import Any

from services.auth.camera_model import CameraModel
from services.auth.decision import FOOTAGE, PICTURES, Action
from services.auth.model import AuditRecord
from services.auth.repository import audit
from services.auth.rights import Asked, Rights, actor_of, load_caller
from services.auth.signing_keys import SigningKeys
from services.auth.validation import invalid
from snowlight.access.token import TICKET_AUDIENCE, TICKET_TYP, AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import PermissionDeniedError

LIFETIME_S = 12 * 3600
MAX_WINDOW_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class TicketRequest:
    """What a person asks a ticket for. `window` is [start, end) in ms, for footage only."""

    caller: AccessClaims
    camera_uid: str
    action: Action
    window: tuple[int, int] | None
    purpose: str
    remote_address: str


def check_window(action: Action, start_ms: int | None, end_ms: int | None) -> tuple[int, int] | None:
    """The window of footage a ticket opens; None for what shows only the present.

    Raises InvalidArgumentError for an action without pictures, and for a window that is missing, empty,
    longer than a day, or given where none belongs.
    """
    if action not in PICTURES:
        raise invalid("action", f"must be one of {', '.join(sorted(PICTURES))}")
    if action not in FOOTAGE:
        for field, value in (("start", start_ms), ("end", end_ms)):
            if value is not None:
                raise invalid(field, f"must not be set for {action}")
        return None
    if start_ms is None:
        raise invalid("start", f"is required for {action}")
    if end_ms is None:
        raise invalid("end", f"is required for {action}")
    if end_ms <= start_ms:
        raise invalid("end", "must be after start")
    if end_ms - start_ms > MAX_WINDOW_MS:
        raise invalid("end", "must be at most 24 hours after start")
    return start_ms, end_ms


class TicketOffice:
    """Gives out tickets."""

    def __init__(
        self, database: Database, cameras: CameraModel, rights: Rights, keys: SigningKeys, clock: Clock
    ) -> None:
        self._database = database
        self._cameras = cameras
        self._rights = rights
        self._keys = keys
        self._clock = clock

    async def create(self, request: TicketRequest) -> tuple[str, int]:
        """The signed ticket and when it expires, ms. The decision is on record whichever way it went.

        Raises PermissionDeniedError with the decision's reason.
        """
        await self._cameras.wait_for(request.camera_uid)
        now_ms = self._clock.now_ms()
        ticket_id = secrets.token_urlsafe(12)
        async with self._database.write() as connection:
            principal = await load_caller(connection, request.caller)
            decision = await self._rights.on_camera(
                connection,
                principal,
                request.camera_uid,
                request.action,
                Asked(request.caller, request.purpose, request.window),
            )
            record = AuditRecord(
                time_ms=now_ms,
                event="decision",
                actor=actor_of(principal, request.caller, request.remote_address),
                action=request.action,
                camera_uid=request.camera_uid,
                window=request.window,
                purpose=request.purpose,
                allowed=decision.allowed,
                reason=decision.reason,
                policies=decision.policies,
                ticket_id=ticket_id if decision.allowed else "",
            )
            await audit.add(connection, record)
        if not decision.allowed:
            raise PermissionDeniedError(decision.reason, decision.sentence)
        return self._sign(request, ticket_id, now_ms // 1000)

    def _sign(self, request: TicketRequest, ticket_id: str, issued: int) -> tuple[str, int]:
        expire = issued + LIFETIME_S
        claims: dict[str, Any] = {
            "aud": TICKET_AUDIENCE,
            "sub": request.caller.principal,
            "cam": request.camera_uid,
            "act": request.action,
            "jti": ticket_id,
            "iat": issued,
            "exp": expire,
        }
        if request.window is not None:
            claims["win"] = request.window
        return self._keys.sign(claims, TICKET_TYP), expire * 1000
