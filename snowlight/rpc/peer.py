"""Which services a peer's certificate names: `gateway.snowlight` as DNS name or `spiffe://snowlight/gateway`."""

import re
from typing import Any

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


def _services(names: Any) -> set[str]:
    matches = (_SERVICE.fullmatch(name.decode("utf-8", "replace")) for name in names)
    return {f"services/{match['uri'] or match['dns']}" for match in matches if match}
