"""What is not committed yet is read from the spool, and nothing else is."""

from typing import Any

import pytest

from simulator.server import CameraServer
from snowlight.api.ingest.v1 import live_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.cluster import Client
from tests.rpc.ingest.village import GATE, fragments


async def test_the_newest_minute_is_read_from_the_spool(village: CameraServer, ingest: Client) -> None:
    camera = await ingest.create("gate", village.url(GATE))
    _, received = await fragments(ingest, camera.uid, 6)
    wanted = received[1]
    listed = await ingest.live.ListSpool(
        live_pb2.ListSpoolRequest(camera_uid=camera.uid, start_ms=wanted.start_ms, end_ms=wanted.end_ms)
    )
    (file,) = listed.files
    assert file.start_ms <= wanted.start_ms < wanted.end_ms <= file.start_ms + file.duration_ms
    assert not listed.open_gap_cause
    request = live_pb2.ReadSpoolRequest(camera_uid=camera.uid, key=file.key)
    data = b"".join([part.data async for part in ingest.live.ReadSpool(request)])
    assert data[4:8] == b"ftyp"
    assert wanted.data in data
    request.offset, request.length = file.init_size, 100
    assert [part.data async for part in ingest.live.ReadSpool(request)] == [
        data[file.init_size : file.init_size + 100]
    ]


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("camera_uid", live_pb2.ListSpoolRequest(start_ms=1, end_ms=2)),
        ("camera_uid", live_pb2.ListSpoolRequest(camera_uid="../x", start_ms=1, end_ms=2)),
        ("end_ms", live_pb2.ListSpoolRequest(camera_uid="a", start_ms=2, end_ms=2)),
        ("offset", live_pb2.ReadSpoolRequest(camera_uid="a", key="rec/a", offset=-1)),
        ("length", live_pb2.ReadSpoolRequest(camera_uid="a", key="rec/a", length=-1)),
    ],
)
async def test_bad_requests_name_their_field(ingest: Client, field: str, request_: Any) -> None:
    with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/ingest"):
        if isinstance(request_, live_pb2.ListSpoolRequest):
            await ingest.live.ListSpool(request_)
        else:
            [_ async for _ in ingest.live.ReadSpool(request_)]
    assert refused.value.field == field


async def test_what_is_not_in_the_spool_is_not_found(ingest: Client) -> None:
    for key in ("rec/a/20231114/1700000000000-60000-1-1-0123abcd.mp4", "../../etc/passwd", ""):
        with pytest.raises(NotFoundError), remote_errors("services/ingest"):
            [_ async for _ in ingest.live.ReadSpool(live_pb2.ReadSpoolRequest(camera_uid="a", key=key))]
    with pytest.raises(NotFoundError):
        await anext(ingest.watch("0123456789abcdefghjkmnpqrs"))
