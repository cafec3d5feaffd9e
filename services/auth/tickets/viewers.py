"""How many use one ticket, and how many tickets play at once, at all gateways together."""

import hashlib
import json
from collections.abc import Collection, Iterable

from services.auth.repository.tickets import TicketUse, Viewing
from snowlight.access.token import AccessClaims

RENEWED_WITHIN_MS = 75_000
"""Gateways tell each minute who uses a ticket: who was not told of for longer is gone."""


def too_many(uses: Iterable[TicketUse], here: Iterable[Viewing], limit: int, now_ms: int) -> tuple[int, ...]:
    """Which of the viewers `here`, at one gateway, are too many: those who came last, everywhere."""
    first: dict[int, int] = {}
    for use in uses:
        for one in use.viewers:
            if one.last_ms >= now_ms - RENEWED_WITHIN_MS:
                first[one.viewer] = min(one.first_ms, first.get(one.viewer, one.first_ms))
    allowed = set(sorted(first, key=lambda viewer: (first[viewer], viewer))[:limit])
    return tuple(one.viewer for one in here if one.viewer in first and one.viewer not in allowed)


def counted_for(caller: AccessClaims) -> str:
    """Whose tickets are counted together: those of a sign-in; of a system those of one officer for one
    incident, in whose name each gateway's door signs in anew every ten minutes."""
    if not (caller.client_id and caller.names_person):
        return caller.session_id
    named = [caller.client_id, caller.acting_person, caller.acting_unit, caller.acting_reason]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def may_play(playing: Collection[str], ticket_id: str, limit: int) -> bool:
    """Whether a ticket may play beside those that it is counted with and that do already."""
    return ticket_id in playing or len(playing) < limit
