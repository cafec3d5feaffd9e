"""What an export holds, taken along as a stream of bytes that a later call can go on with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.gateway.access.officers import Officer
from services.gateway.evidence.export_files import ExportFiles, Taking
from services.gateway.viewing.desk import TicketDesk
from snowlight.api.access.v1 import evidence_pb2
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError
from snowlight.evidence.manifest import MANIFEST_NAME
from snowlight.evidence.signature import SIGNATURE_SUFFIX
from snowlight.media.envelope import encode_download

PIECE = 256 << 10
"""Bytes of one answer, at most."""
READ_AT_ONCE = 1 << 20
LOOK_S = 0.5
"""How often the right is looked at."""
_FOLDER = "rendered/"


@dataclass(frozen=True, slots=True)
class _Content:
    size: int
    pieces: AsyncIterator[bytes]


class DownloadCalls:
    """In the name of officers; counted, and cut off when the right ends."""

    def __init__(self, files: ExportFiles, desk: TicketDesk, clock: Clock) -> None:
        self._files = files
        self._desk = desk
        self._clock = clock

    async def download(
        self, officer: Officer, request: evidence_pb2.DownloadExportRequest
    ) -> AsyncIterator[bytes]:
        """DownloadExportResponses, serialised. Raises PermissionDeniedError ("ticket.revoked" and the like)
        in the middle as well."""
        officer.require_named()
        content = await self._content(officer, request)
        if not 0 <= request.offset <= content.size:
            raise InvalidArgumentError(
                "request.range", f"offset must be 0 to {content.size}, the whole's size", field="offset"
            )
        size: int | None = content.size
        async for piece in content.pieces:
            for start in range(0, len(piece), PIECE):
                yield encode_download(memoryview(piece)[start : start + PIECE], size)
                size = None
        if size is not None:
            yield encode_download(b"", size)

    async def _content(self, officer: Officer, request: evidence_pb2.DownloadExportRequest) -> _Content:
        name, file = request.name, request.file
        if file in (MANIFEST_NAME, MANIFEST_NAME + SIGNATURE_SUFFIX):
            suffix = file.removeprefix(MANIFEST_NAME)
            data = await self._files.manifest(officer.person, name, suffix)
            return _Content(len(data), _one(data[max(request.offset, 0) :]))
        taking = await self._files.take(officer.person, name, file.removeprefix(_FOLDER) if file else None)
        return _Content(taking.what.size, self._watched(taking, request.offset))

    async def _watched(self, taking: Taking, offset: int) -> AsyncIterator[bytes]:
        looked = self._clock.monotonic()
        async for piece, owner in self._files.pieces(taking, offset, taking.what.size, READ_AT_ONCE):
            now = self._clock.monotonic()
            if now - looked >= LOOK_S:
                looked = now
                for use in taking.uses:
                    await self._desk.settle(use)
            for use in taking.uses:
                self._desk.goes_on(use)
            if owner is not None:
                owner.measure.sent(len(piece))
            yield piece


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
