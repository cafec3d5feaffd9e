"""One camera's ONVIF side on the air."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from simulator.onvif import answers
from simulator.rtsp.authentication import Authenticator, Credentials

DISCOVERY_PORT = 3702
DISCOVERY_GROUP = "239.255.255.250"
_TOKEN_LIFE = timedelta(seconds=30)
_MESSAGE_ID = re.compile(r"MessageID>([^<]{1,200})<")
_OPERATION = re.compile(r"Body>\s*<(?:\w+:)?(\w+)")
_FIELD = r"<(?:\w+:)?{}(?:\s[^>]*)?>([^<]*)<"


@dataclass(frozen=True, slots=True)
class OnvifFaults:
    """xaddr: what discovery tells instead of the device's own address, "" for that.

    slow: seconds until each answer of its services. garbage: answers are no XML.
    entity_bomb: answers declare entities that grow a thousandfold.
    endless: answers never end. refuses: 401 to all. redirect_to: answers lead there, "" for none.
    stream_host: the host of the URLs of its streams, "" for its own. garbage_match: its answer to a
    probe is no XML. end_of_time: it tells the last second of the year 9999.
    """

    xaddr: str = ""
    slow: float = 0.0
    garbage: bool = False
    entity_bomb: bool = False
    endless: bool = False
    refuses: bool = False
    redirect_to: str = ""
    stream_host: str = ""
    garbage_match: bool = False
    end_of_time: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """encoding: "H264", "H265" or "JPEG". path: of its RTSP URL."""

    token: str
    encoding: str
    width: int
    height: int
    path: str


@dataclass(frozen=True, slots=True)
class OnvifDevice:
    """host: an IPv4 address of this machine that is the device's alone.

    media2: it has the second Media service, which knows H.265. clock_ahead: seconds its clock is wrong by.
    http_digest: it asks for its credentials by HTTP, in the way of their scheme, and heeds no UsernameToken.
    """

    host: str
    name: str
    profiles: tuple[Profile, ...]
    location: str = ""
    credentials: Credentials | None = None
    rtsp_port: int = 554
    ptz: bool = False
    media2: bool = False
    clock_ahead: float = 0.0
    http_digest: bool = False
    faults: OnvifFaults = field(default_factory=OnvifFaults)

    @property
    def endpoint(self) -> str:
        """The same at every start."""
        digest = hashlib.sha256(f"{self.host} {self.name}".encode()).hexdigest()
        return f"urn:uuid:{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"

    @property
    def scopes(self) -> str:
        """As its discovery tells them (ONVIF Core, 7.3.2.2)."""
        told = {"name": self.name, "location": self.location, "hardware": "Village-1"}
        facts = " ".join(
            f"onvif://www.onvif.org/{kind}/{quote(value, safe='')}" for kind, value in told.items() if value
        )
        return f"onvif://www.onvif.org/type/video_encoder {facts}"


@asynccontextmanager
async def serve_device(device: OnvifDevice) -> AsyncIterator[Services]:
    """Answers calls, and probes that come to its host or, on its host's interface, to the group, until the
    context ends. OSError where that interface knows no groups.
    """
    services = Services(device)
    app = web.Application()
    app.router.add_post("/{path:.*}", services.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, device.host, 0)
    await site.start()
    assert site._server is not None
    services.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    loop = asyncio.get_running_loop()
    own, _ = await loop.create_datagram_endpoint(
        lambda: _Discovery(services), local_addr=(device.host, DISCOVERY_PORT)
    )
    group, _ = await loop.create_datagram_endpoint(
        lambda: _Discovery(services, own), sock=_group_socket(device.host)
    )
    try:
        yield services
    finally:
        group.close()
        own.close()
        await runner.cleanup()


class Services:
    """asked: the operations called so far. port: of HTTP."""

    def __init__(self, device: OnvifDevice) -> None:
        self.device = device
        self.port = 0
        self.asked: list[str] = []
        self._authenticator = (
            Authenticator(device.credentials, "device")
            if device.credentials is not None and device.http_digest
            else None
        )

    @property
    def address(self) -> str:
        """Of the device service."""
        return f"http://{self.device.host}:{self.port}/onvif/device_service"

    def match(self, probe: str) -> bytes:
        """The answer to a probe."""
        if self.device.faults.garbage_match:
            return b"<e:Envelope <<<"
        found = _MESSAGE_ID.search(probe)
        address = self.device.faults.xaddr or self.address
        return answers.probe_match(
            self.device.endpoint, found[1] if found else "", self.device.scopes, address
        ).encode()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call (SOAP 1.2)."""
        faults = self.device.faults
        text = (await request.read()).decode("utf-8", "replace")
        found = _OPERATION.search(text)
        operation = found[1] if found else ""
        self.asked.append(operation)
        await asyncio.sleep(faults.slow)
        if faults.redirect_to:
            return web.Response(status=307, headers={"Location": faults.redirect_to})
        if faults.refuses:
            return web.Response(status=401)
        if challenge := self._challenge(request):
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        if faults.garbage:
            return web.Response(body=b"\x00<html>& not XML", content_type="text/html")
        if faults.entity_bomb:
            return web.Response(text=answers.ENTITY_BOMB, content_type="application/soap+xml")
        if faults.endless:
            return await _endless(request)
        if operation != "GetSystemDateAndTime" and not self._admits(text):
            return web.Response(status=400, text=answers.NOT_AUTHORIZED, content_type="application/soap+xml")
        return web.Response(text=self._perform(operation, text), content_type="application/soap+xml")

    def _challenge(self, request: web.Request) -> str:
        """What to answer instead; "" for a request that HTTP need not hold up."""
        known = self._authenticator
        if known is None or known.admits(request.method, request.headers.get("Authorization", "")):
            return ""
        return known.challenge()

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.device.clock_ahead)

    def _perform(self, operation: str, text: str) -> str:
        device = self.device
        match operation:
            case "GetSystemDateAndTime":
                return answers.date_and_time(datetime.max if device.faults.end_of_time else self._now())
            case "GetDeviceInformation":
                return answers.device_information(device.name, device.endpoint)
            case "GetServices":
                return answers.services(self.address, media2=device.media2, ptz=device.ptz)
            case "GetProfiles":
                shown = [
                    profile for profile in device.profiles if device.media2 or profile.encoding != "H265"
                ]
                return answers.profiles(shown, media2=device.media2, ptz=device.ptz)
            case "GetStreamUri":
                token = _field(text, "ProfileToken")
                path = next((profile.path for profile in device.profiles if profile.token == token), "")
                host = device.faults.stream_host or device.host
                return answers.stream_uri(f"rtsp://{host}:{device.rtsp_port}/{path}", media2=device.media2)
            case _:
                return answers.NOT_SUPPORTED

    def _admits(self, text: str) -> bool:
        """UsernameToken with a password digest, made within half a minute by this device's clock."""
        credentials = self.device.credentials
        if credentials is None or self._authenticator is not None:
            return True
        try:
            created = datetime.fromisoformat(_field(text, "Created"))
            nonce = base64.b64decode(_field(text, "Nonce"))
        except ValueError:
            return False
        secret = nonce + _field(text, "Created").encode() + credentials.password.encode()
        expected = base64.b64encode(hashlib.sha1(secret, usedforsecurity=False).digest()).decode()
        return (
            abs(self._now() - created) < _TOKEN_LIFE
            and _field(text, "Username") == credentials.username
            and hmac.compare_digest(_field(text, "Password"), expected)
        )


class _Discovery(asyncio.DatagramProtocol):
    """answers_from: where it answers from, if not from where it was asked."""

    def __init__(self, services: Services, answers_from: asyncio.DatagramTransport | None = None) -> None:
        self._services = services
        self._transport = answers_from

    def connection_made(self, transport: Any) -> None:
        self._transport = self._transport or transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if b"Probe>" in data and self._transport is not None:
            self._transport.sendto(self._services.match(data.decode("utf-8", "replace")), addr)


def _group_socket(host: str) -> socket.socket:
    """Hears the group on the interface of `host`, beside others who do."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((DISCOVERY_GROUP, DISCOVERY_PORT))
    membership = socket.inet_aton(DISCOVERY_GROUP) + socket.inet_aton(host)
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    return opened


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/soap+xml"})
    await response.prepare(request)
    while True:
        await response.write(b"<a>" * 10_000)


def _field(text: str, name: str) -> str:
    found = re.search(_FIELD.format(name), text)
    return found[1] if found else ""
