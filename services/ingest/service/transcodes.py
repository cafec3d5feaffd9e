"""`snowlight.api.ingest.v1.Transcodes`: what is recorded, encoded anew for who asks."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from services.ingest.observer import MediaInfo
from services.ingest.registry.validation import invalid
from services.ingest.renditions.declared import declared, source_of
from services.ingest.service.rendition_message import rendition_message
from services.ingest.transcoding.ladder import MOST_PIXELS, Picture, find_rung, ladder
from services.ingest.transcoding.pool import TranscodingPool
from services.ingest.transcoding.transcode import Transcode
from snowlight.api.ingest.v1 import transcoding_pb2, transcoding_pb2_grpc
from snowlight.media.envelope import encode_fragment, encode_init, fragment_of, init_of
from snowlight.media.fragment import Fragment

_Context = Any  # grpc.aio.ServicerContext is generic over every method's own pair of types

PRESERIALIZED = frozenset({"Transcode"})


class Transcodes(transcoding_pb2_grpc.TranscodesServicer):
    """Answers from the pool that live renditions come from as well."""

    def __init__(self, pool: TranscodingPool) -> None:
        self._pool = pool

    async def Transcode(  # type: ignore[override]  # noqa: N802
        self, request: transcoding_pb2.TranscodeRequest, context: _Context
    ) -> AsyncIterator[bytes]:
        init = init_of(request.init)
        fragments = [fragment_of(fragment) for fragment in request.fragments]
        if not init.data or not init.width or not init.height:
            raise invalid("init", "must have data, width and height")
        if not fragments or not fragments[0].independent:
            raise invalid("fragments", "must begin with a key frame")
        source = Picture.of(init)
        async with self._pool.open(find_rung(source, request.rung), source, live=False) as transcode:
            transcode.begin(init)
            giving = asyncio.create_task(_give(transcode, fragments))
            try:
                async for event in transcode:
                    yield encode_fragment(event) if isinstance(event, Fragment) else encode_init(event)
            finally:
                giving.cancel()
                await asyncio.wait([giving])

    async def ListRungs(  # noqa: N802
        self, request: transcoding_pb2.ListRungsRequest, context: _Context
    ) -> transcoding_pb2.ListRungsResponse:
        source = request.source
        if not source.codecs or source.width <= 0 or source.height <= 0:
            raise invalid("source", "must have codecs, width and height")
        if not self._pool.has_cores or source.width * source.height > MOST_PIXELS:
            return transcoding_pb2.ListRungsResponse()
        media = MediaInfo(
            video_codec="h264" if source.codecs.startswith("avc1") else "h265",
            width=source.width,
            height=source.height,
            frames_per_second=source.frames_per_second,
            audio_codec="",
            codecs=source.codecs,
            bits_per_second=0,
        )
        return transcoding_pb2.ListRungsResponse(
            rungs=[
                rendition_message(rung.name, declared(rung.name, media)) for rung in ladder(source_of(media))
            ]
        )


async def _give(transcode: Transcode, fragments: Iterable[Fragment]) -> None:
    for fragment in fragments:
        await transcode.give(fragment)
    transcode.end()
