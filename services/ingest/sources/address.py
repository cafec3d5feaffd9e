"""A source's URL taken apart, so that the part that is spoken of holds no credentials."""

from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from services.ingest.sources.source import Credentials, SourceError


@dataclass(frozen=True, slots=True)
class Address:
    """`url` is the URL without user and password; `host` is without brackets; `port` 0 means the default."""

    url: str
    scheme: str
    host: str
    port: int
    credentials: Credentials | None


def parse_address(url: str) -> Address:
    """Take `url` apart. Raises SourceError camera.protocol_error, which never repeats the URL."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or 0
        host = parts.hostname or ""
    except ValueError:
        raise SourceError("camera.protocol_error", "the source URL is malformed") from None
    if any(ord(character) <= 0x20 for character in url.strip()):
        raise SourceError("camera.protocol_error", "the source URL holds spaces or control characters")
    userinfo, at, place = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    return Address(
        url=urlunsplit(parts._replace(netloc=place, fragment="")),
        scheme=parts.scheme.lower(),
        host=host,
        port=port,
        credentials=Credentials(unquote(user), unquote(password)) if at else None,
    )


def join_url(base: str, reference: str) -> str:
    """What a camera at `base` means by `reference` (RFC 3986, 5).

    Raises SourceError camera.protocol_error, which never repeats either.
    """
    try:
        return urljoin(base, reference)
    except ValueError:
        raise malformed_url() from None


def malformed_url() -> SourceError:
    """What a camera names cannot be read as a URL."""
    return SourceError("camera.protocol_error", "the camera names a malformed URL")
