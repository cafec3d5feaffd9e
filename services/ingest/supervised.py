"""A camera as the supervisor keeps it, and what it runs of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.sources.source import Source
from services.ingest.standby.standby import Standby


class Session(Protocol):
    """One enabled camera's recording (`services.ingest.session.CameraSession`)."""

    @property
    def recorded_until_ms(self) -> int | None:
        """End of the newest fragment in the spool; None before the first."""

    async def run(self) -> None:
        """Record until cancelled."""

    async def finish(self) -> None:
        """Record up to the next key frame and nothing from there on; return then."""


OpenSession = Callable[
    [CameraSpec, Ring, CameraObserver, Sequence[tuple[int, int]], Source | None],
    Session,
]
"""The last two: what the session may not record over, (start, end) in ms since 1970 UTC; and its first
connection, where there is one already."""

OpenStandby = Callable[[CameraSpec], Standby | None]
"""None for a camera that cannot be connected to."""

RecordedWithin = Callable[[str, int, int], Awaitable[Sequence[tuple[int, int]]]]
"""Of a camera's uid within a range in ms: (start, end) of its footage. Raises SnowlightError."""


@dataclass(slots=True, eq=False)
class SupervisedCamera:
    """One that is registered."""

    uid: str
    shard: int
    name: str
    ring: Ring
    wanted: CameraSpec | None = None
    deleted: bool = False
    ended: asyncio.Event | None = None
    """To be set once nothing is recorded of it any more: another worker is about to have it."""
    session: Session | None = None
    standby: Standby | None = None
    """While another worker has it still and this one is about to, and then for as long as the session does
    that goes on with it."""
    foreign_until_ms: int = 0
    """The worker before, which died, may have recorded it until then; 0 for one that did not."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def drop_standby(self) -> None:
        """Hold nothing of it."""
        standby, self.standby = self.standby, None
        if standby is not None:
            await standby.close()
