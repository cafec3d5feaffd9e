"""Which cameras stand behind one line, as far as their addresses tell."""

import ipaddress

from services.ingest.sources.address import parse_address
from services.ingest.sources.source import SourceError

_SITE_PREFIX = {4: 24, 6: 64}


def site_of(source_url: str) -> str | None:
    """The /24 or, in IPv6, the /64 of the source's address, else its host's name.

    None where nothing is connected to: a file, a camera that publishes, a URL that cannot be played.
    """
    try:
        host = parse_address(source_url).host
    except SourceError:
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or None
    return str(ipaddress.ip_network((address, _SITE_PREFIX[address.version]), strict=False))
