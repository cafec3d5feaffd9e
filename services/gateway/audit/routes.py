"""Who saw what, when and why, for those who may know it. What that is, auth decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import structlog
from aiohttp import web

from services.gateway.audit.query import read_format, read_query, read_wish, resolve_camera
from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import json_response
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema
from services.gateway.http.proto_json import schema_of, to_json
from services.gateway.http.routes import Parameter, Route
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.identity import Identity
from snowlight import audit_export
from snowlight.api.auth.v1 import audit_pb2
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

EXPORT_TIMEOUT_S = 24 * 3600.0

_INSTANT = {"type": "string", "format": "date-time"}
_FILTERS = (
    Parameter("camera", "cameras/{id}, or the uid, which deleted cameras have as well."),
    Parameter("principal", "Who: principals/{id} or services/{name}."),
    Parameter("start", "From this instant on.", _INSTANT),
    Parameter("end", "Before this instant.", _INSTANT),
    Parameter("action", "What for: live, playback, export, audit.read and so on."),
)

log = structlog.get_logger(__name__)


class AuditRoutes:
    """Reads the audit in the caller's name."""

    def __init__(self, peers: Peers, identity: Identity, cameras: CameraModel) -> None:
        self._peers = peers
        self._identity = identity
        self._cameras = cameras

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/audit",
                self.list_records,
                "Uses of rights, newest first, in and below the caller's region.",
                parameters=(*_FILTERS, *PAGE_PARAMETERS),
                answer=page_schema("records", schema_of(audit_pb2.AuditRecord.DESCRIPTOR)),
                errors=(400, 401, 403),
            ),
            Route(
                "GET",
                "/v1/audit:export",
                self.export,
                "The same as a file, oldest first. The export is on record itself.",
                parameters=(
                    Parameter(
                        "format",
                        "csv for spreadsheets, jsonl for programs.",
                        {"type": "string", "enum": sorted(audit_export.FORMATS)},
                        required=True,
                    ),
                    *_FILTERS,
                    Parameter("purpose", "What for; on record with the export."),
                ),
                answer_type="text/csv",
                answer={"type": "string"},
                errors=(400, 401, 403, 429),
            ),
        )

    async def list_records(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        wanted = read_query(request.query)
        resolve_camera(wanted.filter, self._cameras)
        wanted.reader.access_token = person.access_token
        with remote_errors(AUTH):
            answer = await self._peers.audit.ListAuditRecords(wanted, timeout=CALL_TIMEOUT_S)
        return json_response(
            {
                "records": [to_json(record) for record in answer.records],
                "next_page_token": answer.next_page_token,
            }
        )

    async def export(self, request: web.Request) -> web.StreamResponse:
        person = await self._identity.person(request)
        file_format = read_format(request.query)
        wish = read_wish(request.query)
        resolve_camera(wish.filter, self._cameras)
        wish.reader.access_token = person.access_token
        wish.reader.remote_address = person.address
        headers = {
            "Content-Type": audit_export.FORMATS[file_format],
            "Content-Disposition": f'attachment; filename="audit.{file_format}"',
            "Cache-Control": "no-store",
        }
        if request.method == "HEAD":  # nothing is taken, and so nothing is on record
            return web.Response(headers=headers)
        call = self._peers.audit.ExportAuditRecords(wish, timeout=EXPORT_TIMEOUT_S)
        try:
            return await _send(request, headers, file_format, aiter(call))
        finally:
            call.cancel()


async def _send(
    request: web.Request, headers: dict[str, str], file_format: str, pieces: AsyncIterator[Any]
) -> web.StreamResponse:
    """Send piece by piece, as fast as the caller takes it. What fails before the first is told as ever."""
    with remote_errors(AUTH):
        first = await anext(pieces, audit_pb2.ExportAuditRecordsResponse())
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    try:
        await response.write(audit_export.begin(file_format) + audit_export.lines(file_format, first.records))
        with remote_errors(AUTH):
            async for piece in pieces:
                await response.write(audit_export.lines(file_format, piece.records))
        await response.write_eof()
    except ConnectionError:
        log.info("audit.export_left", path=request.path)
    except SnowlightError as error:
        log.warning("audit.export_broken", path=request.path, error=error.code)
        if request.transport is not None:
            request.transport.abort()  # so that nobody takes what there is for all of it
    return response
