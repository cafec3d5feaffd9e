"""Recorded footage encoded anew, over gRPC."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.config import TranscodingSettings
from services.ingest.service.transcodes import PRESERIALIZED, Transcodes
from services.ingest.transcoding.metrics import TranscodingMetrics
from services.ingest.transcoding.pool import TranscodingPool
from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import live_pb2, transcoding_pb2, transcoding_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.errors import InvalidArgumentError, NotFoundError, ResourceExhaustedError
from snowlight.media.envelope import decode_live, encode_fragment, encode_init
from snowlight.media.fragment import Fragment, InitSection
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel, raw_stream
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import Servicer, serve_grpc
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.conftest import KEY
from tests.unit.media.feed import MuxSession
from tests.unit.transcoding.footage import develop, record

import grpc  # isort: skip

Ask = Callable[[transcoding_pb2.TranscodeRequest], AsyncIterator[InitSection | Fragment]]
Rungs = Callable[[str, int, int], Awaitable[list[live_pb2.Rendition]]]


@pytest.fixture
async def channel(request: pytest.FixtureRequest) -> AsyncIterator[grpc.aio.Channel]:
    """To it, as the gateway. Parameter: the cores there are, else 2."""
    clock, metrics = SystemClock(), CollectorRegistry()
    settings = TranscodingSettings(cores=getattr(request, "param", 2.0), encoder="libx264")
    servicer = Servicer(
        "snowlight.api.ingest.v1.Transcodes",
        transcoding_pb2_grpc.add_TranscodesServicer_to_server,
        Transcodes(TranscodingPool(settings, TranscodingMetrics(metrics), clock)),
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
        yield channel


@pytest.fixture
def ask(channel: grpc.aio.Channel) -> Ask:
    """Has something encoded anew."""
    stream = raw_stream(
        channel,
        "/snowlight.api.ingest.v1.Transcodes/Transcode",
        transcoding_pb2.TranscodeRequest.SerializeToString,
    )

    async def events(wish: transcoding_pb2.TranscodeRequest) -> AsyncIterator[InitSection | Fragment]:
        with remote_errors("services/ingest"):
            async for message in stream(wish):
                yield decode_live(message)

    return events


@pytest.fixture
def rungs(channel: grpc.aio.Channel) -> Rungs:
    """Asks what pictures can be encoded as."""
    stub: transcoding_pb2_grpc.TranscodesAsyncStub = transcoding_pb2_grpc.TranscodesStub(channel)

    async def told(codecs: str, width: int, height: int) -> list[live_pb2.Rendition]:
        source = live_pb2.Rendition(codecs=codecs, width=width, height=height, frames_per_second=25)
        with remote_errors("services/ingest"):
            answer = await stub.ListRungs(transcoding_pb2.ListRungsRequest(source=source))
        return list(answer.rungs)

    return told


def wish(rung: str, session: MuxSession, fragments: int | None = None) -> transcoding_pb2.TranscodeRequest:
    sent = [
        live_pb2.WatchLiveResponse.FromString(encode_fragment(fragment)).fragment
        for fragment in session.fragments[:fragments]
    ]
    init = live_pb2.WatchLiveResponse.FromString(encode_init(session.init)).init
    return transcoding_pb2.TranscodeRequest(rung=rung, init=init, fragments=sent)


async def test_recorded_fragments_come_back_in_the_rung(ask: Ask) -> None:
    source = record("h265", size=(640, 480), with_sound=True)

    init, *fragments = [event async for event in ask(wish("360p", source))]

    assert isinstance(init, InitSection)
    film = develop(init, [event for event in fragments if isinstance(event, Fragment)])
    original = develop(source.init, source.fragments)
    assert (film.codec, film.size) == ("h264", (480, 360))
    assert (film.instants, film.keys, film.sounds) == (original.instants, original.keys, original.sounds)


async def test_a_rung_larger_than_the_pictures_is_not_found(ask: Ask) -> None:
    with pytest.raises(NotFoundError) as caught:
        await anext(ask(wish("720p", record(seconds=1))))

    assert caught.value.code == "transcode.no_rung"


async def test_what_pictures_can_be_encoded_as_is_told_before(rungs: Rungs) -> None:
    told = await rungs("hvc1.1.6.L120.90,mp4a.40.2", 1920, 1080)

    assert [(rung.name, rung.width, rung.height, rung.codecs) for rung in told] == [
        ("h264", 1920, 1080, "avc1.640028,mp4a.40.2"),
        ("720p", 1280, 720, "avc1.64001f,mp4a.40.2"),
        ("360p", 640, 360, "avc1.64001e,mp4a.40.2"),
    ]
    assert [rung.bits_per_second for rung in told] == sorted(
        (rung.bits_per_second for rung in told), reverse=True
    )
    assert await rungs("hvc1.1.6.L186.90", 8192, 4320) == [], "too large"
    for codecs, width in (("", 1920), ("avc1.640028", 0)):
        with pytest.raises(InvalidArgumentError) as caught:
            await rungs(codecs, width, 1080)
        assert caught.value.field == "source"


@pytest.mark.parametrize("channel", [0.0], indirect=True)
async def test_without_cores_there_is_nothing_to_choose(rungs: Rungs) -> None:
    assert await rungs("hvc1.1.6.L120.90", 1920, 1080) == []


@pytest.mark.parametrize("channel", [0.0], indirect=True)
async def test_without_cores_it_is_refused(ask: Ask) -> None:
    with pytest.raises(ResourceExhaustedError) as caught:
        await anext(ask(wish("h264", record(seconds=1))))

    assert caught.value.code == "transcode.no_capacity"


async def test_what_is_missing_is_named(ask: Ask) -> None:
    source = record(seconds=1)
    for request, field in (
        (wish("h264", source, fragments=0), "fragments"),
        (transcoding_pb2.TranscodeRequest(rung="h264"), "init"),
    ):
        with pytest.raises(InvalidArgumentError) as caught:
            await anext(ask(request))
        assert caught.value.field == field
