"""A bureau that takes footage along: cameras with footage of twenty minutes ago behind an open door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import evidence_pb2, evidence_pb2_grpc
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door, open_door
from tests.rpc.gateway.exporting import Yard, record, settle_yard
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.people import OTHER
from tests.waiting import eventually

SQUARE = {"latitude": 31.6, "longitude": 113.8}
REASON = "盗窃案"


@dataclass
class Desk:
    """The bureau's viewers, its admin, and footage of cameras "gate" and "lane"."""

    door: Door
    yard: Yard
    bureau: Bureau
    station: Bureau

    async def create(self, bureau: Bureau | None = None, **fields: Any) -> evidence_pb2.Export:
        """An export that has begun: of "gate" alone and all of its window, unless said otherwise."""
        wanted = self.wish(**fields)
        made = evidence_pb2.Export()

        async def known() -> bool:
            nonlocal made
            try:
                made = await self.call("CreateExport", wanted, bureau)
            except NotFoundError as error:
                assert error.code == "export.camera_unknown", error  # storage hears of cameras a little later
                return False
            return True

        await eventually(known)
        return made

    async def done(self, **fields: Any) -> evidence_pb2.Export:
        """An export that is over, as it was watched."""
        export = await self.create(**fields)
        return [told async for told in self.watched(export.name)][-1]

    def wish(self, **fields: Any) -> evidence_pb2.CreateExportRequest:
        told: dict[str, Any] = {
            "cameras": ["cameras/gate"],
            "start_time": at(self.yard.start_ms),
            "end_time": at(self.yard.end_ms),
            "reason": REASON,
        }
        given = {name: value for name, value in (told | fields).items() if value is not None}
        return evidence_pb2.CreateExportRequest(**given)

    async def call(
        self, method: str, request: Any, bureau: Bureau | None = None, *, named: bool = True
    ) -> Any:
        """The answer, in the name of an officer unless nobody is `named`."""
        bureau = bureau or self.bureau
        with remote_errors("services/gateway"):
            metadata = bureau.officer() if named else ()
            return await getattr(evidence(bureau), method)(request, metadata=metadata, timeout=20)

    async def watched(self, name: str) -> AsyncIterator[evidence_pb2.Export]:
        """What is told of an export until it is over."""
        request = evidence_pb2.WatchExportRequest(name=name)
        with remote_errors("services/gateway"):
            async for export in evidence(self.bureau).WatchExport(
                request, metadata=self.bureau.officer(), timeout=90
            ):
                yield export

    async def downloaded(
        self, name: str, file: str = "", offset: int = 0
    ) -> list[evidence_pb2.DownloadExportResponse]:
        request = evidence_pb2.DownloadExportRequest(name=name, file=file, offset=offset)
        with remote_errors("services/gateway"):
            call = evidence(self.bureau).DownloadExport(request, metadata=self.bureau.officer(), timeout=60)
            return [answer async for answer in call]


def evidence(bureau: Bureau) -> evidence_pb2_grpc.EvidenceAsyncStub:
    """The service, over the bureau's connection."""
    stub: evidence_pb2_grpc.EvidenceAsyncStub = evidence_pb2_grpc.EvidenceStub(bureau.channel)
    return stub


def at(instant_ms: int) -> Timestamp:
    instant = Timestamp()
    instant.FromMilliseconds(instant_ms)
    return instant


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    """Everything, for as many tests as like to share it."""
    async with open_door(folder) as door:
        yard = await settle_yard(door.site)
        bureau = await door.enrol()
        station = await door.enrol("station", role=auth_pb2.ADMIN)
        yield Desk(door, yard, bureau, station)


def around(time_ms: int, **fields: Any) -> dict[str, Any]:
    """A wish for a place in place of cameras and a window."""
    told: dict[str, Any] = SQUARE | {"radius_m": 200, "time": at(time_ms), "minutes": 10} | fields
    place = evidence_pb2.CreateExportRequest.Place(
        **{name: value for name, value in told.items() if value is not None}
    )
    return {"near": place, "cameras": [], "start_time": None, "end_time": None}


async def move(desk: Desk, camera: str, metres: float) -> None:
    """Put the camera so far north of the square."""
    location = SQUARE | {"latitude": SQUARE["latitude"] + metres / 111_200}
    token = await desk.door.site.token("root")
    status, told = await desk.door.site.call(
        "PATCH", f"/v1/cameras/{camera}", token, json={"location": location}
    )
    assert status == 200, told


async def send_away(desk: Desk, principal: str) -> None:
    """Another county is theirs from now on."""
    change = auth_pb2.UpdatePrincipalRequest(principal=auth_pb2.Principal(name=principal, scope=OTHER))
    change.update_mask.paths.append("scope")
    await desk.door.site.directory.UpdatePrincipal(change)


async def record_damaged(desk: Desk, uid: str, start_ms: int) -> None:
    """Footage whose bytes in the store are not those that were committed."""
    site = desk.door.site
    await record(site, uid, session(start_ms, 4))
    (stored,) = [each for page in obstore.list(site.footage, prefix=f"rec/{uid}/") for each in page]
    await obstore.put_async(site.footage, stored["path"], bytes(stored["size"]))
