"""One picture of a wall: what of it goes out next."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.live.hub import LiveHub
from services.gateway.live.segment import LivePart
from services.gateway.viewing.use import TicketUse
from services.gateway.wall.messages import Kind, Order, binary, description
from snowlight.media.silent import silent_codecs, silent_init

LONGEST_LAG_MS = 3_000
"""Whoever is further behind goes on at the newest key frame."""


@dataclass(frozen=True, slots=True)
class Step:
    """Messages that belong together, and the part that they bring."""

    messages: tuple[str | bytes, ...]
    part: LivePart


class Tile:
    """A watched camera on a socket.

    It holds no footage: what comes next is looked up in the hub's window once there is room for it, so that a
    slow client skips pictures and costs no memory.
    """

    def __init__(self, order: Order, use: TicketUse, hub: LiveHub) -> None:
        self.order = order
        self.number = order.id
        self.use = use
        self.hub = hub
        self._sent: LivePart | None = None

    def next(self) -> Step | None:
        """What goes out next; None while nothing has come since."""
        part, follows = self._following()
        if part is None:
            return None
        messages: list[str | bytes] = []
        begins = self._sent is None or part.session != self._sent.session
        if self._sent is not None and not (follows and not begins):
            messages.append(binary(self.number, Kind.DISCONTINUITY))
        if begins:
            messages += self._beginning(part)
        data = self.hub.window.part_data(part, silent=self._silent)
        messages.append(binary(self.number, Kind.FRAGMENT, data))
        self._sent = part
        return Step(tuple(messages), part)

    @property
    def _silent(self) -> bool:
        return self.order.silent or self.use.claims.silent

    def _following(self) -> tuple[LivePart | None, bool]:
        """The next part, and whether it goes on right where the last one ended."""
        sent = self._sent
        newer = self.hub.window.after(sent)
        if not newer:
            return None, False
        first = newer[0]
        follows = sent is not None and (first.session, first.number) == (sent.session, sent.number + 1)
        lag_ms = newer[-1].end_ms - first.start_ms
        if follows and lag_ms <= LONGEST_LAG_MS:
            return first, True
        key = next((part for part in reversed(newer) if part.independent), None)
        if key is not None:
            return key, follows and key is first
        return (first, True) if follows else (None, False)

    def _beginning(self, part: LivePart) -> list[str | bytes]:
        init = self.hub.window.init_of(part.session)
        codecs = silent_codecs(init.codecs) if self._silent else init.codecs
        data = silent_init(init.data) if self._silent else init.data
        return [
            description(self.number, codecs, init.width, init.height),
            binary(self.number, Kind.INIT, data),
        ]
