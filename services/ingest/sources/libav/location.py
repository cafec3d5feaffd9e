"""What libav is given to open: checked, with nothing allowed but what the scheme needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from services.ingest.sources.address import Address
from services.ingest.sources.network import allowed_addresses
from services.ingest.sources.source import IPNetwork, SourceError, SourceSettings

_FILE_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,flv,avi,h264,hevc"
_HTTP_FORMATS = f"hls,mpjpeg,{_FILE_FORMATS}"
_HTTP_PROTOCOLS = "http,https,tls,tcp,crypto"


@dataclass(frozen=True, slots=True)
class Scheme:
    """`name` is libav's word for it; `pinned`: the host may be replaced by the address that was checked."""

    name: str
    port: int
    protocols: str
    formats: str
    pinned: bool


SCHEMES = {
    "rtmp": Scheme("rtmp", 1935, "rtmp,tcp", "flv,live_flv", pinned=False),
    "http": Scheme("http", 80, _HTTP_PROTOCOLS, _HTTP_FORMATS, pinned=True),
    "https": Scheme("https", 443, _HTTP_PROTOCOLS, _HTTP_FORMATS, pinned=False),
    "rtsp+udp": Scheme("rtsp", 554, "rtsp,rtp,udp,tcp", "rtsp,sdp,rtp", pinned=True),
}


@dataclass(frozen=True, slots=True)
class Location:
    """Arguments of `av.open`. `name` may hold credentials: it is never spoken of.

    `endless`: to be played again where it ends.
    """

    name: str
    options: dict[str, str]
    endless: bool = False

    def __repr__(self) -> str:
        return "Location(...)"


def file_location(address: Address, media_dir: Path | None) -> Location:
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
    return Location(
        str(path), {"protocol_whitelist": "file", "format_whitelist": _FILE_FORMATS}, endless=True
    )


async def network_location(
    address: Address, networks: Sequence[IPNetwork], settings: SourceSettings
) -> Location:
    """A URL whose host resolves into `networks`.

    RTSP and HTTP get the checked address in place of the name; HTTP still tells the server the name, and
    follows no redirect. RTMP and HTTPS need the name itself, which libav resolves again, and an HLS playlist
    may name segments anywhere: those are bounded by the protocols, and by the network that ingest runs in.
    """
    scheme = SCHEMES[address.scheme]
    found = await allowed_addresses(
        address.host, address.port or scheme.port, networks, within=settings.connect_timeout
    )
    host = found[0] if scheme.pinned else address.host
    place = f"[{host}]" if ":" in host else host
    if address.port:
        place += f":{address.port}"
    if address.credentials is not None:
        user, password = address.credentials.user, address.credentials.password
        place = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
    parts = urlsplit(address.url)
    microseconds = str(int(settings.silence_timeout * 1_000_000))
    options = {
        "protocol_whitelist": scheme.protocols,
        "format_whitelist": scheme.formats,
        "analyzeduration": "3000000",
    }
    if scheme.name == "rtsp":
        options |= {"rtsp_transport": "udp", "timeout": microseconds}
    else:
        options |= {"rw_timeout": microseconds}
    if scheme.name in ("http", "https"):
        options |= {"max_redirects": "0"}
    if scheme.name == "http":
        options |= {"headers": f"Host: {_host_header(address)}\r\n"}
    return Location(urlunsplit(parts._replace(scheme=scheme.name, netloc=place)), options)


def _host_header(address: Address) -> str:
    """The name that was asked for (RFC 9110, 7.2), which the URL no longer holds."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}" if address.port else host
