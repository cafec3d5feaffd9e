"""Single pictures of a camera: the newest one, or the one of an instant."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.archive.index import YOUNG_S, FootageIndex
from services.gateway.archive.reader import FootageReader
from services.gateway.live.opening import LiveOpening
from services.gateway.snapshot.newest import Name, NewestPictures
from services.gateway.snapshot.picture import picture
from services.gateway.snapshot.unmarked import require_unmarked
from services.gateway.viewing.use import TicketUse
from services.gateway.workshop import Workshop
from snowlight.clock import Clock
from snowlight.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture as JPEG."""

    jpeg: bytes
    time_ms: int
    """When it was taken, to within the time that a picture is shown, ms since 1970 UTC."""


class Snapshots:
    """Takes pictures for who holds a ticket. Both ways raise PermissionDeniedError for a ticket whose
    pictures must bear a mark."""

    def __init__(
        self, opening: LiveOpening, index: FootageIndex, reader: FootageReader, clock: Clock
    ) -> None:
        self._opening = opening
        self._index = index
        self._reader = reader
        self._workshop: Workshop[Name] = Workshop(
            "snapshot.busy",
            "too many pictures are being made",
            at_once=2,
            most_waiting=32,
            kept_bytes=16 << 20,
        )
        self._newest = NewestPictures(self._workshop, clock)

    async def newest(self, use: TicketUse) -> Snapshot:
        """The newest one. Raises as `LiveOpening.open` where there is none."""
        require_unmarked(use)
        hub = await self._opening.open(use)
        return Snapshot(*await self._newest.take(hub.uid, hub.window))

    async def at(self, use: TicketUse, instant_ms: int) -> Snapshot:
        """The one that was shown at an instant, ms since 1970 UTC. Raises NotFoundError when nothing was
        recorded then, and PermissionDeniedError outside of the ticket's window."""
        require_unmarked(use)
        use.claims.require_window(instant_ms, instant_ms + 1)
        uid = use.claims.camera_uid

        async def make() -> bytes:
            return await self._workshop.work(picture, *await self._footage(uid, instant_ms))

        return Snapshot(await self._workshop.take((uid, 0, instant_ms), make), instant_ms)

    async def _footage(self, uid: str, instant_ms: int) -> tuple[bytes, bytes, int]:
        """An init section, the fragments up to the instant, and how long after their start it is, ms."""
        for max_age_s in (None, YOUNG_S):  # the newest fragments may be younger than what is known here
            holding = await self._index.holding(uid, instant_ms, max_age_s=max_age_s)
            if holding:
                break
        else:
            raise NotFoundError("vod.no_footage", "nothing was recorded at this instant")
        recording = holding[-1]
        first = recording.first_needed(instant_ms)
        end = recording.first_after(instant_ms + 1)
        offset = recording.offset(first)
        init = await self._reader.init_section(recording)
        data = await self._reader.read(recording, offset, recording.size(first, end - first))
        return init, data, instant_ms - recording.starts[first]
