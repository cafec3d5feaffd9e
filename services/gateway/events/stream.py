"""One client's stream of events. It holds its place in the journal, and nothing of what it waits to send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import structlog
from aiohttp import web

from services.gateway.cameras import happenings
from services.gateway.cameras.journal import CameraJournal, Happening, Place
from services.gateway.cameras.read_model import CameraModel
from services.gateway.events.choice import Choice, View
from services.gateway.events.exports import ExportBoard
from services.gateway.events.frames import ANEW, RETRY, Mark, frame, heartbeat
from services.gateway.events.sights import Sights
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person, Sight
from services.gateway.viewing.sending import cut
from snowlight.access.revocations import Position, Revocations
from snowlight.access.token import TokenVerifier
from snowlight.clock import Clock
from snowlight.errors import SnowlightError, UnavailableError

AT_ONCE = 100
"""Events that are written together."""
LOOK_S = 0.5
"""How often the client's right is looked at."""
SLOWEST_SEND_S = 10.0
"""A client that has not taken some events by then is closed."""
HEARTBEAT_S = 15.0
LOOK_AGAIN_S = 30.0
"""How old what they may see becomes where nothing tells of a change: rights may have an hour."""
PACE_S = 0.5
"""Between two questions of one client's sight: of cameras that are registered in a row it learns together."""

log = structlog.get_logger(__name__)


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


class EventStream:
    """Written by one task, ended by another."""

    def __init__(self, request: web.Request, person: Person, choice: Choice, sources: Sources) -> None:
        self._request = request
        self._person = person
        self._choice = choice
        self._sources = sources
        self._response = web.StreamResponse(
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # a proxy must not collect it
        )
        self._response.content_type = "text/event-stream"
        self._writing: asyncio.Task[None] | None = None
        self._index = 0
        self._era = 0
        self._exported = 0
        """The newest version of an export that was told."""
        self._rights: Position | None = None
        """How far it was known what they may see when it was last asked."""
        self._asked_at = self._sent_at = sources.clock.monotonic()

    async def run(self, mark: Mark | None) -> web.StreamResponse:
        """Serve it to its end, from `mark` on where that is still known. Raises SnowlightError before the
        first byte only."""
        journal = self._sources.journal
        if not journal.head.run:
            raise UnavailableError("gateway.cameras_unknown", "the cameras are not known here yet")
        sight = await self._see()
        self._choice.check(sight)
        self._place, self._sight = journal.head, sight
        await self._response.prepare(self._request)
        with self._sources.exports.listening():
            async with asyncio.TaskGroup() as group:
                self._writing = group.create_task(self._write(mark))
                await self._until_over(self._writing)
                self._writing.cancel()
        await self._end()
        return self._response

    def close(self) -> None:
        """The gateway stops."""
        if self._writing is not None:
            self._writing.cancel()

    async def _until_over(self, writing: asyncio.Task[None]) -> None:
        """Wait until nothing is written any more, the client is gone, or its right has ended."""
        while not writing.done():
            await asyncio.wait([writing], timeout=LOOK_S)
            transport = self._request.transport
            if transport is None or transport.is_closing() or not await self._may():
                return

    async def _may(self) -> bool:
        revocations = self._sources.revocations
        if self._sources.clock.monotonic() >= revocations.lost_at:
            return False
        try:
            await self._sources.verifier.access_token(self._person.access_token)
        except SnowlightError:
            return False
        return True

    async def _end(self) -> None:
        """A last chunk, so that the client knows of the end. Who has not taken what was sent is cut off."""
        transport = self._request.transport
        if transport is None:
            return
        if transport.get_write_buffer_size():
            cut(transport)
            return
        await self._response.write_eof()

    async def _write(self, mark: Mark | None) -> None:
        try:
            await self._send(RETRY)
            if mark is None or not self._goes_on(mark):
                await self._begin_anew()
            while True:
                if self._era != self._sources.journal.era:
                    await self._begin_anew()
                if self._index < self._sources.journal.first:
                    return  # so slow that its place is gone: it comes again, and hears of that
                if not await self._tell_news():
                    await self._wait()
        except (ConnectionError, TimeoutError):
            return
        except SnowlightError as error:  # auth does not answer, or does not know them any more
            log.info("events.ended", principal=self._person.name, error=error.code)

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
        await self._send(frame("reset", b"{}", ANEW))
        view, name = View(self._choice, self._sight, self._sight), ""
        while self._choice.of_cameras and (page := model.page(name, AT_ONCE)):
            name = page[-1].name
            states = [
                frame("camera_state", self._state(camera.uid), ANEW)
                for camera in page
                if view.tells("camera_state", camera)
            ]
            if states:
                await self._send(b"".join(states))
        await self._send(frame("synced", b"{}", self._mark))

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
            await self._send(b"".join(frame("export", export.body, self._mark) for export in exports))
        return journal.end > self._index or self._era != journal.era

    async def _tell(self, news: Iterable[_Told], before: Sight) -> None:
        """Send them. Until the last one the client's id has what it could see before: who breaks off in the
        middle hears some of it twice, and misses nothing."""
        frames: list[bytes] = []
        last: _Told | None = None
        for told in news:
            if last is not None:
                frames.append(frame(last.kind, last.body, Mark(last.place, before.digest)))
            last = told
            if len(frames) == AT_ONCE:
                await self._send(b"".join(frames))
                frames.clear()
        if last is not None:
            frames.append(frame(last.kind, last.body, Mark(last.place, self._sight.digest)))
            await self._send(b"".join(frames))

    def _news(self, before: Sight, now: Sight) -> Iterator[_Told]:
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
                        yield _Told(*told, self._place)

    def _come_and_gone(
        self, before: Sight, now: Sight, pending: frozenset[str], view: View
    ) -> Iterator[_Told]:
        """By a change of rights alone: of the `pending` the journal tells."""
        model = self._sources.model
        for uid in before.camera_uids - now.camera_uids - pending:
            camera = model.by_uid(uid)
            if camera is not None and (told := view.of(happenings.out_of_sight(camera))) is not None:
                yield _Told(*told, self._place)
        for uid in now.camera_uids - before.camera_uids - pending:
            camera = model.by_uid(uid)
            if camera is None:
                continue
            if view.tells("camera_changed", camera):
                yield _Told("camera_changed", happenings.changed(camera, None).body, self._place)
            if view.tells("camera_state", camera):
                yield _Told("camera_state", self._state(uid), self._place)

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
                await self._send(heartbeat(self._mark))

    async def _send(self, data: bytes) -> None:
        """Raises ConnectionError once the client is gone, TimeoutError when it does not take anything."""
        async with asyncio.timeout(SLOWEST_SEND_S):
            await self._response.write(data)
        self._sent_at = self._sources.clock.monotonic()

    @property
    def _mark(self) -> Mark:
        return Mark(self._place, self._sight.digest)

    def _state(self, uid: str) -> bytes:
        model = self._sources.model
        camera = model.by_uid(uid)
        assert camera is not None
        return happenings.state_body(camera, camera.state, camera.state_reason, model.state_ms(uid))


@dataclass(frozen=True, slots=True)
class _Told:
    kind: str
    body: bytes
    place: Place


def _joined(place: Place, one: Happening) -> Place:
    return Place(max(place.revision, one.revision), place.run, max(place.number, one.number))
