"""The web console's built files, held in memory and served with the headers a browser should obey."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

API_PREFIXES = ("/v1/", "/hls/", "/snapshot/", "/.well-known/", "/ws")
_ASSETS = "/assets/"  # Vite names the files in it by their content
_COMPRESSIBLE = frozenset({".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".txt"})
_SECURITY_HEADERS = {
    # hls.js plays from blob: URLs and may work in a blob: worker. 'self' of connect-src is the WebSocket of
    # the same origin too (CSP 3, section 6.7.2.8). Styles set by scripts on elements need no directive.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), payment=()",
}
_TIME_ZONE = re.compile(rb'(<meta name="time-zone" content=")[^"]*(")')
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Snowlight</title>
<h1>Snowlight</h1>
<p>The console has not been built: run <code>make console</code>, then start the gateway again.</p>
<p>控制台尚未构建：请运行 <code>make console</code>，然后重新启动网关。</p>
<p>The API is described at <a href="/v1/openapi.json">/v1/openapi.json</a>.</p>
</html>
"""


@dataclass
class _File:
    body: bytes
    content_type: str
    etag: str
    compresses: bool
    gzipped: bytes | None = None


class Console:
    """The console's files. Any page address leads to its index, which shows the page."""

    def __init__(self, directory: Path | None, time_zone: str) -> None:
        """`time_zone`: in which the console tells times and counts days."""
        self._files = _load(directory, time_zone) if directory is not None else {}
        self._built = "/index.html" in self._files

    async def compress(self) -> None:
        """Have all files at hand as browsers like them. Until then they are sent as they are."""
        for file in self._files.values():
            if file.compresses:
                file.gzipped = await asyncio.to_thread(gzip.compress, file.body, mtime=0)

    def answer(self, request: web.Request) -> web.Response | None:
        """The file or page at a path that no route knows; None when there is none."""
        path = request.path
        if request.method not in ("GET", "HEAD") or path.startswith(API_PREFIXES):
            return None
        file = self._files.get(path)
        if file is not None and path != "/index.html":
            return _response(request, file, lasting=path.startswith(_ASSETS))
        if "." in path.rpartition("/")[2] and path != "/index.html":
            return None
        if path != "/" and "text/html" not in request.headers.get("Accept", ""):
            return None
        if not self._built:
            return web.Response(
                text=_NOT_BUILT,
                status=503,
                content_type="text/html",
                headers={"Cache-Control": "no-store", **_SECURITY_HEADERS},
            )
        return _response(request, self._files["/index.html"], lasting=False)


def find_console(configured: Path | None) -> Path | None:
    """The folder to serve: as configured, else the package's, else a checkout's; None when unbuilt."""
    package = Path(__file__).parent
    own = [package / "console", package.parents[1] / "console" / "dist"]
    candidates = [configured] if configured else own
    return next((folder for folder in candidates if (folder / "index.html").is_file()), None)


def _load(directory: Path, time_zone: str) -> dict[str, _File]:
    files = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix != ".map":
            name = "/" + path.relative_to(directory).as_posix()
            body = path.read_bytes()
            files[name] = _read(path, _told(body, time_zone) if name == "/index.html" else body)
    return files


def _told(page: bytes, time_zone: str) -> bytes:
    """The page with the cluster's time zone in its `<meta name="time-zone">`."""
    return _TIME_ZONE.sub(rb"\g<1>%s\g<2>" % time_zone.encode(), page)


def _read(path: Path, body: bytes) -> _File:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".js":
        kind = "text/javascript"
    compresses = path.suffix in _COMPRESSIBLE and len(body) > 1024
    return _File(body, kind, f'"{hashlib.sha256(body).hexdigest()[:16]}"', compresses)


def _response(request: web.Request, file: _File, *, lasting: bool) -> web.Response:
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache",
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
        **_SECURITY_HEADERS,
    }
    if file.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    body = file.body
    if file.gzipped is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = file.gzipped
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, content_type=file.content_type, headers=headers)
