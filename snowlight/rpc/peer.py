"""The other end of a connection: its address, and which services its certificate names, by the DNS name
`gateway.snowlight` or `spiffe://snowlight/gateway`."""

import ipaddress
import re
from typing import Any
from urllib.parse import unquote

import grpc

from snowlight.errors import UnauthenticatedError

_NAMES = "x509_subject_alternative_name"
_SERVICE = re.compile(r"(?:spiffe://snowlight/(?P<uri>[a-z]+)|(?P<dns>[a-z]+)\.snowlight)", re.ASCII)


def require_certificate_of(caller: str, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    """Raises UnauthenticatedError when the certificate of this connection names services and not `caller`
    ("services/gateway"): its token is another's. A certificate that names none says nothing of it."""
    named = _services(context.auth_context().get(_NAMES, ()))
    if named and caller not in named:
        raise UnauthenticatedError(
            "auth.certificate_mismatch",
            f"the token is of {caller} and the certificate of {', '.join(sorted(named))}",
        )


def peer_address(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The address of the other end, without its port: a new connection must not make a new caller. "unix" for
    a local socket; whatever else gRPC names is told by its scheme alone."""
    scheme, _, rest = context.peer().partition(":")
    if scheme not in ("ipv4", "ipv6"):
        return scheme.removesuffix("-abstract")
    host = unquote(rest).rpartition(":")[0].strip("[]")  # "127.0.0.1:51234", "%5B::1%5D:51234"
    address = ipaddress.ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _services(names: Any) -> set[str]:
    matches = (_SERVICE.fullmatch(name.decode("utf-8", "replace")) for name in names)
    return {f"services/{match['uri'] or match['dns']}" for match in matches if match}
