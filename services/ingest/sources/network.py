"""Where sources may be: names are looked up once, judged by every address, and connected to as judged."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.ingest.sources.source import IPNetwork, SourceError

_MAX_NAME = 253  # RFC 1035, 2.3.4; what a playlist names may be any text

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""The literal addresses of a name, in the order to try them. Raises OSError if there are none."""


async def system_look_up(host: str, port: int) -> list[str]:
    """What the operating system's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def trusting(authorities: Path | None) -> ssl.SSLContext:
    """TLS for clients that check names, trusting the system's authorities and those in a PEM file.

    Raises OSError or ssl.SSLError if the file cannot be read.
    """
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    return context


@dataclass(frozen=True, slots=True)
class SourceNetwork:
    """The networks that ingest may connect to, and how it finds and trusts what is in them.

    Connect to what `resolve` returns and never to the name: a second look-up may answer otherwise.
    """

    allowed: tuple[IPNetwork, ...]
    look_up: LookUp = system_look_up
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def resolve(self, host: str, port: int, *, within: float) -> list[str]:
        """The addresses of `host`, which all lie inside the networks, in the order to try them.

        Raises SourceError camera.unreachable if the name does not resolve, camera.timeout if that is not
        known after `within` seconds, camera.host_denied if one address is not allowed.
        """
        addresses = await self._addresses(host, port, within)
        if not all(is_allowed(address, self.allowed) for address in addresses):
            raise SourceError(
                "camera.host_denied", f"{host[:_MAX_NAME]} lies outside the allowed source networks"
            )
        return addresses

    async def _addresses(self, host: str, port: int, within: float) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        try:
            async with asyncio.timeout(within):
                found = list(await self.look_up(host, port))
        except TimeoutError:
            raise SourceError(
                "camera.timeout", f"looking up {host[:_MAX_NAME]} took over {within:g} s"
            ) from None
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise SourceError("camera.unreachable", f"the name {host[:_MAX_NAME]} does not resolve")
        return found


def is_allowed(address: str, networks: Sequence[IPNetwork]) -> bool:
    """Whether the literal `address` lies in one of `networks`; IPv4 mapped into IPv6 counts as IPv4."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed.version == network.version and parsed in network for network in networks)
