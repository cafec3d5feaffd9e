"""`snowlight.api.ingest.v1.CameraEvents`."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.messages import timestamp
from services.ingest.registry.record import Change, Tombstone
from services.ingest.registry.validation import invalid
from services.ingest.service.told import camera_message, health_message, tombstone_message
from services.ingest.status.board import StatusBoard
from services.ingest.status.change import HealthChange
from services.ingest.status.journal import NumberedChange
from snowlight.api.ingest.v1 import event_pb2, event_pb2_grpc
from snowlight.errors import UnavailableError

_Context = Any  # grpc.aio.ServicerContext is generic over every method's own pair of types


class CameraEvents(event_pb2_grpc.CameraEventsServicer):
    """The registry's feed and the journal of states and health in one. A slow reader holds a page of it."""

    def __init__(self, feed: CameraFeed, board: StatusBoard) -> None:
        self._feed = feed
        self._board = board

    async def WatchCameraEvents(  # noqa: N802
        self, request: event_pb2.WatchCameraEventsRequest, context: _Context
    ) -> AsyncIterator[event_pb2.CameraEvent]:
        after = request.after
        if after.revision < 0:
            raise invalid("after.revision", "must not be negative")
        if after.number < 0:
            raise invalid("after.number", "must not be negative")
        journal = self._board.journal
        number = after.number if journal.holds(after.run, after.number) else None
        if number is None:
            yield event_pb2.CameraEvent(reset=event_pb2.Reset())
        wake = asyncio.Event()
        synced, heard = False, journal.head
        with journal.told(wake):
            async for batch in self._feed.follow(0 if number is None else after.revision, wake):
                for change in batch.changes:
                    yield self._registered(change)
                if batch.synced is not None:
                    if number is None:
                        number = heard = journal.head
                        kept, now = journal.after(journal.floor), self._states_now()
                        for event in (*self._changes(kept), *now):
                            yield event
                    position = event_pb2.EventPosition(revision=batch.synced, run=journal.run, number=number)
                    yield event_pb2.CameraEvent(synced=position)
                    synced = True
                if synced and number is not None:
                    news = [one for one in journal.after(number) if one.number <= heard]
                    for event in self._changes(news):
                        yield event
                    number = max(number, heard)
                    # What has come since may be of cameras that the next batch tells of.
                    heard = journal.head
                    if heard > number:
                        wake.set()
        raise UnavailableError("ingest.stopping", "the service is stopping")

    def _registered(self, change: Change) -> event_pb2.CameraEvent:
        if isinstance(change, Tombstone):
            return event_pb2.CameraEvent(deleted=tombstone_message(change))
        return event_pb2.CameraEvent(changed=camera_message(change, self._board))

    def _changes(self, changes: Iterable[NumberedChange]) -> Iterator[event_pb2.CameraEvent]:
        for numbered in changes:
            status = self._board.get(numbered.change.uid)
            if status is None:  # of a camera that was deleted meanwhile the registry tells
                continue
            change = numbered.change
            if isinstance(change, HealthChange):
                yield event_pb2.CameraEvent(
                    health=event_pb2.HealthEvent(
                        name=status.name,
                        uid=status.uid,
                        health=health_message(change.health),
                        number=numbered.number,
                    )
                )
            else:
                yield event_pb2.CameraEvent(
                    state=event_pb2.StateEvent(
                        name=status.name,
                        uid=status.uid,
                        state=change.state,
                        reason=change.reason,
                        time=timestamp(change.time_ms),
                        number=numbered.number,
                    )
                )

    def _states_now(self) -> list[event_pb2.CameraEvent]:
        return [
            event_pb2.CameraEvent(
                state=event_pb2.StateEvent(
                    name=status.name,
                    uid=status.uid,
                    state=status.state,
                    reason=status.reason,
                    time=timestamp(status.time_ms),
                )
            )
            for status in self._board.all()
        ]
