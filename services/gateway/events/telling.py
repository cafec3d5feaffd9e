"""What happens, told to one client in its order. It holds its place in the journal, and nothing of what it
waits to tell."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.gateway.cameras import happenings
from services.gateway.cameras.journal import CameraJournal, Happening, Place
from services.gateway.cameras.read_model import CameraModel
from services.gateway.events.choice import Choice, View
from services.gateway.events.exports import ExportBoard
from services.gateway.events.mark import Mark
from services.gateway.events.sights import Sights
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person, Sight
from snowlight.access.revocations import Position, Revocations
from snowlight.access.token import TokenVerifier
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.errors import ResourceExhaustedError, UnavailableError

AT_ONCE = 100
"""Events that are told together."""
LOOK_S = 0.5
SLOWEST_SEND_S = 10.0
"""A client that has not taken some events by then is too slow."""
HEARTBEAT_S = 15.0
LOOK_AGAIN_S = 30.0
"""How old what they may see becomes where nothing tells of a change: rights may have an hour."""
PACE_S = 0.5
"""Between two questions of one client's sight: of cameras that are registered in a row it learns together."""


@dataclass(frozen=True)
class Sources:
    """Where events and rights come from."""

    identity: Identity
    verifier: TokenVerifier
    revocations: Revocations
    model: CameraModel
    journal: CameraJournal
    exports: ExportBoard
    sights: Sights
    clock: Clock


@dataclass(frozen=True, slots=True)
class Told:
    """One event, of a camera or of an export."""

    kind: str
    uid: str
    name: str
    body: bytes
    """JSON."""
    mark: Mark
    """Where the client goes on from when it breaks off after this."""


class Listener(Protocol):
    """How a client is told. Each may wait until the client has taken it."""

    async def reset(self) -> None:
        """What was told before counts no more: all cameras follow."""

    async def cameras(self, cameras: Sequence[camera_pb2.Camera]) -> None:
        """How these are. Who breaks off in the middle begins anew."""

    async def synced(self, mark: Mark) -> None:
        """All have been told."""

    async def told(self, news: Sequence[Told]) -> None:
        """This has happened."""

    async def silent(self, mark: Mark) -> None:
        """Nothing has for `HEARTBEAT_S`."""


class Telling:
    """One client's."""

    def __init__(self, person: Person, choice: Choice, sources: Sources, listener: Listener) -> None:
        self._person = person
        self._choice = choice
        self._sources = sources
        self._listener = listener
        self._index = 0
        self._era = 0
        self._exported = 0
        """The newest version of an export that was told."""
        self._rights: Position | None = None
        """How far it was known what they may see when it was last asked."""
        self._asked_at = self._sent_at = sources.clock.monotonic()

    async def begin(self) -> None:
        """Learn what they may see. Raises NotFoundError("region") and UnavailableError."""
        journal = self._sources.journal
        if not journal.head.run:
            raise UnavailableError("gateway.cameras_unknown", "the cameras are not known here yet")
        sight = await self._see()
        self._choice.check(sight)
        self._place, self._sight = journal.head, sight

    async def run(self, mark: Mark | None) -> None:
        """Tell all from `mark` on, where that is still known, until cancelled.

        Raises ResourceExhaustedError for a client that takes too little, and SnowlightError when auth does
        not answer or does not know them any more.
        """
        if mark is None or not self._goes_on(mark):
            await self._begin_anew()
        while True:
            if self._era != self._sources.journal.era:
                await self._begin_anew()
            if self._index < self._sources.journal.first:
                raise _too_slow()
            if not await self._tell_news():
                await self._wait()

    def _goes_on(self, mark: Mark) -> bool:
        """Take the client's place, if all since is known: what happened, and what could be seen."""
        journal, sights = self._sources.journal, self._sources.sights
        before = self._sight if mark.digest == self._sight.digest else sights.get(self._person, mark.digest)
        if before is None or not journal.holds(mark.place):
            return False
        self._place, self._sight = mark.place, before
        self._index, self._era = journal.first, journal.era
        self._rights = None
        return True

    async def _begin_anew(self) -> None:
        """Tell everything as it is. Who breaks off in the middle of it begins anew again."""
        self._sight = await self._see()
        journal, model = self._sources.journal, self._sources.model
        self._index, self._era, self._place = journal.end, journal.era, journal.head
        await self._say(self._listener.reset())
        view, name = View(self._choice, self._sight, self._sight), ""
        while self._choice.of_cameras and (page := model.page(name, AT_ONCE)):
            name = page[-1].name
            if seen := [camera for camera in page if view.tells("camera_state", camera)]:
                await self._say(self._listener.cameras(seen))
        await self._say(self._listener.synced(self._mark))

    async def _tell_news(self) -> bool:
        """Tell what has come. Whether there is more already."""
        journal, before = self._sources.journal, self._sight
        if self._choice.of_cameras:
            await self._look_again()
        if self._era == journal.era and self._index >= journal.first:
            await self._tell(self._news(before, self._sight), before)
        exports = self._sources.exports.after(self._exported, self._person.name)
        if exports and "export" in self._choice.types:
            self._exported = exports[-1].version
            news = [Told("export", "", "", export.body, self._mark) for export in exports]
            await self._say(self._listener.told(news))
        return journal.end > self._index or self._era != journal.era

    async def _tell(self, news: Iterable[_News], before: Sight) -> None:
        """Tell them. Until the last one the client's mark has what it could see before: who breaks off in the
        middle hears some of it twice, and misses nothing."""
        batch: list[Told] = []
        last: _News | None = None
        for one in news:
            if last is not None:
                batch.append(last.told(before.digest))
            last = one
            if len(batch) == AT_ONCE:
                await self._say(self._listener.told(batch))
                batch = []
        if last is not None:
            await self._say(self._listener.told([*batch, last.told(self._sight.digest)]))

    def _news(self, before: Sight, now: Sight) -> Iterator[_News]:
        """What has come into sight and gone out of it, then what has happened up to now."""
        journal, view = self._sources.journal, View(self._choice, before, now)
        end, era = journal.end, self._era
        if now.digest != before.digest:
            pending = frozenset(
                one.uid
                for one in journal.since(self._index, end - self._index)
                if one.revision and one.is_after(self._place)
            )
            yield from self._come_and_gone(before, now, pending, view)
        while self._index < end and era == journal.era and self._index >= journal.first:
            for one in journal.since(self._index, min(AT_ONCE, end - self._index)):
                self._index += 1
                if one.is_after(self._place):
                    self._place = _joined(self._place, one)
                    if (told := view.of(one)) is not None:
                        yield _News(told, self._place)

    def _come_and_gone(
        self, before: Sight, now: Sight, pending: frozenset[str], view: View
    ) -> Iterator[_News]:
        """By a change of rights alone: of the `pending` the journal tells."""
        model = self._sources.model
        for uid in before.camera_uids - now.camera_uids - pending:
            camera = model.by_uid(uid)
            if camera is not None and (told := view.of(happenings.out_of_sight(camera))) is not None:
                yield _News(told, self._place)
        for uid in now.camera_uids - before.camera_uids - pending:
            camera = model.by_uid(uid)
            if camera is None:
                continue
            if view.tells("camera_changed", camera):
                yield _News(happenings.changed(camera, None), self._place)
            if view.tells("camera_state", camera):
                yield _News(happenings.state_now(camera, model.state_ms(uid)), self._place)

    async def _look_again(self) -> None:
        """Ask what they may see, where that may be something else by now."""
        sources = self._sources
        rights_changed = self._rights != sources.revocations.principal_change(self._person.name)
        age_s = sources.clock.monotonic() - self._asked_at
        if rights_changed or self._sight.revision < sources.journal.head.revision or age_s >= LOOK_AGAIN_S:
            if age_s < PACE_S:
                await asyncio.sleep(PACE_S - age_s)
            self._sight = await self._see(anew=rights_changed)

    async def _see(self, *, anew: bool = False) -> Sight:
        sources = self._sources
        rights = sources.revocations.principal_change(self._person.name)
        self._asked_at = sources.clock.monotonic()
        sight = await sources.identity.sight(self._person, anew=anew)
        self._rights = rights
        sources.sights.keep(self._person, sight)
        return sight

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                await self._sources.journal.news()
        except TimeoutError:
            if self._sources.clock.monotonic() - self._sent_at >= HEARTBEAT_S:
                await self._say(self._listener.silent(self._mark))

    async def _say(self, telling: Coroutine[Any, Any, None]) -> None:
        """Raises ResourceExhaustedError when the client does not take anything."""
        try:
            async with asyncio.timeout(SLOWEST_SEND_S):
                await telling
        except TimeoutError as error:
            raise _too_slow() from error
        self._sent_at = self._sources.clock.monotonic()

    @property
    def _mark(self) -> Mark:
        return Mark(self._place, self._sight.digest)


@dataclass(frozen=True, slots=True)
class _News:
    happening: Happening
    place: Place

    def told(self, digest: str) -> Told:
        one = self.happening
        return Told(one.kind, one.uid, one.name, one.body, Mark(self.place, digest))


def _too_slow() -> ResourceExhaustedError:
    return ResourceExhaustedError(
        "events.too_slow", "so little was taken that what came since is not kept", retry_after_s=1
    )


def _joined(place: Place, one: Happening) -> Place:
    return Place(max(place.revision, one.revision), place.run, max(place.number, one.number))
