"""Certificates that prove a client (RFC 8705)."""

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from services.auth.validation import invalid
from snowlight.errors import InvalidArgumentError

MAX_BYTES = 16 * 1024
_FINGERPRINT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What of a certificate counts. Who called has proved to hold its key, and the CA that issued it was
    checked, both where TLS ends."""

    fingerprint: str
    """SHA-256 of the DER, hexadecimal."""
    subject: str
    """As RFC 4514 writes it; empty for none."""
    valid_from_ms: int
    valid_to_ms: int


def read_certificate(data: bytes, field: str) -> Certificate:
    """The certificate in DER or PEM. Raises InvalidArgumentError naming `field`."""
    if len(data) > MAX_BYTES:
        raise invalid(field, f"must have at most {MAX_BYTES} bytes")
    try:
        load = x509.load_pem_x509_certificate if data.startswith(b"-----") else x509.load_der_x509_certificate
        certificate = load(data)
        return Certificate(
            certificate.fingerprint(SHA256()).hex(),
            certificate.subject.rfc4514_string(),
            round(certificate.not_valid_before_utc.timestamp() * 1000),
            round(certificate.not_valid_after_utc.timestamp() * 1000),
        )
    except ValueError as error:
        raise InvalidArgumentError(
            "auth.certificate_malformed", f"{field} is no X.509 certificate", field=field
        ) from error


def check_fingerprint(text: str, field: str) -> str:
    """A SHA-256 in the spelling that `read_certificate` gives, however tools print it ("3A:7F:…"). Raises
    InvalidArgumentError naming `field`."""
    fingerprint = text.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise invalid(field, "must be the SHA-256 of a certificate, 64 hexadecimal digits")
    return fingerprint


def check_subject(subject: str, field: str) -> str:
    """A subject in the spelling that `read_certificate` gives. Raises InvalidArgumentError naming `field`."""
    if len(subject) > 500:
        raise invalid(field, "must have at most 500 characters")
    try:
        return x509.Name.from_rfc4514_string(subject).rfc4514_string() if subject else ""
    except ValueError as error:
        raise invalid(field, "must be a distinguished name: CN=police-platform,O=City") from error
