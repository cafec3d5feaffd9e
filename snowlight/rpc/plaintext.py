"""Where gRPC may go without TLS: service tokens in plain text are anybody's on the way."""

import ipaddress

from snowlight.errors import FailedPreconditionError


def require_leave(address: str, *, allow_plaintext: bool) -> None:
    """Raises FailedPreconditionError unless `address` (HOST:PORT) is loopback or plain text is allowed."""
    if not (allow_plaintext or is_loopback(address.rpartition(":")[0].strip("[]"))):
        raise FailedPreconditionError(
            "config.plaintext",
            f"{address} is not loopback: set SNOWLIGHT_TLS_CERTIFICATE, SNOWLIGHT_TLS_KEY and "
            "SNOWLIGHT_TLS_CA, or SNOWLIGHT_ALLOW_PLAINTEXT=true",
        )


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host`, a name or an IP address, stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
