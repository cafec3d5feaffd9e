"""How many use one ticket, and how many tickets one session, at all gateways together."""

from collections.abc import Collection, Iterable

from services.auth.repository.tickets import TicketUse, Viewing

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


def in_session(playing: Collection[str], ticket_id: str, limit: int) -> bool:
    """Whether a ticket may play beside those of its session that do already."""
    return ticket_id in playing or len(playing) < limit
