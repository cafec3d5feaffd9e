"""Who calls a method that is open to all: the gateway, or somebody else."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from services.auth.validation import check_address
from snowlight.access.service_token import ServiceTokens
from snowlight.errors import UnauthenticatedError
from snowlight.rpc.peer import peer_address, require_certificate_of

GATEWAY = "services/gateway"


class Callers:
    """Tells the gateway from others. It alone is believed what it says of the caller behind it."""

    def __init__(self, tokens: ServiceTokens) -> None:
        self._tokens = tokens

    def service(self, context: Any) -> str:
        """ "services/{name}" when the call carries the token of a service that brings others' calls, over a
        connection whose certificate does not name another one; otherwise ""."""
        for key, value in context.invocation_metadata() or ():
            scheme, _, token = str(value).partition(" ")
            if key == "authorization" and scheme.lower() == "bearer":
                try:
                    caller = self._tokens.verify(token)
                    require_certificate_of(caller, context)
                except UnauthenticatedError:
                    return ""
                return caller if caller == GATEWAY else ""
        return ""

    def address(self, context: Any, told: str) -> str:
        """Where the call comes from: as the gateway tells, otherwise the connection's other end, without its
        port."""
        told = check_address(told)
        return told if told and self.service(context) else peer_address(context)

    def certificate(self, context: Any, told: bytes) -> bytes:
        """The caller's certificate, DER: as the gateway tells, otherwise the connection's. Empty for none."""
        if self.service(context):
            return told
        pem = (context.auth_context() or {}).get("x509_pem_cert")
        return x509.load_pem_x509_certificate(pem[0]).public_bytes(Encoding.DER) if pem else b""
