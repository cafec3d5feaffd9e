"""A TLS client that sends something else in the place of its certificate."""

import asyncio
import random
import ssl
from collections.abc import Callable
from typing import Literal

from snowlight.config import TlsSettings


def noise(certificate: bytes) -> bytes:
    """As many bytes that mean nothing."""
    return random.Random(5).randbytes(len(certificate))


def truncated(certificate: bytes) -> bytes:
    """The second half is missing; there are zeros."""
    return certificate[: len(certificate) // 2].ljust(len(certificate), b"\0")


def flipped(certificate: bytes) -> bytes:
    """One bit of what is signed is another."""
    at = len(certificate) // 3
    return certificate[:at] + bytes([certificate[at] ^ 1]) + certificate[at + 1 :]


async def handshake(
    port: int, own: TlsSettings, change: Callable[[bytes], bytes]
) -> Literal["done", "refused"]:
    """Shake hands with 127.0.0.1, the DER of the own certificate put through `change` on its way."""
    assert own.certificate is not None
    context = ssl.create_default_context(cafile=str(own.ca))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # later ones encrypt the certificate
    context.load_cert_chain(own.certificate, own.key)
    context.set_alpn_protocols(["h2"])
    der = ssl.PEM_cert_to_DER_cert(own.certificate.read_text())
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    connection.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    flight = outgoing.read()
                    writer.write(flight.replace(der, change(der)))
                    await writer.drain()
                    if not (received := await reader.read(65_536)):
                        return "refused"
                    incoming.write(received)
            return "done"
    except (ssl.SSLError, ConnectionError):
        return "refused"
    finally:
        writer.close()
