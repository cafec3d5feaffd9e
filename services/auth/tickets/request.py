"""What is asked a ticket for."""

from dataclasses import dataclass

from services.auth.decision import FOOTAGE, PICTURES, Action
from services.auth.validation import invalid
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import auth_pb2

LIFETIME_MS = 12 * 3_600_000
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
    share_until_ms: int | None = None
    """Of a share link: when it ends, ms since 1970 UTC."""
    continues: str = ""
    """The id of a ticket whose use broke off and goes on with this one."""


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket as its holder gets it."""

    ticket: str
    ticket_id: str
    expire_ms: int
    watermark: str = ""
    """To be drawn over the picture; empty when nothing has to be."""
    organisation: str = ""
    """Of whoever it was given to."""

    def message(self) -> auth_pb2.Ticket:
        """As it is told to callers."""
        message = auth_pb2.Ticket(
            ticket=self.ticket,
            ticket_id=self.ticket_id,
            watermark=self.watermark,
            organisation=self.organisation,
        )
        message.expire_time.FromMilliseconds(self.expire_ms)
        return message


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
