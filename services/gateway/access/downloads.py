"""What an export holds, taken along as a stream of bytes that a later call can go on with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from services.gateway.access.officers import Officer
from services.gateway.access.streams import Streams
from services.gateway.evidence.export_files import ExportFiles
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.use import TicketUse
from snowlight.api.access.v1 import evidence_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.evidence.manifest import MANIFEST_NAME
from snowlight.evidence.signature import SIGNATURE_SUFFIX
from snowlight.media.access_envelope import encode_download

PIECE = 256 << 10
"""Bytes of one answer, at most."""
READ_AT_ONCE = 1 << 20
"""Bytes that are held at a time for each who loads."""
_FOLDER = "rendered/"


@dataclass(frozen=True, slots=True)
class _Content:
    size: int
    """Of the whole, bytes."""
    pieces: AsyncGenerator[tuple[bytes, TicketUse | None], None]
    """From the offset on, each with whose footage it is."""
    uses: Sequence[TicketUse]


class DownloadCalls:
    """In the name of officers; counted, and cut off when the right ends."""

    def __init__(self, files: ExportFiles, desk: TicketDesk, streams: Streams) -> None:
        self._files = files
        self._desk = desk
        self._streams = streams

    async def serve(
        self, officer: Officer, request: evidence_pb2.DownloadExportRequest, context: Any
    ) -> None:
        """Writes DownloadExportResponses, serialised. Raises PermissionDeniedError ("ticket.revoked" and the
        like) in the middle as well."""
        officer.require_named()
        content = await self._content(officer, request)
        if not 0 <= request.offset <= content.size:
            raise InvalidArgumentError(
                "request.range", f"offset must be 0 to {content.size}, the whole's size", field="offset"
            )

        async def look() -> None:
            for use in content.uses:
                await self._desk.settle(use)
                self._desk.goes_on(use)

        await self._streams.run(_write(content, context), look)

    async def _content(self, officer: Officer, request: evidence_pb2.DownloadExportRequest) -> _Content:
        name, file = request.name, request.file
        if file in (MANIFEST_NAME, MANIFEST_NAME + SIGNATURE_SUFFIX):
            suffix = file.removeprefix(MANIFEST_NAME)
            data = await self._files.manifest(officer.person, name, suffix)
            return _Content(len(data), _one(data[max(request.offset, 0) :]), ())
        taking = await self._files.take(officer.person, name, file.removeprefix(_FOLDER) if file else None)
        size = taking.what.size
        pieces = self._files.pieces(taking, request.offset, size, READ_AT_ONCE)
        return _Content(size, pieces, taking.uses)


async def _write(content: _Content, context: Any) -> None:
    size: int | None = content.size
    async with aclosing(content.pieces) as pieces:
        async for piece, owner in pieces:
            for start in range(0, len(piece), PIECE):
                part = memoryview(piece)[start : start + PIECE]
                await context.write(encode_download(part, size))
                size = None
                if owner is not None:
                    owner.measure.sent(len(part))
    if size is not None:
        await context.write(encode_download(b"", size))


async def _one(data: bytes) -> AsyncGenerator[tuple[bytes, None], None]:
    yield data, None
