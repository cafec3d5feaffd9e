"""Follows what ingest tells of cameras: the model is what is so now, the journal what has happened."""

from __future__ import annotations

from collections import deque

from services.gateway.cameras import happenings
from services.gateway.cameras.journal import MOST_KEPT, CameraJournal, Happening, Place
from services.gateway.cameras.read_model import CameraModel
from services.gateway.peers import INGEST, Peers
from snowlight.api.ingest.v1 import event_pb2
from snowlight.camera_feed import follow_forever
from snowlight.rpc.status import remote_errors


async def follow_cameras(peers: Peers, model: CameraModel, journal: CameraJournal) -> None:
    """Keep both up to date until cancelled. While ingest is away the last known cameras stay."""
    await follow_forever(lambda: _follow_once(peers, model, journal))


async def _follow_once(peers: Peers, model: CameraModel, journal: CameraJournal) -> None:
    """One run of the feed, from where the last one ended. Where ingest cannot go on from there, everything
    comes as it is, also that of a registry that was put back from a backup; the model changes over once the
    run has caught up."""
    anew: _Anew | None = None
    with remote_errors(INGEST):
        async for event in peers.camera_events.WatchCameraEvents(_request(journal.head)):
            if event.WhichOneof("event") == "reset":
                anew = _Anew()
            elif anew is None:
                _go_on(event, model, journal)
            elif event.WhichOneof("event") == "synced":
                anew.change_over(event.synced, model, journal)
                anew = None
            else:
                anew.take(event)


def _request(head: Place) -> event_pb2.WatchCameraEventsRequest:
    if not head.run:
        return event_pb2.WatchCameraEventsRequest()
    after = event_pb2.EventPosition(revision=head.revision, run=head.run, number=head.number)
    return event_pb2.WatchCameraEventsRequest(after=after)


def _go_on(event: event_pb2.CameraEvent, model: CameraModel, journal: CameraJournal) -> None:
    match event.WhichOneof("event"):
        case "changed":
            journal.add(happenings.changed(event.changed, model.by_uid(event.changed.uid)))
            model.put(event.changed)
        case "deleted":
            journal.add(happenings.deleted(event.deleted, model.by_uid(event.deleted.uid)))
            model.remove(event.deleted.uid, event.deleted.revision)
        case "state":
            camera = model.by_uid(event.state.uid)
            if camera is not None:
                journal.add(happenings.state_changed(event.state, camera))
                _set_state(model, event.state)
        case "health":
            camera = model.by_uid(event.health.uid)
            if camera is not None:
                journal.add(happenings.health_changed(event.health, camera))
        case "synced":
            model.advance(event.synced.revision)
    journal.tell()


class _Anew:
    """A run from the beginning."""

    def __init__(self) -> None:
        self._model = CameraModel()
        self._model.synced = True
        self._registered: deque[Happening] = deque(maxlen=MOST_KEPT)
        self._numbered: deque[event_pb2.StateEvent | event_pb2.HealthEvent] = deque(maxlen=MOST_KEPT)

    def take(self, event: event_pb2.CameraEvent) -> None:
        match event.WhichOneof("event"):
            case "changed":
                self._registered.append(happenings.changed(event.changed, None))
                self._model.put(event.changed)
            case "deleted":
                self._registered.append(happenings.deleted(event.deleted, None))
                self._model.remove(event.deleted.uid, event.deleted.revision)
            case "state" if event.state.number:
                self._numbered.append(event.state)
            case "health":
                self._numbered.append(event.health)
            case "state":
                _set_state(self._model, event.state)

    def change_over(
        self, synced: event_pb2.EventPosition, model: CameraModel, journal: CameraJournal
    ) -> None:
        model.become(self._model)
        model.advance(synced.revision)
        numbered = [
            happenings.health_changed(one, camera)
            if isinstance(one, event_pb2.HealthEvent)
            else happenings.state_changed(one, camera)
            for one in self._numbered
            if (camera := model.by_uid(one.uid)) is not None
        ]
        whole = len(self._registered) < MOST_KEPT
        floor = Place(
            0 if whole else self._registered[0].revision - 1,
            synced.run,
            self._numbered[0].number - 1 if self._numbered else synced.number,
        )
        head = Place(synced.revision, synced.run, synced.number)
        journal.reset(head, floor, [*self._registered, *numbered])


def _set_state(model: CameraModel, event: event_pb2.StateEvent) -> None:
    model.set_state(event.uid, event.state, event.reason, event.time.ToMilliseconds())
