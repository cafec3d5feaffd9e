"""Recorded footage as H.264 of another size, which ingest encodes while people watch."""

from __future__ import annotations

from services.gateway.archive.pieces import Piece
from services.gateway.archive.playlist import Entry
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.recording import Recording
from services.gateway.peers import INGEST, Peers
from services.gateway.workshop import Workshop
from snowlight.api.ingest.v1 import live_pb2, transcoding_pb2
from snowlight.errors import DataLossError, FailedPreconditionError
from snowlight.media.description import describe
from snowlight.media.envelope import decode_live
from snowlight.media.fragment import Fragment, InitSection
from snowlight.rpc.status import remote_errors

MOST_UNDER_WAY = 8
KEPT_BYTES = 32 << 20
"""Of segments, for who watches the same."""
TIMEOUT_S = 60.0

_Key = tuple[str, int, int, int, int, str]
"""Camera, epoch and sequence of an object; start and count of its fragments, or 0 for the init; the rung."""


def rendered_entry(piece: Piece, rung: str) -> Entry:
    """A segment of the rung, as a playlist lists it."""
    recording = piece.recording
    uri = f"vod/{rung}/{piece.start_ms}-{piece.count}.m4s"
    init = f'URI="vod/{rung}/init-{recording.start_ms}.mp4"'
    return Entry(recording, piece.start_ms, piece.duration_ms, init, (uri,))


class RenderedFootage:
    """Each segment is read by one ranged GET and encoded once for all who ask for it."""

    def __init__(self, peers: Peers, reader: FootageReader) -> None:
        self._peers = peers
        self._reader = reader
        self._workshop: Workshop[_Key] = Workshop(
            "rendition.busy",
            "too much recorded footage is being encoded",
            at_once=MOST_UNDER_WAY,
            most_waiting=MOST_UNDER_WAY,
            kept_bytes=KEPT_BYTES,
        )

    async def segment(self, piece: Piece, rung: str) -> bytes:
        """`([prft] moof mdat)*` with the instants of the recording's.

        Raises ResourceExhaustedError when too much is asked for, NotFoundError("transcode.no_rung"),
        FailedPreconditionError for footage without a key frame at the segment's start, DataLossError for
        damaged footage.
        """

        async def make() -> bytes:
            events = await self._encoded(piece, rung)
            return b"".join(event.data for event in events if isinstance(event, Fragment))

        return await self._workshop.take(_key(piece, piece.count, rung), make)

    async def init_section(self, recording: Recording, rung: str) -> bytes:
        """`[ftyp moov]` of the rung for all of the recording. Raises as `segment`."""
        first = Piece(recording, 0, 1)

        async def make() -> bytes:
            events = await self._encoded(first, rung)
            return next(event.data for event in events if isinstance(event, InitSection))

        return await self._workshop.take(_key(first, 0, rung), make)

    async def _encoded(self, piece: Piece, rung: str) -> list[InitSection | Fragment]:
        if not piece.independent:
            raise FailedPreconditionError(
                "rendition.no_key_frame", "the camera's key frames are too far apart for another rendition"
            )
        recording = piece.recording
        init = await self._reader.init_section(recording)
        data = await self._reader.read(recording, piece.offset, piece.size)
        request = transcoding_pb2.TranscodeRequest(
            rung=rung, init=_init(init), fragments=_fragments(piece, data)
        )
        with remote_errors(INGEST):
            answers = self._peers.transcode(request, timeout=TIMEOUT_S)
            events = [decode_live(message) async for message in answers]
        if not events:
            raise DataLossError("vod.footage_damaged", "this footage is damaged")
        return events


def _key(piece: Piece, count: int, rung: str) -> _Key:
    recording = piece.recording
    return recording.camera_uid, recording.epoch, recording.sequence, piece.start_ms, count, rung


def _init(data: bytes) -> live_pb2.Init:
    try:
        told = describe(data)
    except (ValueError, LookupError) as error:
        raise DataLossError("vod.init_damaged", "this footage does not tell what it is") from error
    return live_pb2.Init(data=data, codecs=told.codecs, width=told.width, height=told.height)


def _fragments(piece: Piece, data: bytes) -> list[live_pb2.Fragment]:
    recording, position = piece.recording, 0
    fragments = []
    for part, index in enumerate(range(piece.first, piece.first + piece.count)):
        size = recording.sizes[index]
        fragments.append(
            live_pb2.Fragment(
                part=part,
                start_ms=recording.starts[index],
                duration_ms=recording.starts[index + 1] - recording.starts[index],
                independent=bool(recording.independent[index]),
                data=data[position : position + size],
            )
        )
        position += size
    return fragments
