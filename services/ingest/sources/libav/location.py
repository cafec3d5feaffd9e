"""What libav is given to open: checked, with nothing allowed but what the scheme needs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import av
from av.container import InputContainer

from services.ingest.sources.address import Address
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import SourceError, SourceSettings

FILE_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,flv,avi,h264,hevc"
_RTMP_PORT = 1935


class Location(Protocol):
    """Where a camera's thread finds its media.

    `endless`: to be played again where it ends. `failure`: what the location knows of why libav gave up.
    """

    @property
    def endless(self) -> bool: ...

    @property
    def failure(self) -> SourceError | None: ...

    def opened(self) -> AbstractContextManager[InputContainer]:
        """The opened container. Raises SourceError and libav's errors."""

    def interrupt(self) -> None:
        """From any thread: let all reading end, if that is in the location's power."""


@dataclass(frozen=True, slots=True)
class LibavLocation:
    """What libav opens by itself. `name` may hold credentials: it is never spoken of.

    `patience`: seconds for each step of opening, and for each packet; None where media cannot fail to come.
    """

    name: str
    options: dict[str, str]
    endless: bool = False
    patience: tuple[float, float] | None = None
    failure: None = None

    def __repr__(self) -> str:
        return "LibavLocation(...)"

    @contextmanager
    def opened(self) -> Iterator[InputContainer]:
        """Open it. Raises libav's errors, av.error.ExitError where patience ends."""
        with av.open(self.name, options=dict(self.options), timeout=self.patience) as container:
            yield container

    def interrupt(self) -> None:
        """Nothing: libav ends by its own timeouts."""


def file_location(address: Address, media_dir: Path | None) -> LibavLocation:
    """A file under `media_dir`, followed through symbolic links before it is judged.

    "file:///gate.mp4" starts at `media_dir`; the absolute path of a file in it will do as well.
    Raises SourceError camera.file_denied.
    """
    if media_dir is None:
        raise SourceError("camera.file_denied", "playing files is not allowed here")
    folder = media_dir.resolve()
    try:
        path = Path(unquote(urlsplit(address.url).path)).resolve()
        if not path.is_relative_to(folder):
            path = (folder / str(path).lstrip("/")).resolve()
        inside = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):
        inside = False
    if not inside or address.host not in ("", "localhost"):
        raise SourceError("camera.file_denied", "there is no such file under the media folder")
    return LibavLocation(
        str(path), {"protocol_whitelist": "file", "format_whitelist": FILE_FORMATS}, endless=True
    )


async def rtmp_location(address: Address, network: SourceNetwork, settings: SourceSettings) -> LibavLocation:
    """An RTMP URL whose host resolves into the allowed networks.

    libav connects to the checked address and is told the name only to repeat it to the server. It knows no
    redirect of RTMP.
    """
    port = address.port or _RTMP_PORT
    checked = await network.resolve(address.host, port, within=settings.connect_timeout)
    place = _place(checked[0], port)
    if address.credentials is not None:
        user, password = address.credentials.user, address.credentials.password
        place = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
    parts = urlsplit(address.url)
    options = {
        "protocol_whitelist": "rtmp,tcp",
        "format_whitelist": "flv,live_flv",
        "analyzeduration": "3000000",
        "rw_timeout": str(int(settings.silence_timeout * 1_000_000)),
        "rtmp_tcurl": f"rtmp://{_place(address.host, port)}/{_application(address.url)}",
    }
    # rw_timeout begins anew with every byte, so that messages without media would hold a thread for ever
    patience = (settings.connect_timeout + settings.response_timeout, settings.silence_timeout)
    return LibavLocation(urlunsplit(parts._replace(netloc=place)), options, patience=patience)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _application(url: str) -> str:
    """What libav takes for the application, sends as such, and ends tcUrl with: one folder, or two."""
    parts = urlsplit(url)
    path = urlunsplit(("", "", parts.path.removeprefix("/"), parts.query, ""))
    first, _, rest = path.partition("/")
    second, slash, _ = rest.partition("/")
    if "slist=" in parts.query:
        return path
    return first if first == "ondemand" or not slash or ":" in second else f"{first}/{second}"
