"""Viewers who read too slowly, and streams that are ended, over gRPC."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.camera_sources import CameraSources
from services.ingest.config import TranscodingSettings
from services.ingest.media.ring import Ring
from services.ingest.pace import Pace
from services.ingest.recording.metrics import RecordingMetrics
from services.ingest.recording.spool import Spool, SpoolSettings
from services.ingest.renditions.metrics import RenditionMetrics
from services.ingest.renditions.renditions import Renditions
from services.ingest.renditions.sub import SubStreams
from services.ingest.renditions.transcoded import TranscodedStreams
from services.ingest.service.live import PRESERIALIZED, Live
from services.ingest.service.rights import end_unaware_streams
from services.ingest.service.viewers import Viewers
from services.ingest.session import SessionParts
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.status.board import StatusBoard
from services.ingest.status.gaps import GapLedger
from services.ingest.status.metrics import StatusMetrics
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from snowlight.access.revocations import Revocation, Revocations
from snowlight.access.service_token import ServiceTokens
from snowlight.api.auth.v1 import revocation_pb2
from snowlight.api.ingest.v1 import live_pb2, live_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.errors import NotFoundError, ResourceExhaustedError, UnavailableError
from snowlight.media.envelope import decode_live
from snowlight.media.fragment import Fragment, InitSection
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel, raw_stream
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import Servicer, serve_grpc
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import KEY
from tests.rpc.sources.playing import LOOPBACK

INIT = InitSection("0123abcd", b"\0\0\0\x08ftyp", "avc1.640028", 1920, 1080, 1_700_000_000, 0, 2000, 540)
UID = "a-camera"
SHANGHAI = ZoneInfo("Asia/Shanghai")
FRAGMENT_BYTES = 100_000


class OneRing:
    """Where the live footage of the only camera is."""

    is_behind = False

    def __init__(self) -> None:
        self.only = Ring(10 * FRAGMENT_BYTES)

    def ring(self, uid: str) -> Ring | None:
        return self.only if uid == UID else None

    def append(self, number: int) -> None:
        self.only.append(
            Fragment(
                segment=1_700_000_000 + number // 4,
                part=number % 4,
                start_ms=1_700_000_000_000 + 500 * number,
                duration_ms=500,
                independent=number % 4 == 0,
                lossy=False,
                chunks=(bytes(FRAGMENT_BYTES),),
            )
        )


@pytest.fixture
def rings() -> OneRing:
    return OneRing()


@pytest.fixture
def viewers() -> Viewers:
    return Viewers()


@pytest.fixture
def revocations() -> Revocations:
    return Revocations(SystemClock())


@pytest.fixture
async def watch(
    rings: OneRing, viewers: Viewers, revocations: Revocations, tmp_path: Path
) -> AsyncIterator[Any]:
    """`watch(uid)` opens a stream."""
    clock = SystemClock()
    metrics = CollectorRegistry()
    spool = Spool(tmp_path, clock, SpoolSettings(), RecordingMetrics(metrics))
    board = StatusBoard(clock, GapLedger(), StatusMetrics(metrics))
    sessions = SessionParts.create(clock, spool, lambda uid: False, SHANGHAI, lambda: 0, Pace(1000, 1000))
    sources = CameraSources(LOOPBACK, None, ReadRounds())
    pool = TranscodingPool(TranscodingSettings(), TranscodingMetrics(metrics), clock)
    renditions = Renditions(
        board,
        rings.ring,
        SubStreams(sessions, sources.open),
        TranscodedStreams(pool),
        RenditionMetrics(metrics),
        ring_bytes=FRAGMENT_BYTES,
        linger_s=1,
    )
    servicer = Servicer(
        "snowlight.api.ingest.v1.Live",
        live_pb2_grpc.add_LiveServicer_to_server,
        Live(rings, viewers, board, spool, revocations, renditions, lambda uid: None, wait_seconds=0.5),
        preserialized=PRESERIALIZED,
    )
    guard = Guard(ServiceTokens(KEY, "ingest", clock), RpcMetrics(metrics))
    async with (
        serve_grpc(
            "127.0.0.1:0", [servicer], guard, tls=TlsSettings(), allow_plaintext=False, drain_seconds=1
        ) as server,
        open_channel(
            f"127.0.0.1:{server.port}", ServiceTokens(KEY, "gateway", clock), TlsSettings()
        ) as channel,
    ):
        stream = raw_stream(
            channel, "/snowlight.api.ingest.v1.Live/WatchLive", live_pb2.WatchLiveRequest.SerializeToString
        )
        yield lambda uid=UID, backlog=False, sequence=0: aiter(
            stream(live_pb2.WatchLiveRequest(camera_uid=uid, backlog=backlog, revocation_sequence=sequence))
        )


async def test_a_viewer_begins_with_the_init_and_the_last_key_frame_or_with_all_there_is(
    rings: OneRing, watch: Any
) -> None:
    rings.only.start(INIT)
    for number in range(7):
        rings.append(number)
    for backlog, first in ((False, 4), (True, 0)):
        stream = watch(backlog=backlog)
        assert decode_live(await anext(stream)) == INIT
        for number in range(first, 7):
            fragment = decode_live(await anext(stream))
            assert isinstance(fragment, Fragment)
            assert fragment.start_ms == 1_700_000_000_000 + 500 * number


async def test_a_viewer_who_does_not_read_is_cut_off_and_the_others_are_not(
    rings: OneRing, watch: Any
) -> None:
    rings.only.start(INIT)
    rings.append(0)
    slow, quick = watch(), watch()
    await anext(slow)
    await anext(quick)
    await anext(quick)
    for number in range(1, 200):  # 20 MB, in a ring of 1 MB
        rings.append(number)
        fragment = decode_live(await anext(quick))
        assert isinstance(fragment, Fragment)
        assert fragment.part == number % 4
    with pytest.raises(ResourceExhaustedError), remote_errors("services/ingest"):
        async with asyncio.timeout(10):
            async for _ in slow:
                pass


@pytest.mark.parametrize("reads", [True, False])
async def test_a_stream_that_is_ended_tells_why_whether_it_waits_or_sends(
    rings: OneRing, viewers: Viewers, watch: Any, reads: bool
) -> None:
    rings.only.start(INIT)
    for number in range(8):
        rings.append(number)
    stream = watch(backlog=True)
    assert decode_live(await anext(stream)) == INIT
    for _ in range(8 if reads else 0):
        await anext(stream)
    viewers.end(UID)
    with pytest.raises(UnavailableError, match=r"camera\.offline"), remote_errors("services/ingest"):
        async with asyncio.timeout(10):
            async for _ in stream:
                pass


async def test_without_a_picture_there_is_no_stream(rings: OneRing, watch: Any) -> None:
    with (
        pytest.raises(UnavailableError, match=r"camera\.offline: connecting"),
        remote_errors("services/ingest"),
    ):
        await anext(watch())
    with pytest.raises(NotFoundError), remote_errors("services/ingest"):
        await anext(watch("another"))


async def test_a_viewer_waits_for_a_camera_that_is_connecting(rings: OneRing, watch: Any) -> None:
    first = asyncio.ensure_future(anext(watch()))
    await asyncio.sleep(0.2)
    rings.only.start(INIT)
    rings.append(0)
    assert decode_live(await first) == INIT


async def test_who_does_not_know_that_rights_have_changed_gets_no_pictures(
    rings: OneRing, viewers: Viewers, revocations: Revocations, watch: Any
) -> None:
    ending = asyncio.create_task(end_unaware_streams(revocations, viewers))
    rings.only.start(INIT)
    rings.append(0)
    unaware, aware, other = watch(), watch(sequence=7), watch()
    for stream in (unaware, aware, other):
        for _ in range(2):
            await anext(stream)
    now_ms = SystemClock().now_ms()
    revocations.add(Revocation(6, revocation_pb2.CAMERA, "another-camera", now_ms))
    await asyncio.sleep(0)
    rings.append(1)
    for stream in (unaware, aware, other):
        await anext(stream)  # goes on
    revocations.add(Revocation(7, revocation_pb2.CAMERA, UID, now_ms))
    for stream in (unaware, other):
        with pytest.raises(UnavailableError, match=r"live\.rights_changed"), remote_errors("services/ingest"):
            await anext(stream)
    rings.append(2)
    await anext(aware)
    with pytest.raises(UnavailableError, match=r"live\.rights_changed"), remote_errors("services/ingest"):
        await anext(watch(sequence=6))
    assert decode_live(await anext(watch(sequence=7))) == INIT
    ending.cancel()
