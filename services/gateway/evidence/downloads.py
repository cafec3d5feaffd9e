"""What is taken along of an export: all in one package, one file, the manifest and its signature."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

import obstore
from aiohttp import web
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError

from services.gateway.evidence.export_rights import ExportRights, Footage
from services.gateway.evidence.package import Entry, Package, Slice, Stored
from services.gateway.evidence.readme import readme
from services.gateway.http.ranges import RANGE_PARAMETERS, Wanted, read_range
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import Identity
from services.gateway.viewing.sending import Sending
from services.gateway.viewing.use import TicketUse
from snowlight.access.token import TicketClaims
from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import Clock
from snowlight.errors import (
    ExpiredError,
    FailedPreconditionError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from snowlight.evidence.manifest import MANIFEST_NAME
from snowlight.evidence.signature import SIGNATURE_SUFFIX
from snowlight.instants import format_instant

if TYPE_CHECKING:
    from obstore.store import ObjectStore

READ_AT_ONCE = 1 << 20
"""Bytes of a file that are held at a time for each who loads it."""
_ERRORS = (400, 401, 403, 404, 410, 412, 416, 503)


class DownloadRoutes:
    """Reads the evidence store, for who may export what is read: by a token, or by a link of the console."""

    def __init__(
        self,
        identity: Identity,
        rights: ExportRights,
        evidence: ObjectStore,
        sending: Sending,
        clock: Clock,
        time_zone: str,
    ) -> None:
        """`time_zone`: of the instants in the names of what is taken along."""
        self._identity = identity
        self._rights = rights
        self._evidence = evidence
        self._sending = sending
        self._clock = clock
        self._zone = ZoneInfo(time_zone)

    def routes(self) -> tuple[Route, ...]:
        one = "/v1/exports/{export:[^/:]+}"
        return (
            Route(
                "GET",
                f"{one}/download",
                self.download,
                "All files of the export with their manifest as a ZIP, or one of them. Every time on record.",
                access="link",
                parameters=(
                    Parameter("file", "One of the export's files alone, an MP4."),
                    *RANGE_PARAMETERS,
                ),
                answer_type="application/zip",
                errors=_ERRORS,
            ),
            Route(
                "GET",
                f"{one}/manifest",
                self.manifest,
                "The signed list of all that the export holds.",
                access="link",
                errors=(401, 404, 412, 503),
            ),
            Route(
                "GET",
                f"{one}/signature",
                self.signature,
                "The manifest's signature, a detached JWS (RFC 7515).",
                access="link",
                answer_type="application/jose",
                errors=(401, 404, 412, 503),
            ),
        )

    async def download(self, request: web.Request) -> web.StreamResponse:
        export = await self._known(request)
        if not export.HasField("rendering"):
            raise FailedPreconditionError("export.not_rendered", "this export has no files to be loaded")
        if export.expired or self._clock.now_ms() >= export.expire_ms:
            raise ExpiredError("export.expired", "the files of this export are deleted: make another one")
        name = request.query.get("file")
        if name is None:
            return await self._send_package(request, export)
        file = next((each for each in export.files if each.file.rpartition("/")[2] == name), None)
        if file is None:
            raise NotFoundError("export.file_unknown", "the export has no such file", field="file")
        return await self._send_file(request, export, file)

    async def manifest(self, request: web.Request) -> web.Response:
        return await self._small(request, "", "application/json")

    async def signature(self, request: web.Request) -> web.Response:
        return await self._small(request, SIGNATURE_SUFFIX, "application/jose")

    async def _small(self, request: web.Request, suffix: str, content_type: str) -> web.Response:
        export = await self._known(request)
        data = await self._read_all(export.manifest_key + suffix)
        headers = {
            "Cache-Control": "private, no-cache",
            "Content-Disposition": _attachment(MANIFEST_NAME + suffix),
        }
        return web.Response(body=data, content_type=content_type, headers=headers)

    async def _known(self, request: web.Request) -> export_pb2.Export:
        """Raises FailedPreconditionError("export.not_ready") until it is whole."""
        person = await self._identity.person(request, by_link=True)
        export = await self._rights.known(person, f"exports/{request.match_info['export']}")
        if export.state != export_pb2.Export.SUCCEEDED:
            state = export_pb2.Export.State.Name(export.state)
            raise FailedPreconditionError("export.not_ready", f"the export is {state}")
        return export

    async def _send_package(self, request: web.Request, export: export_pb2.Export) -> web.StreamResponse:
        uses = await self._take(request, export, export.camera_uids)
        manifest = await self._read_all(export.manifest_key)
        signature = await self._read_all(export.manifest_key + SIGNATURE_SUFFIX)
        package = Package(_entries(export, manifest, signature), export.create_ms)
        etag = f'"{hashlib.sha256(manifest + signature).hexdigest()[:32]}"'
        name = f"{export.case_number}_{self._local(export.start_ms)}.zip"
        return await self._send(request, package, etag, name, "application/zip", uses)

    async def _send_file(
        self, request: web.Request, export: export_pb2.Export, file: export_pb2.RenderedFile
    ) -> web.StreamResponse:
        uses = await self._take(request, export, [file.camera_uid])
        stored = _stored(export, file)
        name = file.file.rpartition("/")[2]
        return await self._send(request, stored, f'"{file.sha256.hex()}"', name, "video/mp4", uses)

    async def _take(
        self, request: web.Request, export: export_pb2.Export, uids: Sequence[str]
    ) -> list[TicketUse]:
        person = await self._identity.person(request, by_link=True)
        footage = Footage.of(export)
        uses = await self._rights.take(
            person, Footage(uids, footage.start_ms, footage.end_ms, footage.purpose)
        )
        for use in uses:
            require_obliged(export.rendering, use.claims)
        return uses

    async def _send(
        self,
        request: web.Request,
        what: Package | Stored,
        etag: str,
        name: str,
        content_type: str,
        uses: Sequence[TicketUse],
    ) -> web.StreamResponse:
        wanted = read_range(request.headers.get("Range"), request.headers.get("If-Range"), etag, what.size)
        headers = wanted.headers | {
            "ETag": etag,
            "Cache-Control": "private, no-cache",
            "Content-Disposition": _attachment(name),
        }
        if wanted.status == 416:
            return web.Response(status=416, headers=headers)
        response = web.StreamResponse(status=wanted.status, headers=headers)
        response.content_type = content_type
        response.content_length = wanted.end - wanted.start
        slices = [] if request.method == "HEAD" else _slices(what, wanted)
        pieces = self._pieces(slices, {use.claims.camera_uid: use for use in uses})
        return await self._sending.stream(request, response, uses, pieces)

    async def _pieces(
        self, slices: Sequence[Slice], uses: dict[str, TicketUse]
    ) -> AsyncIterator[tuple[bytes, TicketUse | None]]:
        for each in slices:
            if isinstance(each.of, bytes):
                yield each.of[each.start : each.end], None
                continue
            for start in range(each.start, each.end, READ_AT_ONCE):
                end = min(start + READ_AT_ONCE, each.end)
                yield await self._read(each.of.key, start, end), uses[each.of.camera_uid]

    async def _read(self, key: str, start: int, end: int) -> bytes:
        with _store_errors():
            return bytes(await obstore.get_range_async(self._evidence, key, start=start, end=end))

    async def _read_all(self, key: str) -> bytes:
        with _store_errors():
            return bytes(await (await obstore.get_async(self._evidence, key)).bytes_async())

    def _local(self, instant_ms: int) -> str:
        return f"{datetime.fromtimestamp(instant_ms / 1000, self._zone):%Y%m%d-%H%M%S}"


def require_obliged(rendering: export_pb2.Rendering, claims: TicketClaims) -> None:
    """Raises PermissionDeniedError for files that are more than a right is for: what it obliges to may have
    changed since they were made, or be another for who loads them."""
    if claims.marked and not rendering.burn_in:
        raise PermissionDeniedError("export.not_marked", "your right is for marked pictures: make an export")
    if claims.silent and claims.camera_uid not in rendering.silent_camera_uids:
        raise PermissionDeniedError("export.not_silent", "your right is without sound: make an export")


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn what the store raises into the tree's errors."""
    try:
        yield
    except (ObjectNotFoundError, FileNotFoundError) as error:
        raise ExpiredError("export.expired", "the files of this export are deleted") from error
    except (BaseError, OSError) as error:
        raise UnavailableError("evidence.unavailable", "the evidence store does not answer") from error


def _entries(export: export_pb2.Export, manifest: bytes, signature: bytes) -> list[Entry]:
    """Below a folder of its own, so that unpacking scatters nothing."""
    folder = export.name.replace("/", "-")
    text = readme(
        export=export.name,
        case_number=export.case_number,
        create_time=format_instant(export.create_ms),
        start=format_instant(export.start_ms),
        end=format_instant(export.end_ms),
    )
    return [
        Entry(f"{folder}/README.txt", text),
        Entry(f"{folder}/{MANIFEST_NAME}", manifest),
        Entry(f"{folder}/{MANIFEST_NAME}{SIGNATURE_SUFFIX}", signature),
        *(Entry(f"{folder}/{file.file}", _stored(export, file)) for file in export.files),
    ]


def _stored(export: export_pb2.Export, file: export_pb2.RenderedFile) -> Stored:
    folder = export.manifest_key.removesuffix(MANIFEST_NAME)
    return Stored(folder + file.file, file.size, file.crc32, file.camera_uid)


def _slices(what: Package | Stored, wanted: Wanted) -> list[Slice]:
    if isinstance(what, Stored):
        return [Slice(what, wanted.start, wanted.end)]
    return list(what.between(wanted.start, wanted.end))


def _attachment(name: str) -> str:
    """Content-Disposition, the name in Unicode too (RFC 6266, RFC 8187)."""
    clean = "".join("_" if each in '/\\:*?"<>|' or not each.isprintable() else each for each in name)
    plain = clean.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"
