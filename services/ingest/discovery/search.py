"""One search: who answers, and then each of them asked by itself, few at a time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import aiohttp
import structlog

from services.ingest.discovery.device import DeviceFacts, read_device
from services.ingest.discovery.probing import Match, probing
from services.ingest.discovery.soap import SoapClient
from services.ingest.sources.address import parse_address
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import Credentials, SourceError
from snowlight.clock import Clock

_AT_ONCE = 16

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """wait_s: for answers, after the last question. device_s: for one answer of one device.
    per_second: addresses asked.
    """

    wait_s: float = 3.0
    device_s: float = 10.0
    per_second: int = 200


@dataclass(frozen=True, slots=True)
class Found:
    """match: None where the answer itself could not be read. problem: why `facts` are missing."""

    match: Match | None
    facts: DeviceFacts | None
    problem: SourceError | None = None


async def search(
    networks: Sequence[IPv4Network],
    *,
    multicast: bool,
    interface: str,
    credentials: Credentials | None,
    network: SourceNetwork,
    clock: Clock,
    settings: SearchSettings,
) -> AsyncGenerator[Found, None]:
    """Each device as soon as it is known, or what is wrong with it.

    Raises SourceError camera.unreachable if `interface` is not ours.
    """
    targets = [str(address) for each in networks for address in _hosts(each)]
    connector = aiohttp.TCPConnector(limit=_AT_ONCE, ssl=network.tls, force_close=True)
    places = asyncio.Semaphore(_AT_ONCE)
    found: asyncio.Queue[Found | None] = asyncio.Queue()  # one of each answer, which are bounded

    async def ask(match: Match) -> None:
        async with places:
            client = SoapClient(session, network, credentials, clock, timeout_s=settings.device_s)
            try:
                facts = await read_device(
                    client, network, await _address(match, network, settings), settings.device_s
                )
            except SourceError as error:
                found.put_nowait(Found(match, None, error))
            except Exception:
                log.error("discovery.device_failed", address=match.source, exc_info=True)
                found.put_nowait(Found(match, None, SourceError("camera.session_failed", "internal error")))
            else:
                found.put_nowait(Found(match, facts))

    async def ask_all(answers: AsyncIterator[Match | SourceError]) -> None:
        try:
            async with asyncio.TaskGroup() as devices:
                async for answer in answers:
                    if isinstance(answer, SourceError):
                        found.put_nowait(Found(None, None, answer))
                    else:
                        devices.create_task(ask(answer))
        finally:
            found.put_nowait(None)

    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        probing(
            targets,
            multicast=multicast,
            interface=interface,
            allowed=network.allowed,
            per_second=settings.per_second,
            wait_s=settings.wait_s,
        ) as answers,
    ):
        asking = asyncio.create_task(ask_all(answers))
        try:
            while (each := await found.get()) is not None:
                yield each
            await asking
        finally:
            asking.cancel()
            await asyncio.wait([asking])


def _hosts(network: IPv4Network) -> Sequence[object]:
    return list(network.hosts()) if network.num_addresses > 1 else [network.network_address]


async def _address(match: Match, network: SourceNetwork, settings: SearchSettings) -> str:
    """The device service's address: the one on the host that answered, or else the first that is allowed.

    Raises what is wrong with the last one if none is.
    """
    own = [address for address in match.addresses if f"//{match.source}" in address]
    problem = SourceError("camera.protocol_error", "the device names no address of its services")
    for address in [*own, *match.addresses][:8]:
        try:
            place = _place(address)
            await network.resolve(*place, within=settings.device_s)
        except SourceError as error:
            problem = error
        else:
            return address
    raise problem


def _place(url: str) -> tuple[str, int]:
    address = parse_address(url)
    return address.host, address.port or 80
