"""However many listen, and however slowly, the gateway holds one journal and each client's place in it."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.test_utils import make_mocked_request

from services.gateway.cameras.happenings import state_changed
from services.gateway.cameras.journal import CameraJournal, Place
from services.gateway.cameras.read_model import CameraModel
from services.gateway.events import telling as telling_module
from services.gateway.events.exports import ExportBoard
from services.gateway.events.routes import EventRoutes
from services.gateway.events.sights import Sights
from services.gateway.events.telling import Sources
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person, Sight
from snowlight.access.revocations import Revocations
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.api.ingest.v1 import camera_pb2, event_pb2
from snowlight.clock import SystemClock
from snowlight.errors import ResourceExhaustedError
from tests.parts.server_sent import Reader, ServerSent
from tests.waiting import eventually

REGION = "regions/421381101203"
KEPT = 500


class Wire(AbstractStreamWriter):
    """A client's end of the connection. It takes everything, or from some time on nothing."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.reader = Reader()
        self.events: list[ServerSent] = []
        self.length = None
        self.buffer_size = self.output_size = 0

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        if not self.takes:
            await asyncio.Event().wait()
        self.events += self.reader.feed(bytes(chunk))

    async def write_eof(self, chunk: bytes = b"") -> None: ...

    async def drain(self) -> None: ...

    def enable_compression(self, *arguments: Any) -> None: ...

    def enable_chunking(self) -> None: ...

    async def write_headers(self, status_line: str, headers: Any) -> None: ...


class Transport(asyncio.Transport):
    """It holds nothing."""

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False


@dataclass
class People:
    """Everybody sees all cameras of the model."""

    model: CameraModel
    count: int = 0

    async def person(self, _request: object) -> Person:
        self.count += 1
        return Person(f"principals/{self.count % 200}", "token")

    async def sight(self, _person: Person, *, anew: bool = False) -> Sight:
        uids = frozenset(camera.uid for camera in self.model.after(""))
        region = auth_pb2.Region(name=REGION)
        return Sight([region], uids, frozenset(), f"{len(uids):032x}", self.model.revision)


@dataclass
class Gateway:
    """The events of a gateway without its peers."""

    model: CameraModel = field(default_factory=CameraModel)
    journal: CameraJournal = field(default_factory=lambda: CameraJournal(KEPT))
    _number: int = 0

    def __post_init__(self) -> None:
        self.model.synced = True
        for number in range(20):
            self.model.put(_camera(number, revision=number + 1))
        place = Place(20, "a1", 0)
        self.journal.reset(place, place, [])
        clock = SystemClock()
        revocations = Revocations(clock)
        revocations.heard(0)
        self.routes = EventRoutes(
            Sources(
                cast("Identity", People(self.model)),
                cast("TokenVerifier", Mock(access_token=_verified)),
                revocations,
                self.model,
                self.journal,
                ExportBoard(Mock(), self.journal.tell),
                Sights(),
                clock,
            ),
            most_streams=1000,
        )

    @asynccontextmanager
    async def client(self, wire: Wire, last_id: str = "") -> AsyncIterator[asyncio.Task[Any]]:
        async with self.asking(_request(wire, last_id)) as task:
            yield task

    @asynccontextmanager
    async def asking(self, request: web.Request) -> AsyncIterator[asyncio.Task[Any]]:
        task = asyncio.ensure_future(self.routes.serve(request))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])

    def happens(self, times: int) -> None:
        """Cameras change their states."""
        for _ in range(times):
            self._number += 1
            camera = self.model.after("")[self._number % 20]
            event = event_pb2.StateEvent(state=camera_pb2.OFFLINE, reason="network", number=self._number)
            self.journal.add(state_changed(event, camera))
        self.journal.tell()


async def _verified(_token: str) -> None: ...


def _request(wire: Wire, last_id: str = "") -> web.Request:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    return make_mocked_request("GET", "/v1/events", headers=headers, writer=wire, transport=Transport())


def _camera(number: int, revision: int) -> camera_pb2.Camera:
    return camera_pb2.Camera(
        name=f"cameras/c{number:03}", uid=f"uid{number}", region=REGION, revision=revision
    )


async def until_synced(wire: Wire) -> None:
    async def synced() -> bool:
        return any(event.kind == "synced" for event in wire.events)

    await eventually(synced)


async def test_a_thousand_streams_hold_no_events_of_their_own_and_one_more_is_refused() -> None:
    gateway = Gateway()
    tracemalloc.start()
    try:
        wires = [Wire() for _ in range(1000)]
        requests = [_request(wire) for wire in wires]  # of mocks, which are larger than a stream
        before, _ = tracemalloc.get_traced_memory()
        tasks = []
        for request in requests:
            context = gateway.asking(request)
            tasks.append((context, await context.__aenter__()))
        for wire in wires:
            await until_synced(wire)
            wire.events.clear()
            wire.takes = False
        gateway.happens(1)
        await asyncio.sleep(0)
        opened, _ = tracemalloc.get_traced_memory()
        gateway.happens(KEPT)
        full, _ = tracemalloc.get_traced_memory()
        for _ in range(10):
            gateway.happens(KEPT)
        after, _ = tracemalloc.get_traced_memory()
        assert (opened - before) / 1000 < 30_000
        assert after - full < 2_000_000  # of 5,000 events for 1,000 clients that take none
        with pytest.raises(ResourceExhaustedError):
            async with gateway.client(Wire()) as task:
                await task
        await gateway.routes.close(Mock())
        await asyncio.wait([task for _, task in tasks], timeout=20)
        assert all(task.done() for _, task in tasks)
        for context, _ in tasks:
            await context.__aexit__(None, None, None)
    finally:
        tracemalloc.stop()


async def test_a_client_that_falls_behind_is_closed_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling_module, "SLOWEST_SEND_S", 0.3)
    gateway, wire = Gateway(), Wire()
    async with gateway.client(wire) as task:
        await until_synced(wire)
        mark = wire.reader.last_id
        wire.takes = False
        gateway.happens(3 * KEPT)
        async with asyncio.timeout(5):
            await task
    back = Wire()
    async with gateway.client(back, mark):
        await until_synced(back)
    assert back.events[0].kind == "reset"
    assert len(back.events) == 1 + 20 + 1


async def test_a_client_keeps_up_with_more_than_is_kept_and_hears_each_once() -> None:
    gateway, wire = Gateway(), Wire()
    async with gateway.client(wire):
        await until_synced(wire)
        wire.events.clear()
        for _ in range(30):
            gateway.happens(KEPT // 5)
            await asyncio.sleep(0)
            await eventually(lambda: _told(wire, gateway))
    assert len({event.id for event in wire.events}) == len(wire.events) == 30 * (KEPT // 5)


async def _told(wire: Wire, gateway: Gateway) -> bool:
    return len(wire.events) == gateway.journal.head.number
