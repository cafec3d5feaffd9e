"""SOAP 1.2 over HTTP with one ONVIF device: to checked addresses only, of bounded size and time."""

import asyncio
import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import aiohttp
from yarl import URL

from services.ingest.discovery.bounded_xml import MAX_BYTES, below, parse_xml, text_of
from services.ingest.sources.address import Address, parse_address
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.rtsp.authentication import Authenticator
from services.ingest.sources.source import Credentials, SourceError
from snowlight.clock import Clock

_PORTS = {"http": 80, "https": 443}
_ATTEMPTS = 2  # the second knows the challenge
_PASSWORD_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"  # noqa: S105
)
_SECURITY = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
)


class SoapClient:
    """Calls to one device. Its clock may be wrong: tokens bear its time (ONVIF Core, 5.9.4)."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        network: SourceNetwork,
        credentials: Credentials | None,
        clock: Clock,
        *,
        timeout_s: float,
    ) -> None:
        self.ahead = timedelta()
        """By how much the device's clock is ahead of ours."""
        self._session = session
        self._network = network
        self._credentials = credentials
        self._clock = clock
        self._timeout_s = timeout_s

    def now(self) -> datetime:
        """Our time, UTC."""
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)

    async def call(self, url: str, body: str, *, signed: bool = True) -> Element:
        """POST `body`, the XML of one request, and return the body of the answer.

        Raises SourceError: of the network as `SourceNetwork.resolve`, camera.auth_failed if the device wants
        other credentials, camera.protocol_error for a fault or what is no answer, camera.timeout.
        """
        address = parse_address(url)
        if address.scheme not in _PORTS or not address.host:
            raise SourceError("camera.protocol_error", "the device names no HTTP address for its service")
        port = address.port or _PORTS[address.scheme]
        literals = await self._network.resolve(address.host, port, within=self._timeout_s)
        authenticator = Authenticator(self._credentials, basic_allowed=False)
        envelope = _envelope(body, self._token() if signed else "").encode()
        try:
            async with asyncio.timeout(self._timeout_s):
                for _ in range(_ATTEMPTS):
                    status, fields, data = await self._post(
                        address, literals[0], port, envelope, authenticator
                    )
                    if status != 401 or not fields:
                        return read_answer(status, data)
                    authenticator.refuse(fields)
        except TimeoutError:
            raise SourceError("camera.timeout", f"the device took over {self._timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise SourceError("camera.unreachable", "the device's service cannot be reached") from None
        raise SourceError("camera.auth_failed", "401 after Digest")

    async def _post(
        self, address: Address, literal: str, port: int, envelope: bytes, authenticator: Authenticator
    ) -> tuple[int, list[str], bytes]:
        """To the address that was judged, whatever the name would say now; redirects are not followed."""
        parts = urlsplit(address.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = f"[{literal}]" if ":" in literal else literal
        async with self._session.post(
            URL(f"{address.scheme}://{host}:{port}{target}", encoded=True),
            data=envelope,
            headers={
                "Host": parts.netloc,
                "Content-Type": "application/soap+xml; charset=utf-8",
                **authenticator.authorize("POST", target),
            },
            allow_redirects=False,
            server_hostname=address.host if address.scheme == "https" else None,
        ) as answer:
            if 300 <= answer.status < 400:
                raise SourceError(
                    "camera.protocol_error", f"the device redirects ({answer.status}), which is not followed"
                )
            data = bytearray()
            async for piece in answer.content.iter_any():
                data += piece
                if len(data) > MAX_BYTES:
                    raise SourceError(
                        "camera.protocol_error", f"the device answers over {MAX_BYTES >> 10} KiB"
                    )
            return answer.status, answer.headers.getall("WWW-Authenticate", []), bytes(data)

    def _token(self) -> str:
        """UsernameToken with a password digest (WSS UsernameToken Profile 1.0, 3.1)."""
        if self._credentials is None:
            return ""
        created = (self.now() + self.ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
        nonce = secrets.token_bytes(16)
        hashed = hashlib.sha1(
            nonce + created.encode() + self._credentials.password.encode(), usedforsecurity=False
        ).digest()
        return (
            f'<s:Security xmlns:s="{_SECURITY[0]}" xmlns:u="{_SECURITY[1]}"><s:UsernameToken>'
            f"<s:Username>{escape(self._credentials.user)}</s:Username>"
            f'<s:Password Type="{_PASSWORD_DIGEST}">{_base64(hashed)}</s:Password>'
            f"<s:Nonce>{_base64(nonce)}</s:Nonce><u:Created>{created}</u:Created>"
            "</s:UsernameToken></s:Security>"
        )


def _envelope(body: str, header: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">'
        f"<e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )


def read_answer(status: int, data: bytes) -> Element:
    """The body of what was answered. Raises SourceError camera.auth_failed, camera.protocol_error."""
    if status in (401, 403):
        raise SourceError("camera.auth_failed", f"{status}: the device wants other credentials")
    root = parse_xml(data)
    if next(below(root, "Fault"), None) is not None:
        codes = {code.text.rpartition(":")[2] for code in below(root, "Value") if code.text}
        if "NotAuthorized" in codes or "FailedAuthentication" in codes:
            raise SourceError("camera.auth_failed", "the device wants other credentials")
        raise SourceError("camera.protocol_error", f"the device answered {status} with a fault")
    body = next(below(root, "Body"), None)
    if status != 200 or body is None:
        raise SourceError("camera.protocol_error", f"the device answered {status} and no SOAP")
    return body


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read_time(body: Element) -> datetime | None:
    """GetSystemDateAndTimeResponse's UTC (ONVIF Core, 8.3.5); None if the device tells none."""
    try:
        year, month, day, hour, minute, second = (
            int(text_of(body, "UTCDateTime", part, name))
            for part, name in (
                ("Date", "Year"),
                ("Date", "Month"),
                ("Date", "Day"),
                ("Time", "Hour"),
                ("Time", "Minute"),
                ("Time", "Second"),
            )
        )
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):  # a number of no calendar, or of no clock at all
        return None
