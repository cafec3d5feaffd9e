"""One picture of a wall: what of it goes out next."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.live.following import Following
from services.gateway.live.hub import LiveHub
from services.gateway.live.segment import LivePart
from services.gateway.viewing.use import TicketUse
from services.gateway.wall.messages import Kind, Order, binary, description
from snowlight.media.silent import silent_codecs, silent_init


@dataclass(frozen=True, slots=True)
class Step:
    """Messages that belong together, and the part that they bring."""

    messages: tuple[str | bytes, ...]
    part: LivePart


class Tile:
    """A watched camera on a socket."""

    def __init__(self, order: Order, use: TicketUse, hub: LiveHub) -> None:
        self.order = order
        self.number = order.id
        self.use = use
        self.hub = hub
        self._following = Following()

    def next(self) -> Step | None:
        """What goes out next; None while nothing has come since."""
        found = self._following.next(self.hub.window)
        if found is None:
            return None
        messages: list[str | bytes] = []
        if found.gap is not None:
            messages.append(binary(self.number, Kind.DISCONTINUITY))
        if found.begins:
            messages += self._beginning(found.part)
        data = self.hub.window.part_data(found.part, silent=self._silent)
        messages.append(binary(self.number, Kind.FRAGMENT, data))
        return Step(tuple(messages), found.part)

    @property
    def _silent(self) -> bool:
        return self.order.silent or self.use.claims.silent

    def _beginning(self, part: LivePart) -> list[str | bytes]:
        init = self.hub.window.init_of(part.session)
        codecs = silent_codecs(init.codecs) if self._silent else init.codecs
        data = silent_init(init.data) if self._silent else init.data
        return [
            description(self.number, codecs, init.width, init.height),
            binary(self.number, Kind.INIT, data),
        ]
