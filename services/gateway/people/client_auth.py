"""How a client proves itself over HTTP: by Basic or the form (RFC 6749 section 2.3.1), or by a certificate
that the proxy in front has checked (RFC 8705)."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote, unquote_plus

from aiohttp import web

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError, UnauthenticatedError

_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


class ClientAuth:
    """Reads a client's credentials. `certificate_header` is what the proxy tells the certificate in; "" for
    none, and then a certificate is believed from nobody."""

    def __init__(self, certificate_header: str) -> None:
        self._certificate_header = certificate_header

    def credentials(self, request: web.Request, form: dict[str, str]) -> auth_pb2.ClientCredentials:
        """The client's credentials; without an id when it shows none. One way alone (RFC 6749 section 2.3).

        Raises InvalidArgumentError, and UnauthenticatedError("auth.invalid_client") for a header that cannot
        be read.
        """
        basic = _basic(request)
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if basic is not None:
            if secret:
                raise InvalidArgumentError(
                    "request.invalid", "client_secret is given twice", field="client_secret"
                )
            if client_id not in ("", basic[0]):
                raise InvalidArgumentError("request.invalid", "client_id is given twice", field="client_id")
            client_id, secret = basic
        if not client_id:
            return auth_pb2.ClientCredentials()
        return auth_pb2.ClientCredentials(
            client_id=client_id,
            client_secret=secret,
            certificate=b"" if secret else self._certificate(request),
        )

    def _certificate(self, request: web.Request) -> bytes:
        values = request.headers.getall(self._certificate_header, []) if self._certificate_header else []
        if not values or not values[0].strip():
            return b""
        if len(values) > 1:
            raise _malformed(self._certificate_header)
        return _der(values[0].strip(), self._certificate_header)


def uses_basic(request: web.Request) -> bool:
    """Whether the client shows itself by HTTP Basic."""
    return request.headers.get("Authorization", "").partition(" ")[0].lower() == "basic"


def _basic(request: web.Request) -> tuple[str, str] | None:
    if not uses_basic(request):
        return None
    try:
        encoded = request.headers["Authorization"].partition(" ")[2].strip()
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:  # neither base64 nor UTF-8
        raise _refused() from error
    if not colon or not name or not secret:
        raise _refused()
    return unquote_plus(name), unquote_plus(secret)


def _der(value: str, header: str) -> bytes:
    """The certificate in a header: `:base64:` (RFC 9440), or PEM, which proxies encode as in a URL."""
    try:
        if value.startswith(":") and value.endswith(":"):
            return base64.b64decode(value[1:-1], validate=True)
        found = _PEM.fullmatch(unquote(value))
        if found is None:
            raise _malformed(header)
        return base64.b64decode("".join(found[1].split()), validate=True)
    except ValueError as error:  # not base64
        raise _malformed(header) from error


def _malformed(header: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        "auth.certificate_malformed", f"{header} holds no X.509 certificate", field=header
    )


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError("auth.invalid_client", "the client's id, secret or certificate is wrong")
