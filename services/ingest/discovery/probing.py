"""WS-Discovery (2005/04) as ONVIF uses it (Core, 7): who answers a Probe, and where they say they are."""

import asyncio
import ipaddress
import socket
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import structlog

from services.ingest.discovery.bounded_xml import below, parse_xml, text_of
from services.ingest.sources.network import is_allowed
from services.ingest.sources.source import IPNetwork, SourceError

PORT = 3702
_GROUP = "239.255.255.250"
_ROUNDS = 2  # datagrams get lost
_MOST_ANSWERS = 4096
_LONGEST_SCOPE = 256
_SCOPE = "onvif://www.onvif.org/"
_PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" \
xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">\
<e:Header><a:MessageID>urn:uuid:{id}</a:MessageID>\
<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></e:Header>\
<e:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Match:
    """One device's answer. endpoint: its lasting name, "urn:uuid:...". scopes: by kind, as "name"."""

    source: str
    endpoint: str
    addresses: tuple[str, ...]
    scopes: dict[str, str]


def read_match(data: bytes, source: str) -> Match | None:
    """The first match in a datagram from `source`, None without one: a device tells of itself alone.

    Raises SourceError camera.protocol_error.
    """
    found = next(below(parse_xml(data), "ProbeMatch"), None)
    if found is None:
        return None
    addresses = tuple(text_of(found, "XAddrs").split())
    endpoint = text_of(found, "EndpointReference", "Address")[:_LONGEST_SCOPE]
    return Match(source, endpoint, addresses, _scopes(text_of(found, "Scopes")))


def _scopes(text: str) -> dict[str, str]:
    """Of several of one kind the last (ONVIF Core, 7.3.2.2)."""
    scopes = {}
    for scope in text.split():
        kind, slash, value = scope.removeprefix(_SCOPE).partition("/")
        if slash and scope.startswith(_SCOPE):
            scopes[kind.lower()] = unquote(value)[:_LONGEST_SCOPE]
    return scopes


@asynccontextmanager
async def probing(
    targets: Sequence[str],
    *,
    multicast: bool,
    interface: str,
    allowed: tuple[IPNetwork, ...],
    per_second: int,
    wait_s: float,
) -> AsyncIterator[AsyncIterator[Match | SourceError]]:
    """Ask `targets` one by one, `per_second` of them, and the group too if `multicast`.

    interface: the own IPv4 address that it is asked from, "" for whichever the system takes. Inside, each
    device's first answer from `allowed` comes as it does, or what is wrong with it; the end comes `wait_s`
    after the last question. Raises SourceError camera.unreachable if there is no such interface.
    """
    answers: asyncio.Queue[Match | SourceError | None] = asyncio.Queue()  # _MOST_ANSWERS and the end
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Answers(answers, allowed), sock=_socket(interface)
    )
    asking = asyncio.create_task(
        _ask(transport, [*([_GROUP] if multicast else []), *targets], per_second, wait_s, answers)
    )
    try:
        yield _until_none(answers)
    finally:
        asking.cancel()
        transport.close()
        await asyncio.wait([asking])


def _socket(interface: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.bind((interface, 0))
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        if interface:
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    except OSError:
        opened.close()
        raise SourceError("camera.unreachable", "ingest has no interface of that address") from None
    return opened


async def _ask(
    transport: asyncio.DatagramTransport,
    targets: Iterable[str],
    per_second: int,
    wait_s: float,
    answers: asyncio.Queue[Match | SourceError | None],
) -> None:
    targets = tuple(targets)
    for _ in range(_ROUNDS):
        for target in targets:
            transport.sendto(_PROBE.format(id=uuid.uuid4()).encode(), (target, PORT))
            await asyncio.sleep(1 / per_second)
    await asyncio.sleep(wait_s)
    await answers.put(None)


async def _until_none(
    answers: asyncio.Queue[Match | SourceError | None],
) -> AsyncIterator[Match | SourceError]:
    while (answer := await answers.get()) is not None:
        yield answer


class _Answers(asyncio.DatagramProtocol):
    """Each source is heard once: the second question is for those who missed the first."""

    def __init__(
        self, answers: asyncio.Queue[Match | SourceError | None], allowed: tuple[IPNetwork, ...]
    ) -> None:
        self._answers = answers
        self._allowed = allowed
        self._heard: set[str] = set()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """asyncio: a datagram came."""
        source = str(ipaddress.ip_address(addr[0]))
        if source in self._heard or not is_allowed(source, self._allowed):
            return
        if len(self._heard) >= _MOST_ANSWERS:
            return
        self._heard.add(source)
        try:
            match = read_match(data, source)
            if match is not None:
                self._answers.put_nowait(match)
        except SourceError as error:
            self._answers.put_nowait(SourceError(error.code, f"{source}: {error.detail}"))
        except Exception:
            log.error("discovery.answer_failed", address=source, exc_info=True)
            self._answers.put_nowait(SourceError("camera.session_failed", f"{source}: internal error"))

    def error_received(self, exc: Exception) -> None:
        """asyncio: nobody listens there, which is what most addresses of a network say."""
