"""The certificate that a client's connection was made with: TLS has checked its chain and that it is held."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey

from snowlight.errors import UnauthenticatedError

_KEPT = 1_000
_PEM = "x509_pem_cert"


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A leaf certificate."""

    der: bytes
    fingerprint: str
    """SHA-256 of `der`, hexadecimal."""
    key: ECKey | RSAKey | OKPKey
    """The public one."""
    end_ms: int
    """When it ends, ms since 1970 UTC."""


class ClientCertificates:
    """Reads them once for each connection's worth of calls."""

    def __init__(self) -> None:
        self._read: OrderedDict[bytes, ClientCertificate] = OrderedDict()

    def of(self, auth_context: Any) -> ClientCertificate:
        """Of a call's connection. Raises UnauthenticatedError("access.certificate_missing"), and
        "access.certificate_key" for one whose key signs nothing that is understood here."""
        found = (auth_context or {}).get(_PEM)
        if not found:
            raise UnauthenticatedError("access.certificate_missing", "a client certificate is required")
        pem: bytes = found[0]
        certificate = self._read.get(pem)
        if certificate is None:
            certificate = self._read[pem] = _certificate(x509.load_pem_x509_certificate(pem))
            if len(self._read) > _KEPT:
                self._read.popitem(last=False)
        return certificate


def _certificate(parsed: x509.Certificate) -> ClientCertificate:
    return ClientCertificate(
        parsed.public_bytes(Encoding.DER),
        parsed.fingerprint(SHA256()).hex(),
        _key(parsed),
        round(parsed.not_valid_after_utc.timestamp() * 1000),
    )


def _key(parsed: x509.Certificate) -> ECKey | RSAKey | OKPKey:
    key = parsed.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    match key:
        case ec.EllipticCurvePublicKey():
            return ECKey.import_key(pem)
        case rsa.RSAPublicKey():
            return RSAKey.import_key(pem)
        case ed25519.Ed25519PublicKey():
            return OKPKey.import_key(pem)
    raise UnauthenticatedError(
        "access.certificate_key", "the client certificate's key must be EC, RSA or Ed25519"
    )
