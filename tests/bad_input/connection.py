"""A connection to the site, for what no HTTP client would send."""

import asyncio
from urllib.parse import urlsplit

from tests.bad_input.town import Town


async def exchange(town: Town, request: str) -> tuple[str, str]:
    """Send `request`, its characters as single bytes. Head and body of what comes back until it is closed."""
    url = urlsplit(town.snowlight.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write(request.encode("latin-1"))
        async with asyncio.timeout(10):
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        return f"{head}\r\n", body
    finally:
        writer.close()
