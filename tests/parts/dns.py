"""A DNS server that tells whatever addresses a test says (RFC 1035)."""

import asyncio
import ipaddress
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

_HEADER = struct.Struct(">HHHHHH")
_A = 1
_ANSWERED = 0x8180
"""A response, recursion desired and available, no error."""
_NAME_OF_QUESTION = 0xC00C
_TTL_S = 0


class NameServer(asyncio.DatagramProtocol):
    """Every name has `addresses`, of IPv4."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = addresses
        self._transport: Any = None

    @property
    def port(self) -> int:
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        number, _, _, *_ = _HEADER.unpack_from(data)
        end = data.index(b"\0", _HEADER.size) + 5
        question = data[_HEADER.size : end]
        asked = self.addresses if struct.unpack(">H", question[-4:-2])[0] == _A else ()
        answers = b"".join(
            struct.pack(">HHHIH", _NAME_OF_QUESTION, _A, 1, _TTL_S, 4) + ipaddress.ip_address(address).packed
            for address in asked
        )
        header = _HEADER.pack(number, _ANSWERED, 1, len(asked), 0, 0)
        self._transport.sendto(header + question + answers, addr)


@asynccontextmanager
async def name_server(*addresses: str) -> AsyncIterator[NameServer]:
    """A name server on a free port of 127.0.0.1 while the context is open."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(addresses), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
