"""The registry as a file of CSV: in and out."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import aclosing, closing, contextmanager
from itertools import islice
from typing import IO

import structlog
from aiohttp import web

from services.gateway.cameras.csv_columns import ID, column_of, columns_for, write_row
from services.gateway.cameras.importing import MAX_LINES, CameraImport, Choice, Outcome
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.routes import OWN_WRITE_WAIT_S
from services.gateway.http.flags import flag, read_flag
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import Identity
from snowlight.csv_table import encoding_of, read_table
from snowlight.errors import InvalidArgumentError, NotFoundError, ResourceExhaustedError

log = structlog.get_logger(__name__)

MAX_FILE_BYTES = 64 << 20
MAX_AT_ONCE = 2
"""Imports that one gateway works on; each has its file on disk."""
UPLOAD_S = 300.0
_IN_MEMORY_BYTES = 1 << 20
_PIECE = 1 << 16
_CODE = "import.file"
_COUNTED = {"create": "created", "update": "updated", "unchanged": "unchanged", "refused": "refused"}

_ERROR = {"type": "object", "properties": {name: {"type": "string"} for name in ("field", "code", "detail")}}
_LINE = {
    "type": "object",
    "properties": {
        "line": {"type": "integer", "description": "Of the file, the first is 1; where a row ends."},
        "camera": {"type": "string"},
        "action": {"type": "string", "enum": list(_COUNTED)},
        "errors": {"type": "array", "items": _ERROR},
    },
}
_REPORT = {
    "type": "object",
    "properties": {
        "encoding": {"type": "string", "enum": ["utf-8", "gb18030"], "description": "What the file was in."},
        "dry_run": {"type": "boolean"},
        "lines": {"type": "array", "items": _LINE},
        **{name: {"type": "integer"} for name in _COUNTED.values()},
    },
}


class CameraFileRoutes:
    """Registers the cameras of a file, and writes one."""

    def __init__(self, imports: CameraImport, identity: Identity, model: CameraModel) -> None:
        self._imports = imports
        self._identity = identity
        self._model = model
        self._running = 0

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/cameras:import",
                self.take,
                f"Register the cameras of a CSV file, up to {MAX_LINES}, each by itself. The report comes "
                "line by line as they are done. Once more, it changes nothing.",
                parameters=(
                    flag("dry_run", "decide and check every line, write nothing."),
                    flag("update", "change cameras that are registered with other values."),
                ),
                body={"type": "string", "description": "UTF-8 or GB 18030; titles in English or Chinese."},
                body_type="text/csv",
                streams_body=True,
                answer=_REPORT,
                errors=(400, 401, 408, 413, 429),
            ),
            Route(
                "GET",
                "/v1/cameras:export",
                self.give,
                "The cameras that the caller sees as CSV, as an import takes it; without credentials.",
                parameters=(Parameter("region", "regions/{code}: only in it and below."),),
                answer={"type": "string"},
                answer_type="text/csv",
                errors=(401, 404),
            ),
        )

    async def take(self, request: web.Request) -> web.StreamResponse:
        person = await self._identity.person(request)
        choice = Choice(
            dry_run=read_flag(request.query, "dry_run"), update=read_flag(request.query, "update")
        )
        if request.content_type != "text/csv":
            raise InvalidArgumentError("request.content_type", "the body must be text/csv")
        with self._room(), tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
            await _receive(request, file)
            encoding = await asyncio.to_thread(encoding_of, file, _CODE)
            with closing(read_table(file, encoding, column_of, (ID,), _CODE)) as rows:
                async with aclosing(self._imports.run(person, rows, choice)) as outcomes:
                    return await self._answer(request, encoding, choice, outcomes)

    async def _answer(
        self, request: web.Request, encoding: str, choice: Choice, outcomes: AsyncIterator[Outcome]
    ) -> web.StreamResponse:
        first = await anext(outcomes, None)  # what fails before it is told as ever
        response = web.StreamResponse(
            headers={"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        try:
            newest = await _report(response, encoding, choice, _with_first(first, outcomes))
            await self._model.reached(newest, timeout_s=OWN_WRITE_WAIT_S)
            await response.write(b"}")
            await response.write_eof()
        except ConnectionError:
            log.info("import.left")
        except Exception:
            log.error("import.broken", exc_info=True)
            if request.transport is not None:
                request.transport.abort()  # so that nobody takes what there is for all of it
        return response

    async def give(self, request: web.Request) -> web.StreamResponse:
        person = await self._identity.person(request)
        sight = await self._identity.sight(person)
        region = request.query.get("region", "")
        if region and region not in sight.names:
            raise NotFoundError("region.not_found", "there is no such region", field="region")
        regions = sight.below(region) if region else sight.names
        cameras = [
            camera for camera in self._model.after("") if sight.sees(camera) and camera.region in regions
        ]
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": 'attachment; filename="cameras.csv"',
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(request)
        if request.method != "HEAD":
            columns = columns_for(cameras)
            await response.write("\ufeff".encode() + _csv([columns]))  # by it spreadsheets know UTF-8
            rows = (write_row(camera, columns) for camera in cameras)
            while piece := list(islice(rows, 200)):
                await response.write(_csv(piece))
        await response.write_eof()
        return response

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Raises ResourceExhaustedError when enough imports run here."""
        if self._running >= MAX_AT_ONCE:
            raise ResourceExhaustedError(
                "import.busy", f"{MAX_AT_ONCE} imports are running here already", retry_after_s=30
            )
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


async def _receive(request: web.Request, file: IO[bytes]) -> None:
    """Put the body into `file`, whole before anything of it is done."""
    size = 0
    try:
        async with asyncio.timeout(UPLOAD_S):
            async for piece in request.content.iter_chunked(_PIECE):
                size += len(piece)
                if size > MAX_FILE_BYTES:
                    raise web.HTTPRequestEntityTooLarge(max_size=MAX_FILE_BYTES, actual_size=size)
                file.write(piece)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


async def _report(
    response: web.StreamResponse, encoding: str, choice: Choice, outcomes: AsyncIterator[Outcome]
) -> int:
    """Write the report but for its last bracket as it comes; the newest revision in it. A caller who is gone
    ends the import: ConnectionError."""
    counts, newest = Counter(dict.fromkeys(_COUNTED, 0)), 0
    head = {"encoding": encoding, "dry_run": choice.dry_run}
    await response.write(_json(head)[:-1] + b',"lines":[')
    async for outcome in outcomes:
        comma = b"," if counts.total() else b""
        counts[outcome.action] += 1
        newest = max(newest, outcome.revision)
        await response.write(comma + _json(outcome.json()))
    told = {told: counts[action] for action, told in _COUNTED.items()}
    await response.write(b"]," + _json(told)[1:-1])
    return newest


async def _with_first(first: Outcome | None, rest: AsyncIterator[Outcome]) -> AsyncIterator[Outcome]:
    if first is not None:
        yield first
    async for outcome in rest:
        yield outcome


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)  # RFC 4180
    return written.getvalue().encode()
