"""What is taken along of an export over HTTP: all in one package, one file, the manifest, its signature."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from services.gateway.evidence.export_files import ExportFiles
from services.gateway.http.ranges import RANGE_PARAMETERS, read_range
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import Identity
from services.gateway.viewing.sending import Sending
from snowlight.evidence.manifest import MANIFEST_NAME
from snowlight.evidence.signature import SIGNATURE_SUFFIX

READ_AT_ONCE = 1 << 20
"""Bytes of a file that are held at a time for each who loads it."""
_ERRORS = (400, 401, 403, 404, 410, 412, 416, 503)


class DownloadRoutes:
    """For who comes with a token, or by a link of the console."""

    def __init__(self, identity: Identity, files: ExportFiles, sending: Sending) -> None:
        self._identity = identity
        self._files = files
        self._sending = sending

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
        person = await self._identity.person(request, by_link=True)
        taking = await self._files.take(person, _name(request), request.query.get("file"))
        wanted = read_range(
            request.headers.get("Range"), request.headers.get("If-Range"), taking.etag, taking.what.size
        )
        headers = wanted.headers | {
            "ETag": taking.etag,
            "Cache-Control": "private, no-cache",
            "Content-Disposition": _attachment(taking.name),
        }
        if wanted.status == 416:
            return web.Response(status=416, headers=headers)
        response = web.StreamResponse(status=wanted.status, headers=headers)
        response.content_type = taking.content_type
        response.content_length = wanted.end - wanted.start
        end = wanted.start if request.method == "HEAD" else wanted.end
        pieces = self._files.pieces(taking, wanted.start, end, READ_AT_ONCE)
        return await self._sending.stream(request, response, taking.uses, pieces)

    async def manifest(self, request: web.Request) -> web.Response:
        return await self._small(request, "", "application/json")

    async def signature(self, request: web.Request) -> web.Response:
        return await self._small(request, SIGNATURE_SUFFIX, "application/jose")

    async def _small(self, request: web.Request, suffix: str, content_type: str) -> web.Response:
        person = await self._identity.person(request, by_link=True)
        data = await self._files.manifest(person, _name(request), suffix)
        headers = {
            "Cache-Control": "private, no-cache",
            "Content-Disposition": _attachment(MANIFEST_NAME + suffix),
        }
        return web.Response(body=data, content_type=content_type, headers=headers)


def _name(request: web.Request) -> str:
    return f"exports/{request.match_info['export']}"


def _attachment(name: str) -> str:
    """Content-Disposition, the name in Unicode too (RFC 6266, RFC 8187)."""
    clean = "".join("_" if each in '/\\:*?"<>|' or not each.isprintable() else each for each in name)
    plain = clean.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"
