"""Which addresses ingest may connect to: names are resolved once, checked, and connected to as checked."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from services.ingest.sources.source import IPNetwork, SourceError


async def allowed_addresses(
    host: str, port: int, networks: Sequence[IPNetwork], *, within: float
) -> list[str]:
    """The addresses of `host`, all of which must lie inside `networks`, in the resolver's order.

    Connect to these and never to the name: a second look-up may answer otherwise.
    Raises SourceError camera.unreachable if the name does not resolve, camera.timeout if the resolver is
    silent for `within` seconds, camera.host_denied if one address is not allowed.
    """
    addresses = await _resolve(host, port, within)
    if not all(is_allowed(address, networks) for address in addresses):
        raise SourceError("camera.host_denied", f"{host} lies outside the allowed source networks")
    return addresses


def is_allowed(address: str, networks: Sequence[IPNetwork]) -> bool:
    """Whether the literal `address` lies in one of `networks`; IPv4 mapped into IPv6 counts as IPv4."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed.version == network.version and parsed in network for network in networks)


async def _resolve(host: str, port: int, within: float) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise SourceError("camera.timeout", f"looking up {host} took over {within:g} s") from None
    except (socket.gaierror, UnicodeError):
        raise SourceError("camera.unreachable", f"the name {host} does not resolve") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
