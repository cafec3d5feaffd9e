"""An address as strangers are counted by it."""

import ipaddress


def counted_address(address: str) -> str:
    """The /64 of an IPv6 address, for a subscriber has all of it; IPv4, mapped into IPv6 too, as it is.

    What is no address counts as its own text.
    """
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv6Address):
        if read.ipv4_mapped is not None:
            return str(read.ipv4_mapped)
        return str(ipaddress.ip_network((read, 64), strict=False))
    return str(read)
